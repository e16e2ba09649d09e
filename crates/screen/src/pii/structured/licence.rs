//! Driving licence numbers, told by the words before them: letters and digits in no form that the states share, 5 to 18
//! characters with four digits or more.

use crate::normal::Window;
use crate::pii::words::{Before, is_joined};
use crate::pii::{Entity, Hit, Known, Reading};

const SAID: &[&str] = &[
    "driver license",
    "driver licence",
    "drivers license",
    "drivers licence",
    "driver's license",
    "driver's licence",
    "driver’s license",
    "driver’s licence",
    "driving license",
    "driving licence",
    "driving permit",
    "dl#",
    "dl no",
    "dl number",
    "dl",
    "driver lic",
    "drivers lic",
    "licence no",
    "license no",
    "license number",
    "licence number",
    "驾驶证号",
    "驾照号",
    "驾照",
    "驾驶证",
];

/// Licences of other things.
const OTHERS: &[&str] =
    &["software", "product", "plate", "business", "medical", "fishing", "windows", "key"];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if window.before(at, 1).is_some_and(|glyph| is_joined(glyph.c) || glyph.c == '-') {
        return Ok(None);
    }
    let (mut place, mut digits) = (at, 0);
    while let Some(c) = window.char(place)?.filter(|c| c.is_ascii_alphanumeric() || *c == '-') {
        digits += usize::from(c.is_ascii_digit());
        place += 1;
        if place - at > 20 {
            return Ok(None);
        }
    }
    while place > at && window.char(place - 1)? == Some('-') {
        place -= 1;
    }
    if !(5..=18).contains(&(place - at)) || digits < 4 || window.char(place)?.is_some_and(is_joined)
    {
        return Ok(None);
    }
    let before = Before::of(window, at, 44);
    let said = before.has(SAID) && !before.has(OTHERS);
    Ok(said.then_some(Hit { entity: Entity::DriverLicense, end: place, score: 0.85 }))
}
