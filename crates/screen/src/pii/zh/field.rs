//! What fills a field for a name in a form, whatever it looks like: 收件人：阿依古丽.

use super::is_han;
use super::lexicon::LEXICON;
use crate::normal::Window;
use crate::pii::structured::context::Left;
use crate::pii::{Entity, Hit, Known, Reading};

/// Fields for nothing but a name.
const FIELDS: [&str; 36] = [
    "姓名",
    "收件人",
    "收货人",
    "联系人",
    "户名",
    "收款人",
    "付款人",
    "寄件人",
    "发件人",
    "乘车人",
    "投保人",
    "被保险人",
    "受益人",
    "申请人",
    "经办人",
    "持卡人",
    "患者",
    "法定代表人",
    "签收人",
    "开户名",
    "监护人",
    "紧急联系人",
    "住客",
    "入住人",
    "取件人",
    "就诊人",
    "参会人",
    "预订人",
    "预约人",
    "考生",
    "姓名/name",
    "客户姓名",
    "患者姓名",
    "学生姓名",
    "真实姓名",
    "家长姓名",
];

/// What fills such a field and is no name.
const NO_NAMES: [&str; 14] = [
    "本人", "同上", "保密", "匿名", "待定", "自己", "默认", "详见", "暂无", "未知", "公司", "客服",
    "前台", "物业",
];

pub(in super::super) fn begins(c: char) -> bool {
    is_han(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let mut colon = 1;
    while window.before(at, colon).is_some_and(|before| before.c == ' ') && colon < 3 {
        colon += 1;
    }
    if window.before(at, colon).is_none_or(|before| before.c != ':')
        || !Left::of(window, at).says(&FIELDS)
    {
        return Ok(None);
    }
    let mut end = at;
    while window.char(end)?.is_some_and(|c| is_han(c) || c == '·') {
        end += 1;
        if end - at > 16 {
            return Ok(None);
        }
    }
    let mut dotted = false;
    let mut name = ['\0'; 4];
    for place in at..end {
        let c = window.char(place)?.unwrap_or('\0');
        dotted |= c == '·';
        if place - at < name.len() {
            name[place - at] = c;
        }
    }
    let length = end - at;
    let none = NO_NAMES.iter().any(|word| {
        let mut chars = word.chars();
        chars.next() == Some(name[0]) && chars.next() == Some(name[1])
    });
    // A longer row of characters is a sentence, two that are a common word rather that word.
    let common = LEXICON.word(name[0], name[1]).unwrap_or(0);
    let plain = matches!(length, 2..=4) && common < if length == 2 { 2 } else { 3 };
    if none || !(plain || (dotted && length >= 4)) {
        return Ok(None);
    }
    Ok(Some(Hit { entity: Entity::Name, end, score: 0.8 }))
}
