//! A text as a row of words, numbers and marks, as far as names are told by it.

use std::cell::{Cell, OnceCell};
use std::ops::Deref;

use super::key::Key;
use super::lexicon::{Kinds, kinds};
use crate::normal::{Glyph, LOOK_BACK, Pending, Window};
use crate::pii::words::is_joined;

/// The longest word that is read as one.
const MAX_WORD: usize = 24;

/// The longest word that [`Token::spelling`] gives.
pub(in crate::pii) const LONGEST: usize = 10;

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
    /// What the word is to a name beside it.
    pub(in crate::pii) number: u64,
}

/// How many tokens are remembered.
const REMEMBERED: usize = 32;

/// The words of a window that were read last: the same are asked for from many places around them. Nothing is laid out until a
/// word is asked for, which in most pieces of a stream none is.
#[derive(Debug, Default)]
pub(in crate::pii) struct Memo(OnceCell<[Cell<Remembered>; REMEMBERED]>);

/// A word without what lies before it.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    token: Token,
    /// It ends where a word ends that is read forwards from its start.
    forwards: bool,
}

impl Remembered {
    const NOTHING: Self = Self { token: Token::NOTHING, forwards: false };
}

impl Memo {
    /// Where the word that begins at a place is remembered.
    #[inline]
    fn of(&self, start: usize) -> &Cell<Remembered> {
        // No token is empty: nothing is mistaken for one that was remembered.
        let nothing = || [const { Cell::new(Remembered::NOTHING) }; REMEMBERED];
        &self.0.get_or_init(nothing)[start % REMEMBERED]
    }
}

/// A window as tokens. What was read of it is remembered for as long as it stands still.
#[derive(Clone, Copy, Debug)]
pub(in crate::pii) struct Tokens<'t> {
    window: Window<'t>,
    memo: &'t Memo,
}

impl<'t> Tokens<'t> {
    pub(in crate::pii) fn new(window: &Window<'t>, memo: &'t Memo) -> Self {
        Self { window: *window, memo }
    }

    /// The word or mark that begins at a place.
    fn at(&self, start: usize, gap: Gap) -> Result<Token, Pending> {
        let memo = self.memo.of(start);
        let known = memo.get();
        if known.forwards && known.token.start == start && known.token.end > start {
            return Ok(Token { gap, ..known.token });
        }
        let joined = self.window.char(start)?.is_some_and(is_joined);
        let end = if joined { word_end(&self.window, start)? } else { start + 1 };
        let token = Token::of(&self.window.glyphs()[start..end], start, gap);
        memo.set(Remembered { token, forwards: true });
        Ok(token)
    }

    /// The word or mark from one place to another.
    fn between(&self, start: usize, end: usize, gap: Gap) -> Token {
        let memo = self.memo.of(start);
        let known = memo.get();
        if known.token.start == start && known.token.end == end {
            return Token { gap, ..known.token };
        }
        let token = Token::of(&self.window.glyphs()[start..end], start, gap);
        if !known.forwards || known.token.start != start {
            memo.set(Remembered { token, forwards: false });
        }
        token
    }
}

impl<'t> Deref for Tokens<'t> {
    type Target = Window<'t>;

    fn deref(&self) -> &Window<'t> {
        &self.window
    }
}

impl Token {
    /// What is not there.
    pub(in crate::pii) const NOTHING: Self = Self {
        start: 0,
        end: 0,
        shape: Shape::Nothing,
        gap: Gap::None,
        key: Key::EMPTY,
        kinds: Kinds(0),
        number: 0,
    };

    /// The first token at or after a place.
    pub(in crate::pii) fn next(window: &Tokens<'_>, at: usize) -> Result<Self, Pending> {
        let (mut start, mut gap) = (at, Gap::None);
        loop {
            match window.char(start)? {
                Some('\n' | '\r') => gap = Gap::Break,
                Some(' ' | '\t') if gap != Gap::Break => gap = Gap::Space,
                Some(' ' | '\t') => {}
                Some(_) if start - at <= MAX_GAP => return window.at(start, gap),
                _ => return Ok(Self::nothing(start, gap)),
            }
            start += 1;
        }
    }

    /// The last token that ends before a place; its gap is the one between it and the place.
    pub(in crate::pii) fn before(window: &Tokens<'_>, at: usize, sight: usize) -> Self {
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
                    return window.between(start, end, gap);
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
            number: 0,
        }
    }

    fn of(glyphs: &[Glyph], start: usize, gap: Gap) -> Self {
        let (key, shape) = seen(glyphs);
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
        let number = number(shape, key, found, glyphs.len());
        Self { start, end: start + glyphs.len(), shape, gap, key, kinds: found, number }
    }

    /// The word in plain letters, to compare it with others; nothing where it is longer than these are.
    pub(in crate::pii) fn spelling<'b>(
        &self,
        window: &Window<'_>,
        letters: &'b mut [u8; LONGEST],
    ) -> &'b [u8] {
        let glyphs = &window.glyphs()[self.start..self.end];
        if glyphs.len() > LONGEST {
            return &[];
        }
        for (letter, glyph) in letters.iter_mut().zip(glyphs) {
            let Ok(c) = u8::try_from(glyph.c) else { return &[] };
            *letter = c;
        }
        &letters[..glyphs.len()]
    }
}

/// What a word is to a name beside it: itself, if it is an ordinary word; what lists it is in, if it is a name.
fn number(shape: Shape, key: Key, kinds: Kinds, length: usize) -> u64 {
    match shape {
        // All numbers of one length are alike.
        Shape::Number => 1 + length as u64,
        Shape::Nothing => 0,
        Shape::Mark(c) => 1 << 40 | u64::from(c),
        _ if shape.is_word() && length > 2 && !kinds.any(Kinds::WORD | Kinds::OCCUPATION) => {
            1 << 16 | u64::from(kinds.0) << 8 | shape.code()
        }
        _ => key.number(),
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

/// The number of a word and how it is written, in one walk over its letters.
fn seen(glyphs: &[Glyph]) -> (Key, Shape) {
    let [first, ..] = glyphs else { return (Key::EMPTY, Shape::Nothing) };
    let (mut key, mut letters, mut digits, mut upper, mut parts) = (Key::EMPTY, 0, 0, 0, 0);
    let mut joined = true;
    for glyph in glyphs {
        key = key.with(glyph.c);
        let capital = if glyph.c.is_ascii_lowercase() {
            letters += 1;
            // Letters with accents fold to plain ones.
            if glyph.raw.is_ascii() {
                glyph.raw.is_ascii_uppercase()
            } else {
                glyph.raw.is_uppercase()
            }
        } else {
            letters += usize::from(glyph.c.is_alphabetic());
            digits += usize::from(glyph.c.is_numeric());
            glyph.raw.is_uppercase()
        };
        upper += usize::from(capital);
        parts += usize::from(capital && !joined);
        joined = is_joined(glyph.c);
    }
    if !is_joined(first.c) {
        return (key, Shape::Mark(first.c));
    }
    let shape = match (letters, digits) {
        (0, _) => Shape::Number,
        (_, 1..) => Shape::Code,
        (1, _) if upper == 1 => Shape::Initial,
        _ if upper == 0 => Shape::Lower,
        _ if upper == letters => Shape::Upper,
        _ if first.raw.is_uppercase() && upper == 1 + parts => Shape::Capital,
        _ => Shape::Mixed,
    };
    (key, shape)
}
