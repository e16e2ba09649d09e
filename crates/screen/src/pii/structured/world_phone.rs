//! Telephone numbers of the world: with a country code (ITU-T E.164), in the North American form, with the zero of a
//! national number, and in any other form where the words around say what it is. Extensions belong to them.

use std::sync::LazyLock;

use crate::normal::{Pending, Window};
use crate::pii::words::{Before, after_spaces, one_of};
use crate::pii::{Entity, Hit, Known, Reading};

/// Words before a number by which it is one to call.
const SAID: &[&str] = &[
    "phone",
    "phones",
    "telephone",
    "tel",
    "tel.",
    "mobile",
    "mob",
    "cell",
    "cellphone",
    "cellular",
    "fax",
    "desk",
    "office",
    "home",
    "work",
    "landline",
    "hotline",
    "helpline",
    "call",
    "calls",
    "called",
    "calling",
    "ring",
    "dial",
    "dialing",
    "text",
    "texts",
    "texting",
    "sms",
    "whatsapp",
    "viber",
    "reach",
    "reached",
    "contact",
    "answering",
    "voicemail",
    "message",
    "messages",
    "direct line",
    "switchboard",
    "pager",
    "extension",
    "ph",
    "number",
    "m",
    "t",
    "p",
    "f",
    "call me on",
    "电话",
    "手机",
    "座机",
    "致电",
    "传真",
    "热线",
    "拨打",
];

/// Those that may stand further off.
static FAR: LazyLock<Vec<&str>> =
    LazyLock::new(|| SAID.iter().copied().filter(|word| !DIRECT.contains(word)).collect());

/// Words before a number by which it is another one, although `number` stands there too.
const OTHERS: &[&str] = &[
    "account",
    "card",
    "order",
    "invoice",
    "ticket",
    "tracking",
    "passport",
    "license",
    "licence",
    "ssn",
    "serial",
    "isbn",
    "model",
    "part",
    "case",
    "reference",
    "ref",
    "flight",
    "policy",
    "member",
    "membership",
    "iban",
    "id",
    "订单",
    "单号",
    "卡号",
    "编号",
    "iban is",
    "zip",
    "code",
    "version",
    "vat",
    "patient",
    "record",
    "routing",
    "sku",
];

/// What a bare word must stand directly before the number for.
const DIRECT: &[&str] = &[
    "number", "m", "t", "p", "f", "home", "work", "office", "message", "messages", "text",
    "contact",
];

/// Words after a number by which it is one to call.
const AFTER: &[&str] =
    &["mobile", "office", "fax", "cell", "home", "work", "desk", "tel", "phone", "direct"];

const MIN_DIGITS: usize = 7;
const MAX_DIGITS: usize = 15;
const MAX_GROUPS: usize = 7;

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '(')
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if let Some(before) = window.before(at, 1)
        && (before.c.is_ascii_alphanumeric()
            || matches!(before.c, '+' | '_' | '$' | '€' | '£' | '¥' | '#')
            || (matches!(before.c, '-' | '.' | '/' | ',' | ':' | '(')
                && window.before(at, 2).is_some_and(|glyph| glyph.c.is_ascii_digit())))
    {
        return Ok(None);
    }
    let Some(number) = Number::read(window, at)? else { return Ok(None) };
    if number.is_hotline() {
        return Ok(None);
    }
    let end = extension(window, number.end)?;
    let said = || -> Result<bool, Pending> {
        let near = Before::of(window, at, 24);
        if near.has(OTHERS) {
            return Ok(false);
        }
        let direct = Before::of(window, at, 12).trimmed(|c| !c.is_alphanumeric());
        let far = Before::of(window, at, 40);
        let far_said = far.has(&FAR);
        let after = after_spaces(window, end, 2)?;
        let after = if window.char(after)? == Some('-') { after + 1 } else { after };
        let followed = one_of(window, after, AFTER)?.is_some();
        Ok(far_said
            || followed
            || direct.ends_with(DIRECT)
            || (direct.ends_with(&["is"]) && near.has(&["number"])))
    };
    let score = match number.form() {
        Form::Certain => 0.95,
        Form::Likely if !Before::of(window, at, 24).has(OTHERS) => 0.85,
        Form::Possible | Form::Likely if said()? => 0.8,
        _ => return Ok(None),
    };
    Ok(Some(Hit { entity: Entity::Phone, end, score }))
}

/// How much the form alone says.
enum Form {
    /// No other number is written so.
    Certain,
    Likely,
    /// Only the words around tell.
    Possible,
}

/// Groups of digits with what separates them.
#[derive(Debug, Default)]
struct Number {
    end: usize,
    plus: bool,
    /// The first group, or the second, stands in parentheses.
    enclosed: bool,
    first: u32,
    sizes: [usize; MAX_GROUPS],
    groups: usize,
    digits: usize,
    separator: Option<char>,
    /// The separators differ.
    mixed: bool,
}

