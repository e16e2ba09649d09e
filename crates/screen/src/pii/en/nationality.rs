//! Nationalities, faiths and parties: words of a list, in small letters only where they are no other word.

use super::key::Key;
use super::lexicon::{Kinds, kinds};
use crate::normal::Window;
use crate::pii::words::{Before, goes_on, one_of};
use crate::pii::{Entity, Hit, Known, Reading};

/// The longest word of the list.
const MAX_WORD: usize = 16;

/// Words after which it is a language.
const SPEAKING: &[&str] = &[
    "in",
    "into",
    "speak",
    "speaks",
    "speaking",
    "spoke",
    "learn",
    "learning",
    "fluent",
    "study",
    "studying",
    "studied",
    "teach",
    "teaches",
    "teaching",
    "taught",
    "translate",
    "read",
    "write",
];

/// Words after a language.
const SPOKEN: &[&str] =
    &["and", "or", "at", "to", "as", "well", "with", "for", "is", "but", "then"];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_lowercase()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some(first) = window.get(at)? else { return Ok(None) };
    let capital = first.raw.is_uppercase();
    let (mut key, mut place) = (Key::EMPTY, at);
    let mut found = None;
    // Two words at most: `South African`.
    for word in 0..2 {
        let begin = place;
        while let Some(c) = window.char(place)?.filter(|c| c.is_alphabetic()) {
            key = key.with(c);
            place += 1;
            if place - begin > MAX_WORD {
                return Ok(None);
            }
        }
        if place == begin || goes_on(window, place)? {
            break;
        }
        let lists = kinds(key.number());
        if lists.any(Kinds::NATIONALITY)
            && (capital || !lists.any(Kinds::WORD | Kinds::SURNAME | Kinds::FORENAME))
        {
            found = Some(place);
        }
        let next = window.get(place)?.is_some_and(|glyph| glyph.c == ' ')
            && window.get(place + 1)?.is_some_and(|glyph| glyph.raw.is_uppercase() == capital);
        if word > 0 || !next || !capital {
            break;
        }
        key = key.with(' ');
        place += 1;
    }
    let Some(end) = found else { return Ok(None) };
    let spoken = Before::of(window, at, 12).trimmed(|c| c == ' ').ends_with(SPEAKING);
    let closes = match window.char(end)? {
        Some(' ') => one_of(window, end + 1, SPOKEN)?.is_some(),
        Some('-') => false,
        _ => true,
    };
    Ok((!(spoken && closes)).then_some(Hit { entity: Entity::Nationality, end, score: 0.8 }))
}
