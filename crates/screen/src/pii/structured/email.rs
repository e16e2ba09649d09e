//! E-mail addresses: a local part, `@` or a written-out `(at)`, and a dotted domain (RFC 5321 §4.1.2).
//!
//! Domains have at most 190 characters (RFC 5321 §4.5.3.1 allows 255, but an address 254 in all). Local parts have at most 64
//! there; here a longer one is read on, as far as terms are, so that nobody gets an address through by what is put before it.

use crate::normal::{Pending, Window};
use crate::pii::words::spelled;
use crate::pii::{Entity, Hit, Known, Reading};

const MAX_LOCAL: usize = 1024;
const MAX_DOMAIN: usize = 190;

/// How people write `@` and `.` to hide an address from programs.
const AT: &[&str] = &["(at)", "[at]", "{at}", " (at) ", " [at] "];
const DOT: &[&str] = &["(dot)", "[dot]", "{dot}", " (dot) ", " [dot] ", "(.)", "[.]"];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_local(c: char) -> bool {
    begins(c) || matches!(c, '.' | '%' | '+' | '-' | '&' | '\'')
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    // Inside a local part nothing begins.
    if window.before(at, 1).is_some_and(|glyph| is_local(glyph.c) && glyph.c != '\'') {
        return Ok(None);
    }
    let mut place = at;
    while window.char(place)?.is_some_and(is_local) {
        place += 1;
        if place - at > MAX_LOCAL {
            return Ok(None);
        }
    }
    let domain = if window.char(place)? == Some('@') {
        place + 1
    } else {
        match one(window, place, AT)? {
            Some(domain) => domain,
            None => return Ok(None),
        }
    };
    let end = domain_end(window, domain)?;
    Ok(end.map(|end| Hit { entity: Entity::Email, end, score: 1.0 }))
}

/// Where a dotted domain that begins at a place ends.
fn domain_end(window: &Window<'_>, domain: usize) -> Result<Option<usize>, Pending> {
    let mut place = domain;
    let mut label = place;
    let (mut dotted, mut letters) = (false, true);
    let mut end = None;
    while place - domain < MAX_DOMAIN {
        match window.char(place)? {
            Some('a'..='z' | '-') => place += 1,
            Some('0'..='9') => {
                letters = false;
                place += 1;
            }
            Some('.') if place > label => {
                (dotted, letters) = (true, true);
                place += 1;
                label = place;
                continue;
            }
            Some(c) if place > label && matches!(c, '(' | '[' | '{' | ' ') => {
                let Some(next) = one(window, place, DOT)? else { break };
                (dotted, letters) = (true, true);
                place = next;
                label = place;
                continue;
            }
            _ => break,
        }
        // A top-level domain has two letters or more; `-` cannot end one.
        if dotted && letters && place - label >= 2 && window.char(place - 1)? != Some('-') {
            end = Some(place);
        }
    }
    Ok(end)
}

fn one(window: &Window<'_>, at: usize, ways: &[&str]) -> Result<Option<usize>, Pending> {
    for way in ways {
        if let Some(end) = spelled(window, at, way)? {
            return Ok(Some(end));
        }
    }
    Ok(None)
}