impl Number {
    fn read(window: &Window<'_>, at: usize) -> Result<Option<Self>, Pending> {
        let mut number = Self { end: at, ..Self::default() };
        let mut place = at;
        if window.char(place)? == Some('+') {
            number.plus = true;
            place += 1;
        }
        let mut open = false;
        loop {
            if window.char(place)? == Some('(') && !number.enclosed {
                open = true;
                number.enclosed = true;
                place += 1;
            }
            let begin = place;
            let mut value = 0_u32;
            while let Some(digit) = window.char(place)?.and_then(|c| c.to_digit(10)) {
                value = value.saturating_mul(10).saturating_add(digit);
                place += 1;
                if place - begin > MAX_DIGITS {
                    return Ok(None);
                }
            }
            if place == begin {
                break;
            }
            if number.groups == MAX_GROUPS {
                return Ok(None);
            }
            if number.groups == 0 {
                number.first = value;
                // The leading zero counts: `0` and `00` are said apart from what follows.
                number.first = if window.char(begin)? == Some('0') { 0 } else { number.first };
            }
            number.sizes[number.groups] = place - begin;
            number.groups += 1;
            number.digits += place - begin;
            number.end = place;
            if open {
                if window.char(place)? != Some(')') {
                    return Ok(None);
                }
                open = false;
                place += 1;
                number.end = place;
            }
            let separator = window.char(place)?;
            match separator {
                Some(' ' | '-' | '.' | '/') => {
                    number.mixed |= number.separator.is_some_and(|known| Some(known) != separator);
                    number.separator = number.separator.or(separator);
                    place += 1;
                    if separator == Some('-') && window.char(place)? == Some(' ') {
                        break;
                    }
                    if separator == Some(' ') && matches!(window.char(place)?, Some('-' | '/')) {
                        if window.char(place + 1)? != Some(' ') {
                            break;
                        }
                        place += 2;
                    }
                }
                Some('(') => {}
                Some(c) if c.is_ascii_digit() => {}
                _ => break,
            }
        }
        let more = match window.char(number.end)? {
            Some(c) if c.is_ascii_alphabetic() => c != 'x' && c != 'e' && c != 'h',
            Some('%' | '°' | '@') => true,
            Some('.' | ',' | ':') => {
                window.char(number.end + 1)?.is_some_and(|c| c.is_ascii_digit())
            }
            _ => false,
        };
        let fits = (MIN_DIGITS..=MAX_DIGITS).contains(&number.digits) && !open && !more;
        Ok(fits.then_some(number))
    }

    /// A number of the 400 and 800 services of mainland China, which anybody may call: ten digits however they are
    /// grouped. In the North American plan 400 is no area, and 800 is as free.
    fn is_hotline(&self) -> bool {
        let mut head = self.first;
        while head >= 1000 {
            head /= 10;
        }
        !self.plus && !self.enclosed && self.digits == 10 && matches!(head, 400 | 800)
    }

    fn form(&self) -> Form {
        let sizes = &self.sizes[..self.groups];
        let short = sizes.iter().skip(1).all(|size| (2..=8).contains(size));
        match sizes {
            _ if self.plus && self.digits >= 8 && !self.is_mixed_with_slash() => Form::Certain,
            // North America: 3-3-4, with 1 or 001 before it.
            [3, 3, 4] if self.groups == 3 && (self.separator.is_some() || self.enclosed) => {
                Form::Certain
            }
            [1 | 3, 3, 3, 4] if self.first == 1 || self.first == 0 => Form::Certain,
            [3, 7] if self.enclosed => Form::Certain,
            // An area in parentheses.
            [1..=5, ..] if self.enclosed && self.digits >= 8 && short => Form::Likely,
            // A national number: a zero, groups, nine to eleven digits.
            [2..=5, _, ..] if self.first == 0 && (9..=12).contains(&self.digits) && short => {
                Form::Likely
            }
            _ if self.separator == Some('/') && self.groups == 3 => Form::Possible,
            _ => Form::Possible,
        }
    }

    fn is_mixed_with_slash(&self) -> bool {
        self.mixed && self.separator == Some('/')
    }
}

/// Where an extension after a number ends: `x123`, `ext. 4`, `#5`; the number's end where there is none.
fn extension(window: &Window<'_>, end: usize) -> Result<usize, Pending> {
    let place = after_spaces(window, end, 2)?;
    let mut digits = match window.char(place)? {
        Some('x' | '#') => place + 1,
        Some('e') => match one_of(window, place, &["ext", "extension", "extn"])? {
            Some(after) => after,
            None => return Ok(end),
        },
        _ => return Ok(end),
    };
    if window.char(digits)? == Some('.') {
        digits += 1;
    }
    digits = after_spaces(window, digits, 1)?;
    let mut place = digits;
    while place - digits < 6 && window.char(place)?.is_some_and(|c| c.is_ascii_digit()) {
        place += 1;
    }
    Ok(if place > digits { place } else { end })
}
