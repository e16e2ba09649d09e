//! Rows of letters and digits, as account numbers are written.

use super::context::Left;
use crate::normal::{Pending, Window};

/// Whether a row may begin with this character.
pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// A row of letters, digits, hyphens and underscores.
pub(super) struct Token {
    pub(super) end: usize,
    pub(super) letters: usize,
    pub(super) digits: usize,
    /// How many letters stand first.
    pub(super) prefix: usize,
    /// All letters were written as capitals.
    pub(super) capital: bool,
    pub(super) marks: usize,
}

impl Token {
    /// Letters and digits.
    pub(super) fn len(&self) -> usize {
        self.letters + self.digits
    }
}

/// The longest token that is looked at.
const MOST: usize = 40;

/// The token that begins at a place; `None` if another character of it stands before, or it is too long.
pub(super) fn token(
    window: &Window<'_>,
    at: usize,
    marks: &[char],
) -> Result<Option<Token>, Pending> {
    let of_token = |c: char| c.is_ascii_alphanumeric() || marks.contains(&c);
    if window.before(at, 1).is_some_and(|before| before.c.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let mut token = Token { end: at, letters: 0, digits: 0, prefix: 0, capital: true, marks: 0 };
    while let Some(glyph) = window.get(token.end)? {
        if token.end - at > MOST {
            return Ok(None);
        }
        match glyph.c {
            c if c.is_ascii_digit() => token.digits += 1,
            c if c.is_ascii_alphabetic() => {
                token.prefix += usize::from(token.digits == 0);
                token.letters += 1;
                token.capital &= !glyph.raw.is_lowercase();
            }
            // A mark belongs to it only between two others.
            c if marks.contains(&c) => {
                if token.end == at || !window.char(token.end + 1)?.is_some_and(of_token) {
                    break;
                }
                token.marks += 1;
            }
            _ => break,
        }
        token.end += 1;
    }
    Ok((token.len() > 0).then_some(token))
}

/// As [`token`], but Latin letters may stand before it if they are one of these words: "QQ12345678".
pub(super) fn token_after(
    window: &Window<'_>,
    at: usize,
    marks: &[char],
    words: &[&str],
) -> Result<Option<Token>, Pending> {
    let left = Left::of(window, at);
    if window.before(at, 1).is_some_and(|before| before.c.is_ascii_alphabetic()) {
        if !left.ends_with(words) || !window.char(at)?.is_some_and(|c| c.is_ascii_digit()) {
            return Ok(None);
        }
        let mut end = at;
        while end - at < MOST && window.char(end)?.is_some_and(|c| c.is_ascii_digit()) {
            end += 1;
        }
        if window.char(end)?.is_some_and(|c| c.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let digits = end - at;
        return Ok(Some(Token { end, letters: 0, digits, prefix: 0, capital: true, marks: 0 }));
    }
    token(window, at, marks)
}

/// Whether what follows makes a number an amount, a date or a version.
pub(super) fn is_amount(window: &Window<'_>, end: usize) -> Result<bool, Pending> {
    Ok(match window.char(end)? {
        Some(
            '元' | '块' | '件' | '个' | '份' | '年' | '%' | '万' | '亿' | '人' | '次' | '页' | '斤'
            | '米',
        ) => true,
        Some('.') => window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    })
}
