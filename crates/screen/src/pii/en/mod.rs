//! Personal data in English sentences: who, where, when, told by words rather than by a form.

pub(super) mod age;
pub(super) mod date;
pub(super) mod honorific;
mod key;
mod lexicon;
mod model;
pub(super) mod nationality;
pub(super) mod street;
pub(super) mod tagger;
mod token;
#[cfg(feature = "train")]
mod train;

pub(super) use lexicon::Kinds;
pub(super) use token::{Shape, Token};
#[cfg(feature = "train")]
pub use train::{Marked, train};
