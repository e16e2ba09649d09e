//! Words of letters alone, which is what most of an English text is.
//!
//! Most readers look for what has digits or marks, and find nothing in such a word; most of the others know only words that
//! are no ordinary ones, or some few. Saying so once for a word is what keeps ordinary text cheap. It says only what each of
//! these readers would say itself.

use super::en::{Key, Kinds, kinds, opens_street};
use crate::normal::{Glyph, Window};

/// The longest word that is looked at: readers read up to 24 letters as one.
const MOST: usize = 20;

/// A word of Latin letters with a space or a mark after it that ends it for everybody.
pub(super) struct Word<'t> {
    glyphs: &'t [Glyph],
    /// The place after it.
    pub(super) end: usize,
    /// All its letters are small.
    small: bool,
    key: Key,
    after_space: bool,
}

/// What the lists say of a word.
pub(super) struct Listed {
    /// It is an ordinary word in small letters.
    pub(super) ordinary: bool,
    number: u64,
}

impl<'t> Word<'t> {
    /// The word that begins at a place; `None` if it is none, or more must come for it to be known for one.
    pub(super) fn at(window: &Window<'t>, at: usize) -> Option<Self> {
        let glyphs = window.glyphs().get(at..)?;
        let (mut length, mut small, mut key) = (0, true, Key::EMPTY);
        for glyph in glyphs.iter().take(MOST + 1) {
            if !glyph.c.is_ascii_lowercase() || !glyph.raw.is_ascii() {
                break;
            }
            length += 1;
            small &= glyph.raw.is_ascii_lowercase();
            key = key.with(glyph.c);
        }
        let end = at + length;
        if length == 0 || length > MOST || !is_closed(window, end) {
            return None;
        }
        let glyphs = &glyphs[..length];
        let before = |back| window.before(at, back).map(|glyph| glyph.c);
        Some(Self {
            glyphs,
            end,
            small,
            key,
            after_space: before(1) == Some(' ') && !matches!(before(2), Some(':' | '是' | '号')),
        })
    }

    /// Looks it up.
    pub(super) fn listed(&self) -> Listed {
        let number = self.key.number();
        Listed { ordinary: self.small && kinds(number).any(Kinds::WORD), number }
    }

    fn first(&self) -> char {
        self.glyphs[0].c
    }

    /// Whether it may be an account that is told by the words before it.
    pub(super) fn may_be_account(&self) -> bool {
        self.glyphs.len() >= 6 && !self.after_space
    }

    /// Whether it may be a form of address: in small letters only the short ones.
    pub(super) fn may_be_title(&self) -> bool {
        !self.small || (self.glyphs.len() <= 4 && matches!(self.first(), 'm' | 'd' | 'p'))
    }

    /// Whether it may be a month or a day of the week: in small letters only the long ones.
    pub(super) fn may_be_date(&self) -> bool {
        let [.., a, b] = self.glyphs else { return false };
        !self.small
            || (self.glyphs.len() >= 6
                && matches!([a.c, b.c], ['a' | 'r', 'y'] | ['y', 's'] | ['e', 'r'] | ['s', 't']))
    }

    /// Whether an address may begin with it.
    pub(super) fn may_open_address(&self, window: &Window<'_>, listed: &Listed) -> bool {
        !listed.ordinary || opens_street(window, self.glyphs, self.end, listed.number)
    }
}

/// Whether what stands after a word ends it, whoever reads it, and is here already.
fn is_closed(window: &Window<'_>, end: usize) -> bool {
    // What comes after a space may belong to the word: groups of digits to the number of a parcel, `(at)`, ` at ` and ` dot ` to an
    // address.
    let spells = |place: usize, word: &str| {
        word.chars()
            .zip(place..)
            .all(|(c, place)| window.char(place).map_or(true, |here| here == Some(c)))
    };
    let is_apart = |place: usize| match window.char(place) {
        Ok(Some('a')) => !spells(place, "at "),
        Ok(Some('d')) => !spells(place, "dot "),
        Ok(c) => !c.is_some_and(|c| c.is_ascii_digit() || matches!(c, '(' | '[' | '{')),
        Err(_) => false,
    };
    match window.char(end) {
        Ok(None | Some(',' | ';' | '"' | ')' | '\n')) => true,
        Ok(Some(' ')) => is_apart(end + 1),
        Ok(Some('.' | '!' | '?')) => match window.char(end + 1) {
            Ok(None | Some('\n' | '"' | ')')) => true,
            Ok(Some(' ')) => is_apart(end + 2),
            _ => false,
        },
        _ => false,
    }
}
