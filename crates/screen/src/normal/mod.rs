//! Text as the screen reads it: normalised characters that know where in the original they stand.

mod fold;
mod window;

pub(crate) use fold::{Glyph, fold, folded};
pub(crate) use window::{LOOK_BACK, Pending, Window};
