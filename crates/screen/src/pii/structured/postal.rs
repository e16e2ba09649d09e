//! Postal codes: after words that say so, after the name of a state, and in the forms of countries that no other number
//! has. A code that ends a line of an address belongs to the address.

use crate::normal::{Pending, Window};
use crate::pii::en::{Kinds, Memo, Shape, Token, Tokens};
use crate::pii::words::{Before, after_spaces, goes_on, inside};
use crate::pii::{Entity, Hit, Known, Reading};

const SAID: &[&str] = &[
    "zip",
    "zip code",
    "zipcode",
    "postal code",
    "postcode",
    "post code",
    "postal",
    "zip/postal code",
    "plz",
    "cap",
    "pin code",
    "pincode",
    "cep",
    "eircode",
    "邮编",
    "邮政编码",
];

/// States and territories of the United States, and its military post.
const STATES: &[&str] = &[
    "al", "ak", "az", "ar", "ca", "co", "ct", "de", "fl", "ga", "hi", "id", "il", "in", "ia", "ks",
    "ky", "la", "me", "md", "ma", "mi", "mn", "ms", "mo", "mt", "ne", "nv", "nh", "nj", "nm", "ny",
    "nc", "nd", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx", "ut", "vt", "va", "wa", "wv",
    "wi", "wy", "dc", "pr", "vi", "gu", "as", "mp", "aa", "ae", "ap",
];

/// The forms of codes with letters: `a` is a capital, `0` a digit.
const FORMS: &[&str] =
    &["a0 0aa", "a00 0aa", "a0a 0aa", "aa0 0aa", "aa00 0aa", "aa0a 0aa", "a0a 0a0", "a00 aa00"];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if inside(window, at)
        || window
            .before(at, 1)
            .is_some_and(|glyph| matches!(glyph.c, '-' | '.' | '/' | '$' | '#' | '+' | '_'))
    {
        return Ok(None);
    }
    let Some(first) = window.get(at)? else { return Ok(None) };
    let hit = |entity, end, score| Ok(Some(Hit { entity, end, score }));
    if first.c.is_ascii_alphabetic() {
        if !first.raw.is_ascii_uppercase() {
            return Ok(None);
        }
        return match lettered(window, at)? {
            Some(end) => hit(Entity::PostalCode, end, 0.9),
            None => Ok(None),
        };
    }
    let Some(code) = Digits::read(window, at)? else { return Ok(None) };
    let before = Before::of(window, at, 28);
    let open = |c: char| matches!(c, ' ' | ':' | '-' | '#' | '=' | '"' | '：');
    let near = before.trimmed(open);
    let word = near.without_last(&["is", "of", "是", "为"]).unwrap_or(near).trimmed(open);
    if word.ends_with(SAID) {
        return hit(Entity::PostalCode, code.end, 0.95);
    }
    let american = matches!((code.parts, code.count), (1, 5) | (2, 9));
    if american && let Some(military) = state_before(window, at) {
        let entity = if military { Entity::Address } else { Entity::PostalCode };
        return hit(entity, code.end, 0.9);
    }
    if let Some(entity) = after_town(window, at, &code)? {
        return hit(entity, code.end, 0.7);
    }
    Ok(None)
}

/// A code after the name of a town, a state or a country. In a block of lines it belongs to the address; in a sentence, after
/// `in` and a name, it is a code by itself.
fn after_town(window: &Window<'_>, at: usize, code: &Digits) -> Result<Option<Entity>, Pending> {
    if !(4..=9).contains(&code.count) {
        return Ok(None);
    }
    let before = window.glyphs()[..at].iter().rev().take(40);
    let (mut names, mut letters, mut capital, mut gap) = (0, 0, true, ' ');
    let mut first = ' ';
    let mut opened = None;
    for glyph in before {
        match glyph.c {
            // In Chinese no code stands after the name of a town.
            c if c >= '\u{2e80}' => return Ok(None),
            c if c.is_alphabetic() => {
                letters += 1;
                first = glyph.raw;
            }
            '\n' | '\r' if letters == 0 && names == 0 => gap = '\n',
            ')' | '(' | '-' | '\'' | '.' if letters > 0 || names > 0 || glyph.c == ')' => {}
            c => {
                if letters > 0 {
                    capital &= first.is_uppercase() || letters <= 3;
                    names += 1;
                    letters = 0;
                }
                if c != ' ' || names > 4 {
                    opened = Some(c);
                    break;
                }
                // A preposition before the names: `in Arendal 4844`.
                if !capital {
                    opened = Some('a');
                    break;
                }
            }
        }
    }
    let year = code.count == 4
        && window.char(at)?.is_some_and(|c| matches!(c, '1' | '2'))
        && window.char(at + 1)?.is_some_and(|c| matches!(c, '9' | '0'));
    let closes = matches!(
        window.char(code.end)?,
        None | Some('\n' | '\r' | '.' | ',' | '?' | '!' | ')' | ';' | '"')
    );
    Ok(match opened {
        Some('\n' | '\r' | '>' | '?') if names > 0 && closes => {
            Some(if gap == '\n' { Entity::PostalCode } else { Entity::Address })
        }
        Some(',') if names > 0 && !year && closes && named(window, at) => Some(Entity::Address),
        _ if names > 0
            && !year
            && code.count <= 5
            && Before::of(window, at, 40).has(TOWARD)
            && named(window, at) =>
        {
            Some(Entity::PostalCode)
        }
        _ => None,
    })
}

