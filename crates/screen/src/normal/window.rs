//! A place in a text and what is known around it.
//!
//! Whoever looks for something asks a [`Window`] for characters to the right and to the left. To the right the text may not
//! have come yet: then the answer is [`Pending`], the question cannot be decided, and it is asked again, from the same
//! place, when more has come. So a reader is written as if it had the whole text, passes [`Pending`] on with `?`, and
//! gives the same answers however the text was cut.

use super::Glyph;

/// How many characters to the left of a place may be asked for. What lies further back is gone in a stream,
/// so nobody may know it in a whole text either.
pub(crate) const LOOK_BACK: usize = 64;

/// What decides has not come yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending;

/// Normalised characters in a row: some that were decided before, then those that are not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'t> {
    glyphs: &'t [Glyph],
    /// Nothing follows the last character.
    ended: bool,
}

impl<'t> Window<'t> {
    /// The characters, and whether the text ends with them.
    pub(crate) fn new(glyphs: &'t [Glyph], ended: bool) -> Self {
        Self { glyphs, ended }
    }

    /// How many characters there are.
    pub(crate) fn len(&self) -> usize {
        self.glyphs.len()
    }

    /// The character at a place; `None` when the text ends before it.
    ///
    /// # Errors
    /// [`Pending`] when it may still come.
    #[inline]
    pub(crate) fn get(&self, place: usize) -> Result<Option<Glyph>, Pending> {
        match self.glyphs.get(place) {
            Some(glyph) => Ok(Some(*glyph)),
            None if self.ended => Ok(None),
            None => Err(Pending),
        }
    }

    /// The normalised character at a place, as [`get`](Self::get).
    #[inline]
    pub(crate) fn char(&self, place: usize) -> Result<Option<char>, Pending> {
        Ok(self.get(place)?.map(|glyph| glyph.c))
    }

    /// The character `back` places before, 1 being the one directly before; `None` when the text begins after it, or it
    /// lies more than [`LOOK_BACK`] back.
    #[inline]
    pub(crate) fn before(&self, place: usize, back: usize) -> Option<Glyph> {
        if back > LOOK_BACK {
            return None;
        }
        self.glyphs.get(place.checked_sub(back)?).copied()
    }

    /// The characters that have come.
    pub(crate) fn glyphs(&self) -> &'t [Glyph] {
        self.glyphs
    }
}
