//! Payment card numbers of issuers and lengths that a check of prefixes does not know, told by the words before them: 12 to 19
//! digits with the Luhn check digit, or 15 or 16 in groups without it, since people mistype.

use crate::normal::Window;
use crate::pii::words::{Before, inside};
use crate::pii::{Entity, Hit, Known, Reading};

const SAID: &[&str] = &[
    "card",
    "cards",
    "credit",
    "debit",
    "visa",
    "mastercard",
    "maestro",
    "amex",
    "american express",
    "card number",
    "card no",
    "cc",
    "discover",
    "diners",
    "jcb",
    "unionpay",
    "银行卡",
    "信用卡",
    "借记卡",
    "卡号",
];

/// Cards that pay nothing.
const OTHERS: &[&str] =
    &["sim", "gift", "library", "member", "membership", "loyalty", "graphics", "report"];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_digit()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    if inside(window, at)
        || window.before(at, 1).is_some_and(|glyph| matches!(glyph.c, '-' | '.' | '+' | '_'))
    {
        return Ok(None);
    }
    let mut digits = [0_u8; 19];
    let (mut place, mut count, mut end, mut groups) = (at, 0, at, 1);
    while let Some(c) = window.char(place)? {
        if let Some(digit) = c.to_digit(10) {
            if count == digits.len() {
                return Ok(None);
            }
            digits[count] = u8::try_from(digit).unwrap_or(0);
            count += 1;
            place += 1;
            end = place;
        } else if matches!(c, ' ' | '-')
            && window.char(place + 1)?.is_some_and(|c| c.is_ascii_digit())
        {
            groups += 1;
            place += 1;
        } else {
            break;
        }
    }
    if !(12..=19).contains(&count) || crate::pii::words::goes_on(window, end)? {
        return Ok(None);
    }
    let before = Before::of(window, at, 40);
    if !before.has(SAID) || before.has(OTHERS) {
        return Ok(None);
    }
    let valid = passes_luhn(&digits[..count]);
    let shaped = matches!(count, 15 | 16) && (groups == 1 || (3..=4).contains(&groups));
    Ok((valid || shaped).then_some(Hit {
        entity: Entity::BankCard,
        end,
        score: if valid { 0.9 } else { 0.6 },
    }))
}

fn passes_luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| u32::from(if i % 2 == 0 { *digit } else { doubled(*digit) }))
        .sum();
    sum.is_multiple_of(10)
}
