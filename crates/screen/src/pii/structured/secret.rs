//! Keys, tokens and passwords: by the prefix their issuer gives them, as JSON Web Tokens (RFC 7519), as the lines of a PEM file
//! (RFC 7468), and by the words before a value.

use crate::normal::{Pending, Window};
use crate::pii::words::{Before, begins_with, spelled};
use crate::pii::{Entity, Hit, Known, Reading};

/// What a key of an issuer begins with, letters as written, and how many characters follow at least: from the documentation of
/// those who issue them.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-ant-", 20),
    ("sk-proj-", 20),
    ("sk-or-", 20),
    ("sk-svcacct-", 20),
    ("sk-", 20),
    ("sk_live_", 16),
    ("sk_test_", 16),
    ("rk_live_", 16),
    ("rk_test_", 16),
    ("pk_live_", 16),
    ("pk_test_", 16),
    ("whsec_", 24),
    ("AKIA", 16),
    ("ASIA", 16),
    ("ABIA", 16),
    ("ACCA", 16),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("github_pat_", 22),
    ("glpat-", 20),
    ("gldt-", 20),
    ("glrt-", 20),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("xoxr-", 20),
    ("xoxs-", 20),
    ("xoxe-", 20),
    ("xapp-", 20),
    ("AIza", 30),
    ("ya29.", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("hf_", 30),
    ("SG.", 40),
    ("dop_v1_", 40),
    ("shpat_", 30),
    ("shpss_", 30),
    ("LTAI", 12),
    ("AKID", 28),
    ("gsk_", 30),
    ("r8_", 30),
    ("EAACEdEose0cBA", 20),
    ("dckr_pat_", 20),
    ("lin_api_", 30),
    ("sq0atp-", 20),
    ("sq0csp-", 20),
    ("key-", 30),
    ("figd_", 30),
    ("pat-", 32),
];

/// The first characters of the prefixes, and the second ones, a bit for each.
const BEGINNINGS: [u128; 2] = {
    let mut sets = [0; 2];
    let mut i = 0;
    while i < PREFIXES.len() {
        let prefix = PREFIXES[i].0.as_bytes();
        sets[0] |= 1 << prefix[0];
        sets[1] |= 1 << prefix[1];
        i += 1;
    }
    sets
};

/// Words after which a value is a password.
const PASSWORD: &[&str] = &[
    "password",
    "passwd",
    "passcode",
    "passphrase",
    "pwd",
    "pass",
    "pin",
    "pin code",
    "密码",
    "口令",
    "passwort",
    "_password",
    "_passwd",
    "_pass",
    "_pwd",
    "pw",
    "psw",
    "passw",
    "passkey",
    "pass word",
    "pass phrase",
    "otp",
    "验证码",
];

/// Words after which a value is a key or token.
const TOKEN: &[&str] = &[
    "key",
    "token",
    "secret",
    "apikey",
    "_key",
    "_token",
    "_secret",
    "accesskey",
    "secretkey",
    "accesstoken",
    "bearer",
    "authorization",
    "credential",
    "credentials",
    "密钥",
    "令牌",
    "私钥",
];

/// The longest value that is read.
const MAX_VALUE: usize = 256;

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_graphic()
        && !matches!(c, '"' | '\'' | '`' | ',' | '.' | ';' | ':' | '=' | ')' | ']' | '}' | '>')
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let before = window.before(at, 1);
    if before
        .is_some_and(|glyph| is_value(glyph.c) && !matches!(glyph.c, '=' | ':' | '/' | '\'' | '"'))
    {
        return Ok(None);
    }
    let hit = |end, score| Some(Hit { entity: Entity::Secret, end, score });
    let Some(first) = window.get(at)? else { return Ok(None) };
    if first.c == '-' {
        return Ok(pem_border(window, at)?.and_then(|end| hit(end, 1.0)));
    }
    if let Some(end) = issued(window, at)? {
        return Ok(hit(end, 1.0));
    }
    // A word of ordinary text ends here, before anything costly.
    let value = Value::read(window, at)?;
    if first.raw == 'e' && value.is_web_token(window, at) {
        return Ok(hit(value.end, 1.0));
    }
    if value.is_key_line(window, at)? {
        return Ok(hit(value.end, 0.9));
    }
    let length = value.end - at;
    if length < 4 {
        return Ok(None);
    }
    let (chosen, random) = (value.is_chosen(), length >= 12 && value.is_random());
    let strong = length >= 6 && value.is_strong();
    if !(chosen || random || strong) {
        return Ok(None);
    }
    let score = match said(window, at) {
        Some(Said::Password) if chosen => 0.85,
        Some(Said::Token) if random => 0.9,
        Some(Said::Loosely) if strong => 0.8,
        None if strong && said_after(window, value.end)? => 0.75,
        _ => return Ok(None),
    };
    Ok(hit(value.end, score))
}

/// Whether a character may stand in a key, token or password.
fn is_value(c: char) -> bool {
    c.is_ascii_graphic()
        && !matches!(
            c,
            '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';'
        )
}

