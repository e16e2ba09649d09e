//! `then` where a comparison wants `than`.

use harper_core::WordMetadata;

use super::dictionary::FLAT;
use super::words::{Case, Word};
use crate::review::{Finding, text};

const RULE: &str = "en.then-than";

/// After a comparative and `then`, these can only be what is compared with.
const COMPARED: &[&str] = &[
    "me", "him", "us", "them", "ever", "any", "most", "others", "usual", "mine", "yours",
    "expected",
];

pub(super) fn check(words: &[Word], out: &mut Vec<Finding>) {
    for index in 1..words.len() {
        let (before, word) = (&words[index - 1], &words[index]);
        let fits = word.lower == "then" && word.case == Case::Lower && word.follows;
        let after = words.get(index + 1).filter(|after| after.follows);
        let (true, true, Some(after)) = (fits, is_comparative(&before.lower), after) else {
            continue;
        };
        let explanation =
            text("A comparison uses “than”; “then” is about time.", "比较用 than，then 表示时间。");
        let bytes = word.bytes.clone();
        let certain = before.lower == "rather" || COMPARED.contains(&after.lower.as_str());
        out.push(if certain {
            Finding::apply(bytes, RULE, "than", explanation)
        } else {
            Finding::ask(bytes, RULE, vec!["than".to_owned()], explanation)
        });
    }
}

fn is_comparative(word: &str) -> bool {
    if ["more", "less", "better", "worse", "rather"].contains(&word) {
        return true;
    }
    // `taller`, `happier`: an adjective whose stem is one too; `clever` and `eager` are not.
    let Some(stem) = word.strip_suffix("er") else { return false };
    let y = stem.strip_suffix('i').map(|stem| format!("{stem}y"));
    let single = stem.chars().last().and_then(|last| stem.strip_suffix(last)).map(str::to_owned);
    let stems = [Some(stem.to_owned()), Some(format!("{stem}e")), y, single];
    stems
        .into_iter()
        .flatten()
        .filter(|stem| stem.len() > 2)
        .any(|stem| FLAT.metadata(&stem).is_some_and(WordMetadata::is_adjective))
}
