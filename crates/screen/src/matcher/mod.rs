//! Terms: all of a border at once, found in one pass over normalised text, however they are written.
//!
//! The terms' normalised characters are looked for as classes. At each place where a term may begin - in Latin text only where a
//! word does - a set of bits says whether one may stand there, and a table of what terms begin with ([`heads`]) leads to the
//! term, or into a trie ([`trie`]) where several begin alike; a [`sweep`] takes each of these steps for all places of a
//! piece before the next. Near the end of a piece a walk down the trie begins at its root; one that reaches the end of
//! what has come waits in the [`MatcherState`] and goes on with the next piece, so nothing is read twice. No place is walked
//! from for more than 128 steps (times the letters of a syllable in the pinyin view), which bounds the time for hostile text;
//! for text that does not repeat the terms' beginnings it is linear.
//!
//! White space and punctuation within a sentence is passed over, in terms as in texts ([`letters`]). A [`View`] lets a term
//! be found when it is written otherwise: each combination of views in use is a [`lane`] of its own with its own trie, which
//! finds candidates; [`writing`] decides whether a candidate is the term, and [`context`] whether it counts where it stands.

mod context;
mod heads;
mod lane;
mod letters;
#[cfg(test)]
mod naive;

mod pinyin;
mod search;
mod sweep;
mod term;
#[cfg(test)]
mod tests;
mod trie;
mod writing;

pub(crate) use letters::{leet, numeral};
pub(crate) use search::{Matcher, MatcherState, TermMatch};
pub(crate) use term::{Guards, Term};
pub use term::{View, Views};
