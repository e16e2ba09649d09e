//! E-mail addresses: a local part, `@` or a written-out `(at)`, and a dotted domain (RFC 5321 §4.1.2).
//!
//! Domains have at most 190 characters (RFC 5321 §4.5.3.1 allows 255, but an address 254 in all). Local parts have at most 64
//! there; here a longer one is read on, as far as terms are, so that nobody gets an address through by what is put before it.

use crate::normal::{Pending, Window};
use crate::pii::words::{Before, spelled};
use crate::pii::{Entity, Hit, Known, Reading};

/// Domains of the top that are told from words of a sentence where `at` and `dot` are words: the common ones, and those of countries
/// whose letters are no English word.
const TOPS: &[&str] = &[
    "com", "net", "org", "edu", "gov", "info", "biz", "io", "co", "uk", "de", "fr", "nl", "se",
    "dk", "fi", "hu", "pl", "cz", "sk", "si", "hr", "ro", "bg", "gr", "tr", "ch", "es", "pt", "eu",
    "ie", "lt", "lv", "ee", "ua", "ru", "il", "ae", "ca", "au", "nz", "jp", "cn", "hk", "tw", "kr",
    "sg", "my", "id", "ph", "vn", "th", "br", "mx", "ar", "cl", "pe", "za", "ke", "ng", "eg", "gh",
    "app", "dev", "example", "mail", "online", "shop", "site", "xyz",
];

/// The same whose letters are: only where the words before speak of mail.
const TOPS_THAT_ARE_WORDS: &[&str] =
    &["no", "it", "in", "us", "me", "at", "be", "is", "to", "so", "am"];

/// What stands before a thing one looks at, and begins no domain.
const NO_LABELS: &[&str] = &[
    "the", "a", "an", "this", "that", "each", "every", "one", "my", "our", "your", "his", "her",
    "its", "red", "least", "dot",
];

/// Words that speak of mail before an address, in small letters as all of a window.
const MAIL: &[&str] = &[
    "mail", "email", "e-mail", "mails", "reach", "contact", "write", "address", "ping", "via",
    "inbox", "gmail",
];

const MAX_LOCAL: usize = 1024;
const MAX_DOMAIN: usize = 190;

/// How people write `@` and `.` to hide an address from programs.
const AT: &[&str] = &["(at)", "[at]", "{at}", " (at) ", " [at] ", " {at} "];
const DOT: &[&str] = &["(dot)", "[dot]", "{dot}", " (dot) ", " [dot] ", " {dot} ", "(.)", "[.]"];

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
            None => return in_words(window, at, place),
        }
    };
    let end = domain_end(window, domain)?;
    Ok(end.map(|end| Hit { entity: Entity::Email, end, score: 1.0 }))
}

/// `tom at lantern dot com`, `marta dot silva at kites dot org`; `tom_b at kites.org` where the words before speak of mail.
fn in_words(window: &Window<'_>, at: usize, first: usize) -> Reading {
    let (mut place, mut dots) = (first, 0);
    while let Some(next) = spelled(window, place, " dot ")? {
        place = label_end(window, next)?;
        if place == next {
            return Ok(None);
        }
        dots += 1;
        if dots > 3 {
            return Ok(None);
        }
    }
    let Some(domain) = spelled(window, place, " at ")? else { return Ok(None) };
    let told = Before::of(window, at, 32).has(MAIL);
    let (mut label, mut end, mut worded) = (domain, None, false);
    for _ in 0..5 {
        let after = label_end(window, label)?;
        if after == label
            || (end.is_none() && label == domain && is_one_of(window, label, after, NO_LABELS)?)
        {
            return Ok(None);
        }
        if label > domain
            && (is_one_of(window, label, after, TOPS)?
                || told && is_one_of(window, label, after, TOPS_THAT_ARE_WORDS)?)
        {
            end = Some(after);
        }
        label = match spelled(window, after, " dot ")? {
            Some(next) => {
                worded = true;
                next
            }
            None if window.char(after)? == Some('.') => after + 1,
            None => break,
        };
        if !window.char(label)?.is_some_and(|c| c.is_ascii_alphanumeric()) {
            break;
        }
    }
    let mut marked = dots > 0;
    for place in at..first {
        marked |= window.char(place)?.is_some_and(|c| !c.is_ascii_alphabetic());
    }
    // "Meet us at kites.org" and "look at chart dot com" are sentences.
    let sure =
        worded && (told || marked || !is_one_of(window, at, first, VERBS)?) || told && marked;
    Ok(end.filter(|_| sure).map(|end| Hit { entity: Entity::Email, end, score: 0.85 }))
}

/// What one does at a place.
const VERBS: &[&str] = &[
    "look", "looked", "looking", "meet", "met", "us", "point", "stare", "aim", "stop", "is", "are",
    "it", "them", "arrive", "start", "buy", "sold", "shop", "order", "works", "work", "back",
];

/// Where letters, digits and hyphens in a row end.
fn label_end(window: &Window<'_>, at: usize) -> Result<usize, Pending> {
    let mut place = at;
    while place - at < 64
        && window.char(place)?.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    {
        place += 1;
    }
    Ok(place)
}

fn is_one_of(window: &Window<'_>, from: usize, to: usize, words: &[&str]) -> Result<bool, Pending> {
    for word in words.iter().filter(|word| word.len() == to - from) {
        if spelled(window, from, word)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
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
