//! A text as a row of words, numbers and marks, as far as names are told by it.

use super::key::Key;
use super::lexicon::{Kinds, kinds};
use crate::normal::{Glyph, LOOK_BACK, Pending, Window};
use crate::pii::words::is_joined;

/// The longest word that is read as one.
const MAX_WORD: usize = 24;

/// How many spaces are looked over between two words.
const MAX_GAP: usize = 6;

/// How a word is written, or what it is instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pii) enum Shape {
    /// The text ends, or begins, here; or what is here is out of sight.
    Nothing,
    Lower,
    /// A capital, then small letters.
    Capital,
    /// Capitals only, two or more.
    Upper,
    /// One capital letter.
    Initial,
    /// Capitals inside.
    Mixed,
    Number,
    /// Letters and digits.
    Code,
    Mark(char),
}

impl Shape {
    /// A small number for each shape, marks by their character.
    pub(in crate::pii) fn code(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Lower => 1,
            Self::Capital => 2,
            Self::Upper => 3,
            Self::Initial => 4,
            Self::Mixed => 5,
            Self::Number => 6,
            Self::Code => 7,
            Self::Mark(c) => 8 + u64::from(c),
        }
    }

    /// Whether it is a word that begins with a capital.
    pub(in crate::pii) fn is_capital(self) -> bool {
        matches!(self, Self::Capital | Self::Upper | Self::Initial | Self::Mixed)
    }

    /// Whether it is a word.
    pub(in crate::pii) fn is_word(self) -> bool {
        self.is_capital() || self == Self::Lower
    }
}

/// What lies between a token and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pii) enum Gap {
    None,
    Space,
    /// The end of a line.
    Break,
}

/// A word, a number or a mark.
#[derive(Clone, Copy, Debug)]
pub(in crate::pii) struct Token {
    pub(in crate::pii) start: usize,
    pub(in crate::pii) end: usize,
    pub(in crate::pii) shape: Shape,
    pub(in crate::pii) gap: Gap,
    pub(in crate::pii) key: Key,
    pub(in crate::pii) kinds: Kinds,
}

impl Token {
    /// The first token at or after a place.
    pub(in crate::pii) fn next(window: &Window<'_>, at: usize) -> Result<Self, Pending> {
        let (mut start, mut gap) = (at, Gap::None);
        loop {
            match window.char(start)? {
                Some('\n' | '\r') => gap = Gap::Break,
                Some(' ' | '\t') if gap != Gap::Break => gap = Gap::Space,
                Some(' ' | '\t') => {}
                Some(c) if start - at <= MAX_GAP => {
                    let end = if is_joined(c) { word_end(window, start)? } else { start + 1 };
                    return Ok(Self::of(&window.glyphs()[start..end], start, gap));
                }
                _ => return Ok(Self::nothing(start, gap)),
            }
            start += 1;
        }
    }

    /// The last token that ends before a place; its gap is the one between it and the place.
    pub(in crate::pii) fn before(window: &Window<'_>, at: usize, sight: usize) -> Self {
        let back = |place: usize, back: usize| -> Option<Glyph> {
            (sight.saturating_sub(place) + back <= LOOK_BACK)
                .then(|| window.glyphs().get(place.checked_sub(back)?).copied())
                .flatten()
        };
        let (mut end, mut gap) = (at, Gap::None);
        loop {
            match back(end, 1).map(|glyph| glyph.c) {
                Some('\n' | '\r') => gap = Gap::Break,
                Some(' ' | '\t') if gap != Gap::Break => gap = Gap::Space,
                Some(' ' | '\t') => {}
                Some(c) if at - end <= MAX_GAP => {
                    let mut start = end - 1;
                    if is_joined(c) {
                        while end - start < MAX_WORD
                            && let Some(glyph) = back(start, 1)
                            && (is_joined(glyph.c)
                                || matches!(glyph.c, '\'' | '’')
                                    && back(start, 2).is_some_and(|glyph| is_joined(glyph.c)))
                        {
                            start -= 1;
                        }
                    }
                    return Self::of(&window.glyphs()[start..end], start, gap);
                }
                _ => return Self::nothing(end, gap),
            }
            end -= 1;
        }
    }

