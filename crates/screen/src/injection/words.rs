//! Words of a sentence, and which of them the rest of the text has too.

use std::collections::HashMap;
use std::ops::Range;

use super::sentence::Place;

/// A word in small letters, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) bytes: Range<usize>,
    /// It begins with a capital.
    pub(super) capital: bool,
}

/// The words of a part of a text: letters, digits and apostrophes in a row.
pub(super) fn words(text: &str, range: Range<usize>) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut start = None;
    let part = &text[range.clone()];
    for (at, c) in part.char_indices().chain([(part.len(), ' ')]) {
        let is_word = c.is_alphanumeric() || (start.is_some() && matches!(c, '\'' | '’'));
        match (is_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let word = &part[from..at];
                let folded: String = crate::normal::folded(word);
                let folded = folded.replace('’', "'");
                out.push(Word {
                    text: folded.trim_end_matches('\'').to_owned(),
                    bytes: range.start + from..range.start + at,
                    capital: word.starts_with(char::is_uppercase),
                });
                start = None;
            }
            _ => {}
        }
    }
    out
}

/// Whether a sentence is Chinese rather than anything else.
pub(super) fn is_chinese(sentence: &str) -> bool {
    let han = sentence.chars().filter(|c| is_han(*c)).count();
    let letters = sentence.chars().filter(char::is_ascii_alphabetic).count();
    han >= 2 && han * 4 >= letters
}

pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// How often words that carry meaning occur in the whole text.
pub(super) struct Rest {
    counts: HashMap<String, u32>,
    all: usize,
}

/// How many words that carry meaning a text must have beside a sentence for the sentence to be foreign in it.
const ENOUGH: usize = 8;

/// The same for a sentence that is a line by itself.
const FEW: usize = 5;

/// So many words beside a sentence say what a text is about: a sentence with none of them is about something else.
const MANY: usize = 14;

/// From so many on a sentence is foreign wherever it stands in the text, and not in a line by itself or at the end only.
const PLENTY: usize = 40;

impl Rest {
    pub(super) fn of(text: &str) -> Self {
        let stems = stems(text, 0..text.len());
        let all = stems.len();
        let mut counts = HashMap::new();
        for stem in stems {
            *counts.entry(stem).or_insert(0) += 1;
        }
        Self { counts, all }
    }

    /// Whether a sentence is foreign in the text and stands where something is put into it.
    pub(super) fn is_strange(&self, text: &str, sentence: Range<usize>, place: Place) -> bool {
        (place.is_alone || place.is_last || self.all >= PLENTY)
            && self.is_foreign_to(text, sentence, if place.is_alone { FEW } else { ENOUGH })
    }

    /// Whether a sentence has hardly a word that carries meaning in common with the rest of the text.
    pub(super) fn is_foreign(&self, text: &str, sentence: Range<usize>) -> bool {
        self.is_foreign_to(text, sentence, ENOUGH)
    }

    /// Whether a sentence has no word that carries meaning in common with the rest of a text that has many.
    pub(super) fn shares_nothing(&self, text: &str, sentence: Range<usize>) -> bool {
        let stems = stems(text, sentence);
        let others = self.all - stems.len().min(self.all);
        let mut own: HashMap<&str, u32> = HashMap::new();
        for stem in &stems {
            *own.entry(stem).or_insert(0) += 1;
        }
        let elsewhere =
            own.iter().any(|(stem, count)| self.counts.get(*stem).is_some_and(|all| all > count));
        others >= MANY && !elsewhere
    }

    fn is_foreign_to(&self, text: &str, sentence: Range<usize>, enough: usize) -> bool {
        let stems = stems(text, sentence);
        let others = self.all - stems.len().min(self.all);
        let mut own: HashMap<String, u32> = HashMap::new();
        for stem in stems {
            *own.entry(stem).or_insert(0) += 1;
        }
        let elsewhere =
            |stem: &str, count: u32| self.counts.get(stem).is_some_and(|all| *all > count);
        let shared = own.iter().filter(|(stem, count)| elsewhere(stem, **count)).count();
        others >= enough && shared * 4 <= own.len().saturating_sub(1)
    }

    /// How many words that carry meaning a sentence has.
    pub(super) fn weight(text: &str, sentence: Range<usize>) -> usize {
        stems(text, sentence).len()
    }
}

/// Words that carry meaning, cut to their first letters; pairs of Chinese characters.
fn stems(text: &str, range: Range<usize>) -> Vec<String> {
    let mut out = Vec::new();
    for word in words(text, range) {
        if word.text.chars().any(is_han) {
            let chars: Vec<char> = word.text.chars().collect();
            out.extend(chars.windows(2).map(|pair| pair.iter().collect()));
        } else if word.text.len() > 3 && !COMMON.contains(&word.text.as_str()) {
            out.push(word.text.chars().take(5).collect());
        }
    }
    out
}

/// Words of four letters and more that are in every text, and the verbs and question words that are looked for themselves.
const COMMON: &[&str] = &[
    "about", "after", "also", "because", "been", "before", "between", "both", "could", "describe",
    "does", "doing", "down", "draft", "each", "every", "explain", "first", "from", "give", "have",
    "here", "into", "just", "know", "like", "list", "made", "main", "make", "many", "more", "most",
    "much", "must", "only", "other", "over", "please", "provide", "should", "show", "simple",
    "some", "such", "tell", "than", "that", "their", "them", "then", "there", "these", "they",
    "this", "through", "using", "very", "want", "were", "what", "what's", "when", "where", "which",
    "while", "will", "with", "work", "would", "write", "your",
];
