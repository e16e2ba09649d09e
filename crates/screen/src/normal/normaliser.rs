//! Folding of a text that comes in pieces, and the shortening of long runs of invisible characters.

use std::ops::Range;

use super::fold::{Glyph, fold_slowly};
use super::table::{Folded, table};

/// How many characters without a form of their own may follow one another; what comes after them is removed.
///
/// Enough for flags, joined emoji and stacked accents in every living script; too few to hide a text in, or to
/// stretch a number beyond the hold limit.
pub(crate) const MAX_INVISIBLE: usize = 8;

/// Folds a text in pieces; how it was cut changes nothing.
///
/// What it removes counts nowhere: the glyphs' places are those in the text that is kept, and a
/// [`Ruler`](super::Ruler) that is told of the removals finds the places in the original.
#[derive(Debug, Default)]
pub(crate) struct Normaliser {
    /// Bytes kept so far.
    position: usize,
    /// How many characters in a row folded away, up to one beyond the limit.
    invisible: usize,
    /// Parts of the last piece that are to be left out, in bytes from its start.
    removed: Vec<Range<usize>>,
    shortened: u32,
}

impl Normaliser {
    /// Folds the next piece and adds its glyphs to `out`.
    pub(crate) fn push(&mut self, text: &str, out: &mut Vec<Glyph>) {
        self.removed.clear();
        out.reserve(text.len());
        let table = table();
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let plain = bytes[i..].iter().position(|byte| !matches!(byte, b' '..=b'~'));
            let plain = i..plain.map_or(bytes.len(), |length| i + length);
            if !plain.is_empty() {
                self.invisible = 0;
                i = plain.end;
                let first = self.position;
                self.position += plain.len();
                out.extend(bytes[plain].iter().enumerate().map(|(n, byte)| Glyph {
                    c: char::from(byte.to_ascii_lowercase()),
                    raw: char::from(*byte),
                    start: first + n,
                    end: first + n + 1,
                }));
            }
            for raw in text[i..].chars() {
                if matches!(raw, ' '..='~') {
                    break;
                }
                let length = raw.len_utf8();
                let (start, end) = (self.position, self.position + length);
                let mut folded_away = false;
                match table.get(raw) {
                    Folded::To(c) => out.push(Glyph { c, raw, start, end }),
                    Folded::Away => folded_away = true,
                    Folded::Rarely => {
                        let before = out.len();
                        fold_slowly(raw, &mut |c| out.push(Glyph { c, raw, start, end }));
                        folded_away = out.len() == before;
                    }
                }
                if !folded_away {
                    self.invisible = 0;
                    self.position = end;
                } else if self.invisible < MAX_INVISIBLE {
                    self.invisible += 1;
                    self.position = end;
                } else {
                    self.remove(i..i + length);
                }
                i += length;
            }
        }
    }

    #[cold]
    fn remove(&mut self, part: Range<usize>) {
        if self.invisible == MAX_INVISIBLE {
            self.invisible += 1;
            self.shortened = self.shortened.saturating_add(1);
        }
        match self.removed.last_mut() {
            Some(run) if run.end == part.start => run.end = part.end,
            _ => self.removed.push(part),
        }
    }

    /// How many bytes were kept so far: the place where the next piece begins.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The parts of the last piece that are to be left out, in bytes from its start, in order.
    pub(crate) fn removed(&self) -> &[Range<usize>] {
        &self.removed
    }

    /// The last piece without what is to be left out.
    #[cfg(test)]
    pub(crate) fn kept<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let starts = std::iter::once(0).chain(self.removed.iter().map(|run| run.end));
        let ends = self.removed.iter().map(|run| run.start).chain(std::iter::once(text.len()));
        starts.zip(ends).map(|(start, end)| &text[start..end])
    }

    /// How many runs of invisible characters were cut short since this was last asked.
    pub(crate) fn take_shortened(&mut self) -> u32 {
        std::mem::take(&mut self.shortened)
    }
}
