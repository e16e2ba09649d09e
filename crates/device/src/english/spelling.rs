//! The spell check: misspellings from the catalogue, and words one typical slip away from exactly
//! one word of the dictionary.
//!
//! A name must never be "corrected" into a word, so capitalised words are only checked against
//! the catalogue, and an unknown word that returns in the text is taken for a term.

use std::collections::{BTreeSet, HashMap};

use super::dictionary::FLAT;
use super::words::{Case, Word};
use crate::review::{Finding, text};

const RULE: &str = "en.spelling";

/// Shorter words have too many neighbours.
const SHORTEST: usize = 6;

/// A slip is made once or twice; what stands more often is meant.
const MOST_OFTEN: usize = 2;

pub(super) fn check(words: &[Word], out: &mut Vec<Finding>) {
    let mut unknown: HashMap<&str, Vec<&Word>> = HashMap::new();
    for word in words {
        if word.case == Case::Lower && word.is_plain_lower() && !FLAT.contains(&word.lower) {
            unknown.entry(&word.lower).or_default().push(word);
        }
    }
    for (lower, places) in unknown {
        if lower.len() < SHORTEST || places.len() > MOST_OFTEN || places.iter().any(|w| w.next == Some('-')) {
            continue;
        }
        let near = slips(lower);
        let mut near = near.into_iter();
        if let (Some(only), None) = (near.next(), near.next()) {
            for word in places {
                out.push(Finding::apply(
                    word.bytes.clone(),
                    RULE,
                    only.clone(),
                    text(
                        format!("“{lower}” is spelled “{only}”."),
                        format!("“{lower}”拼写有误，应为“{only}”。"),
                    ),
                ));
            }
        }
    }
}

/// The words of the dictionary that typical slips turn into `word`: two letters swapped, a letter
/// doubled or not doubled, a letter left out inside the word, one vowel for another, a vowel too
/// many.
fn slips(word: &str) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut found = BTreeSet::new();
    let mut try_word = |candidate: Vec<char>| {
        let candidate: String = candidate.into_iter().collect();
        // Names are no corrections.
        if FLAT.spelling(&candidate).is_some_and(|spelling| spelling == candidate)
            && FLAT.metadata(&candidate).is_some_and(|m| !m.is_swear())
        {
            found.insert(candidate);
        }
    };
    for i in 0..letters.len() - 1 {
        if letters[i] != letters[i + 1] {
            let mut swapped = letters.clone();
            swapped.swap(i, i + 1);
            try_word(swapped);
        }
    }
    for i in 1..letters.len() {
        let inside = i + 1 < letters.len();
        let doubled = letters[i] == letters[i - 1];
        if doubled || (inside && is_vowel(letters[i])) {
            let mut shorter = letters.clone();
            shorter.remove(i);
            try_word(shorter);
        }
        if is_vowel(letters[i]) {
            for vowel in ['a', 'e', 'i', 'o', 'u', 'y'] {
                if vowel != letters[i] && inside {
                    let mut other = letters.clone();
                    other[i] = vowel;
                    try_word(other);
                }
            }
        }
        for letter in 'a'..='z' {
            let mut longer = letters.clone();
            longer.insert(i, letter);
            try_word(longer);
        }
    }
    // A last letter that should be double: `tomorow` is inside, `til` is at the end.
    let mut longer = letters.clone();
    longer.extend(letters.last());
    try_word(longer);
    found
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(word: &str) -> Option<String> {
        let found = slips(word);
        (found.len() == 1).then(|| found.into_iter().next()).flatten()
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
            assert_eq!(only(slip).as_deref(), Some(word), "{slip}: {:?}", slips(slip));
        }
    }

    #[test]
    fn leaves_terms_alone() {
        for term in ["zhipu", "woodring", "bytedance", "kubernetes"] {
            assert_eq!(only(term), None, "{term}: {:?}", slips(term));
        }
    }
}
