//! Dates and times that may be somebody's: numbers in the orders of the world, names of months and weekdays, years after a word
//! that makes them one.

use crate::normal::{Pending, Window};
use crate::pii::words::{Before, Beginnings, after_spaces, goes_on, one_of};
use crate::pii::{Entity, Hit, Known, Reading};

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sept",
    "sep",
    "oct",
    "nov",
    "dec",
];

/// Months that are other words too: only with a number beside them.
const WEEKDAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mondays",
    "tuesdays",
    "wednesdays",
    "thursdays",
    "fridays",
    "saturdays",
    "sundays",
];

/// What they begin with.
static MONTH_BEGINNINGS: Beginnings = Beginnings::of(MONTHS);
static WEEKDAY_BEGINNINGS: Beginnings = Beginnings::of(WEEKDAYS);

/// Words before four digits by which they are a year.
const YEARLY: &[&str] = &[
    "in",
    "since",
    "during",
    "of",
    "from",
    "until",
    "till",
    "by",
    "year",
    "early",
    "late",
    "mid",
    "circa",
    "around",
    "between",
    "and",
    "before",
    "after",
    "back in",
    "class of",
    "born",
    "founded",
    "established",
    "est.",
    "to",
    "through",
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, 'j' | 'f' | 'm' | 'a' | 's' | 'o' | 'n' | 'd' | 't' | 'w')
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some(first) = window.get(at)? else { return Ok(None) };
    let hit = |end: usize, score| Ok(Some(Hit { entity: Entity::DateTime, end, score }));
    if first.c.is_ascii_alphabetic() {
        if WEEKDAY_BEGINNINGS.at(window, at)?
            && let Some(end) = one_of(window, at, WEEKDAYS)?
        {
            return hit(end, 0.8);
        }
        if !MONTH_BEGINNINGS.at(window, at)? {
            return Ok(None);
        }
        let Some(end) = one_of(window, at, MONTHS)? else { return Ok(None) };
        // `march 2 miles`, `may 5 of them`: words in small letters.
        if !first.raw.is_uppercase() && end - at <= 5 {
            return Ok(None);
        }
        return match after_month(window, end)? {
            Some(end) => hit(with_time(window, end)?, 0.9),
            None => Ok(None),
        };
    }
    if window.before(at, 1).is_some_and(|glyph| {
        matches!(glyph.c, '.' | '/' | '-' | ':' | '$' | '€' | '£' | '#' | '+' | '_')
    }) {
        return Ok(None);
    }
    if let Some(end) = numeric(window, at)? {
        return hit(with_time(window, end)?, 0.95);
    }
    if let Some(end) = clock(window, at)? {
        return hit(end, 0.8);
    }
    if let Some(end) = day_first(window, at)? {
        return hit(with_time(window, end)?, 0.9);
    }
    if let Some(end) = year(window, at)? {
        return hit(end, 0.7);
    }
    Ok(None)
}

/// A number of one to `most` digits and where it ends.
fn number(window: &Window<'_>, at: usize, most: usize) -> Result<Option<(u32, usize)>, Pending> {
    let (mut place, mut value) = (at, 0);
    while let Some(digit) = window.char(place)?.and_then(|c| c.to_digit(10)) {
        value = value * 10 + digit;
        place += 1;
        if place - at > most {
            return Ok(None);
        }
    }
    Ok((place > at).then_some((value, place)))
}

/// `2021-03-05`, `3/5/2021`, `05.03.21`.
fn numeric(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some((a, end)) = number(window, at, 4)? else { return Ok(None) };
    let Some(separator) = window.char(end)?.filter(|c| matches!(c, '-' | '/' | '.')) else {
        return Ok(None);
    };
    let a_size = end - at;
    let Some((b, end)) = number(window, end + 1, 2)? else { return Ok(None) };
    if window.char(end)? != Some(separator) {
        return Ok(None);
    }
    let begin = end + 1;
    let Some((c, end)) = number(window, begin, 4)? else { return Ok(None) };
    let c_size = end - begin;
    let likely = |year: u32| (1800..=2199).contains(&year);
    let day_month =
        |a: u32, b: u32| (1..=31).contains(&a) && (1..=31).contains(&b) && (a <= 12 || b <= 12);
    let valid = match (a_size, c_size) {
        (4, 1 | 2) => likely(a) && (1..=12).contains(&b) && (1..=31).contains(&c),
        (1 | 2, 4) => likely(c) && day_month(a, b),
        // Two-digit years: with full groups only, or `1.2.30` would be one.
        (2, 2) => day_month(a, b) && separator != '.',
        (1, 2) => day_month(a, b) && separator == '/',
        _ => false,
    };
    let more = match window.char(end)? {
        Some('-' | '/' | '.') => window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()),
        // `2021-03-05T10:00:00`
        Some('t') => !window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()),
        Some(c) => c.is_alphanumeric() && c.is_ascii(),
        None => false,
    };
    Ok((valid && !more).then_some(end))
}

