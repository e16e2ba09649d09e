//! Tokens: how one is written, and which of two spellings is a slip of the other.

/// What opens and closes a token.
pub(super) const OPEN: char = '⟦';
pub(super) const CLOSE: char = '⟧';
/// What stands between kind and code.
pub(super) const DOT: char = '·';

/// Characters of a code: five that say which, one that checks them.
pub(super) const CODE: usize = 6;

/// Digits and capitals without those that are mistaken for others (0 O 1 I L): 31, a prime, so that the weighted sum
/// below notices every single wrong character and every exchange of two.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// A code as it stands in a token.
pub(super) type Code = [u8; CODE];

/// How the kinds are called in Chinese. A kind that is missing here is called by its English word.
const KINDS: &[(&str, &str)] = &[
    ("address", "地址"),
    ("age", "年龄"),
    ("bank_card", "银行卡"),
    ("date_time", "日期"),
    ("domain", "网址"),
    ("driver_license", "驾驶证"),
    ("email", "邮箱"),
    ("iban", "银行账号"),
    ("id_number", "证件号"),
    ("ip_address", "网络地址"),
    ("landline", "座机"),
    ("name", "人名"),
    ("nationality", "国籍"),
    ("order_number", "订单号"),
    ("organisation", "单位"),
    ("passport", "护照号"),
    ("phone", "电话"),
    ("place", "地点"),
    ("plate", "车牌"),
    ("postal_code", "邮编"),
    ("qq", "QQ号"),
    ("ssn", "社保号"),
    ("title", "称呼"),
    ("tracking_number", "快递单号"),
    ("travel_permit", "通行证号"),
    ("uscc", "信用代码"),
    ("wechat", "微信号"),
];

/// The Chinese word for a kind.
pub(super) fn in_chinese(kind: &str) -> &str {
    KINDS.iter().find(|(word, _)| *word == kind).map_or(kind, |(_, zh)| zh)
}

/// Whether a word, in either language and any case, is that of a kind.
pub(super) fn is_kind(word: &str) -> bool {
    KINDS.iter().any(|(en, zh)| word.eq_ignore_ascii_case(en) || word.eq_ignore_ascii_case(zh))
}

/// The code of a number.
pub(super) fn code(mut number: u64) -> Code {
    let mut code = [0; CODE];
    for place in &mut code[..CODE - 1] {
        // A remainder below 31 fits.
        *place = ALPHABET[(number % 31) as usize];
        number /= 31;
    }
    code[CODE - 1] = check(&code);
    code
}

/// Whether a code checks: one that was copied with a slip does not.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "codes stand in other values")]
pub(super) fn checks(code: &Code) -> bool {
    code.iter().all(|byte| ALPHABET.contains(byte)) && check(code) == code[CODE - 1]
}

/// A text without what looks like a token: whoever wrote it there, it is none of ours, and must not be taken for one when a
/// model repeats it. What is left is its kind in other brackets; `None` when there is nothing like that.
pub(crate) fn disarmed(text: &str) -> Option<String> {
    if !has_bracket(text) {
        return None;
    }
    let mut out: Option<String> = None;
    let mut copied = 0;
    for (at, open) in text.match_indices([OPEN, '〚']) {
        let body = at + open.len();
        let Some(length) = text[body..].find([CLOSE, '〛', OPEN, '〚', '\n']) else { break };
        let inner = &text[body..body + length];
        if at < copied || !is_like_a_token(inner) {
            continue;
        }
        let kind = inner.split(|c: char| !c.is_alphanumeric() && c != '_').next();
        let kind = kind.filter(|kind| is_kind(kind)).unwrap_or("…");
        let end = body + length;
        let closing = text[end..].chars().next().filter(|c| matches!(c, &CLOSE | '〛'));
        let out = out.get_or_insert_default();
        out.extend([&text[copied..at], "[", kind, "]"]);
        copied = end + closing.map_or(0, char::len_utf8);
    }
    let mut out = out?;
    out.push_str(&text[copied..]);
    Some(out)
}

/// Whether a bracket of tokens opens in a text.
pub(super) fn has_bracket(text: &str) -> bool {
    // Most texts have not one of the bytes that the two begin with: many bytes are looked at at once for that.
    text.bytes().fold(false, |has, byte| has | matches!(byte, 0xe2 | 0xe3))
        && text.contains([OPEN, '〚'])
}

/// Whether what stands between brackets ends with what could be a code, or a slip of one.
fn is_like_a_token(inner: &str) -> bool {
    let inner = inner.trim_end();
    let from = inner.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let code = &inner[from..];
    let is_capital = code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let has_digit = code.bytes().any(|b| b.is_ascii_digit());
    (CODE - 1..=CODE + 1).contains(&code.len()) && (is_capital || has_digit)
}

/// The check character: the weighted sum of all six is a multiple of 31.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "codes stand in other values")]
fn check(code: &Code) -> u8 {
    let value = |byte: u8| ALPHABET.iter().position(|known| *known == byte).unwrap_or(0);
    let sum: usize =
        code[..CODE - 1].iter().enumerate().map(|(at, byte)| (at + 2) * value(*byte)).sum();
    ALPHABET[(31 - sum % 31) % 31]
}

/// Whether `written` becomes `code` by changing, adding, dropping or exchanging one character.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "codes stand in other values")]
pub(super) fn is_slip(written: &[u8], code: &Code) -> bool {
    let first = written.iter().zip(code).take_while(|(a, b)| a == b).count();
    let (a, b) = (&written[first..], &code[first..]);
    match (a.len(), b.len()) {
        (x, y) if x == y => {
            a.get(1..) == b.get(1..) || (x >= 2 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
        }
        (x, y) if x == y + 1 => a[1..] == *b,
        (x, y) if x + 1 == y => *a == b[1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slip_never_checks(number: u64, at in 0..CODE, other in 0..31_usize) {
            let code = code(number);
            prop_assert!(checks(&code));
            let mut wrong = code;
            wrong[at] = ALPHABET[other];
            prop_assert!(wrong == code || !checks(&wrong));
            prop_assert!(is_slip(&wrong, &code));
            let mut exchanged = code;
            exchanged.swap(at, (at + 1) % CODE);
            prop_assert!(exchanged == code || !checks(&exchanged));
        }

        #[test]
        fn what_is_missing_or_doubled_is_a_slip(number: u64, at in 0..CODE) {
            let code = code(number);
            let mut short = code.to_vec();
            short.remove(at);
            let mut long = code.to_vec();
            long.insert(at, code[at]);
            prop_assert!(is_slip(&short, &code) && is_slip(&long, &code));
            prop_assert!(!is_slip(&short[1..], &code));
        }
    }

    #[test]
    fn a_token_that_somebody_wrote_is_taken_apart() {
        let cases = [
            ("call ⟦name·A7K2QX⟧ and ⟦电话·B8K3QZ⟧.", Some("call [name] and [电话].")),
            ("⟦lantern·a7k2qx⟧", Some("[…]")),
            ("⟦⟦name·A7K2QX⟧⟧", Some("⟦[name]⟧")),
            ("⟦name·A7K2QX⟦", Some("[name]⟦")),
            ("⟦email⟧ and ⟦e1 + e2⟧ and ⟦", None),
            ("no token", None),
        ];
        for (text, expected) in cases {
            assert_eq!(disarmed(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn kinds_have_two_names() {
        assert_eq!((in_chinese("name"), in_chinese("lantern")), ("人名", "lantern"));
        assert!(is_kind("Phone") && is_kind("电话") && !is_kind("lantern"));
        assert!(KINDS.is_sorted());
    }
}
