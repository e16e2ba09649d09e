//! Internet addresses: version 4 with four dotted numbers (RFC 791), version 6 with groups of hexadecimal digits
//! (RFC 4291 §2.2).

use crate::normal::{Pending, Window};
use crate::pii::words::Before;
use crate::pii::{Entity, Hit, Known, Reading};

/// Words after which four dotted numbers are a version.
const VERSIONS: &[&str] = &["version", "ver", "v", "release", "build", "firmware", "section"];

/// The longest text form of an address: eight groups of four, the last two dotted.
const MAX_V6: usize = 45;

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_hexdigit() || c == ':'
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if window
        .before(at, 1)
        .is_some_and(|glyph| glyph.c.is_alphanumeric() || matches!(glyph.c, '.' | ':' | '_'))
        && window.before(at, 1).is_some_and(|glyph| glyph.c != ':' || before_is_hex(window, at))
    {
        return Ok(None);
    }
    if let Some(end) = v4(window, at)? {
        let before = Before::of(window, at, 16).trimmed(|c| c == ' ' || c == ':');
        if !before.ends_with(VERSIONS) {
            return Ok(Some(Hit { entity: Entity::IpAddress, end, score: 0.95 }));
        }
        return Ok(None);
    }
    Ok(v6(window, at)?.map(|end| Hit { entity: Entity::IpAddress, end, score: 0.95 }))
}

/// Whether what stands before a colon before a place could be part of the same address.
fn before_is_hex(window: &Window<'_>, at: usize) -> bool {
    window.before(at, 2).is_some_and(|glyph| glyph.c.is_ascii_hexdigit() || glyph.c == ':')
}

fn v4(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let mut place = at;
    for part in 0..4 {
        if part > 0 {
            if window.char(place)? != Some('.') {
                return Ok(None);
            }
            place += 1;
        }
        let (mut value, mut digits) = (0, 0);
        while let Some(digit) = window.char(place)?.and_then(|c| c.to_digit(10)) {
            value = value * 10 + digit;
            digits += 1;
            place += 1;
            if digits > 3 {
                return Ok(None);
            }
        }
        if digits == 0 || value > 255 {
            return Ok(None);
        }
    }
    let more = match window.char(place)? {
        Some('.') => window.char(place + 1)?.is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_ascii_alphanumeric() || c == '_',
        None => false,
    };
    Ok((!more).then_some(place))
}

fn v6(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let mut place = at;
    let (mut groups, mut shortened, mut digits) = (0, false, 0);
    if window.char(place)? == Some(':') {
        if window.char(place + 1)? != Some(':') {
            return Ok(None);
        }
        shortened = true;
        place += 2;
    }
    let mut end = place;
    while place - at < MAX_V6 && groups < 8 {
        let group = place;
        while place - group < 5 && window.char(place)?.is_some_and(|c| c.is_ascii_hexdigit()) {
            digits += usize::from(window.char(place)?.is_some_and(|c| c.is_ascii_digit()));
            place += 1;
        }
        if place == group {
            break;
        }
        if place - group > 4 {
            return Ok(None);
        }
        if groups > 0
            && window.char(place)? == Some('.')
            && let Some(dotted) = v4(window, group)?
        {
            groups += 2;
            end = dotted;
            break;
        }
        groups += 1;
        end = place;
        if window.char(place)? != Some(':') {
            break;
        }
        place += 1;
        if window.char(place)? == Some(':') {
            if shortened {
                return Ok(None);
            }
            shortened = true;
            place += 1;
            end = place;
        }
    }
    let whole = if shortened { (1..=7).contains(&groups) } else { groups == 8 };
    // `a::b` is more often a path in a program than an address.
    let likely = digits > 0 && (groups >= 2 || (groups == 1 && at + 2 < end));
    if !whole
        || !likely
        || window.char(end)?.is_some_and(|c| c.is_alphanumeric() || c == ':' || c == '_')
    {
        return Ok(None);
    }
    Ok(Some(end))
}
