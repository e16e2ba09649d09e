//! Places in a text, in both units that matter: bytes for servers, UTF-16 code units for phones.

use serde::{Deserialize, Serialize};

/// A half-open range of offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The first offset.
    pub start: usize,
    /// One past the last offset.
    pub end: usize,
}

/// One place in the original text, given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// In bytes of UTF-8.
    pub bytes: Range,
    /// In UTF-16 code units.
    pub utf16: Range,
}

/// Turns byte ranges into [`Span`]s in one pass over the text; the ranges must come in order of
/// their starts, and may not overlap.
pub(crate) struct SpanFinder<'a> {
    text: &'a str,
    byte: usize,
    utf16: usize,
}

impl<'a> SpanFinder<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, byte: 0, utf16: 0 }
    }

    pub(crate) fn find(&mut self, bytes: std::ops::Range<usize>) -> Span {
        let start = self.advance(bytes.start);
        let end = self.advance(bytes.end);
        Span { bytes: Range { start: bytes.start, end: bytes.end }, utf16: Range { start, end } }
    }

    fn advance(&mut self, byte: usize) -> usize {
        debug_assert!(byte >= self.byte, "ranges come in order");
        let passed: usize = self.text[self.byte..byte].chars().map(char::len_utf16).sum();
        self.byte = byte;
        self.utf16 += passed;
        self.utf16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_surrogate_pairs_as_two() {
        let mut finder = SpanFinder::new("a😀中b");
        assert_eq!(finder.find(1..5).utf16, Range { start: 1, end: 3 });
        assert_eq!(finder.find(5..8).utf16, Range { start: 3, end: 4 });
        assert_eq!(finder.find(8..9).utf16, Range { start: 4, end: 5 });
    }
}