/// A run of characters that may be a value, without the punctuation of the sentence after it.
#[derive(Debug, Default)]
struct Value {
    end: usize,
    upper: usize,
    lower: usize,
    digits: usize,
    marks: usize,
    dots: usize,
    /// Characters that Base64 in its two alphabets has none of.
    foreign: usize,
    /// Slashes, colons and `@` at the beginning, as paths, ratios and handles have them.
    paths: usize,
    /// Marks that stand in no word: `$`, `#`, `!` before the end, `@`.
    odd: usize,
    /// A call, a template or a path follows or is inside.
    code: bool,
}

impl Value {
    fn read(window: &Window<'_>, at: usize) -> Result<Self, Pending> {
        let mut value = Self { end: at, ..Self::default() };
        let mut place = at;
        while place - at < MAX_VALUE {
            let Some(glyph) = window.get(place)? else { break };
            if !is_value(glyph.c) {
                value.code = matches!(glyph.c, '(' | '{' | '[' | '<');
                break;
            }
            place += 1;
            value.paths += usize::from(
                matches!(glyph.c, '/' | ':' | '\\' | '+' | '%')
                    || glyph.c == '@' && place == at + 1,
            );
            let follows = window.char(place)?.is_some_and(|c| c.is_ascii_alphanumeric());
            value.odd += usize::from(
                matches!(glyph.c, '$' | '#' | '!' | '@' | '^' | '*' | '~')
                    && follows
                    && place > at + 1,
            );
            let kind = match glyph.raw {
                'A'..='Z' => &mut value.upper,
                'a'..='z' => &mut value.lower,
                '0'..='9' => &mut value.digits,
                '.' | ':' | '?' | '!' => {
                    value.dots += usize::from(glyph.c == '.');
                    value.foreign += usize::from(glyph.c != '.');
                    value.marks += 1;
                    if glyph.c == '!' {
                        value.end = place;
                    }
                    continue;
                }
                _ => &mut value.marks,
            };
            *kind += 1;
            value.foreign += usize::from(
                !matches!(glyph.c, '0'..='9' | 'a'..='z' | '+' | '/' | '-' | '_' | '='),
            );
            value.end = place;
        }
        Ok(value)
    }

    /// Three parts of Base64, the first of which is a JSON object.
    fn is_web_token(&self, window: &Window<'_>, at: usize) -> bool {
        let raw = window.glyphs()[at..self.end].iter().map(|glyph| glyph.raw);
        self.dots == 2 && self.foreign == 0 && self.end - at >= 40 && raw.take(3).eq("eyJ".chars())
    }

    /// A line of a PEM file: 64 characters of Base64 by themselves, or what is left before the last border.
    fn is_key_line(&self, window: &Window<'_>, at: usize) -> Result<bool, Pending> {
        let length = self.end - at;
        let alone = window.before(at, 1).is_none_or(|glyph| glyph.c == '\n' || glyph.c == 'n');
        if !alone || self.foreign + self.dots > 0 || !(8..=64).contains(&length) || self.digits == 0
        {
            return Ok(false);
        }
        let mixed = self.upper >= 4 && self.lower >= 4;
        let mut next = self.end;
        while matches!(window.char(next)?, Some('\r' | '\n')) && next < self.end + 2 {
            next += 1;
        }
        if next == self.end {
            return Ok(false);
        }
        Ok(length == 64 && mixed || spelled(window, next, "-----end ")?.is_some())
    }

    /// As somebody chooses a password: letters with digits or marks, not a word of the sentence.
    fn is_chosen(&self) -> bool {
        let letters = self.upper + self.lower;
        let kinds = usize::from(letters > 0)
            + usize::from(self.digits > 0)
            + usize::from(self.marks > self.dots);
        !self.code
            && (kinds >= 2 && (self.digits > 0 || self.marks >= 2)
                || letters == 0 && self.digits >= 4 && self.marks == 0)
    }

    /// As nothing but a password is written: letters with digits or with marks that no word has, and no path, name or hyphenated word.
    fn is_strong(&self) -> bool {
        let letters = self.upper + self.lower;
        !self.code
            && letters >= 3
            && self.dots == 0
            && self.paths == 0
            && (self.odd > 0 || self.digits > 0 && self.lower > 0)
    }

    /// As a machine makes them: letters and digits mixed.
    fn is_random(&self) -> bool {
        let letters = self.upper + self.lower;
        !self.code && self.digits >= 3 && letters >= 3 && self.dots <= 2 && self.foreign <= 1
    }
}

