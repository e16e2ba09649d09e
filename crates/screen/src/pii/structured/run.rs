//! Rows of digits: groups with up to three spaces, hyphens or dots between them.
//!
//! Chinese digit words (一三八…) are digits too, but not mixed with Arabic ones in one row. A row has at most [`MOST`] digits; a
//! group that goes on beyond is not a part of it, so an endless run of digits is decided after as many.

use crate::normal::{Pending, Window};

/// The most digits that are looked at.
pub(super) const MOST: usize = 24;

/// The most groups that are looked at.
const GROUPS: usize = 18;

/// The most characters between two groups.
const SEPARATORS: usize = 3;

/// The groups of digits that begin at a place.
#[derive(Debug)]
pub(super) struct Run {
    digits: [u8; MOST],
    groups: [Group; GROUPS],
    count: usize,
    /// Another group follows that is not among these.
    pub(super) goes_on: bool,
}

/// One group of digits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Group {
    /// The place after its last digit.
    pub(super) end: usize,
    /// Its own digits.
    pub(super) length: usize,
    /// The digits of this group and all before it.
    pub(super) total: usize,
    /// What stands before it: a space, a hyphen or a dot; a hyphen if there are several and one is.
    pub(super) joint: Option<char>,
}

/// How many digits the row that begins at a place has, up to `most`: as [`Run::at`] would find, without keeping them. A row
/// that is cut off for the number of its groups has more than any number.
pub(in super::super) fn digits_from(
    window: &Window<'_>,
    at: usize,
    most: usize,
) -> Result<usize, Pending> {
    let (mut place, mut gap, mut count) = (at, 0, 0);
    while count < most {
        match window.char(place)? {
            Some(c) if is_digit(c) => (count, gap) = (count + 1, 0),
            Some(' ' | '-' | '.' | ')' | ',' | '、') if gap < SEPARATORS => gap += 1,
            _ => break,
        }
        place += 1;
    }
    Ok(count)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Arabic,
    Han,
}

/// Whether a row may begin with this character.
pub(in super::super) fn is_digit(c: char) -> bool {
    digit(c).is_some()
}

impl Run {
    /// The row that begins at a place; `None` if there is no digit, or one stands directly before.
    pub(super) fn at(window: &Window<'_>, at: usize) -> Result<Option<Self>, Pending> {
        let Some((_, script)) = window.char(at)?.and_then(digit) else { return Ok(None) };
        let before = window.before(at, 1).and_then(|before| digit(before.c));
        if before.is_some_and(|(_, before)| before == script) {
            return Ok(None);
        }
        let mut run = Self {
            digits: [0; MOST],
            groups: [Group::default(); GROUPS],
            count: 0,
            goes_on: false,
        };
        let (mut place, mut total, mut joint) = (at, 0, None);
        loop {
            let first = place;
            while let Some((value, found)) = window.char(place)?.and_then(digit) {
                if found != script {
                    break;
                }
                if total == MOST {
                    run.goes_on = true;
                    return Ok(Some(run));
                }
                run.digits[total] = value;
                total += 1;
                place += 1;
            }
            if run.count == GROUPS || place == first {
                run.goes_on = true;
                return Ok(Some(run));
            }
            run.groups[run.count] = Group { end: place, length: place - first, total, joint };
            run.count += 1;
            let end = place;
            joint = None;
            while let Some(c @ (' ' | '-' | '.' | ')' | ',' | '、')) = window.char(place)? {
                // As one speaks: 一三八，零零一三，八零零零. Arabic digits with commas are amounts, or several numbers.
                if matches!(c, ',' | '、') && script == Script::Arabic {
                    break;
                }
                joint = if c == '-' || joint.is_none() { Some(c) } else { joint };
                place += 1;
                if place - end > SEPARATORS {
                    return Ok(Some(run));
                }
            }
            if place == end || !window.char(place)?.is_some_and(is_digit) {
                return Ok(Some(run));
            }
        }
    }

    /// The groups.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups[..self.count]
    }

    /// The digits of the groups up to this one.
    pub(super) fn digits(&self, last: &Group) -> &[u8] {
        &self.digits[..last.total]
    }
}

/// Whether a number may begin at a place for what stands before it: not within a word of Latin letters, unless the word says
/// that a number follows, and not after a decimal point.
pub(super) fn opens(window: &Window<'_>, at: usize) -> bool {
    const LABELS: [&str; 20] = [
        "tel", "phone", "mobile", "cell", "qq", "id", "no", "wx", "vx", "card", "t", "m", "p", "v",
        "call", "fax", "sfz", "dh", "sj", "hm",
    ];
    let before = |back| window.before(at, back).map(|glyph| glyph.c);
    let Some(last) = before(1) else { return true };
    if last.is_ascii_alphabetic() {
        let letters = (1..=8).take_while(|b| before(*b).is_some_and(|c| c.is_ascii_alphabetic()));
        let length = letters.count();
        return LABELS.iter().any(|label| {
            label.len() == length
                && label.chars().rev().zip(1..).all(|(c, back)| before(back) == Some(c))
        }) && !before(length + 1).is_some_and(|c| c.is_ascii_digit());
    }
    if matches!(last, '.' | ',') && before(2).is_some_and(|c| c.is_ascii_digit()) {
        // An item of a list, "1.138…", but not a fraction.
        let short = !before(4).is_some_and(|c| c.is_ascii_digit() || c == '.');
        return last == ',' || (short && before(2) != Some('0'));
    }
    !matches!(last, '@' | '_' | '$' | '¥' | '￥')
}

/// Whether a number may end at a place for what follows it.
pub(super) fn closes(window: &Window<'_>, end: usize) -> Result<bool, Pending> {
    Ok(match window.char(end)? {
        None => true,
        Some('_' | '%' | '@') => false,
        Some('.') => !window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()),
        // An extension: "138…x12".
        Some('x') => window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()),
        Some(c) if c.is_ascii_alphanumeric() => {
            // "138…微信" is often written "138…wx" or "138…v".
            matches!(c, 'v' | 'w')
                && !window.char(end + 2)?.is_some_and(|c| c.is_ascii_alphanumeric())
        }
        Some(c) => !is_digit(c) || !window.before(end, 1).is_some_and(|last| is_han(last.c)),
    })
}

fn is_han(c: char) -> bool {
    !c.is_ascii()
}

fn digit(c: char) -> Option<(u8, Script)> {
    if c.is_ascii_digit() {
        return Some((c as u8 - b'0', Script::Arabic));
    }
    let digit = match c {
        '零' | '〇' => 0,
        '一' | '幺' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    };
    Some((digit, Script::Han))
}
