//! Street addresses as many countries write them: a number and a street, a street and a number, post boxes, military post, corners;
//! with the flat or floor, also on the next line, and the town, region, postal code and country that follow.

mod house;
mod name;
mod post;
mod town;
mod words;

use self::house::{house_number, leading_unit, units};
use self::name::Street;
use self::post::{corner, post};
use self::town::town;
use self::words::{AT, PREFIX, SAID, SMALL, role_of};
use super::token::{Gap, Shape, Token, Tokens};
use crate::normal::{Glyph, Pending, Window};
use crate::pii::words::Before;
use crate::pii::{Entity, Hit, Known, Reading};

/// How far an address reaches, at most.
const MAX_LENGTH: usize = 120;

/// Whether an ordinary word in small letters may be the beginning of an address. It says no only where [`read`] would.
pub(in super::super) fn opens_street(
    window: &Window<'_>,
    word: &[Glyph],
    end: usize,
    number: u64,
) -> bool {
    let letter = |i: usize| word.get(i).map_or(' ', |glyph: &Glyph| glyph.c);
    if !may_open(letter(0)) {
        return false;
    }
    // Post boxes and military post, and `the corner of`.
    let posts = matches!(
        (letter(0), letter(1), letter(2)),
        ('p', 'o', 's' | ' ')
            | ('p', 's', 'c')
            | ('p', ' ', _)
            | ('a', 'p', 'a')
            | ('c', 'a', 's')
            | ('c', 'm', 'r')
            | ('u', 'n', 'i')
            | ('u', 's', _)
    );
    let corner = letter(0) == 't'
        && word.len() == 3
        && letter(1) == 'h'
        && !matches!(window.char(end + 1), Ok(next) if next != Some('c'))
        && !matches!(window.char(end + 2), Ok(next) if next != Some('o'));
    let role = role_of(number);
    posts || corner || role & PREFIX != 0 || (role & SMALL != 0 && word.len() >= 6)
}

pub(in super::super) fn begins(c: char) -> bool {
    c.is_alphanumeric() && crate::pii::words::is_joined(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, known: &Known<'_>) -> Reading {
    if window.before(at, 1).is_some_and(|glyph| {
        matches!(glyph.c, '.' | '-' | '/' | '$' | '€' | '£' | '+' | '_' | '@' | '\'')
    }) {
        return Ok(None);
    }
    let Some(first) = window.get(at)? else { return Ok(None) };
    let window = &Tokens::new(window, known.tokens);
    let found = if first.c.is_numeric() {
        numbered(window, at)?
    } else if first.raw.is_uppercase() || may_open(first.c) {
        named(window, at)?
    } else {
        None
    };
    let Some((end, score)) = found else { return Ok(None) };
    let house = units(window, end)?;
    let whole = town(window, house)?;
    let end = if whole - at <= MAX_LENGTH { whole } else { house };
    Ok((end - at <= MAX_LENGTH).then_some(Hit { entity: Entity::Address, end, score }))
}

/// Whether a word in small letters that begins so may open an address: `the corner of`, `po box`, `ul.`, `via`.
fn may_open(c: char) -> bool {
    matches!(c, 't' | 'p' | 'u' | 'r' | 'v' | 'c' | 'a' | 's')
}

/// `12 Elm Street`, `846 31 Rue Haute`, `12 Hauptstr. 3`, `221B Baker St`.
fn numbered(window: &Tokens<'_>, at: usize) -> Result<Option<(usize, f32)>, Pending> {
    let Some(mut place) = house_number(window, at)? else { return Ok(None) };
    let mut numbers = 1;
    let next = Token::next(window, place)?;
    if next.gap == Gap::Space
        && next.shape == Shape::Number
        && let Some(after) = house_number(window, next.start)?
    {
        place = after;
        numbers = 2;
    } else if next.shape == Shape::Mark(',') {
        // `12, rue Haute`
        place = next.end;
    }
    let Some(street) = Street::read(window, place)? else { return Ok(None) };
    if street.told {
        return Ok(Some((street.end, 0.95)));
    }
    // `329 Arenales 9462`: nothing else is written so.
    if street.capitals && street.number && (!street.ordinary || street.followed) {
        return Ok(Some((street.end, 0.8)));
    }
    let said = || {
        let before = Before::of(window, at, 40);
        before.chars().is_empty() || before.has(SAID)
    };
    let fits = street.capitals && !street.ordinary && (street.followed || numbers == 2 && said());
    Ok(fits.then_some((street.end, 0.7)))
}

/// `Hauptstrasse 12`, `rue Haute 3`, `PO Box 7`, `PSC 12, Box 34`, `the corner of Elm Street and Oak Lane`.
fn named(window: &Tokens<'_>, at: usize) -> Result<Option<(usize, f32)>, Pending> {
    if let Some(end) = post(window, at)? {
        return Ok(Some((end, 0.9)));
    }
    if let Some(end) = corner(window, at)? {
        return Ok(Some((end, 0.8)));
    }
    if let Some(number) = leading_unit(window, at)? {
        return numbered(window, number);
    }
    let Some(street) = Street::read(window, at)? else { return Ok(None) };
    if street.told && street.number {
        return Ok(Some((street.end, 0.9)));
    }
    let said = || {
        Before::of(window, at, 12).trimmed(|c| c == ' ').ends_with(AT)
            && Before::of(window, at, 40).has(SAID)
    };
    if street.capitals && street.told && street.words >= 2 && said() {
        return Ok(Some((street.end, 0.7)));
    }
    // A name and a number, where an address is expected.
    let weak = street.capitals && street.number && !street.ordinary;
    Ok((weak && (street.followed || said())).then_some((street.end, 0.65)))
}
