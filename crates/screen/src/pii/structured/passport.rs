//! Passports and permits to travel.

use super::context::Left;
use super::token::{is_amount, token};
use crate::normal::{LOOK_BACK, Pending, Window};
use crate::pii::words::Before;
use crate::pii::{Entity, Hit, Known, Reading};

/// The number of a passport of China by its form: ordinary ones are G or E and eight digits, or E, a letter and seven; official ones
/// DE, SE or PE and seven. Any other passport, and a permit to travel between the mainland, Hong Kong, Macao and Taiwan or to live there,
/// where the words before say so: C or W, L or T, H or M and eight or ten digits, eight or ten digits alone.
pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 7] =
        ["护照", "passport", "签证", "旅行证件", "证件", "护照本", "passport no"];
    const PERMITS: [&str; 14] = [
        "通行证",
        "回乡证",
        "台胞证",
        "台胞证件",
        "旅行证",
        "港澳证",
        "港澳通行证",
        "往来证",
        "居住证",
        "居留证",
        "永久居留",
        "永久居留证",
        "永久居留身份证",
        "永居证",
    ];
    // What is written with a letter and digits and is no passport.
    const GOODS: [&str; 17] = [
        "货", "型", "款", "批", "版本", "sku", "条", "商品", "零件", "配件", "产品", "器材", "件",
        "设备", "规格", "序列", "代码",
    ];
    let Some(token) = token(window, at, &[])? else { return Ok(None) };
    // As other countries number theirs: two letters and seven digits, nine characters with both (ICAO Doc 9303-4: at most nine).
    let foreign =
        token.capital && matches!(token.len(), 6..=9) && token.digits >= 4 && token.letters > 0;
    if foreign && is_spoken_of(window, at) && !is_amount(window, token.end)? {
        return Ok(Some(Hit { entity: Entity::Passport, end: token.end, score: 0.8 }));
    }
    let own_letters = token.letters == token.prefix;
    if !own_letters || token.letters > 3 || !matches!(token.len(), 7..=11 | 15) {
        return Ok(None);
    }
    let left = Left::of(window, at);
    // Three letters of a country and twelve digits: a permanent resident's card until 2023.
    if token.len() == 15 {
        let resident = token.letters == 3 && left.says(&PERMITS);
        let hit = Hit { entity: Entity::TravelPermit, end: token.end, score: 0.9 };
        return Ok(resident.then_some(hit));
    }
    let second = window.char(at + 1)?.unwrap_or('\0');
    let chinese = match (window.char(at)?, token.letters, token.digits) {
        (Some('e' | 'g'), 1, 8) => true,
        (Some('e'), 2, 7) => !matches!(second, 'i' | 'o'),
        (Some('d' | 's' | 'p'), 2, 7) => second == 'e',
        _ => false,
    };
    if chinese && token.capital && !left.says(&GOODS) {
        return Ok(Some(Hit { entity: Entity::Passport, end: token.end, score: 0.9 }));
    }
    if token.digits < 6 || is_amount(window, token.end)? {
        return Ok(None);
    }
    if left.says(&PERMITS) {
        let end = issue(window, token.end)?;
        return Ok(Some(Hit { entity: Entity::TravelPermit, end, score: 0.85 }));
    }
    if left.says(&WORDS) {
        return Ok(Some(Hit { entity: Entity::Passport, end: token.end, score: 0.85 }));
    }
    Ok(None)
}

/// Whether the sentence so far speaks of a passport.
fn is_spoken_of(window: &Window<'_>, at: usize) -> bool {
    const WORDS: &[&str] =
        &["passport", "passports", "travel document", "passport's", "护照", "pp no"];
    let before = Before::of(window, at, LOOK_BACK);
    let text = before.chars();
    let from = (0..text.len()).rev().find(|i| {
        matches!(text[*i], '?' | '!' | '。')
            || matches!(text[*i], '.') && text.get(i + 1) == Some(&' ')
    });
    Before::of(window, at, text.len() - from.map_or(0, |i| i + 1)).has(WORDS)
}

/// Where a number ends with the letter in brackets that booklets for people from Taiwan had.
fn issue(window: &Window<'_>, end: usize) -> Result<usize, Pending> {
    let bracketed = window.char(end)? == Some('(')
        && window.char(end + 1)?.is_some_and(|c| c.is_ascii_alphanumeric())
        && window.char(end + 2)? == Some(')');
    Ok(if bracketed { end + 3 } else { end })
}
