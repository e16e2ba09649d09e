//! Places in the original text: the same range in bytes, in characters and in UTF-16 code units.
//!
//! Only what is found is measured, so nothing is counted while a text is read. A [`Ruler`] walks along the text once,
//! as it is let go, and measures what lies ahead of it.

use std::collections::VecDeque;
use std::ops::Range;

use crate::finding::Span;
use crate::measure::Measure;

/// How long a part of a text is, or how far into a text a place lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Length {
    bytes: usize,
    chars: usize,
    utf16: usize,
}

impl Length {
    fn of(text: &str) -> Self {
        let Measure { chars, utf16 } = Measure::of(text);
        Self { bytes: text.len(), chars, utf16 }
    }

    fn add(&mut self, more: Self) {
        self.bytes += more.bytes;
        self.chars += more.chars;
        self.utf16 += more.utf16;
    }

    fn without(self, part: Self) -> Self {
        Self {
            bytes: self.bytes - part.bytes,
            chars: self.chars - part.chars,
            utf16: self.utf16 - part.utf16,
        }
    }
}

/// Translates byte ranges of the text that is kept into places of the original.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ruler {
    /// Where the ruler stands, in bytes of the kept text.
    kept: usize,
    /// The same place in the original; what was removed right there lies ahead.
    original: Length,
    /// What was removed ahead: after which byte of the kept text, and how much from the first removal of all to this one.
    removed: VecDeque<(usize, Length)>,
    /// How much was removed in all.
    all_removed: Length,
    /// How much of it the ruler has passed.
    passed: Length,
}

impl Ruler {
    /// Tells of a removal: `text` stood in the original where the kept text has its byte `at`. In the order of the text.
    pub(crate) fn removed(&mut self, at: usize, text: &str) {
        self.all_removed.add(Length::of(text));
        self.removed.push_back((at, self.all_removed));
    }

    /// Moves on over a part of the kept text. What was removed at its very end still lies ahead.
    pub(crate) fn pass(&mut self, text: &str) {
        let end = self.kept + text.len();
        while let Some((at, removed)) = self.removed.front().copied()
            && at < end
        {
            self.original.add(removed.without(self.passed));
            self.passed = removed;
            self.removed.pop_front();
        }
        self.original.add(Length::of(text));
        self.kept = end;
    }

    /// Measures a range of bytes of the kept text, of which `ahead` is what begins where the ruler stands. What was removed
    /// at its edges is not part of it.
    pub(crate) fn span(&self, ahead: &str, range: Range<usize>) -> Span {
        let start = self.place(ahead, range.start, true);
        let end = if range.is_empty() { start } else { self.place(ahead, range.end, false) };
        Span {
            bytes: start.bytes..end.bytes,
            chars: start.chars..end.chars,
            utf16: start.utf16..end.utf16,
        }
    }

    /// A place ahead in bytes, characters and UTF-16 units of the original; `after` what was removed there, or before it. `ahead`
    /// is how much of the kept text lies before it from where the ruler stands.
    pub(crate) fn mark(&self, ahead: Measure, byte: usize, after: bool) -> (usize, usize, usize) {
        let Measure { chars, utf16 } = ahead;
        let ahead = Length { bytes: byte.saturating_sub(self.kept), chars, utf16 };
        let place = self.beyond(ahead, byte, after);
        (place.bytes, place.chars, place.utf16)
    }

    /// The place of a byte of the kept text, after what was removed there or before it.
    fn place(&self, ahead: &str, byte: usize, after: bool) -> Length {
        self.beyond(Length::of(&ahead[..byte.saturating_sub(self.kept)]), byte, after)
    }

    /// The same, so much of the kept text further than where the ruler stands.
    fn beyond(&self, ahead: Length, byte: usize, after: bool) -> Length {
        let mut place = self.original;
        place.add(ahead);
        let is_before = |(at, _): &(usize, Length)| if after { *at <= byte } else { *at < byte };
        let before = self.removed.partition_point(is_before);
        if let Some((_, removed)) = before.checked_sub(1).and_then(|last| self.removed.get(last)) {
            place.add(removed.without(self.passed));
        }
        place
    }
}
