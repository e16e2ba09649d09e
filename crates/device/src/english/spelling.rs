//! The spell check: misspellings from the catalogue, and words one typical slip away from exactly
//! one word of the dictionary.
//!
//! A name must never be "corrected" into a word, so capitalised words are only checked against
//! the catalogue, and an unknown word that returns in the text is taken for a term.

use std::collections::{BTreeMap, BTreeSet};

use super::dictionary::{self, FLAT};
use super::words::Word;
use crate::review::{Finding, text};

const RULE: &str = "en.spelling";

/// Shorter words have too many neighbours.
const SHORTEST: usize = 6;

/// Longer runs of letters are no words, and have too many neighbours to try.
const LONGEST: usize = 32;

/// From this length on, a word one letter away from another is no other word by chance.
const LONG: usize = 9;

/// A slip is made once or twice; what stands more often is meant.
const MOST_OFTEN: usize = 2;

pub(super) fn check(words: &[Word], out: &mut Vec<Finding>) {
    // In the order of the text, so that the same text always gets the same answer.
    let mut unknown: BTreeMap<&str, Vec<&Word>> = BTreeMap::new();
    for word in words {
        if word.is_plain_lower() && !dictionary::contains(&word.lower) {
            unknown.entry(&word.lower).or_default().push(word);
        }
    }
    for (lower, places) in unknown {
        let compound = places.iter().any(|w| w.in_compound);
        let length = lower.len();
        if !(SHORTEST..=LONGEST).contains(&length) || places.len() > MOST_OFTEN || compound {
            continue;
        }
        let slips = Slips::of(lower);
        let Some(only) = slips.only() else { continue };
        let explanation = || {
            text(
                format!("“{lower}” is spelled “{only}”."),
                format!("“{lower}”拼写有误，应为“{only}”。"),
            )
        };
        let ask = || {
            text(
                format!("“{lower}” is not in the dictionary. Is “{only}” meant?"),
                format!("词典中没有“{lower}”。是否应为“{only}”？"),
            )
        };
        for word in places {
            let bytes = word.bytes.clone();
            out.push(if lower.len() >= LONG || slips.plain.contains(only) {
                Finding::apply(bytes, RULE, only, explanation())
            } else {
                Finding::ask(bytes, RULE, vec![only.to_owned()], ask())
            });
        }
    }
}

/// The words of the dictionary that typical slips turn into an unknown one.
struct Slips {
    /// By two letters swapped, or a letter doubled or not doubled.
    plain: BTreeSet<String>,
    /// By a letter left out inside the word, one vowel for another, or a vowel too many.
    other: BTreeSet<String>,
}

impl Slips {
    fn of(word: &str) -> Self {
        let letters: Vec<char> = word.chars().collect();
        let (mut plain, mut other) = (BTreeSet::new(), BTreeSet::new());
        for i in 0..letters.len() - 1 {
            if letters[i] != letters[i + 1] {
                let mut swapped = letters.clone();
                swapped.swap(i, i + 1);
                keep_word(swapped, &mut plain);
            }
        }
        for i in 1..letters.len() {
            let inside = i + 1 < letters.len();
            let doubled = letters[i] == letters[i - 1];
            if doubled || (inside && is_vowel(letters[i])) {
                let mut shorter = letters.clone();
                shorter.remove(i);
                keep_word(shorter, if doubled { &mut plain } else { &mut other });
            }
            if inside && is_vowel(letters[i]) {
                for vowel in VOWELS.into_iter().filter(|&vowel| vowel != letters[i]) {
                    let mut changed = letters.clone();
                    changed[i] = vowel;
                    keep_word(changed, &mut other);
                }
            }
            for letter in 'a'..='z' {
                let mut longer = letters.clone();
                longer.insert(i, letter);
                let repeats = letter == letters[i] || letter == letters[i - 1];
                keep_word(longer, if repeats { &mut plain } else { &mut other });
            }
        }
        other.retain(|candidate| !plain.contains(candidate));
        Self { plain, other }
    }

    /// The only word in question, if there is just one.
    fn only(&self) -> Option<&str> {
        let mut all = self.plain.iter().chain(&self.other);
        match (all.next(), all.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

/// Keeps a candidate that is a word; names and swear words are no corrections.
fn keep_word(candidate: Vec<char>, words: &mut BTreeSet<String>) {
    let candidate: String = candidate.into_iter().collect();
    if dictionary::spelling(&candidate).is_some_and(|spelling| spelling == candidate)
        && FLAT.metadata(&candidate).is_some_and(|metadata| !metadata.is_swear())
    {
        words.insert(candidate);
    }
}

const VOWELS: [char; 6] = ['a', 'e', 'i', 'o', 'u', 'y'];

fn is_vowel(c: char) -> bool {
    VOWELS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(word: &str) -> Option<String> {
        Slips::of(word).only().map(str::to_owned)
    }

    #[test]
    fn finds_the_word_behind_a_slip() {
        for (slip, word) in [
            ("recieve", "receive"),
            ("goverment", "government"),
            ("accomodate", "accommodate"),
            ("tomorow", "tomorrow"),
            ("neccessary", "necessary"),
            ("seperate", "separate"),
            ("begining", "beginning"),
        ] {
            assert_eq!(only(slip).as_deref(), Some(word), "{slip}");
        }
    }

    #[test]
    fn leaves_terms_alone() {
        for term in ["zhipu", "woodring", "bytedance", "kubernetes"] {
            assert_eq!(only(term), None, "{term}");
        }
    }
}