/// A key that begins as its issuer's do. Letters count as written: `ASIA` is no key in small letters.
fn issued(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some(first) = window.get(at)? else { return Ok(None) };
    let among = |set: u128, c: char| c.is_ascii() && set & (1 << u32::from(c)) != 0;
    let [firsts, seconds] = BEGINNINGS;
    if !among(firsts, first.raw) || !window.get(at + 1)?.is_some_and(|c| among(seconds, c.raw)) {
        return Ok(None);
    }
    let of_first = PREFIXES.iter().filter(|(prefix, _)| begins_with(prefix, first.raw));
    'prefixes: for (prefix, least) in of_first {
        for (place, c) in (at..).zip(prefix.chars()) {
            if window.get(place)?.is_none_or(|glyph| glyph.raw != c) {
                continue 'prefixes;
            }
        }
        let begin = at + prefix.len();
        let mut place = begin;
        let mut digits = 0;
        while place - begin < MAX_VALUE
            && let Some(c) = window
                .char(place)?
                .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        {
            digits += usize::from(c.is_ascii_digit());
            place += 1;
        }
        while place > begin && matches!(window.char(place - 1)?, Some('.' | '-')) {
            place -= 1;
        }
        // Real keys have digits; a long word with hyphens has none.
        if place - begin >= *least && digits > 0 {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// `-----BEGIN … PRIVATE KEY-----`, or its end.
fn pem_border(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some(mut place) = spelled(window, at, "-----begin ")? else { return Ok(None) };
    let mut key = false;
    while place - at < 64 {
        match window.char(place)? {
            Some('-') => break,
            Some(c) if c.is_ascii_alphanumeric() || c == ' ' => {}
            _ => return Ok(None),
        }
        key |= spelled(window, place, "private key")?.is_some();
        place += 1;
    }
    Ok(spelled(window, place, "-----")?.filter(|_| key))
}

enum Said {
    Password,
    /// A password is spoken of before it, in other words.
    Loosely,
    Token,
}

/// What the words directly before a value call it: a word, then `is`, `:` or `=`.
fn said(window: &Window<'_>, at: usize) -> Option<Said> {
    let open = |c: char| matches!(c, ' ' | '"' | '\'' | '`' | '*');
    let before = Before::of(window, at, 40).trimmed(open);
    let (word, bare) = if before.chars().last().is_some_and(|c| matches!(c, ':' | '=')) {
        (before.trimmed(|c| open(c) || matches!(c, ':' | '=' | '>')), false)
    } else if let Some(word) = before.without_last(&["is", "to", "是", "为"]) {
        (word.trimmed(open), false)
    } else {
        (before, true)
    };
    let is_one = |words: &[&str]| {
        words.iter().any(|w| {
            let text = word.chars();
            text.len() >= w.chars().count()
                && w.chars().rev().eq(text[text.len() - w.chars().count()..].iter().rev().copied())
                && (!w.is_ascii()
                    || w.starts_with('_')
                    || text.len() == w.len()
                    || !text[text.len() - w.len() - 1].is_ascii_alphanumeric())
        })
    };
    if is_one(TOKEN) {
        return Some(Said::Token);
    }
    if is_one(PASSWORD) {
        return Some(if bare { Said::Loosely } else { Said::Password });
    }
    speaks_of_password(window, at).then_some(Said::Loosely)
}

/// Whether a password is spoken of before a value in the same sentence, and the last word leads to the value: "the password for the
/// router is still …", "my pw - …", "user … / …".
fn speaks_of_password(window: &Window<'_>, at: usize) -> bool {
    const SPOKEN: &[&str] = &[
        "password",
        "passwords",
        "passwd",
        "passcode",
        "passphrase",
        "pwd",
        "pw",
        "psw",
        "密码",
        "口令",
    ];
    const ENTRIES: &[&str] =
        &["login", "log in", "log on", "sign in", "username", "user", "credentials"];
    const LINKS: &[&str] =
        &["is", "to", "was", "being", "be", "now", "still", "with", "使用", "是", "为", "成", "用"];
    let before = Before::of(window, at, 60);
    let text = before.chars();
    // The sentence this is in.
    let from = (0..text.len()).rev().find(|i| {
        matches!(text[*i], '?' | '!' | '\n' | '。')
            || text[*i] == '.' && text.get(i + 1) == Some(&' ')
    });
    let near = Before::of(window, at, text.len() - from.map_or(0, |i| i + 1));
    let entry = near.chars().iter().rev().find(|c| **c != ' ') == Some(&'/') && near.has(ENTRIES);
    if !near.has(SPOKEN) {
        return entry;
    }
    let near = near.trimmed(|c| matches!(c, ' ' | '"' | '\'' | '`' | '*'));
    near.ends_with(LINKS)
        || near
            .chars()
            .last()
            .is_some_and(|c| matches!(c, ':' | '=' | '>' | '/' | '-' | '–' | '—' | ','))
}

/// Whether the words after a value call it a password: "… as the password", "…, that's what the password was".
fn said_after(window: &Window<'_>, end: usize) -> Result<bool, Pending> {
    const REACH: usize = 32;
    const CALLS: &[&str] = &["password", "passwd", "passcode", "pwd", "passphrase"];
    const WAYS: &[&str] = &[
        " as ",
        " is ",
        " was ",
        ", that",
        " - that",
        " for the ",
        "\" as ",
        "' as ",
        " works as ",
    ];
    let mut called = false;
    for way in WAYS {
        called |= spelled(window, end, way)?.is_some();
    }
    if !called {
        return Ok(false);
    }
    for place in end..end + REACH {
        match window.char(place)? {
            None | Some('.' | '?' | '!' | '\n' | '。') => return Ok(false),
            Some('p') => {
                for call in CALLS {
                    if spelled(window, place, call)?.is_some() {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(false)
}
