//! Words typed twice: only words of a closed list that Chinese never reduplicates, and only where
//! the segmenter sees two of them.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::protect::Page;
use crate::review::{Finding, text};

const RULE: &str = "zh.doubled-word";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    particles: String,
    words: String,
    allowed: String,
}

struct Doubled {
    /// By first character, the listed words that begin with it.
    words: HashMap<char, Vec<Vec<char>>>,
    allowed: Vec<Vec<char>>,
}

static DOUBLED: LazyLock<Doubled> = LazyLock::new(|| {
    let lists: Lists = toml::from_str(include_str!("../../../../catalog/device/zh-doubled.toml"))
        .expect("embedded at build time and parsed by a test");
    let mut words: HashMap<char, Vec<Vec<char>>> = HashMap::new();
    for word in lists.particles.split_whitespace().chain(lists.words.split_whitespace()) {
        let word: Vec<char> = word.chars().collect();
        words.entry(word[0]).or_default().push(word);
    }
    let allowed = lists.allowed.split_whitespace().map(|w| w.chars().collect()).collect();
    Doubled { words, allowed }
});

pub(super) fn check(page: &Page, out: &mut Vec<Finding>) {
    let mut index = 0;
    while index < page.len() {
        let Some(length) = doubled_at(page, index) else {
            index += 1;
            continue;
        };
        let all = index..index + 2 * length;
        // Three in a row is a way of speaking, not a slip.
        let thrice = word_is(page, index + 2 * length, index, length)
            || (index >= length && word_is(page, index - length, index, length));
        if !thrice && !page.is_protected(all.clone()) && page.is_word_pair(index, length) {
            let word: String = page.places[index..index + length].iter().map(|p| p.c).collect();
            out.push(Finding::apply(
                page.bytes(all.clone()),
                RULE,
                word.clone(),
                text(format!("“{word}” stands here twice."), format!("“{word}”重复。")),
            ));
        }
        index = all.end;
    }
}

/// The length of a listed word that stands twice at `index`.
fn doubled_at(page: &Page, index: usize) -> Option<usize> {
    let first = page.char(index)?;
    let candidates = DOUBLED.words.get(&first)?;
    let length = candidates.iter().find_map(|word| {
        let here = &page.places[index..];
        let twice = here.len() >= 2 * word.len()
            && here.iter().zip(word.iter().chain(word)).all(|(p, &c)| p.c == c);
        twice.then_some(word.len())
    })?;
    let allowed = DOUBLED.allowed.iter().any(|phrase| {
        // A phrase that holds the doubled word and stands around this place.
        let lowest = (index + 2 * length).saturating_sub(phrase.len());
        (lowest..=index).any(|start| {
            page.places[start..].len() >= phrase.len()
                && start + phrase.len() >= index + 2 * length
                && page.places[start..].iter().zip(phrase).all(|(p, &c)| p.c == c)
        })
    });
    (!allowed).then_some(length)
}

fn word_is(page: &Page, at: usize, word: usize, length: usize) -> bool {
    at + length <= page.len()
        && (0..length).all(|i| page.places[at + i].c == page.places[word + i].c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_parse() {
        assert!(DOUBLED.words.values().map(Vec::len).sum::<usize>() > 60);
        assert!(DOUBLED.allowed.len() > 10);
    }
}