    fn nothing(at: usize, gap: Gap) -> Self {
        Self {
            start: at,
            end: at,
            shape: Shape::Nothing,
            gap,
            key: Key::EMPTY,
            kinds: Kinds::default(),
        }
    }

    fn of(glyphs: &[Glyph], start: usize, gap: Gap) -> Self {
        let key = glyphs.iter().fold(Key::EMPTY, |key, glyph| key.with(glyph.c));
        let shape = shape(glyphs);
        let mut found = Kinds::default();
        if shape.is_word() {
            found = kinds(key.number());
            // Of a double name each part may be in a list.
            if found == Kinds::default() && glyphs.iter().any(|glyph| glyph.c == '-') {
                found = glyphs
                    .split(|glyph| glyph.c == '-')
                    .map(|part| {
                        kinds(part.iter().fold(Key::EMPTY, |key, glyph| key.with(glyph.c)).number())
                            .0
                    })
                    .reduce(|a, b| a & b)
                    .map_or(found, Kinds);
            }
        }
        Self { start, end: start + glyphs.len(), shape, gap, key, kinds: found }
    }

    /// What the word is to a name beside it: itself, if it is an ordinary word; what lists it is in, if it is a name.
    pub(in crate::pii) fn number(&self) -> u64 {
        match self.shape {
            // All numbers of one length are alike.
            Shape::Number => 1 + (self.end - self.start) as u64,
            Shape::Nothing => 0,
            _ if self.shape.is_word()
                && self.end - self.start > 2
                && !self.kinds.any(Kinds::WORD | Kinds::OCCUPATION) =>
            {
                1 << 16 | u64::from(self.kinds.0) << 8 | self.shape.code()
            }
            _ => self.key.number(),
        }
    }
}

/// Where the word that begins at a place ends: joined by an apostrophe, or by a hyphen before a letter of the same case.
fn word_end(window: &Window<'_>, at: usize) -> Result<usize, Pending> {
    let first = window.get(at)?.is_some_and(|glyph| glyph.raw.is_uppercase());
    let mut place = at + 1;
    while place - at < MAX_WORD {
        match window.char(place)? {
            Some(c) if is_joined(c) => place += 1,
            Some('\'' | '’') => {
                let Some(next) = window.get(place + 1)?.filter(|glyph| glyph.c.is_alphabetic())
                else {
                    break;
                };
                // `Jones's`: what shows possession is no part of the name.
                if next.c == 's' && !window.char(place + 2)?.is_some_and(is_joined) {
                    break;
                }
                place += 2;
            }
            Some('-') => {
                let joins = window
                    .get(place + 1)?
                    .is_some_and(|next| next.c.is_alphabetic() && next.raw.is_uppercase() == first);
                if !joins {
                    break;
                }
                place += 2;
            }
            _ => break,
        }
    }
    Ok(place)
}

fn shape(glyphs: &[Glyph]) -> Shape {
    let [first, rest @ ..] = glyphs else { return Shape::Nothing };
    if !is_joined(first.c) {
        return Shape::Mark(first.c);
    }
    let (mut letters, mut digits, mut upper) = (0, 0, 0);
    for glyph in glyphs {
        letters += usize::from(glyph.c.is_alphabetic());
        digits += usize::from(glyph.c.is_numeric());
        upper += usize::from(glyph.raw.is_uppercase());
    }
    let parts =
        rest.windows(2).filter(|pair| !is_joined(pair[0].c) && pair[1].raw.is_uppercase()).count();
    match (letters, digits) {
        (0, _) => Shape::Number,
        (_, 1..) => Shape::Code,
        (1, _) if upper == 1 => Shape::Initial,
        _ if upper == 0 => Shape::Lower,
        _ if upper == letters => Shape::Upper,
        _ if first.raw.is_uppercase() && upper == 1 + parts => Shape::Capital,
        _ => Shape::Mixed,
    }
}
