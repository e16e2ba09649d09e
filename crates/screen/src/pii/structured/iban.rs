//! International bank account numbers (ISO 13616): a country, two check digits (ISO 7064 MOD 97-10), and as many characters
//! as the country has them, together or in groups of four.

use crate::normal::Window;
use crate::pii::words::{Before, goes_on, inside};
use crate::pii::{Entity, Hit, Known, Reading};

/// The length of a number, by country: the SWIFT IBAN Registry, release 99 (December 2024), and those countries outside of
/// it whose banks use the form.
const LENGTHS: &[(&str, usize)] = &[
    ("ad", 24),
    ("ae", 23),
    ("al", 28),
    ("ao", 25),
    ("at", 20),
    ("az", 28),
    ("ba", 20),
    ("be", 16),
    ("bf", 28),
    ("bg", 22),
    ("bh", 22),
    ("bi", 27),
    ("bj", 28),
    ("br", 29),
    ("by", 28),
    ("cf", 27),
    ("cg", 27),
    ("ch", 21),
    ("ci", 28),
    ("cm", 27),
    ("cr", 22),
    ("cv", 25),
    ("cy", 28),
    ("cz", 24),
    ("de", 22),
    ("dj", 27),
    ("dk", 18),
    ("do", 28),
    ("dz", 26),
    ("ee", 20),
    ("eg", 29),
    ("es", 24),
    ("fi", 18),
    ("fk", 18),
    ("fo", 18),
    ("fr", 27),
    ("ga", 27),
    ("gb", 22),
    ("ge", 22),
    ("gi", 23),
    ("gl", 18),
    ("gq", 27),
    ("gr", 27),
    ("gt", 28),
    ("gw", 25),
    ("hn", 28),
    ("hr", 21),
    ("hu", 28),
    ("ie", 22),
    ("il", 23),
    ("iq", 23),
    ("ir", 26),
    ("is", 26),
    ("it", 27),
    ("jo", 30),
    ("km", 27),
    ("kw", 30),
    ("kz", 20),
    ("lb", 28),
    ("lc", 32),
    ("li", 21),
    ("lt", 20),
    ("lu", 20),
    ("lv", 21),
    ("ly", 25),
    ("ma", 28),
    ("mc", 27),
    ("md", 24),
    ("me", 22),
    ("mg", 27),
    ("mk", 19),
    ("ml", 28),
    ("mn", 20),
    ("mr", 27),
    ("mt", 31),
    ("mu", 30),
    ("mz", 25),
    ("ne", 28),
    ("ni", 28),
    ("nl", 18),
    ("no", 15),
    ("om", 23),
    ("pk", 24),
    ("pl", 28),
    ("ps", 29),
    ("pt", 25),
    ("qa", 29),
    ("ro", 24),
    ("rs", 22),
    ("ru", 33),
    ("sa", 24),
    ("sc", 31),
    ("sd", 18),
    ("se", 24),
    ("si", 19),
    ("sk", 24),
    ("sm", 27),
    ("sn", 28),
    ("so", 23),
    ("st", 25),
    ("sv", 28),
    ("td", 27),
    ("tg", 28),
    ("tl", 23),
    ("tn", 24),
    ("tr", 26),
    ("ua", 29),
    ("va", 22),
    ("vg", 24),
    ("xk", 20),
    ("ye", 30),
];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_lowercase()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if inside(window, at) {
        return Ok(None);
    }
    let (Some(a), Some(b)) = (window.char(at)?, window.char(at + 1)?) else { return Ok(None) };
    if !b.is_ascii_lowercase() || !window.char(at + 2)?.is_some_and(|c| c.is_ascii_digit()) {
        return Ok(None);
    }
    let country = [a, b];
    let Some((_, length)) = LENGTHS.iter().find(|(code, _)| code.chars().eq(country)) else {
        return Ok(None);
    };
    let (mut place, mut count) = (at, 0);
    // The remainder of the digits after the check digits, then of the country and the check digits.
    let (mut tail, mut head) = (0_u32, 0_u32);
    let mut separated = false;
    while count < *length {
        match window.char(place)? {
            Some(c) if c.is_ascii_alphanumeric() => {
                if (2..4).contains(&count) && !c.is_ascii_digit() {
                    return Ok(None);
                }
                let value = c.to_digit(36).unwrap_or(0);
                let part = if count < 4 { &mut head } else { &mut tail };
                *part = (*part * if value > 9 { 100 } else { 10 } + value) % 97;
                count += 1;
                separated = false;
            }
            // One separator between groups, after the country code also one.
            Some(' ' | '-') if count >= 2 && !separated => separated = true,
            _ => return Ok(None),
        }
        place += 1;
    }
    if goes_on(window, place)? {
        return Ok(None);
    }
    // The first four characters are moved to the end: four digits of country, two check digits.
    let valid = (tail * (1_000_000 % 97) + head) % 97 == 1;
    let said = valid || Before::of(window, at, 32).has(&["iban"]);
    let score = if valid { 1.0 } else { 0.6 };
    Ok(said.then_some(Hit { entity: Entity::Iban, end: place, score }))
}
