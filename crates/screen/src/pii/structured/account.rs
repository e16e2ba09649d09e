//! Numbers that nothing tells but the words around them: orders, parcels, QQ and WeChat accounts, passports.

use super::context::{Left, followed_by};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

/// A row of letters, digits, hyphens and underscores.
struct Token {
    end: usize,
    letters: usize,
    digits: usize,
    /// How many letters stand first.
    prefix: usize,
    /// All letters were written as capitals.
    capital: bool,
    marks: usize,
}

impl Token {
    fn len(&self) -> usize {
        self.letters + self.digits
    }
}

/// The longest token that is looked at.
const MOST: usize = 40;

/// The token that begins at a place; `None` if another character of it stands before, or it is too long.
fn token(window: &Window<'_>, at: usize, marks: &[char]) -> Result<Option<Token>, Pending> {
    let of_token = |c: char| c.is_ascii_alphanumeric() || marks.contains(&c);
    if window.before(at, 1).is_some_and(|before| before.c.is_ascii_alphanumeric()) {
        return Ok(None);
    }
    let mut token = Token { end: at, letters: 0, digits: 0, prefix: 0, capital: true, marks: 0 };
    while let Some(glyph) = window.get(token.end)? {
        if token.end - at > MOST {
            return Ok(None);
        }
        match glyph.c {
            c if c.is_ascii_digit() => token.digits += 1,
            c if c.is_ascii_alphabetic() => {
                token.prefix += usize::from(token.digits == 0);
                token.letters += 1;
                token.capital &= !glyph.raw.is_lowercase();
            }
            // A mark belongs to it only between two others.
            c if marks.contains(&c) => {
                if token.end == at || !window.char(token.end + 1)?.is_some_and(of_token) {
                    break;
                }
                token.marks += 1;
            }
            _ => break,
        }
        token.end += 1;
    }
    Ok((token.len() > 0).then_some(token))
}

/// As [`token`], but Latin letters may stand before it if they are one of these words: "QQ12345678".
fn token_after(
    window: &Window<'_>,
    at: usize,
    marks: &[char],
    words: &[&str],
) -> Result<Option<Token>, Pending> {
    let left = Left::of(window, at);
    if window.before(at, 1).is_some_and(|before| before.c.is_ascii_alphabetic()) {
        if !left.ends_with(words) || !window.char(at)?.is_some_and(|c| c.is_ascii_digit()) {
            return Ok(None);
        }
        let mut end = at;
        while end - at < MOST && window.char(end)?.is_some_and(|c| c.is_ascii_digit()) {
            end += 1;
        }
        if window.char(end)?.is_some_and(|c| c.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let digits = end - at;
        return Ok(Some(Token { end, letters: 0, digits, prefix: 0, capital: true, marks: 0 }));
    }
    token(window, at, marks)
}

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// The number of an order.
pub(in super::super) fn order(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 10] =
        ["订单", "定单", "单子", "采购单", "下单", "order", "orders", "网购单", "订购", "预订"];
    let Some(token) = token_after(window, at, &['-', '_'], &["no", "id"])? else { return Ok(None) };
    if token.digits < 6 || token.len() > 32 || is_amount(window, token.end)? {
        return Ok(None);
    }
    let left = Left::of(window, at);
    let numbered =
        left.ends_with(&["号", "号:", "编号:", "号码:", "id:", "#", "no.", "no:", "number:"]);
    let said = left.says(&WORDS) && (numbered || token.digits >= 8);
    let after = token.digits >= 10
        && followed_by(window, token.end, &["订单", "单子", "号订单", "这单", "那单", "order"])?;
    // A telephone number beside the word is one still.
    let mobile = token.len() == 11 && window.char(at)? == Some('1');
    if (said && !(mobile && !numbered)) || (after && !mobile) {
        return Ok(Some(Hit { entity: Entity::OrderNumber, end: token.end, score: 0.9 }));
    }
    Ok(None)
}

