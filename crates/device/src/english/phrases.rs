//! Fixed wrong words and phrases from the catalogue, with what may stand beside them.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;
use yumen_policy::Text;

use super::words::{Case, Word};
use crate::review::{Finding, text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    group: Vec<Group>,
}

/// Phrases wrong for one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    rule: String,
    en: String,
    zh: String,
    /// `wrong = right`, one pair a line.
    pairs: String,
    /// Words of which one has to follow; empty: anything may.
    #[serde(default)]
    next: HashSet<String>,
    /// Words that may not follow.
    #[serde(default)]
    not_next: HashSet<String>,
    /// Words that may not stand among the three before, in the same sentence.
    #[serde(default)]
    not_before: HashSet<String>,
    /// Whether the phrase is wrong only at the end of a clause.
    #[serde(default)]
    at_end: bool,
    /// Whether the phrase has to begin a clause: after nothing, a mark, or a conjunction.
    #[serde(default)]
    opens_clause: bool,
    /// Whether it is wrong only at the start of a sentence.
    #[serde(default)]
    at_start: bool,
}

struct Pair {
    wrong: Vec<String>,
    right: String,
    group: usize,
}

struct Phrases {
    groups: Vec<Group>,
    /// By first word of the wrong phrase.
    pairs: HashMap<String, Vec<Pair>>,
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let catalogue: Catalogue =
        toml::from_str(include_str!("../../../../catalog/device/en-phrases.toml"))
            .expect("embedded at build time and parsed by a test");
    let mut pairs: HashMap<String, Vec<Pair>> = HashMap::new();
    for (index, group) in catalogue.group.iter().enumerate() {
        for line in group.pairs.lines() {
            let Some((wrong, right)) = line.split_once('=') else { continue };
            let wrong: Vec<String> = wrong.split_whitespace().map(str::to_owned).collect();
            let Some(first) = wrong.first() else { continue };
            pairs.entry(first.clone()).or_default().push(Pair {
                right: right.trim().to_owned(),
                group: index,
                wrong,
            });
        }
    }
    Phrases { groups: catalogue.group, pairs }
});

pub(super) fn check(text: &str, words: &[Word], out: &mut Vec<Finding>) {
    let phrases = &*PHRASES;
    for index in 0..words.len() {
        let found = phrases
            .pairs
            .get(&words[index].lower)
            .into_iter()
            .flatten()
            .filter(|pair| stands_at(words, index, pair, &phrases.groups[pair.group]))
            .max_by_key(|pair| pair.wrong.len());
        let Some(pair) = found else { continue };
        let group = &phrases.groups[pair.group];
        let last = index + pair.wrong.len() - 1;
        let whole = words[index].bytes.start..words[last].bytes.end;
        let right = words[index].in_case(&pair.right);
        // Keep the writer's kind of apostrophe.
        let right = if text.contains('’') { right.replace('\'', "’") } else { right };
        let explanation = explain(group, &text[whole.clone()], &right);
        // Change only what differs: the words in front that stay leave room for other edits.
        let (mut first, mut changed) = (index, right.as_str());
        while let Some((word, rest)) = changed.split_once(' ') {
            if first == last || text[words[first].bytes.clone()] != *word {
                break;
            }
            first += 1;
            changed = rest;
        }
        let bytes = words[first].bytes.start..whole.end;
        out.push(Finding::apply(bytes, rule(&group.rule), changed, explanation));
    }
}

/// The rule ids of the catalogue as they stand in answers.
fn rule(name: &str) -> &'static str {
    match name {
        "spelling" => "en.spelling",
        "agreement" => "en.agreement",
        "apostrophe" => "en.apostrophe",
        "capital" => "en.capital",
        _ => "en.phrase",
    }
}

fn explain(group: &Group, wrong: &str, right: &str) -> Text {
    text(
        format!("“{wrong}” should be “{right}”. {}", group.en),
        format!("“{wrong}”应为“{right}”。{}", group.zh),
    )
}

fn stands_at(words: &[Word], index: usize, pair: &Pair, group: &Group) -> bool {
    let Some(here) = words.get(index..index + pair.wrong.len()) else { return false };
    let same = here.iter().zip(&pair.wrong).all(|(word, wrong)| word.lower == *wrong)
        && here[1..].iter().all(|word| word.follows);
    // Capitals inside a phrase make a title or a name of it.
    let plain = here.iter().enumerate().all(|(i, word)| match word.case {
        Case::Lower => true,
        Case::Title => {
            i == 0 && (word.opens_sentence || group.rule == "spelling") || word.lower == "i"
        }
        Case::Other => false,
    });
    if !same || !plain {
        return false;
    }
    let last = &here[here.len() - 1];
    if last.in_compound || here[0].in_compound {
        return false;
    }
    let following = words.get(index + here.len()).filter(|word| word.follows);
    let next_fits =
        group.next.is_empty() || following.is_some_and(|word| group.next.contains(&word.lower));
    let next_allowed = following.is_none_or(|word| !group.not_next.contains(&word.lower));
    let end_fits = !group.at_end || (following.is_none() && last.next != Some(' '));
    let start_fits = !group.at_start || here[0].opens_sentence;
    let opens = here[0].opens_sentence
        || !here[0].follows
        || index
            .checked_sub(1)
            .is_some_and(|i| ["because", "so", "but"].contains(&words[i].lower.as_str()));
    let clause_fits = !group.opens_clause || opens;
    let mut before_allowed = true;
    let mut at = index;
    for _ in 0..3 {
        if words[at].opens_sentence || at == 0 {
            break;
        }
        at -= 1;
        before_allowed &= !group.not_before.contains(&words[at].lower);
    }
    next_fits && next_allowed && end_fits && start_fits && clause_fits && before_allowed
}

#[cfg(test)]
mod tests {
    use super::super::dictionary;
    use super::*;

    #[test]
    fn the_catalogue_is_consistent() {
        let phrases = &*PHRASES;
        let all: Vec<&Pair> = phrases.pairs.values().flatten().collect();
        assert!(all.len() > 150, "{}", all.len());
        for pair in all {
            let group = &phrases.groups[pair.group];
            assert_ne!(pair.wrong.join(" "), pair.right);
            assert!(group.rule == "phrase" || rule(&group.rule) != "en.phrase", "{}", group.rule);
            for word in pair.right.split_whitespace() {
                assert!(
                    dictionary::contains(&word.to_lowercase()),
                    "{word} is not in the dictionary"
                );
            }
            // A misspelling that is a word would change the meaning of texts that mean it.
            if group.rule == "spelling" {
                assert!(!dictionary::contains(&pair.wrong[0]), "{} is a word", pair.wrong[0]);
            }
        }
    }
}
