//! Number plates of mainland China (GA 36-2018): a province, a letter for the issuing office, and five characters, six for
//! vehicles of new energy; or four and 学, 警, 挂, 港, 澳, 使, 领, 试 or 超.

use super::context::Left;
use crate::normal::Window;
use crate::pii::{Entity, Hit, Known, Reading};

/// The short names of the provinces.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// What may stand for the last digit.
const MARKS: &str = "学警挂港澳使领试超";

pub(in super::super) fn begins(c: char) -> bool {
    PROVINCES.contains(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
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
    let said = left.says(&["车牌", "牌照", "车", "牌", "车号", "挂的", "开的", "牌号"]);
    // 全新, 更新 and the like end with what could be a province.
    let word = left
        .ends_with(&["全", "最", "更", "崭", "重", "创", "刷", "翻", "收", "珍", "西", "年", "高"]);
    if said || (capital && digits >= 1 && !word) {
        return Ok(Some(Hit { entity: Entity::Plate, end: place, score: 0.95 }));
    }
    Ok(None)
}