/// `10:30`, `10:30:15`, with or without am and pm; `5 pm`.
fn clock(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some((hour, mut end)) = number(window, at, 2)? else { return Ok(None) };
    if hour > 24 {
        return Ok(None);
    }
    let mut told = false;
    if window.char(end)? == Some(':') {
        let mut parts = 0;
        while window.char(end)? == Some(':') && parts < 2 {
            match number(window, end + 1, 2)? {
                Some((value, next)) if value < 60 && next == end + 3 => end = next,
                _ => return Ok(None),
            }
            parts += 1;
        }
        // Fractions and zones of machines' times.
        if window.char(end)? == Some('.')
            && window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit())
        {
            let Some((_, next)) = number(window, end + 1, 9)? else { return Ok(None) };
            end = next;
        }
        if window.char(end)? == Some('z') && !goes_on(window, end + 1)? {
            end += 1;
        }
        told = true;
    }
    let half = after_spaces(window, end, 1)?;
    for mark in ["am", "pm", "a.m", "p.m"] {
        if let Some(after) = one_of(window, half, &[mark])? {
            let dotted = mark.len() == 3 && window.char(after)? == Some('.');
            return Ok(Some(if dotted { after + 1 } else { after }));
        }
    }
    Ok((told && !goes_on(window, end)? && window.char(end)? != Some(':')).then_some(end))
}

/// A time of day after a date.
fn with_time(window: &Window<'_>, end: usize) -> Result<usize, Pending> {
    let next = match window.char(end)? {
        Some('t') => end + 1,
        Some(',') => after_spaces(window, end + 1, 1)?,
        _ => after_spaces(window, end, 1)?,
    };
    let next = one_of(window, next, &["at"])?.map_or(Ok(next), |at| after_spaces(window, at, 1))?;
    if next == end {
        return Ok(end);
    }
    Ok(match number(window, next, 2)? {
        Some((_, after)) if window.char(after)? == Some(':') => clock(window, next)?.unwrap_or(end),
        _ => end,
    })
}

/// What follows the name of a month: a day, a year, both.
fn after_month(window: &Window<'_>, end: usize) -> Result<Option<usize>, Pending> {
    let mut place = if window.char(end)? == Some('.') { end + 1 } else { end };
    place = after_spaces(window, place, 1)?;
    if window.char(place)? == Some(',') {
        place = after_spaces(window, place + 1, 1)?;
    }
    let Some((value, mut after)) = number(window, place, 4)? else { return Ok(None) };
    if after - place == 4 {
        return Ok(((1700..=2199).contains(&value) && !goes_on(window, after)?).then_some(after));
    }
    if !(1..=31).contains(&value) || after - place > 2 {
        return Ok(None);
    }
    after = ordinal(window, after)?;
    if goes_on(window, after)? {
        return Ok(None);
    }
    let day = after;
    let mut next = after;
    if window.char(next)? == Some(',') {
        next += 1;
    }
    with_year(window, next, day).map(Some)
}

/// Where `st`, `nd`, `rd` or `th` after a number ends.
fn ordinal(window: &Window<'_>, at: usize) -> Result<usize, Pending> {
    Ok(one_of(window, at, &["st", "nd", "rd", "th"])?.unwrap_or(at))
}

/// `5 March 2021`, `5th of March`.
fn day_first(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some((day, end)) = number(window, at, 2)? else { return Ok(None) };
    if !(1..=31).contains(&day) {
        return Ok(None);
    }
    let mut place = ordinal(window, end)?;
    let space = match window.char(place)? {
        Some('-') => place + 1,
        Some('.') => after_spaces(window, place + 1, 1)?,
        _ => after_spaces(window, place, 1)?,
    };
    if space == place {
        return Ok(None);
    }
    place = space;
    if let Some(of) = one_of(window, place, &["of"])? {
        place = after_spaces(window, of, 1)?;
    }
    let capital = window.get(place)?.is_some_and(|glyph| glyph.raw.is_uppercase());
    let Some(month) = one_of(window, place, MONTHS)? else { return Ok(None) };
    // `10 may`: a verb in small letters.
    if !capital && month - place == 3 {
        return Ok(None);
    }
    let mut next = month;
    if matches!(window.char(next)?, Some(',' | '.' | '-')) {
        next += 1;
    }
    with_year(window, next, month).map(Some)
}

/// Where the year that follows a day and a month ends; `otherwise` where none does.
fn with_year(window: &Window<'_>, at: usize, otherwise: usize) -> Result<usize, Pending> {
    let at = after_spaces(window, at, 1)?;
    Ok(match number(window, at, 4)? {
        Some((year, after))
            if after - at == 4 && (1700..=2199).contains(&year) && !goes_on(window, after)? =>
        {
            after
        }
        _ => otherwise,
    })
}

/// Four digits that a word before them, or a capital after them, makes a year; `1990s` too.
fn year(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some((value, mut end)) = number(window, at, 4)? else { return Ok(None) };
    if end - at != 4 || !(1900..=2049).contains(&value) {
        return Ok(None);
    }
    if window.char(end)? == Some('s') {
        end += 1;
    }
    let closes = match window.char(end)? {
        Some('.' | ',' | '-' | '/' | ':') => {
            !window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit())
        }
        Some(c) => !c.is_alphanumeric() && !matches!(c, '%' | '$' | '€' | '°'),
        None => true,
    };
    if !closes {
        return Ok(None);
    }
    let before = Before::of(window, at, 16);
    let open = before.chars().last() == Some(&'(');
    let word = before.trimmed(|c| c == ' ' || c == '\'');
    if open || word.ends_with(YEARLY) {
        return Ok(Some(end));
    }
    // `a 2021 Norwegian film`
    let next = after_spaces(window, end, 1)?;
    let capital = window.get(next)?.is_some_and(|glyph| glyph.raw.is_uppercase());
    Ok((word.ends_with(&["a", "the", "his", "her", "their"]) && capital && next > end)
        .then_some(end))
}
