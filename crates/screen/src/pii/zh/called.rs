//! What people are called by without their given name: 王经理, 欧阳女士, 李总, 姓牟; 小李, 老张, 阿强.
//!
//! Of a surname with a form of address the surname alone is personal, the form stays and says who is spoken of. Forms that are a
//! word together with what follows (李总结) and surnames that are a word with what stands before (对方律师) are none. 小 and 老
//! with a surname need something around them that goes with people: 小黄 before 鸭 is none.

use super::cues;
use super::is_han;
use super::lexicon::{LEXICON, Trait};
use super::name::brand;
use crate::normal::{Pending, Window};
use crate::pii::structured::context::starts;
use crate::pii::words::begins_with;
use crate::pii::{Entity, Hit, Reading};

/// Forms of address of two characters and more.
pub(super) const TITLES: [&str; 66] = [
    "先生",
    "女士",
    "小姐",
    "太太",
    "夫人",
    "师傅",
    "老师",
    "经理",
    "总监",
    "总裁",
    "主任",
    "主管",
    "医生",
    "大夫",
    "护士",
    "教授",
    "律师",
    "法官",
    "检察官",
    "警官",
    "阿姨",
    "叔叔",
    "伯伯",
    "伯父",
    "伯母",
    "奶奶",
    "爷爷",
    "婆婆",
    "大爷",
    "大妈",
    "大娘",
    "大叔",
    "大婶",
    "大嫂",
    "大哥",
    "大姐",
    "老板",
    "老总",
    "同学",
    "同志",
    "局长",
    "校长",
    "院长",
    "处长",
    "部长",
    "科长",
    "所长",
    "店长",
    "厂长",
    "会长",
    "行长",
    "书记",
    "秘书",
    "助理",
    "会计",
    "教练",
    "导演",
    "编辑",
    "记者",
    "工程师",
    "队长",
    "班长",
    "组长",
    "董事长",
    "总经理",
    "副总",
];

/// Forms of one character.
pub(super) const SHORT_TITLES: &str = "总工导局处队姐哥叔姨婶嫂伯爷妈董律";

/// What a surname is mostly not when a Chinese character stands before it: 我方律师, 请查医生的号, 给同事和老师.
pub(super) const DOUBTFUL: &str =
    "方于向查关连单应时和有权常从通都能成平万全年那干由任习高安利强明区章管卫司";

/// How much a surname must be one rather than a word of its own.
const LEAST: i32 = 0;

/// What speaks against 小李 before anything around it is looked at.
const PRIOR: i32 = -9;

pub(super) fn begins(c: char) -> bool {
    matches!(c, '小' | '老' | '阿' | '大')
}

/// What somebody is called by at a place where no whole name begins.
pub(super) fn read(window: &Window<'_>, at: usize) -> Reading {
    match window.char(at)? {
        Some(first) if begins(first) => familiar(window, at),
        _ => titled(window, at),
    }
}

/// 小李, 老张, 阿强.
fn familiar(window: &Window<'_>, at: usize) -> Reading {
    let (Some(first), Some(second)) = (window.char(at)?, window.char(at + 1)?) else {
        return Ok(None);
    };
    let lexicon = &*LEXICON;
    let fits = match first {
        '阿' => lexicon.given_last(second) >= 10 && !lexicon.is(second, Trait::Foreign),
        '大' => lexicon.surname(second).is_some_and(|weight| weight >= 30),
        _ => lexicon.surname(second).is_some_and(|weight| weight >= 12),
    };
    // Some of them are words of the dictionary themselves.
    if !fits || lexicon.word(first, second).is_some_and(|size| size > 0) {
        return Ok(None);
    }
    let before = window.before(at, 1).map_or(' ', |glyph| glyph.c);
    if lexicon.word(before, first).is_some() || before.is_ascii_digit() {
        return Ok(None);
    }
    let next = window.char(at + 2)?;
    if let Some(next) = next {
        let goes_on = lexicon.word(second, next).is_some()
            || lexicon.starts_word([first, second, next])
            || (first == '阿' && lexicon.is(next, Trait::Foreign) && is_no_verb(next))
            || matches!(next, '·' | '・');
        if goes_on {
            return Ok(None);
        }
    }
    let said = cues::before(window, at);
    let sum = PRIOR + said + cues::after(window, at + 2, said >= 20)?;
    Ok((sum > 0).then_some(Hit { entity: Entity::Name, end: at + 2, score: 0.6 }))
}

fn is_no_verb(c: char) -> bool {
    !matches!(c, '来' | '说' | '去' | '在' | '和' | '有')
}

/// The surname before a form of address, or after 姓, that begins at a place.
fn titled(window: &Window<'_>, at: usize) -> Reading {
    let lexicon = &*LEXICON;
    let Some(first) = window.char(at)? else { return Ok(None) };
    let second = window.char(at + 1)?.unwrap_or(' ');
    let before = window.before(at, 1).map(|glyph| glyph.c).filter(|c| is_han(*c));
    let compound = lexicon.compound([first, second]).is_some();
    let end = at + 1 + usize::from(compound);
    if before == Some('姓') && !window.before(at, 2).is_some_and(|glyph| "百同贵".contains(glyph.c))
    {
        let ends = !window.char(end)?.is_some_and(|c| is_han(c) && c != '的');
        return Ok(ends.then(|| surname(end)));
    }
    let weight = if compound { Some(0) } else { lexicon.surname(first) };
    if weight.is_none_or(|weight| weight < LEAST)
        || (before.is_some() && !compound && lexicon.is(first, Trait::Doubtful))
        || before.is_some_and(|before| lexicon.word(before, first).is_some())
    {
        return Ok(None);
    }
    let long = is_title(window, end)?;
    let short = !long
        && !compound
        && lexicon.is(second, Trait::ShortTitle)
        && lexicon.word(first, second).is_none()
        && is_apart(window, end)?;
    // 李先生牛肉面
    let is = (long || short) && brand(lexicon, window, at)? == Some(0);
    Ok(is.then(|| surname(end)))
}

fn surname(end: usize) -> Hit {
    Hit { entity: Entity::Name, end, score: 0.7 }
}

/// Whether a form of address of two characters or more begins at a place.
pub(super) fn is_title(window: &Window<'_>, at: usize) -> Result<bool, Pending> {
    let Some(first) = window.char(at)?.filter(|c| LEXICON.is(*c, Trait::Title)) else {
        return Ok(false);
    };
    for title in TITLES.into_iter().filter(|title| begins_with(title, first)) {
        if starts(window, at, title)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a form of address of one character is a word by itself here: not in 李总结, 王队员.
fn is_apart(window: &Window<'_>, at: usize) -> Result<bool, Pending> {
    let (Some(title), next) = (window.char(at)?, window.char(at + 1)?) else { return Ok(false) };
    let Some(next) = next.filter(|c| is_han(*c)) else { return Ok(true) };
    if LEXICON.word(title, next).is_some() {
        return Ok(false);
    }
    Ok(cues::after(window, at + 1, false)? > 0)
}
