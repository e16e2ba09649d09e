//! Number plates of mainland China (GA 36-2018): a province, a letter for the issuing office, and five characters, six for
//! vehicles of new energy; or four and 学, 警, 挂, 港, 澳, 使, 领, 试 or 超. Beside these the army (空A·12345), the armed police (WJ京12345) and
//! embassies (使 014578).

use super::context::Left;
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

/// The short names of the provinces.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// What may stand for the last digit.
const MARKS: &str = "学警挂港澳使领试超";

/// What plates of the army begin with: its arms, and the military regions there were until 2016.
const ARMY: &str = "军空海北沈兰济南广成";

pub(in super::super) fn begins(c: char) -> bool {
    PROVINCES.contains(c) || ARMY.contains(c) || matches!(c, '使' | '领' | 'w')
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    match window.char(at)? {
        Some('w') => police(window, at),
        Some('使' | '领') => embassy(window, at),
        Some(first) => ordinary(window, at, ARMY.contains(first)),
        None => Ok(None),
    }
}

/// `WJ`, a province or two digits, and five characters.
fn police(window: &Window<'_>, at: usize) -> Reading {
    if window.before(at, 1).is_some_and(|before| before.c.is_ascii_alphanumeric())
        || window.char(at + 1)? != Some('j')
        || window.get(at)?.is_none_or(|glyph| glyph.raw.is_lowercase())
    {
        return Ok(None);
    }
    let mut place = past_dot(window, at + 2)?;
    match window.char(place)? {
        Some(c) if PROVINCES.contains(c) => place += 1,
        Some('0'..='3') if window.char(place + 1)?.is_some_and(|c| c.is_ascii_digit()) => {
            place += 2;
        }
        _ => return Ok(None),
    }
    let first = past_dot(window, place)?;
    let mut end = first;
    while end - first < 6 && window.char(end)?.is_some_and(|c| c.is_ascii_alphanumeric()) {
        end += 1;
    }
    Ok((end - first == 5).then_some(Hit { entity: Entity::Plate, end, score: 0.95 }))
}

/// `使` or `领`, three digits of the country and three more.
fn embassy(window: &Window<'_>, at: usize) -> Reading {
    let mut place = past_dot(window, at + 1)?;
    for half in 0..2 {
        for _ in 0..3 {
            if !window.char(place)?.is_some_and(|c| c.is_ascii_digit()) {
                return Ok(None);
            }
            place += 1;
        }
        place = if half == 0 { past_dot(window, place)? } else { place };
    }
    let ends =
        !window.char(place)?.is_some_and(|c| c.is_ascii_alphanumeric() || "人万元个名".contains(c));
    let said = Left::of(window, at).says(&SAID);
    Ok((ends && said).then_some(Hit { entity: Entity::Plate, end: place, score: 0.9 }))
}

fn past_dot(window: &Window<'_>, at: usize) -> Result<usize, Pending> {
    Ok(at + usize::from(matches!(window.char(at)?, Some('·' | '•' | '.' | '-' | ' '))))
}

/// Words after which a plate stands.
const SAID: [&str; 8] = ["车牌", "牌照", "车", "牌", "车号", "挂的", "开的", "牌号"];

/// A province or an arm of the army, the letter of an office, and five or six characters.
fn ordinary(window: &Window<'_>, at: usize, army: bool) -> Reading {
    let mut place = at + 1;
    if window.char(place)? == Some(' ') {
        place += 1;
    }
    let Some(office) = window.get(place)? else { return Ok(None) };
    if !office.c.is_ascii_lowercase() {
        return Ok(None);
    }
    let mut capital = !office.raw.is_lowercase();
    place += 1;
    let dot = place;
    while let Some('·' | '•' | '.' | '-' | ' ' | '・' | '●' | '∙') = window.char(place)? {
        place += 1;
        if place > dot + 2 {
            return Ok(None);
        }
    }
    let first = place;
    let mut digits = 0;
    while let Some(glyph) = window.get(place)?.filter(|glyph| glyph.c.is_ascii_alphanumeric()) {
        digits += usize::from(glyph.c.is_ascii_digit());
        capital &= !glyph.raw.is_lowercase();
        place += 1;
        if place - first > 6 {
            return Ok(None);
        }
    }
    let mut length = place - first;
    if length == 4 && window.char(place)?.is_some_and(|c| MARKS.contains(c)) {
        place += 1;
        length += 1;
    }
    if !matches!(length, 5 | 6) {
        return Ok(None);
    }
    let left = Left::of(window, at);
    let said = left.says(&SAID);
    if army && !(digits >= 4 && length == 5 && (said || capital)) {
        return Ok(None);
    }
    // 全新, 更新 and the like end with what could be a province.
    let word = left
        .ends_with(&["全", "最", "更", "崭", "重", "创", "刷", "翻", "收", "珍", "西", "年", "高"]);
    if said || (capital && digits >= 1 && !word) {
        return Ok(Some(Hit { entity: Entity::Plate, end: place, score: 0.95 }));
    }
    Ok(None)
}