/// The number of a parcel: a carrier's letters and digits, or digits where the words around say so.
pub(in super::super) fn tracking(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 44] = [
        "快递",
        "快递单",
        "运单",
        "物流单",
        "物流",
        "包裹",
        "包裹单",
        "邮件",
        "面单",
        "快件",
        "货运单",
        "回单",
        "顺丰",
        "顺丰速运",
        "圆通",
        "圆通速递",
        "中通",
        "申通",
        "韵达",
        "极兔",
        "京东",
        "京东快递",
        "京东物流",
        "邮政",
        "ems",
        "德邦",
        "百世",
        "菜鸟",
        "天天",
        "宅急送",
        "跨越",
        "安能",
        "dhl",
        "ups",
        "fedex",
        "usps",
        "tracking",
        "waybill",
        "退货单",
        "寄件单",
        "发货单",
        "丰网",
        "优速",
        "速尔",
    ];
    // The letters and how many digits follow them, at least and at most.
    const CARRIERS: [(&str, usize, usize); 16] = [
        ("sf", 12, 15),
        ("yt", 12, 18),
        ("jd", 10, 15),
        ("jdv", 10, 15),
        ("jdva", 10, 14),
        ("jdvb", 10, 14),
        ("jdvc", 10, 14),
        ("jt", 12, 15),
        ("zto", 10, 15),
        ("sto", 10, 15),
        ("yd", 12, 15),
        ("dpk", 11, 15),
        ("dpl", 11, 15),
        ("ky", 12, 15),
        ("lp", 13, 16),
        ("best", 11, 15),
    ];
    let Some(mut token) = token(window, at, &['-'])? else { return Ok(None) };
    // "SF 1234 5678 90123": the groups of one number.
    if token.len() <= 6 || token.marks > 0 {
        let mut digits = token.digits;
        let mut end = token.end;
        while digits < 20 && window.char(end)? == Some(' ') {
            let mut group = end + 1;
            while group - end <= 18 && window.char(group)?.is_some_and(|c| c.is_ascii_digit()) {
                group += 1;
            }
            if group - end < 3 || window.char(group)?.is_some_and(|c| c.is_ascii_alphabetic()) {
                break;
            }
            digits += group - end - 1;
            end = group;
        }
        (token.digits, token.end) = (digits, end);
    }
    if token.digits < 8 || token.len() > 24 {
        return Ok(None);
    }
    let hit = |score| Some(Hit { entity: Entity::TrackingNumber, end: token.end, score });
    let mut prefix = ['\0'; 4];
    for (i, slot) in prefix.iter_mut().enumerate().take(token.prefix) {
        *slot = window.char(at + i)?.unwrap_or('\0');
    }
    let carried = |(letters, least, most): &(&str, usize, usize)| {
        letters.len() == token.prefix
            && letters.chars().eq(prefix[..token.prefix].iter().copied())
            && (*least..=*most).contains(&token.digits)
    };
    if token.letters == token.prefix && token.prefix <= 4 && CARRIERS.iter().any(carried) {
        return Ok(hit(0.95));
    }
    // S10 of the Universal Postal Union: two letters, nine digits, two letters.
    if token.letters == 4 && token.prefix == 2 && token.digits == 9 && token.capital {
        return Ok(hit(0.9));
    }
    let left = Left::of(window, at);
    if token.prefix == token.letters && token.letters <= 5 {
        let generic = left.says(&["单"]) && !left.says(&NOT_PARCELS);
        let said = (left.says(&WORDS) && token.digits >= 9) || (generic && token.digits >= 10);
        let mobile = token.len() == 11 && window.char(at)? == Some('1') && !generic;
        let after = token.digits >= 12
            && followed_by(
                window,
                token.end,
                &["快递", "运单", "包裹", "快件", "顺丰", "圆通", "中通", "申通", "韵达", "极兔"],
            )?;
        if (said && !mobile && !is_amount(window, token.end)?) || after {
            return Ok(hit(0.85));
        }
    }
    Ok(None)
}

/// Papers that are no parcels, though their number is a 单号.
const NOT_PARCELS: [&str; 15] = [
    "订单",
    "定单",
    "保单",
    "保险单",
    "工单",
    "账单",
    "清单",
    "名单",
    "流水单",
    "凭单",
    "采购单",
    "报修单",
    "挂号单",
    "菜单",
    "投诉单",
];

/// A QQ number.
pub(in super::super) fn qq(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 6] = ["qq", "扣扣", "企鹅", "q q", "加q", "扣"];
    let Some(token) = token_after(window, at, &[], &["qq", "q"])? else { return Ok(None) };
    if token.letters > 0 || !(5..=11).contains(&token.digits) || window.char(at)? == Some('0') {
        return Ok(None);
    }
    let left = Left::of(window, at);
    let said = left.says(&WORDS) || left.says(&["qq群", "qq帐", "qq账"]);
    if said && !is_amount(window, token.end)? && window.char(token.end)? != Some('@') {
        return Ok(Some(Hit { entity: Entity::Qq, end: token.end, score: 0.9 }));
    }
    Ok(None)
}

/// A WeChat id: a letter, then 5 to 19 letters, digits, hyphens and underscores; or what a person uses in its place.
pub(in super::super) fn wechat(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 13] = [
        "微信",
        "威信",
        "v信",
        "薇信",
        "wx",
        "vx",
        "加v",
        "wechat",
        "weixin",
        "加我v",
        "绿泡泡",
        "微",
        "微信帐",
    ];
    // What follows the word in a sentence and is no id.
    const NO_IDS: [&str; 8] =
        ["wechat", "weixin", "android", "iphone", "windows", "official", "version", "harmony"];
    let Some(token) = token_after(window, at, &['-', '_'], &["wx", "vx", "v"])? else {
        return Ok(None);
    };
    let length = token.end - at;
    if !(6..=24).contains(&length) || window.char(token.end)? == Some('@') {
        return Ok(None);
    }
    let spelled = |word: &str| -> Result<bool, Pending> {
        for (i, c) in word.chars().enumerate() {
            if window.char(at + i)? != Some(c) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if spelled("wxid_")? {
        return Ok(Some(Hit { entity: Entity::Wechat, end: token.end, score: 0.98 }));
    }
    let left = Left::of(window, at);
    if !(left.says(&WORDS) || left.says(&["微信账", "wx:", "vx:"])) {
        return Ok(None);
    }
    for word in NO_IDS {
        if word.len() <= length && spelled(word)? {
            return Ok(None);
        }
    }
    // A word of letters alone needs more than 微信 before it.
    let plain = token.digits == 0 && token.marks == 0;
    if plain && left.ends_with(&[" "]) && !left.ends_with(&[": ", "是 ", "号 "]) {
        return Ok(None);
    }
    if is_amount(window, token.end)? {
        return Ok(None);
    }
    Ok(Some(Hit { entity: Entity::Wechat, end: token.end, score: 0.9 }))
}

/// The number of a passport of China, or of a permit to travel between the mainland, Hong Kong, Macao and Taiwan; of any other
/// passport where the words before say so.
pub(in super::super) fn passport(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
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

/// Whether what follows makes a number an amount, a date or a version.
fn is_amount(window: &Window<'_>, end: usize) -> Result<bool, Pending> {
    Ok(match window.char(end)? {
        Some(
            '元' | '块' | '件' | '个' | '份' | '年' | '%' | '万' | '亿' | '人' | '次' | '页' | '斤'
            | '米',
        ) => true,
        Some('.') => window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    })
}