/// Whether the word before a place is the name of a town or country, or may be one, or one letter after it.
fn named(window: &Window<'_>, at: usize) -> bool {
    let memo = Memo::default();
    let tokens = Tokens::new(window, &memo);
    let mut token = Token::before(&tokens, at, at);
    if token.shape == Shape::Initial {
        token = Token::before(&tokens, token.start, at);
    }
    token.kinds.any(Kinds::PLACE | Kinds::COUNTRY)
        || token.shape.is_capital() && token.end - token.start > 3 && !token.kinds.any(Kinds::WORD)
}

/// Words before the name of a town.
const TOWARD: &[&str] = &["in", "at", "to", "from", "near", "of"];

/// A code in digits: one group, or two as in `12345-6789`, `340 12`, `10001-000`.
struct Digits {
    end: usize,
    count: usize,
    parts: usize,
}

impl Digits {
    fn read(window: &Window<'_>, at: usize) -> Result<Option<Self>, Pending> {
        let run = |from: usize| -> Result<usize, Pending> {
            let mut place = from;
            while place - from <= 10 && window.char(place)?.is_some_and(|c| c.is_ascii_digit()) {
                place += 1;
            }
            Ok(place)
        };
        let mut end = run(at)?;
        let mut code = Self { end, count: end - at, parts: 1 };
        if matches!(window.char(end)?, Some('-' | ' ')) {
            let second = run(end + 1)?;
            let size = second - end - 1;
            if matches!((end - at, size), (5, 3 | 4) | (3, 2..=4) | (2 | 4, 3))
                && !goes_on(window, second)?
            {
                code = Self { end: second, count: end - at + size, parts: 2 };
            }
        }
        // `1012 AB`: two letters belong to it in the Netherlands.
        if code.parts == 1 && code.count == 4 {
            end = after_spaces(window, end, 1)?;
            let upper = |place: usize| -> Result<bool, Pending> {
                Ok(window.get(place)?.is_some_and(|glyph| glyph.raw.is_ascii_uppercase()))
            };
            if upper(end)? && upper(end + 1)? && !goes_on(window, end + 2)? {
                code.end = end + 2;
            }
        }
        Ok(((3..=10).contains(&code.count) && !goes_on(window, code.end)?).then_some(code))
    }
}

/// Whether the two capitals of a state stand directly before; then, whether they stand in a line of an address.
fn state_before(window: &Window<'_>, at: usize) -> Option<bool> {
    let spaces = (1..=3)
        .take_while(|back| {
            window.before(at, *back).is_some_and(|glyph| glyph.c == ' ' || glyph.c == '\n')
        })
        .count();
    let (b, a) = (window.before(at, spaces + 1)?, window.before(at, spaces + 2)?);
    let apart = window.before(at, spaces + 3).is_none_or(|glyph| !glyph.c.is_alphanumeric());
    let state = [a.c, b.c];
    (spaces > 0
        && apart
        && a.raw.is_ascii_uppercase()
        && b.raw.is_ascii_uppercase()
        && STATES.iter().any(|known| known.chars().eq(state)))
    .then_some(matches!(state, ['a', 'a' | 'e' | 'p']))
}

/// `SW1A 2AA` (British Standard 7666), `K1A 0B1` (Canada Post), `D02 AF30` (An Post).
fn lettered(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let mut shape = [' '; 9];
    let mut place = at;
    for slot in &mut shape {
        match window.get(place)? {
            Some(glyph) if glyph.raw.is_ascii_uppercase() => *slot = 'a',
            Some(glyph) if glyph.c.is_ascii_digit() => *slot = '0',
            Some(glyph) if glyph.c == ' ' => *slot = ' ',
            _ => break,
        }
        place += 1;
    }
    let shape: &[char] = &shape[..place - at];
    for form in FORMS {
        if shape.len() >= form.len() && form.chars().zip(shape).all(|(a, b)| a == *b) {
            let end = at + form.len();
            if !goes_on(window, end)? {
                return Ok(Some(end));
            }
        }
    }
    Ok(None)
}
