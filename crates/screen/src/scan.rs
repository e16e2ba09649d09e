//! One pass over a text: every detector sees every folded character once.

use std::ops::Range;
use std::sync::Arc;

use crate::detect::Span;
use crate::detect::email::Email;
use crate::detect::number::{NumberRules, Numbers};
use crate::detect::phrase::{PhraseReader, PhraseSet, PhraseState};
use crate::normal::{Glyph, fold};

/// The most bytes of a stream that are ever held back.
///
/// Ordinarily a few characters are. A number is undecided over 77 characters at most and an e-mail address over
/// 255, invisible ones between them included in this limit. Only a phrase stretched by more white space or
/// punctuation than that reaches it: then its beginning passes, and the last bytes before its end are masked or
/// refused all the same, in a stream as in a whole text.
pub const HOLD_LIMIT: usize = 12 * 1024;

/// How many characters without a form of their own may follow one another; what comes after them is removed.
///
/// Enough for flags, joined emoji and stacked accents in every living script; too few to hide a text in, or to
/// stretch a number beyond the hold limit.
const MAX_INVISIBLE: usize = 8;

/// What is looked for at one boundary.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lens {
    pub(crate) numbers: NumberRules,
    pub(crate) email: Option<u32>,
    pub(crate) phrases: Option<Arc<PhraseSet>>,
}

impl Lens {
    /// Nothing is looked for: every text passes.
    pub(crate) fn is_clear(&self) -> bool {
        !self.numbers.any() && self.email.is_none() && self.phrases.is_none()
    }
}

/// The state of a scan between two chunks, and what it found.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Bytes read.
    position: usize,
    invisible: usize,
    numbers: Numbers,
    email: Email,
    phrases: PhraseState,
    pub(crate) found: Vec<Span>,
    /// Parts of the last chunk that are to be left out, in bytes from its start; they count nowhere else.
    pub(crate) removed: Vec<Range<usize>>,
    /// How many runs of invisible characters were cut short.
    pub(crate) shortened: u32,
}

impl Scanner {
    /// Reads on.
    pub(crate) fn scan(&mut self, lens: &Lens, text: &str) {
        self.removed.clear();
        let mut phrases = lens.phrases.as_deref().map(|set| self.phrases.reader(set));
        let mut pass = Pass {
            lens,
            numbers: &mut self.numbers,
            email: &mut self.email,
            phrases: phrases.as_mut(),
            found: &mut self.found,
        };
        let numbers_only = lens.email.is_none() && lens.phrases.is_none();
        let mut rest = text;
        loop {
            if numbers_only && pass.numbers.is_idle() {
                let plain = plain_prefix(rest);
                if plain > 0 {
                    self.invisible = 0;
                    self.position += plain;
                    rest = &rest[plain..];
                }
            }
            let Some(c) = rest.chars().next() else { break };
            let i = text.len() - rest.len();
            rest = &rest[c.len_utf8()..];
            let (start, end) = (self.position, self.position + c.len_utf8());
            let mut visible = false;
            fold(c, |folded| {
                visible = true;
                pass.step(Glyph { c: folded, raw: c, start, end });
            });
            if visible {
                self.invisible = 0;
            } else if self.invisible < MAX_INVISIBLE {
                self.invisible += 1;
            } else {
                if self.invisible == MAX_INVISIBLE {
                    self.invisible += 1;
                    self.shortened = self.shortened.saturating_add(1);
                }
                let end = i + c.len_utf8();
                match self.removed.last_mut() {
                    Some(run) if run.end == i => run.end = end,
                    _ => self.removed.push(i..end),
                }
                continue;
            }
            self.position = end;
        }
    }

    /// The last chunk without what is to be left out.
    pub(crate) fn kept<'t>(&self, text: &'t str) -> impl Iterator<Item = &'t str> {
        let starts = std::iter::once(0).chain(self.removed.iter().map(|run| run.end));
        let ends = self.removed.iter().map(|run| run.start).chain(std::iter::once(text.len()));
        starts.zip(ends).map(|(start, end)| &text[start..end])
    }

    /// The text ends here.
    pub(crate) fn finish(&mut self, lens: &Lens) {
        let earlier = self.found.len();
        self.numbers.finish(lens.numbers, &mut self.found);
        if let Some(rule) = lens.email {
            self.email.finish(rule, &mut self.found);
        }
        self.phrases.finish(&mut self.found);
        clip(&mut self.found[earlier..], self.position);
        self.email = Email::default();
    }

    /// Everything found from now on starts here or later.
    pub(crate) fn frontier(&self) -> usize {
        let holds = [self.numbers.hold(), self.email.hold(), self.phrases.hold()];
        let hold = holds.into_iter().flatten().min().unwrap_or(self.position);
        hold.max(self.position.saturating_sub(HOLD_LIMIT))
    }
}

struct Pass<'p, 's> {
    lens: &'p Lens,
    numbers: &'p mut Numbers,
    email: &'p mut Email,
    phrases: Option<&'p mut PhraseReader<'s>>,
    found: &'p mut Vec<Span>,
}

impl Pass<'_, '_> {
    #[inline]
    fn step(&mut self, glyph: Glyph) {
        let earlier = self.found.len();
        if self.lens.numbers.any() {
            self.numbers.step(self.lens.numbers, glyph, self.found);
        }
        if let Some(rule) = self.lens.email {
            self.email.step(rule, glyph, self.found);
        }
        if let Some(phrases) = &mut self.phrases {
            phrases.step(glyph, self.found);
        }
        if self.found.len() > earlier {
            clip(&mut self.found[earlier..], glyph.end);
        }
    }
}

/// How many bytes of `text` come before the first in which a number could begin: visible ASCII, for
/// which a reader of numbers that has none under way does nothing.
fn plain_prefix(text: &str) -> usize {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !Numbers::may_begin(*byte);
    text.as_bytes().iter().position(|byte| !plain(byte)).unwrap_or(text.len())
}

/// Cuts what was found at `position` to the hold limit: what lies before it has left already, if this is a stream.
fn clip(found: &mut [Span], position: usize) {
    for span in found {
        span.start = span.start.max(position.saturating_sub(HOLD_LIMIT));
    }
}
