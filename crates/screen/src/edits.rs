//! What was replaced in a text that has been given out, so that a part of the original can be found again in it.

use std::ops::Range;

use crate::measure::Measure;

/// The replaced parts, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<Piece>);

/// A part of the text that something else stands for.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it was in the text that came.
    came: (Measure, Measure),
    /// Where its replacement begins in the text that was given out.
    at: Measure,
    /// How long the replacement is.
    length: Measure,
}

impl Edits {
    /// A replacement that is given out at the end of the text so far.
    pub(crate) fn push(&mut self, came: Range<Measure>, at: Measure, length: Measure) {
        self.0.push(Piece { came: (came.start, came.end), at, length });
    }

    /// The last replacement stands for what follows it too, up to `end`.
    pub(crate) fn extend(&mut self, end: Measure) {
        if let Some(last) = self.0.last_mut() {
            last.came.1 = last.came.1.max(end);
        }
    }

    /// Notes that a part of the text that came, which may reach into replaced parts, is replaced by something of `length`;
    /// returns where it stands in the text that was given out.
    pub(crate) fn replace(&mut self, came: Range<Measure>, length: Measure) -> Range<Measure> {
        let first = self.0.partition_point(|piece| piece.came.1 <= came.start);
        let end = first + self.0[first..].partition_point(|piece| piece.came.0 < came.end);
        let start = self.0[first..end].first().map_or(came.start, |p| p.came.0.min(came.start));
        let until = self.0[first..end].last().map_or(came.end, |p| p.came.1.max(came.end));
        let given = self.place(first, start)..self.place(end, until);
        let piece = Piece { came: (start, until), at: given.start, length };
        self.0.splice(first..end, [piece]);
        for later in &mut self.0[first + 1..] {
            later.at = given.start + length + (later.at - given.end);
        }
        given
    }

    /// Where a place that lies after the first `before` pieces, and in none, was given out.
    fn place(&self, before: usize, came: Measure) -> Measure {
        match before.checked_sub(1).map(|last| self.0[last]) {
            // It may be the end of a piece that was given out before its own end was reached.
            Some(last) => last.at + last.length + (came - last.came.1),
            None => came,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Edits, Measure};

    fn m(chars: usize) -> Measure {
        Measure { chars, utf16: chars }
    }

    #[test]
    fn parts_are_found_again_behind_and_across_replacements() {
        // "abcdefghij" given out as "ab[X]efgh[Y]".
        let mut edits = Edits::default();
        edits.push(m(2)..m(4), m(2), m(3));
        edits.push(m(8)..m(9), m(9), m(3));
        edits.extend(m(10));
        assert_eq!(edits.replace(m(5)..m(6), m(1)), m(6)..m(7));
        assert_eq!(edits.replace(m(0)..m(3), m(0)), m(0)..m(5));
        // Now "efgh[Y]", the "f" replaced.
        assert_eq!(edits.replace(m(4)..m(9), m(2)), m(0)..m(7));
        assert_eq!(edits.replace(m(0)..m(10), m(2)), m(0)..m(2));
    }
}
