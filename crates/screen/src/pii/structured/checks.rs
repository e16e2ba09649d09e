//! Check digits and plausibility of numbers, on digits as values 0 to 9.

/// The most digits a payment card has.
const MAX_DIGITS: usize = 19;

/// Whether 17 digits and a check character (10 stands for X) are a resident identity number: GB 11643-1999,
/// whose check character is ISO 7064 MOD 11-2. Residents from Hong Kong, Macao and Taiwan have 81, 82 and 83 for the province;
/// foreign permanent residents, since December 2023, a 9, the province and the three digits of their country (ISO 3166-1).
pub(super) fn is_cn_resident_id(digits: &[u8]) -> bool {
    let [body @ .., check] = digits else { return false };
    if body.len() != 17 || body.iter().any(|digit| *digit > 9) {
        return false;
    }
    let date = |year, rest: &[u8]| is_date(year, rest[0] * 10 + rest[1], rest[2] * 10 + rest[3]);
    let province = if body[0] == 9 { &body[1..3] } else { &body[..2] };
    if !is_province(province[0] * 10 + province[1]) || !date(number(&body[6..10]), &body[10..14]) {
        return false;
    }
    let remainder = digits.iter().fold(0_u32, |sum, digit| (sum * 2 + u32::from(*digit)) % 11);
    *check <= 10 && remainder == 1
}

/// Whether 15 digits are a resident identity number as issued before GB 11643-1999: a province and a date of
/// the twentieth century, without a check digit.
pub(super) fn is_old_resident_id(digits: &[u8]) -> bool {
    digits.len() == 15
        && is_province(digits[0] * 10 + digits[1])
        && is_date(
            1900 + number(&digits[6..8]),
            digits[8] * 10 + digits[9],
            digits[10] * 10 + digits[11],
        )
}

/// Whether 18 lower-case characters are a unified social credit code: GB 32100-2015, registering office, kind, six digits
/// of GB/T 2260, nine characters of the organisation, and a check character modulo 31.
pub(super) fn is_uscc(code: &[char; 18]) -> bool {
    const VALUES: &str = "0123456789abcdefghjklmnpqrtuwxy";
    if !code[2..8].iter().all(char::is_ascii_digit) || !is_province(region(code)) {
        return false;
    }
    let mut sum = 0;
    let mut weight = 1;
    for c in &code[..17] {
        let Some(value) = VALUES.find(*c) else { return false };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    VALUES.find(code[17]) == Some((31 - sum % 31) % 31)
}

fn region(code: &[char; 18]) -> u8 {
    let digit = |c: char| c.to_digit(10).map_or(0, |digit| u8::try_from(digit).unwrap_or(0));
    // Codes that the national office itself gave have 100000.
    match (digit(code[2]), digit(code[3])) {
        (1, 0) => 11,
        (tens, ones) => tens * 10 + ones,
    }
}

/// Provinces and their equals of GB/T 2260: 11-15, 21-23, 31-37, 41-46, 50-54, 61-65, 71, 81-83.
fn is_province(code: u8) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

fn number(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |value, digit| value * 10 + u16::from(*digit))
}

/// Whether 13 to 19 digits are a payment card number: an issuer's prefix with its length, and the Luhn check digit.
pub(super) fn is_bank_card(digits: &[u8]) -> bool {
    if digits.len() < 13 || digits.len() > MAX_DIGITS {
        return false;
    }
    is_issued(number(&digits[..4]), digits.len()) && passes_luhn(digits)
}

/// Whether 11 digits are a mainland mobile number (YD/T: `1`, then 3 to 9).
pub(super) fn is_cn_mobile(digits: &[u8]) -> bool {
    digits.len() == 11 && digits[0] == 1 && matches!(digits[1], 3..=9)
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| {
            let value = u32::from(*digit) << (i % 2);
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether an issuer uses this prefix for numbers of this length. The ranges are those the networks publish; 60, 62, 81
/// and the 9 range are those of China's network and of mainland banks before it.
fn is_issued(prefix: u16, length: usize) -> bool {
    match prefix {
        1800 | 2131 | 3400..=3499 | 3700..=3799 => length == 15,
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => (14..=19).contains(&length),
        4000..=4999 => matches!(length, 13 | 16 | 18 | 19),
        2221..=2720 | 5100..=5599 => length == 16,
        3528..=3589
        | 5000..=5099
        | 5600..=5899
        | 6000..=6399
        | 6440..=6599
        | 6700..=6799
        | 8100..=8199
        | 9000..=9999 => (16..=19).contains(&length),
        _ => false,
    }
}

fn is_date(year: u16, month: u8, day: u8) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(leap),
        _ => return false,
    };
    (1900..=2099).contains(&year) && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::{is_bank_card, is_cn_mobile, is_cn_resident_id, is_old_resident_id, is_uscc};

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().map(|b| if b == b'X' { 10 } else { b - b'0' }).collect()
    }

    #[test]
    fn resident_ids_need_province_date_and_check_digit() {
        assert!(is_cn_resident_id(&digits("11010519491231002X")));
        assert!(!is_cn_resident_id(&digits("440524188001010014")), "born in 1880");
        assert!(!is_cn_resident_id(&digits("110105194912310021")));
        assert!(!is_cn_resident_id(&digits("11010519490230002X")));
        assert!(!is_cn_resident_id(&digits("99010519491231002X")));
        assert!(is_cn_resident_id(&digits("911156198804200235")), "a foreign permanent resident");
    }

    #[test]
    fn cards_need_issuer_length_and_luhn() {
        assert!(is_bank_card(&digits("4111111111111111")));
        assert!(is_bank_card(&digits("378282246310005")));
        assert!(is_bank_card(&digits("6222020000000000000")));
        assert!(!is_bank_card(&digits("4111111111111112")));
        assert!(!is_bank_card(&digits("1111111111111117")));
        assert!(!is_bank_card(&digits("0000000000000000")));
    }

    #[test]
    fn mobiles_are_one_three_to_nine_and_nine_more() {
        assert!(is_cn_mobile(&digits("13800138000")));
        assert!(!is_cn_mobile(&digits("12800138000")));
        assert!(!is_cn_mobile(&digits("1380013800")));
    }

    #[test]
    fn old_resident_ids_need_province_and_date() {
        assert!(is_old_resident_id(&digits("110105491231002")));
        assert!(!is_old_resident_id(&digits("110105491331002")));
        assert!(!is_old_resident_id(&digits("990105491231002")));
    }

    #[test]
    fn credit_codes_need_their_check_character() {
        let code = |text: &str| -> [char; 18] {
            text.chars().collect::<Vec<_>>().try_into().expect("18 characters")
        };
        assert!(is_uscc(&code("91350100m000100y43")), "the example of the standard");
        assert!(!is_uscc(&code("91350100m000100y44")));
        assert!(!is_uscc(&code("91350100i000100y43")));
    }
}
