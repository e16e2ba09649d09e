//! Numbers that nothing tells but the words around them: orders, QQ and `WeChat` accounts.

use super::context::{Left, followed_by};
use super::token::{is_amount, token_after};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

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
    if (said && (!mobile || numbered)) || (after && !mobile) {
        return Ok(Some(Hit { entity: Entity::OrderNumber, end: token.end, score: 0.9 }));
    }
    Ok(None)
}

/// A QQ number.
pub(in super::super) fn qq(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    const WORDS: [&str; 14] = [
        "qq", "扣扣", "企鹅", "q q", "加q", "扣", "qq群", "qq帐", "qq账", "q群", "群", "加群",
        "扣群", "qq邮箱",
    ];
    let Some(token) = token_after(window, at, &[], &["qq", "q"])? else { return Ok(None) };
    if token.letters > 0 || !(5..=11).contains(&token.digits) || window.char(at)? == Some('0') {
        return Ok(None);
    }
    let left = Left::of(window, at);
    let said = left.says(&WORDS) || left.ends_with(&["q号", "q号是", "q号:", "q号码", "q号 "]);
    if said && !is_amount(window, token.end)? && window.char(token.end)? != Some('@') {
        return Ok(Some(Hit { entity: Entity::Qq, end: token.end, score: 0.9 }));
    }
    Ok(None)
}

/// A `WeChat` id: a letter, then 5 to 19 letters, digits, hyphens and underscores; or what a person uses in its place.
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
    if !(left.says(&WORDS) || left.says(&["微信账"]) || left.ends_with(&["v:", "v: "])) {
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
