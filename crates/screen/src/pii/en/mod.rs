//! Personal data in English sentences: who, where, when, told by words rather than by a form.

pub(super) mod age;
pub(super) mod date;
pub(super) mod honorific;
mod key;
mod lexicon;
pub(super) mod nationality;
