//! Telephone numbers of mainland China: mobile and fixed-line.
//!
//! Numbers that anybody may call are no personal data and have other forms: 10086, 12345, 95xxx, 400 and 800 numbers.

use super::checks::is_cn_mobile;
use super::context::{Left, starts};
use super::run::{Group, Run, closes, is_digit, opens};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

pub(in super::super) fn begins(c: char) -> bool {
    is_digit(c) || matches!(c, '+' | '(')
}

/// A mobile number, with or without country code.
pub(in super::super) fn mobile(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some((first, plus)) = start(window, at)? else { return Ok(None) };
    let Some(run) = Run::at(window, first)? else { return Ok(None) };
    if inside_a_row(window, at, &run) {
        return Ok(None);
    }
    let country = country_code(&run, plus).or_else(|| trunk_prefix(&run, plus));
    for (i, group) in run.groups().iter().enumerate() {
        let digits = &run.digits(group);
        let (national, row) = match country {
            Some(code) if digits.len() >= code => {
                let alone = run.groups()[0].total == code;
                (&digits[code..], &run.groups()[usize::from(alone)..=i])
            }
            _ => (&digits[..], &run.groups()[..=i]),
        };
        if is_cn_mobile(national)
            && (row.iter().all(|group| group.length >= 2) || is_spelled(row))
            && dotted_evenly(row)
            && closes(window, group.end)?
        {
            return Ok(Some(Hit { entity: Entity::CnMobile, end: group.end, score: 0.98 }));
        }
    }
    Ok(None)
}

/// A fixed-line number: area code and number, or the number alone where the words before say what it is; with its extension.
pub(in super::super) fn landline(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 14] = [
        "座机",
        "固话",
        "固定电话",
        "电话",
        "家电",
        "宅电",
        "办公电话",
        "传真",
        "tel",
        "fax",
        "总机",
        "热线",
        "分机",
        "电话机",
    ];
    let Some((first, plus)) = start(window, at)? else { return Ok(None) };
    let Some(run) = Run::at(window, first)? else { return Ok(None) };
    if inside_a_row(window, at, &run) {
        return Ok(None);
    }
    let country = country_code(&run, plus);
    let mut end = None;
    for (i, group) in run.groups().iter().enumerate() {
        let digits = run.digits(group);
        let with_area = match country {
            // The zero of the area code is left out after the country code, or is not.
            Some(code) => digits.get(code..).is_some_and(|rest| {
                let rest = rest.strip_prefix(&[0]).unwrap_or(rest);
                is_with_area(rest)
            }),
            None => {
                digits.split_first().is_some_and(|(zero, rest)| *zero == 0 && is_with_area(rest))
            }
        };
        if with_area && run.groups()[..=i].iter().all(|group| group.length >= 2) {
            end = Some((i, 0.95));
            break;
        }
        let alone = i + 1 == run.groups().len() || run.groups()[i + 1].joint == Some('-');
        if country.is_none()
            && matches!(digits.len(), 7 | 8)
            && (matches!(digits[0], 2..=8) || (digits[0] == 9 && digits.len() == 8))
            && (i == 0 || (i == 1 && group.length == 4))
            && alone
            && !run.goes_on
            && Left::of(window, at).says(&WORDS)
        {
            end = Some((i, 0.8));
            break;
        }
    }
    let Some((last, score)) = end else { return taiwanese(window, at, &run) };
    let end = extension(window, run.groups(), last)?;
    if !closes(window, end)? {
        return Ok(None);
    }
    Ok(Some(Hit { entity: Entity::Landline, end, score }))
}

/// A number as dialled in Taiwan: 09 and eight digits in groups of 4, 3, 3, or an area code of two digits and eight, where the words before
/// say what it is.
fn taiwanese(window: &Window<'_>, at: usize, run: &Run) -> Reading {
    const WORDS: [&str; 7] = ["手机", "电话", "连络电话", "行动电话", "tel", "mobile", "phone"];
    let Some(last) = run.groups().last().filter(|_| !run.goes_on) else { return Ok(None) };
    let lengths: [usize; 3] =
        std::array::from_fn(|i| run.groups().get(i).map_or(0, |group| group.length));
    let told = run.groups().len() <= 3
        && match run.digits(last) {
            [0, 9, rest @ ..] if rest.len() == 8 => {
                lengths == [4, 3, 3] || Left::of(window, at).says(&WORDS)
            }
            [0, 2 | 4 | 7, rest @ ..] => {
                matches!((rest.len(), lengths), (8, [2, 4, 4] | [2, 8, 0]))
                    && Left::of(window, at).says(&WORDS)
            }
            _ => false,
        };
    let hit = Hit { entity: Entity::Phone, end: last.end, score: 0.85 };
    Ok((told && closes(window, last.end)?).then_some(hit))
}

