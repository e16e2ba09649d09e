//! Rules of combination: several sets of terms that mean something together, near one another or anywhere in a text.
//!
//! A near combination is found where a term of each of its sets stands within so many characters, and no term of the sets
//! that take it back within as many before or after. One without a distance is found at the term that completes it,
//! unless one that takes it back came before. After it was found it begins anew. Characters count as the screen reads
//! them: invisible ones do not.

mod combiner;
mod rules;

pub(crate) use combiner::{Combiner, Part};
pub(crate) use rules::{Combination, Combinations, MAX_SETS, MAX_WITHIN, Slot};
