//! Whether a term counts where it stands: word edges, what comes before and after, and the script around it.

use super::letters::{is_passed_over, is_word, parts};
use crate::normal::{Glyph, LOOK_BACK, Pending, Window, script};

/// How many characters to the right of a term are looked at.
const LOOK_AHEAD: usize = 64;

/// What stands around a term that does not count: these characters directly before it and these directly after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Around {
    pub(super) before: Box<[char]>,
    pub(super) after: Box<[char]>,
}

impl Around {
    /// Whether it stands around a part of the text, white space and punctuation passed over.
    pub(super) fn holds(
        &self,
        window: &Window<'_>,
        start: usize,
        end: usize,
    ) -> Result<bool, Pending> {
        Ok(self.is_before(window, start) && self.is_after(window, end)?)
    }

    /// The same, where no comma parts it from the text: what stands behind one is another clause, and says nothing of this one.
    pub(super) fn adjoins(
        &self,
        window: &Window<'_>,
        start: usize,
        end: usize,
    ) -> Result<bool, Pending> {
        if !self.holds(window, start, end)? {
            return Ok(false);
        }
        if !self.before.is_empty() {
            let mut left = (1..=LOOK_BACK).map_while(|back| window.before(start, back));
            if left
                .find(|glyph| !is_passed_over(glyph.c) || parts(glyph.c))
                .is_some_and(|glyph| parts(glyph.c))
            {
                return Ok(false);
            }
        }
        if !self.after.is_empty() {
            for place in end..end + LOOK_AHEAD {
                match window.char(place)? {
                    Some(c) if parts(c) => return Ok(false),
                    Some(c) if is_passed_over(c) => {}
                    _ => break,
                }
            }
        }
        Ok(true)
    }

    fn is_before(&self, window: &Window<'_>, start: usize) -> bool {
        let mut wanted = self.before.iter().rev().peekable();
        for back in 1..=LOOK_BACK {
            if wanted.peek().is_none() {
                break;
            }
            match window.before(start, back) {
                Some(Glyph { c, .. }) if is_passed_over(c) || wanted.next() == Some(&c) => {}
                _ => return false,
            }
        }
        wanted.peek().is_none()
    }

    fn is_after(&self, window: &Window<'_>, end: usize) -> Result<bool, Pending> {
        let mut wanted = self.after.iter().peekable();
        for place in end..end + LOOK_AHEAD {
            if wanted.peek().is_none() {
                break;
            }
            match window.char(place)? {
                Some(c) if is_passed_over(c) || wanted.next() == Some(&c) => {}
                _ => return Ok(false),
            }
        }
        Ok(wanted.peek().is_none())
    }
}

/// Whether the word goes on after `end`.
pub(super) fn word_goes_on(window: &Window<'_>, end: usize) -> Result<bool, Pending> {
    Ok(window.char(end)?.is_some_and(is_word))
}

/// Whether what looks like Latin letters is a word of another script among its like: all its letters are of one script,
/// and near it stands a letter of that script that looks like no Latin one. Then somebody writes Russian, and hides nothing.
pub(super) fn is_foreign_word(
    window: &Window<'_>,
    start: usize,
    end: usize,
) -> Result<bool, Pending> {
    let part = window.glyphs().get(start..end).unwrap_or_default();
    let mut letters = part.iter().filter(|glyph| glyph.c.is_ascii_alphabetic());
    let Some(first) = letters.next().and_then(|glyph| script(glyph.raw)) else { return Ok(false) };
    if !letters.all(|glyph| script(glyph.raw) == Some(first)) {
        return Ok(false);
    }
    let gives_away = |glyph: Glyph| !glyph.c.is_ascii() && script(glyph.raw) == Some(first);
    let mut left = (1..=LOOK_BACK).map_while(|back| window.before(start, back));
    if left.any(gives_away) {
        return Ok(true);
    }
    for place in end..end + LOOK_AHEAD {
        match window.get(place)? {
            None => break,
            Some(glyph) if gives_away(glyph) => return Ok(true),
            Some(_) => {}
        }
    }
    Ok(false)
}
