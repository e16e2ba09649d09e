//! Passports and permits to travel.

use super::context::Left;
use super::token::{is_amount, token};
use crate::normal::Window;
use crate::pii::{Entity, Hit, Known, Reading};

/// The number of a passport of China, or of a permit to travel between the mainland, Hong Kong, Macao and Taiwan; of any other
/// passport where the words before say so.
pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 14] = [
        "护照",
        "passport",
        "签证",
        "通行证",
        "回乡证",
        "台胞证",
        "旅行证",
        "港澳证",
        "港澳通行证",
        "旅行证件",
        "证件",
        "护照本",
        "居住证",
        "passport no",
    ];
    // What is written with a letter and digits and is no passport.
    const GOODS: [&str; 16] = [
        "货", "型", "款", "批", "版本", "sku", "条", "商品", "零件", "配件", "产品", "器材", "件",
        "设备", "规格", "序列",
    ];
    let Some(token) = token(window, at, &[])? else { return Ok(None) };
    let own_letters = token.letters == token.prefix;
    if !own_letters || !(7..=11).contains(&token.len()) || token.letters > 3 {
        return Ok(None);
    }
    let second = window.char(at + 1)?.unwrap_or('\0');
    let chinese = match (window.char(at)?, token.letters, token.digits) {
        (Some('e' | 'g'), 1, 8) => true,
        (Some('e'), 2, 7) => !matches!(second, 'i' | 'o'),
        (Some('d' | 's' | 'p'), 2, 7) => second == 'e',
        _ => false,
    };
    let left = Left::of(window, at);
    if chinese && token.capital && !left.says(&GOODS) {
        return Ok(Some(Hit { entity: Entity::Passport, end: token.end, score: 0.9 }));
    }
    if token.digits >= 6 && left.says(&WORDS) && !is_amount(window, token.end)? {
        return Ok(Some(Hit { entity: Entity::Passport, end: token.end, score: 0.85 }));
    }
    Ok(None)
}
