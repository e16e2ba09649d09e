//! Identity cards of Hong Kong, Macao and Taiwan, and number plates of Hong Kong and Macao.
//!
//! - Hong Kong: one or two letters, six digits and a check character in brackets, `A123456(3)`: the sum of the eight characters
//!   (a missing letter is 36, letters are 10 to 35) weighed 9 to 2, and of the check character (`A` is 10), is divisible by 11.
//! - Macao: 1, 5 or 7, six digits and a check digit whose rule is not published, `1234567(8)` or `1/234567/8`: only the words before tell it.
//! - Taiwan: the letter of a place of registration, a digit (1 and 2 for nationals, 8 and 9 for foreign residents since 2021), seven digits
//!   and a check digit: the letter's two digits and the rest, weighed 1, 9, 8 to 1, 1, sum to a multiple of 10. Residence
//!   certificates before 2021 have a second letter, A to D, for the digit. <https://www.mof.gov.tw/Eng/download/16968>

use super::context::Left;
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

/// Words after which such a number is an identity card's.
const WORDS: [&str; 16] = [
    "身份证",
    "身分证",
    "身份证件",
    "居民证",
    "证件",
    "统一证号",
    "统一编号",
    "居留证",
    "身份证字",
    "身分证字",
    "id card",
    "idcard",
    "hkid",
    "hkid card",
    "identity card",
    "bir",
];

/// What is numbered with a letter and digits and is nobody.
const GOODS: [&str; 14] = [
    "货", "型", "款", "批", "版本", "sku", "商品", "零件", "配件", "产品", "设备", "规格", "序列",
    "代码",
];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_lowercase() || matches!(c, '1' | '5' | '7')
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if window.before(at, 1).is_some_and(|before| {
        before.c.is_ascii_alphanumeric() || matches!(before.c, '_' | '-' | '/' | '.')
    }) {
        return Ok(None);
    }
    let mut letters = [' '; 2];
    let (mut place, mut count, mut capital) = (at, 0, true);
    while let Some(glyph) = window.get(place)?.filter(|glyph| glyph.c.is_ascii_lowercase()) {
        if count == letters.len() {
            return Ok(None);
        }
        capital &= !glyph.raw.is_lowercase();
        letters[count] = glyph.c;
        count += 1;
        place += 1;
    }
    let letters = &letters[..count];
    if letters.is_empty() {
        return macao(window, at);
    }
    if let Some(end) = plate(window, at, place, capital)? {
        return Ok(Some(Hit { entity: Entity::Plate, end, score: 0.9 }));
    }
    if let Some((end, bracketed)) = hong_kong(window, letters, place)?
        && ((bracketed && capital) || says(window, at))
    {
        return Ok(Some(Hit { entity: Entity::HkIdentityCard, end, score: 1.0 }));
    }
    if let Some(end) = taiwan(window, letters, place)? {
        let told = says(window, at);
        let plain = letters.len() == 1 && capital && !Left::of(window, at).says(&GOODS);
        if told || plain {
            let score = if told { 1.0 } else { 0.8 };
            return Ok(Some(Hit { entity: Entity::TwIdentityCard, end, score }));
        }
    }
    Ok(None)
}

fn says(window: &Window<'_>, at: usize) -> bool {
    Left::of(window, at).says(&WORDS)
}

/// The digits from a place on, `MOST` of them at most, and where they end.
fn digits<const MOST: usize>(
    window: &Window<'_>,
    at: usize,
) -> Result<([u8; MOST], usize), Pending> {
    let mut digits = [0; MOST];
    for (i, slot) in digits.iter_mut().enumerate() {
        match window.char(at + i)?.and_then(|c| c.to_digit(10)) {
            // Below ten.
            Some(digit) => *slot = u8::try_from(digit).unwrap_or(0),
            None => return Ok((digits, at + i)),
        }
    }
    Ok((digits, at + MOST))
}

