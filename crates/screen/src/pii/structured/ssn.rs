//! Social security numbers of the United States: `123-45-6789`, as the Social Security Administration allocates them: no area
//! 000, 666 or 900 and above, no group 00, no serial 0000. With spaces, or nothing, between its parts only where the
//! words before it say what it is.

use crate::normal::Window;
use crate::pii::words::Before;
use crate::pii::{Entity, Hit, Known, Reading};

const SAID: &[&str] = &[
    "ssn",
    "ssns",
    "ss#",
    "social security",
    "soc sec",
    "social",
    "social insurance",
    "tax id",
    "taxpayer",
];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_digit()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if window.before(at, 1).is_some_and(|glyph| {
        glyph.c.is_alphanumeric() || matches!(glyph.c, '-' | '.' | '+' | '/' | '_')
    }) {
        return Ok(None);
    }
    let mut digits = [0_u16; 9];
    let (mut place, mut separator) = (at, None);
    for (i, digit) in digits.iter_mut().enumerate() {
        if i == 3 {
            separator = window.char(place)?.filter(|c| matches!(c, '-' | ' ' | '.'));
        }
        if matches!(i, 3 | 5) && separator.is_some() {
            if window.char(place)? != separator {
                return Ok(None);
            }
            place += 1;
        }
        let Some(value) = window.char(place)?.and_then(|c| c.to_digit(10)) else { return Ok(None) };
        *digit = u16::try_from(value).unwrap_or(0);
        place += 1;
    }
    match window.char(place)? {
        Some(c) if c.is_alphanumeric() => return Ok(None),
        Some('-' | '.') if window.char(place + 1)?.is_some_and(|c| c.is_ascii_digit()) => {
            return Ok(None);
        }
        _ => {}
    }
    let number = |range: std::ops::Range<usize>| {
        digits[range].iter().fold(0_u16, |value, digit| value * 10 + digit)
    };
    let area = number(0..3);
    if matches!(area, 0 | 666 | 900..) || number(3..5) == 0 || number(5..9) == 0 {
        return Ok(None);
    }
    let said = Before::of(window, at, 48).has(SAID);
    if separator != Some('-') && !said {
        return Ok(None);
    }
    Ok(Some(Hit { entity: Entity::UsSsn, end: place, score: if said { 1.0 } else { 0.85 } }))
}
