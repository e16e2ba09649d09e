//! Web addresses and domain names (RFC 3986 §3.2, RFC 1035 §2.3.1).
//!
//! Only the scheme and the host are the find, so that a token, an account or an Internet address inside the rest is read by who
//! knows it.

use crate::normal::{Pending, Window};
use crate::pii::words::spelled;
use crate::pii::{Entity, Hit, Known, Reading};

const SCHEMES: &[&str] = &["https://", "http://", "ftp://", "wss://", "ws://"];

/// The longest host that is read.
const MAX_HOST: usize = 120;

/// Top-level domains by which a name without scheme is told. Those that are also endings of file names or English words (`rs`,
/// `md`, `py`, `it`, `is`, `at`) are not among them.
const TOP: &[&str] = &[
    "ae", "ai", "app", "ar", "asia", "au", "bg", "biz", "blog", "br", "ca", "cc", "ch", "cl",
    "club", "cn", "co", "com", "cy", "cz", "de", "dev", "dk", "edu", "ee", "eg", "es", "eu", "fi",
    "fr", "gov", "gr", "hk", "hr", "hu", "ie", "il", "info", "int", "io", "ir", "jp", "ke", "kr",
    "lt", "lu", "lv", "ma", "mil", "mx", "net", "ng", "nl", "nz", "online", "org", "pe", "ph",
    "pk", "pt", "ro", "ru", "sa", "se", "sg", "shop", "si", "site", "sk", "store", "tech", "th",
    "tr", "tv", "tw", "ua", "uk", "uy", "uz", "ve", "vn", "xyz", "za",
];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if window.before(at, 1).is_some_and(|glyph| {
        glyph.c.is_alphanumeric() || matches!(glyph.c, '.' | '-' | '_' | '@' | '/')
    }) {
        return Ok(None);
    }
    let mut host = at;
    for scheme in SCHEMES {
        if let Some(end) = spelled(window, at, scheme)? {
            host = end;
            break;
        }
    }
    let Some(Host { end, top, www }) = read_host(window, host)? else { return Ok(None) };
    // What stands before an `@` is an account, or an e-mail address that others read.
    if window.char(end)? == Some('@') {
        return Ok(None);
    }
    let told = host > at || www || is_top(window, top, end)?;
    let score = if host > at || www { 0.95 } else { 0.8 };
    Ok(told.then_some(Hit { entity: Entity::Domain, end, score }))
}

/// A dotted name: where it ends, where its last label begins, and whether it begins with `www`.
struct Host {
    end: usize,
    top: usize,
    www: bool,
}

fn read_host(window: &Window<'_>, host: usize) -> Result<Option<Host>, Pending> {
    let mut place = host;
    let mut label = host;
    let mut found = None;
    let mut letters = true;
    while place - host < MAX_HOST {
        match window.char(place)? {
            Some('a'..='z') => {}
            Some('0'..='9' | '-' | '_') => letters = false,
            Some('.') if place > label => {
                place += 1;
                label = place;
                letters = true;
                continue;
            }
            _ => break,
        }
        place += 1;
        // The last label has letters only, two or more: four numbers are an Internet address.
        found = if label > host && letters && place - label >= 2 {
            Some(Host { end: place, top: label, www: false })
        } else {
            found.filter(|found: &Host| found.end < label)
        };
    }
    let Some(mut found) = found else { return Ok(None) };
    found.www = spelled(window, host, "www.")?.is_some();
    // A label that ran on into other characters was no label.
    if window.char(place)?.is_some_and(char::is_alphanumeric) && found.end == place {
        return Ok(None);
    }
    Ok(Some(found))
}

fn is_top(window: &Window<'_>, from: usize, end: usize) -> Result<bool, Pending> {
    let glyphs = window.glyphs();
    // A sentence that begins without a space after the one before has a capital there: `is.The`.
    let upper = |glyph: &crate::normal::Glyph| glyph.raw.is_uppercase();
    let label = &glyphs[from..end];
    if upper(&label[0]) && !label.iter().all(upper) {
        return Ok(false);
    }
    // A call in a program: `text.app(`.
    if window.char(end)? == Some('(') {
        return Ok(false);
    }
    Ok(TOP.iter().any(|top| top.chars().eq(label.iter().map(|glyph| glyph.c))))
}
