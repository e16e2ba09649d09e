//! The numbers of parcels.

use super::context::{Left, followed_by};
use super::token::{Token, is_amount, token};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

/// Words by which a number is a parcel's.
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
/// The letters of carriers, and how many digits follow them, at least and at most.
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

/// A carrier's letters and digits, or digits where the words around say so.
pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some(token) = token(window, at, &['-'])? else { return Ok(None) };
    let token = with_groups(window, token)?;
    if token.digits < 8 || token.len() > 24 {
        return Ok(None);
    }
    let hit = |score| Some(Hit { entity: Entity::TrackingNumber, end: token.end, score });
    if is_carriers(window, at, &token)? {
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

/// The number with the groups of digits that follow it: SF 1234 5678 90123.
fn with_groups(window: &Window<'_>, mut token: Token) -> Result<Token, Pending> {
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
    Ok(token)
}

/// Whether it has the letters of a carrier, and as many digits as that one's numbers have.
fn is_carriers(window: &Window<'_>, at: usize, token: &Token) -> Result<bool, Pending> {
    if token.letters != token.prefix || token.prefix > 4 {
        return Ok(false);
    }
    let mut prefix = ['\0'; 4];
    for (i, slot) in prefix.iter_mut().enumerate().take(token.prefix) {
        *slot = window.char(at + i)?.unwrap_or('\0');
    }
    let carried = |(letters, least, most): &(&str, usize, usize)| {
        letters.len() == token.prefix
            && letters.chars().eq(prefix[..token.prefix].iter().copied())
            && (*least..=*most).contains(&token.digits)
    };
    Ok(CARRIERS.iter().any(carried))
}
