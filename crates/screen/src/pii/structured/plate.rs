//! Number plates of mainland China (GA 36-2018): a province, a letter for the issuing office, and five characters, six for
//! vehicles of new energy; or five with 学, 警, 挂, 港, 澳, 使, 领, 试 or 超 in the last place.

use super::super::readers::Known;
use super::super::{Entity, Hit, Reading};
use crate::normal::Window;

/// The short names of the provinces, and the plates of embassies and consulates before 2017.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领";

/// What may stand for the last digit.
const MARKS: &str = "学警挂港澳使领试超";

pub(in super::super) fn begins(c: char) -> bool {
    PROVINCES.contains(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some(office) = window.get(at + 1)? else { return Ok(None) };
    if !office.c.is_ascii_lowercase() {
        return Ok(None);
    }
    let mut place = at + 2;
    while let Some('·' | '•' | '.' | '-' | ' ') = window.char(place)? {
        place += 1;
        if place > at + 4 {
            return Ok(None);
        }
    }
    let first = place;
    let mut digits = 0;
    while let Some(c) = window.char(place)?.filter(char::is_ascii_alphanumeric) {
        digits += usize::from(c.is_ascii_digit());
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
    // Two letters at most stand among the five or six characters; three in the plates of some cities since 2019.
    if matches!(length, 5 | 6) && digits >= 2 {
        return Ok(Some(Hit { entity: Entity::Plate, end: place, score: 0.95 }));
    }
    Ok(None)
}
