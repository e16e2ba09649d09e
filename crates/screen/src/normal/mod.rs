//! Text as the screen reads it: normalised characters that know where in the original they stand.
//!
//! [`fold`] says what one character is folded to, [`table`] says it quickly, a [`Normaliser`] folds a text that comes in
//! pieces, a [`Window`] is what readers look at, and a [`Ruler`] gives a place in the original text back.

mod fold;
mod lookalike;
mod normaliser;
mod ruler;
mod simplified;
mod table;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use fold::{Glyph, fold, folded};
pub(crate) use lookalike::script;
pub(crate) use normaliser::{MAX_INVISIBLE, Normaliser};
pub(crate) use ruler::Ruler;
pub(crate) use window::{LOOK_BACK, Pending, Window};
