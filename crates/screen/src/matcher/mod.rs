//! Terms: all of a border at once, found in one pass over normalised text, however they are written.
//!
//! The terms' normalised characters lie in one trie ([`trie`]). At each place where a term may begin a walk down the trie
//! begins; two bit tables turn nearly all of them back before their second step, and in Latin text only the beginnings of words
//! are tried. A walk that reaches the end of what has come waits in the [`MatcherState`] and goes on with the next piece,
//! so nothing is read twice. No place is walked from for more than 128 steps (times the letters of a syllable in the
//! pinyin view), which bounds the time for hostile text; for text that does not repeat the terms' beginnings it is linear.
//!
//! White space and punctuation within a sentence is passed over, in terms as in texts ([`letters`]). A [`View`] lets a term
//! be found when it is written otherwise: each combination of views in use is a [`lane`] of its own with its own trie, which
//! finds candidates; [`writing`] decides whether a candidate is the term, and [`context`] whether it counts where it stands.

mod context;
mod lane;
mod letters;
#[cfg(test)]
mod naive;

mod pinyin;
mod search;
mod term;
#[cfg(test)]
mod tests;
mod trie;
mod writing;

pub(crate) use letters::{leet, numeral};
pub(crate) use search::{Matcher, MatcherState, TermMatch};
pub(crate) use term::{Guards, Term};
pub use term::{View, Views};
