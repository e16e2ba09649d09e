//! The detectors: machines that read one folded character after the other and report what they found.
//!
//! Each keeps two promises on which the equality of streams and whole texts rests: what it reports depends only on
//! the characters read, never on where a chunk ended; and everything it will report from now on starts at its
//! [`hold`](phrase::PhraseState::hold) or later.

pub(crate) mod checksum;
pub(crate) mod email;
pub(crate) mod number;
pub(crate) mod phrase;

/// A part of the text a rule was found in, in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) rule: u32,
}
