//! What is looked for: terms, the ways they may be written, and where they do not count.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most characters a term may have after folding, white space and punctuation not counted.
pub(crate) const MAX_TERM: usize = 128;

/// The most characters of a guard or an exception after folding.
pub(super) const MAX_GUARD: usize = 32;

/// A way in which a term may be written other than it stands in the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum View {
    /// Digits and signs for the letters they look like: `p4rc3l`, `p@rcel`.
    Leet,
    /// Characters written several times in a row: `paaarcel`, 包包裹.
    Repeats,
    /// With marks that end a sentence between the characters: `p.a.r.c.e.l`, 包。裹. Other punctuation, symbols and
    /// white space between them is passed over without this view too.
    Separated,
    /// Chinese numerals for digits and the other way round: 一, 壹 and 1 are the same.
    Numerals,
    /// Chinese characters spelled in pinyin without tones, all or some of them: `baoguo`, `bao裹`. What is spelled
    /// begins and ends at a word edge.
    Pinyin,
    /// Other Chinese characters with the same pinyin, whatever their tone: 报国 for 包裹. Implies `pinyin`.
    Homophones,
    /// The first letters of the pinyin of all its Chinese characters, as a word of its own: `bg` for 包裹. For
    /// terms with two Chinese characters or more.
    Initials,
}

/// A set of [`View`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Views(u8);

impl Views {
    /// Only as it is written.
    pub const NONE: Self = Self(0);

    /// Whether a view is among them.
    pub fn has(self, view: View) -> bool {
        self.0 & 1 << view as u8 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and one more.
    #[must_use]
    pub fn with(self, view: View) -> Self {
        Self(self.0 | 1 << view as u8)
    }

    /// These without one.
    #[must_use]
    pub(super) fn without(self, view: View) -> Self {
        Self(self.0 & !(1 << view as u8))
    }
}

impl FromIterator<View> for Views {
    fn from_iter<I: IntoIterator<Item = View>>(views: I) -> Self {
        views.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Where the terms of a rule do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Guards {
    /// Directly after one of these: "do not ...".
    pub(crate) not_after: Vec<String>,
    /// Directly before one of these.
    pub(crate) not_before: Vec<String>,
    /// Longer words that contain a term: within one of them it does not count. One that is the term itself takes it out.
    pub(crate) exceptions: Vec<String>,
}

/// One term.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    /// As written in the pack; it is folded like a text.
    pub(crate) text: String,
    /// What a match is reported under; several terms may have the same.
    pub(crate) id: u32,
    pub(crate) views: Views,
    /// Where it begins or ends with a Latin letter or a digit, it must begin or end a word.
    pub(crate) words: bool,
    /// Shared by the terms of a rule.
    pub(crate) guards: Arc<Guards>,
}

impl Term {
    /// A term that is found as it is written, at word edges, everywhere.
    #[cfg(test)]
    pub(crate) fn plain(text: &str, id: u32) -> Self {
        Self { text: text.to_owned(), id, views: Views::NONE, words: true, guards: Arc::default() }
    }
}

/// A term, guard or exception that cannot be looked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}`: {reason}")]
pub(crate) struct TermError {
    /// As written in the pack.
    pub(crate) text: String,
    /// Why not.
    pub(crate) reason: String,
}
