//! How old somebody is: `61 years old`, `aged 61`, `turned 61`, `61 y/o`. The number is the find.

use crate::normal::Window;
use crate::pii::words::{Before, after_spaces, one_of};
use crate::pii::{Entity, Hit, Known, Reading};

/// What may follow the number, after a space or hyphen.
const AFTER: &[&str] = &[
    "year-old",
    "years-old",
    "year old",
    "years old",
    "yr old",
    "yrs old",
    "yr-old",
    "y/o",
    "yo",
    "y.o",
    "years of age",
    "years young",
    "year olds",
    "year-olds",
    "month-old",
    "months old",
    "month old",
    "岁",
];

/// What may stand directly before it.
const BEFORE: &[&str] = &[
    "aged",
    "age",
    "age of",
    "age is",
    "age:",
    "ages",
    "turned",
    "turn",
    "turning",
    "turns",
    "just turned",
    "age at",
    "over the age of",
    "i'll be",
    "年龄",
    "年龄：",
];

/// What may stand before it where a clause ends after it.
const BEING: &[&str] =
    &["i'm", "i am", "he is", "she is", "he's", "she's", "was only", "is now", "is only", "i was"];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_digit()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if window
        .before(at, 1)
        .is_some_and(|glyph| matches!(glyph.c, '.' | '/' | '$' | '€' | '£' | '+'))
    {
        return Ok(None);
    }
    let (mut place, mut value) = (at, 0);
    while let Some(digit) = window.char(place)?.and_then(|c| c.to_digit(10)) {
        value = value * 10 + digit;
        place += 1;
        if place - at > 3 {
            return Ok(None);
        }
    }
    if !(1..=120).contains(&value) {
        return Ok(None);
    }
    let hit = |score| Ok(Some(Hit { entity: Entity::Age, end: place, score }));
    let next = match window.char(place)? {
        Some('-') => place + 1,
        Some('岁') => return hit(0.9),
        _ => after_spaces(window, place, 2)?,
    };
    if one_of(window, next, AFTER)?.is_some() {
        return hit(0.95);
    }
    let closes = match window.char(place)? {
        None | Some('\n' | '\r' | ';' | '!' | '?' | ')' | '"') => true,
        Some('.' | ',') => !window.char(place + 1)?.is_some_and(|c| c.is_ascii_digit()),
        Some(' ') => one_of(
            window,
            place + 1,
            &["and", "but", "this", "next", "now", "years", "when", "in", "on"],
        )?
        .is_some(),
        _ => false,
    };
    let before = Before::of(window, at, 20).trimmed(|c| c == ' ' || c == ':' || c == '-');
    if closes && (before.ends_with(BEFORE) || before.ends_with(BEING)) {
        return hit(0.8);
    }
    Ok(None)
}