/// Where the digits of a number begin, and whether a plus stands before them.
fn start(window: &Window<'_>, at: usize) -> Result<Option<(usize, bool)>, Pending> {
    let before = window.before(at, 1);
    Ok(match window.char(at)? {
        Some('+') => Some((at + 1, true)),
        Some('(') if window.char(at + 1)? == Some('+') => Some((at + 2, true)),
        Some('(') if window.char(at + 1)? == Some('0') => Some((at + 1, false)),
        Some(c) if is_digit(c) && before.is_none_or(|before| before.c != '+') => {
            opens(window, at).then_some((at, false))
        }
        _ => None,
    })
}

/// How many digits the country code has, if the row begins with one.
fn country_code(run: &Run, plus: bool) -> Option<usize> {
    let digits = run.groups().last().map(|last| run.digits(last))?;
    match digits {
        [0, 0, 8, 6, ..] => Some(4),
        [8, 6, ..] if plus || digits.len() >= 12 => Some(2),
        _ => None,
    }
}

/// One digit, if a mobile number is dialled as from another city: 013800138000.
fn trunk_prefix(run: &Run, plus: bool) -> Option<usize> {
    let digits = run.groups().last().map(|last| run.digits(last))?;
    let first = run.groups().first().map_or(0, |group| group.length);
    (!plus && first > 1 && matches!(digits, [0, 1, ..]) && digits.len() == 12).then_some(1)
}

/// Whether the row goes on from one before it that has no number by itself: only a number in the form that numbers have
/// stands for itself there.
fn inside_a_row(window: &Window<'_>, at: usize, run: &Run) -> bool {
    let before = |back| window.before(at, back).map(|glyph| glyph.c);
    if !matches!(before(1), Some('-' | ' ')) {
        return false;
    }
    let gap = (1..=3).take_while(|back| matches!(before(*back), Some('-' | ' '))).count();
    let hyphen = (1..=gap).any(|back| before(back) == Some('-'));
    let digits = (gap + 1..=gap + 8).take_while(|back| before(*back).is_some_and(is_digit)).count();
    let lengths: [usize; 3] =
        std::array::from_fn(|i| run.groups().get(i).map_or(0, |group| group.length));
    let formed = matches!(lengths, [11 | 12, ..] | [3, 4, 4] | [3 | 4, 7 | 8, _] | [2 | 4, 11, _]);
    digits > 0 && (!formed || (hyphen && digits > 2))
}

/// The first three digits by themselves, or all: 1 3 8-0013-8000.
fn is_spelled(row: &[Group]) -> bool {
    let single = row.iter().take_while(|group| group.length == 1).count();
    match row.len() {
        11 => single == 11,
        5 => single == 3 && row[3].length == 4,
        _ => false,
    }
}

/// Dots stand between all groups or none, and make 3.4.4.
fn dotted_evenly(row: &[Group]) -> bool {
    let dots = row.iter().skip(1).filter(|group| group.joint == Some('.')).count();
    dots == 0 || (dots == 2 && matches!(row, [Group { length: 3, .. }, Group { length: 4, .. }, _]))
}

/// Whether digits are an area code without its zero, and a number in it: two digits and eight for the ten largest cities, three and
/// seven or eight elsewhere. A number begins with 2 to 8.
fn is_with_area(digits: &[u8]) -> bool {
    match digits {
        [1, 0, rest @ ..] | [2, 0..=5 | 7..=9, rest @ ..] => {
            rest.len() == 8 && matches!(rest[0], 2..=8)
        }
        [3, 1 | 3..=5 | 7 | 9, _, rest @ ..]
        | [4, 1..=8, _, rest @ ..]
        | [5 | 7 | 9, _, _, rest @ ..]
        | [6, 3 | 6 | 9, _, rest @ ..]
        | [8, 1..=9, _, rest @ ..] => matches!(rest.len(), 7 | 8) && matches!(rest[0], 2..=8),
        _ => false,
    }
}

/// Where a number ends with its extension: "-801", "转801", "分机 801".
fn extension(window: &Window<'_>, groups: &[Group], last: usize) -> Result<usize, Pending> {
    if let Some(next) = groups.get(last + 1)
        && next.joint == Some('-')
        && (1..=6).contains(&next.length)
        && groups.len() == last + 2
    {
        return Ok(next.end);
    }
    let end = groups[last].end;
    let mut at = end;
    let mut said = false;
    for word in [" ", "(", ",", "转", "分机", "ext", "x", ".", "号", ":", " "] {
        if starts(window, at, word)? {
            said |= matches!(word, "转" | "分机" | "ext" | "x");
            at += word.chars().count();
        }
    }
    let first = at;
    while said && at - first < 7 && window.char(at)?.is_some_and(|c| c.is_ascii_digit()) {
        at += 1;
    }
    if !(1..=6).contains(&(at - first)) {
        return Ok(end);
    }
    let bracket = window.char(at)? == Some(')') && window.char(end)? == Some('(');
    Ok(at + usize::from(bracket))
}
