//! Common wrong words: pairs from the catalogue, checked against word borders.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use yumen_policy::Text;

use super::protect::Page;
use crate::review::Finding;

const RULE: &str = "zh.confusion";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    group: Vec<Group>,
}

/// Words mixed up for one reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    en: String,
    zh: String,
    /// `wrong right`, one pair a line.
    pairs: String,
    /// Characters before which a wrong word may be right after all.
    #[serde(default)]
    not_before: String,
    /// Characters after which it may be.
    #[serde(default)]
    not_after: String,
    /// Characters that, later in the same sentence, make it right.
    #[serde(default)]
    not_with: String,
    /// Whether the characters never meet by chance, so that word borders need not be asked.
    #[serde(default)]
    sure: bool,
    /// Whether the word is wrong only where a clause ends.
    #[serde(default)]
    only_at_end: bool,
}

struct Pair {
    wrong: Vec<char>,
    right: String,
    group: usize,
}

struct Confusions {
    groups: Vec<Group>,
    /// By first character of the wrong word.
    pairs: HashMap<char, Vec<Pair>>,
}

static CONFUSIONS: LazyLock<Confusions> = LazyLock::new(|| {
    let catalogue: Catalogue =
        toml::from_str(include_str!("../../../../catalog/device/zh-confusions.toml"))
            .expect("embedded at build time and parsed by a test");
    let mut pairs: HashMap<char, Vec<Pair>> = HashMap::new();
    for (index, group) in catalogue.group.iter().enumerate() {
        for line in group.pairs.lines() {
            let Some((wrong, right)) = line.trim().split_once(' ') else { continue };
            let wrong: Vec<char> = wrong.chars().collect();
            let right = right.trim().to_owned();
            pairs.entry(wrong[0]).or_default().push(Pair { wrong, right, group: index });
        }
    }
    Confusions { groups: catalogue.group, pairs }
});

pub(super) fn check(page: &Page, out: &mut Vec<Finding>) {
    let confusions = &*CONFUSIONS;
    let mut index = 0;
    while index < page.len() {
        let found = confusions
            .pairs
            .get(&page.places[index].c)
            .into_iter()
            .flatten()
            .filter(|pair| stands_at(page, index, &pair.wrong))
            .max_by_key(|pair| pair.wrong.len());
        let Some(pair) = found else {
            index += 1;
            continue;
        };
        let end = index + pair.wrong.len();
        let group = &confusions.groups[pair.group];
        let before = page.before(index);
        let after = page.char(end);
        let excused = after.is_some_and(|c| group.not_before.contains(c))
            || before.is_some_and(|c| group.not_after.contains(c))
            || (group.only_at_end && after.is_some_and(char::is_alphanumeric))
            || (!group.not_with.is_empty() && later(page, end, &group.not_with));
        if !excused
            && !page.is_protected(index..end)
            && (group.sure || page.is_cut_clean(index..end))
        {
            let wrong: String = pair.wrong.iter().collect();
            out.push(Finding::apply(
                page.bytes(index..end),
                RULE,
                pair.right.clone(),
                explain(group, &wrong, &pair.right),
            ));
        }
        index = end;
    }
}

fn stands_at(page: &Page, index: usize, word: &[char]) -> bool {
    page.places[index..].len() >= word.len()
        && page.places[index..].iter().zip(word).all(|(p, &c)| p.c == c)
}

/// Whether one of `marks` stands in the rest of the sentence.
fn later(page: &Page, from: usize, marks: &str) -> bool {
    page.places[from..]
        .iter()
        .map(|p| p.c)
        .take(60)
        .take_while(|c| !matches!(c, '。' | '！' | '？' | '\n'))
        .any(|c| marks.contains(c))
}

fn explain(group: &Group, wrong: &str, right: &str) -> Text {
    Text {
        en: format!("“{wrong}” is written “{right}”. {}", group.en),
        zh: format!("“{wrong}”应为“{right}”。{}", group.zh),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_consistent() {
        let confusions = &*CONFUSIONS;
        let all: Vec<&Pair> = confusions.pairs.values().flatten().collect();
        assert!(all.len() > 100, "{}", all.len());
        let mut wrongs: Vec<&[char]> = all.iter().map(|p| p.wrong.as_slice()).collect();
        wrongs.sort_unstable();
        wrongs.dedup();
        assert_eq!(wrongs.len(), all.len(), "a wrong word stands twice");
        for pair in &all {
            let right: Vec<char> = pair.right.chars().collect();
            assert_ne!(pair.wrong, right);
            assert!(
                !all.iter().any(|p| pair.right.contains(&p.wrong.iter().collect::<String>())),
                "{} holds a wrong word",
                pair.right
            );
        }
    }
}
