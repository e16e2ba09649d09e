//! The numbers of houses, entrances and rooms.

use super::lexicon::{LEXICON, Trait};
use crate::normal::{Pending, Window};

/// A number as addresses have them: 542, 88-1, 19-4-1506, A3, 三十二, 甲12.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of a number")]
pub(super) struct Number {
    /// The place after it.
    pub(super) end: usize,
    /// How many numbers hyphens join.
    pub(super) parts: usize,
    /// Its characters.
    pub(super) length: usize,
    /// It has nothing but Latin letters: A座.
    pub(super) latin: bool,
    /// It has Arabic digits.
    pub(super) digits: bool,
    /// It looks like a date, or like a telephone number.
    pub(super) dated: bool,
    /// It looks like building, entrance and room: 19-4-1506.
    pub(super) home: bool,
}

impl Number {
    /// The number that begins at a place.
    pub(super) fn at(window: &Window<'_>, at: usize) -> Result<Option<Self>, Pending> {
        let mut number = Self {
            end: at,
            parts: 1,
            length: 0,
            latin: false,
            digits: false,
            dated: false,
            home: false,
        };
        let mut parts = [0; 5];
        if window.char(at)? == Some('附') {
            number.end += 1;
        }
        let mut digits = 0;
        let mut letters = 0;
        let mut han = 0;
        let mut part = 0;
        loop {
            match window.char(number.end)? {
                Some(c) if c.is_ascii_digit() && han == 0 => {
                    digits += 1;
                    part += 1;
                }
                Some(c) if c.is_ascii_alphabetic() && letters < 2 && han == 0 => {
                    letters += 1;
                    part += 1;
                }
                Some(c) if is_number_word(c) && digits + letters == 0 => han += 1,
                Some('-' | '/' | '#' | '~') if digits > 0 && number.parts < 4 && han == 0 => {
                    let next = window.char(number.end + 1)?;
                    if !next.is_some_and(|c| c.is_ascii_alphanumeric()) {
                        break;
                    }
                    number.dated |= part > 5;
                    parts[number.parts] = part;
                    number.parts += 1;
                    part = 0;
                }
                _ => break,
            }
            number.end += 1;
            if part > 6 || han > 5 {
                return Ok(None);
            }
        }
        number.home = number.parts == 3 && parts[1] <= 3 && parts[2] <= 2 && matches!(part, 3 | 4);
        number.length = digits + letters + han;
        number.digits = digits > 0;
        number.latin = digits + han == 0;
        // 2025-08-03, 010-1234567.
        let dated = number.parts == 3 && parts[1] == 4;
        number.dated |= dated || (window.char(at)? == Some('0') && digits > 4);
        Ok((number.length > 0).then_some(number))
    }
}

/// Whether a number in Chinese may begin with this character.
pub(super) fn is_number_word(c: char) -> bool {
    c != '附' && LEXICON.is(c, Trait::Number)
}