/// Where a card of Hong Kong whose letters have been read ends, and whether its check character stands in brackets.
fn hong_kong(
    window: &Window<'_>,
    letters: &[char],
    after_letters: usize,
) -> Result<Option<(usize, bool)>, Pending> {
    let first = past_space(window, after_letters)?;
    let (body, end) = digits::<6>(window, first)?;
    if end != first + 6 {
        return Ok(None);
    }
    let opening = past_space(window, end)?;
    let bracketed = window.char(opening)? == Some('(');
    let place = if bracketed { past_space(window, opening + 1)? } else { end };
    let check = match window.char(place)? {
        Some('a') => 10,
        Some(c) => match c.to_digit(10) {
            Some(digit) => digit,
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    let mut end = place + 1;
    if bracketed {
        end = past_space(window, end)?;
        if window.char(end)? != Some(')') {
            return Ok(None);
        }
        end += 1;
    } else if window.char(end)?.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    Ok(is_hong_kong(letters, body, check).then_some((end, bracketed)))
}

fn past_space(window: &Window<'_>, at: usize) -> Result<usize, Pending> {
    Ok(at + usize::from(window.char(at)? == Some(' ')))
}

fn is_hong_kong(letters: &[char], body: [u8; 6], check: u32) -> bool {
    let value = |c: char| u32::from(c as u8 - b'a') + 10;
    let (first, second) = match *letters {
        [only] => (36, value(only)),
        [first, second] => (value(first), value(second)),
        _ => return false,
    };
    let weighed: u32 =
        (2..=7).rev().zip(body).map(|(weight, digit)| weight * u32::from(digit)).sum();
    (9 * first + 8 * second + weighed + check).is_multiple_of(11)
}

/// Where a number of Taiwan whose letters have been read ends.
fn taiwan(
    window: &Window<'_>,
    letters: &[char],
    after_letters: usize,
) -> Result<Option<usize>, Pending> {
    let (body, end) = digits::<9>(window, after_letters)?;
    if end - after_letters + letters.len() != 10
        || window.char(end)?.is_some_and(|c| c.is_ascii_alphanumeric())
    {
        return Ok(None);
    }
    Ok(is_taiwanese(letters, &body[..end - after_letters]).then_some(end))
}

fn is_taiwanese(letters: &[char], body: &[u8]) -> bool {
    // In the order of their values from 10 on.
    const LETTERS: &str = "abcdefghjklmnpqrstuvxywzio";
    let value = |c: char| LETTERS.find(c).and_then(|i| u32::try_from(i + 10).ok());
    let Some(region) = letters.first().and_then(|c| value(*c)) else { return false };
    let mut sum = region / 10 + region % 10 * 9;
    let mut weights = (1..=8).rev().chain([1]);
    match *letters {
        [_] if matches!(body[0], 1 | 2 | 8 | 9) => {}
        [_, second @ 'a'..='d'] => {
            sum += value(second).map_or(0, |value| value % 10) * weights.next().unwrap_or(0);
        }
        _ => return false,
    }
    sum += weights.zip(body).map(|(weight, digit)| weight * u32::from(*digit)).sum::<u32>();
    sum.is_multiple_of(10)
}

/// `1234567(8)` or `1/234567/8` after words for an identity card; `12345678` after words for one of Macao.
fn macao(window: &Window<'_>, at: usize) -> Reading {
    let hit = |end| Ok(Some(Hit { entity: Entity::MacaoIdentityCard, end, score: 0.9 }));
    let (_, end) = digits::<8>(window, at)?;
    let mark = window.char(end)?;
    let ended = |end: usize| -> Result<bool, Pending> {
        Ok(!window.char(end)?.is_some_and(|c| c.is_ascii_alphanumeric()))
    };
    match (end - at, mark) {
        (7, Some('(')) => {
            let (_, check) = digits::<1>(window, end + 1)?;
            if check == end + 2 && window.char(check)? == Some(')') && says(window, at) {
                return hit(check + 1);
            }
        }
        (1, Some('/')) => {
            let (_, middle) = digits::<6>(window, end + 1)?;
            if middle == end + 7 && window.char(middle)? == Some('/') {
                let (_, check) = digits::<1>(window, middle + 1)?;
                if check == middle + 2 && ended(check)? && says(window, at) {
                    return hit(check);
                }
            }
        }
        (8, _) if ended(end)? => {
            let of_macao = [
                "澳门身份证",
                "澳门居民身份证",
                "澳门永久性居民身份证",
                "澳门非永久性居民身份证",
                "bir",
            ];
            if Left::of(window, at).says(&of_macao) {
                return hit(end);
            }
        }
        _ => {}
    }
    Ok(None)
}

/// Where a plate of Hong Kong (`AB 1234`) or Macao (`MA-12-34`) ends, where the words before say so.
fn plate(
    window: &Window<'_>,
    at: usize,
    after_letters: usize,
    capital: bool,
) -> Result<Option<usize>, Pending> {
    let mut place = after_letters;
    let mut count = 0;
    // One group of up to four digits, or two of two.
    for _ in 0..2 {
        if matches!(window.char(place)?, Some(' ' | '-'))
            && window.char(place + 1)?.is_some_and(|c| c.is_ascii_digit())
        {
            place += 1;
        }
        while count < 5 && window.char(place)?.is_some_and(|c| c.is_ascii_digit()) {
            place += 1;
            count += 1;
        }
    }
    let ends = !window.char(place)?.is_some_and(|c| c.is_ascii_alphanumeric() || c == '(');
    let said = (1..=4).contains(&count)
        && ends
        && capital
        && Left::of(window, at).says(&["车牌", "牌照", "车号", "牌号"]);
    Ok(said.then_some(place))
}

#[cfg(test)]
mod tests {
    use super::{is_hong_kong, is_taiwanese};

    #[test]
    fn cards_of_hong_kong_need_their_check_character() {
        assert!(is_hong_kong(&['a'], [1, 2, 3, 4, 5, 6], 3));
        assert!(is_hong_kong(&['g'], [1, 2, 3, 4, 5, 6], 10), "A stands for ten");
        assert!(!is_hong_kong(&['a'], [1, 2, 3, 4, 5, 6], 4));
        assert!(is_hong_kong(&['a', 'b'], [9, 8, 7, 6, 5, 4], 3));
    }

    #[test]
    fn numbers_of_taiwan_need_their_check_digit() {
        assert!(is_taiwanese(&['a'], &[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        assert!(!is_taiwanese(&['a'], &[1, 2, 3, 4, 5, 6, 7, 8, 8]));
        assert!(!is_taiwanese(&['a'], &[3, 2, 3, 4, 5, 6, 7, 8, 5]), "no such digit is given");
        assert!(is_taiwanese(&['a', 'a'], &[1, 2, 3, 4, 5, 6, 7, 5]));
    }
}
