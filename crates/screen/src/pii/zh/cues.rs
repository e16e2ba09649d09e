//! What stands before and after names, and what stands before and after what only looks like one.
//!
//! The words and their weights are those of `data/zh/cues.txt`, natural logarithms in tenths.

use std::sync::LazyLock;

use super::by_char::ByChar;
use super::is_han;
use super::lexicon::LEXICON;
use crate::normal::{Pending, Window};
use crate::pii::structured::context::{Left, starts};

/// The heaviest that the cues after a name may say: without as much they need not be asked.
pub(super) const MOST_AFTER: i32 = 42;

/// The same of those before it.
pub(super) const MOST_BEFORE: i32 = 60;

/// What a Chinese character that is no cue says: names mostly stand beside marks or words that go with them.
const NO_CUE: i32 = -8;

/// How far after a name the talk may turn out to be of things, in characters.
const ABOUT: usize = 12;

/// What may follow a name and one mark.
const FIELDS_AFTER: [&str; 18] = [
    "手机",
    "电话",
    "身份证",
    "男",
    "女",
    "微信",
    "邮箱",
    "联系",
    "地址",
    "年龄",
    "住",
    "工号",
    "先生",
    "女士",
    "配偶",
    "学号",
    "部门",
    "岁",
];

/// What one says to whom one has just named.
const ADDRESSED: [&str; 14] = [
    "你", "您", "我", "请", "麻烦", "帮", "快", "在吗", "晚上", "明天", "今天", "早上", "好久",
    "明早",
];

/// Words that count what is no person.
const MEASURES: &str = "瓶盒箱双件台包款罐袋支枚斤份条部把杯壶桶套块克碗锅盘";

static CUES: LazyLock<Cues> = LazyLock::new(Cues::new);

type Words = ByChar<Vec<(&'static str, i32)>>;

/// The words: those before a name by their last character, those after it by their first.
#[derive(Debug, Default)]
struct Cues {
    fields: Words,
    before: Words,
    not_before: Words,
    after: Words,
    not_after: Words,
    about: Words,
}

impl Cues {
    fn new() -> Self {
        let mut cues = Self::default();
        let mut section = "";
        for line in include_str!("../../../data/zh/cues.txt").lines() {
            if line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
                continue;
            }
            let (weight, words) = line.split_once('\t').unwrap_or(("0", line));
            let weight = weight.parse().unwrap_or(0);
            for word in words.split(' ') {
                let ends = if matches!(section, "fields" | "before" | "not before") {
                    word.chars().next_back()
                } else {
                    word.chars().next()
                };
                let Some(end) = ends else { continue };
                let words = match section {
                    "before" => &mut cues.before,
                    "not before" => &mut cues.not_before,
                    "after" => &mut cues.after,
                    "not after" => &mut cues.not_after,
                    "about things" => &mut cues.about,
                    _ => &mut cues.fields,
                };
                words.entry(end).or_default().push((word, weight));
            }
        }
        for words in [&mut cues.before, &mut cues.not_before, &mut cues.after, &mut cues.not_after]
        {
            for of_end in words.values_mut() {
                of_end.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
            }
        }
        cues
    }
}

/// What the characters before a name say for it: more than 0, or against it.
pub(super) fn before(window: &Window<'_>, at: usize) -> i32 {
    let left = Left::of(window, at);
    let Some(last) = window.before(at, 1).map(|glyph| glyph.c) else { return 12 };
    if left.says_one_of(|last| CUES.fields.get(&last).into_iter().flatten().map(|(word, _)| *word))
    {
        return if is_han(last) { 45 } else { 60 };
    }
    // 两瓶…, 3 盒…
    if MEASURES.contains(last)
        && window.before(at, 2).is_some_and(|before| {
            before.c.is_ascii_digit() || "一二两三四五六七八九十几半这那款".contains(before.c)
        })
    {
        return -70;
    }
    let longest = |words: &Words| {
        let mut of_last = words.get(&last)?.iter();
        of_last.find(|(cue, _)| left.ends_with(&[cue])).map(|(_, weight)| *weight)
    };
    if is_han(last) {
        let against = longest(&CUES.not_before).unwrap_or(0);
        return against + longest(&CUES.before).unwrap_or(NO_CUE);
    }
    if last.is_ascii_alphanumeric() {
        // A telephone number before a name, as in lists.
        let digits =
            (1..=7).all(|back| window.before(at, back).is_some_and(|g| g.c.is_ascii_digit()));
        return if digits { 20 } else { -2 };
    }
    if matches!(last, '、' | '@') {
        return longest(&CUES.before).unwrap_or(0);
    }
    // Between two fields: a number or an address before, then a comma or a space.
    let beyond = window.before(at, 2).map_or(' ', |glyph| glyph.c);
    let separates = matches!(last, ',' | ' ' | ';' | '|' | '/' | '\t' | '\n');
    match last {
        _ if separates && (beyond.is_ascii_digit() || "室号楼幢栋元层".contains(beyond)) => {
            22
        }
        ':' => 16,
        '·' | '-' | '_' | '.' => 0,
        _ => 12,
    }
}

/// What the characters after a name say for it: more than 0, or against it. A name that is `sure` already needs no far ones.
pub(super) fn after(window: &Window<'_>, end: usize, sure: bool) -> Result<i32, Pending> {
    let Some(next) = window.char(end)? else { return Ok(10) };
    let against = spoken(window, end, next, &CUES.not_after)?;
    if let Some((length, against)) = against
        && spoken(window, end, next, &CUES.after)?.is_none_or(|(longer, _)| longer <= length)
    {
        return Ok(against);
    }
    let near = near(window, end, next)?;
    if !sure && about_things(window, end)? {
        return Ok(near.min(0) - 38);
    }
    Ok(near)
}

fn near(window: &Window<'_>, end: usize, next: char) -> Result<i32, Pending> {
    if is_han(next) {
        if next == '收' && !window.char(end + 1)?.is_some_and(is_han) {
            return Ok(36);
        }
        // Another name after 和: the two stand for people both.
        if matches!(next, '和' | '与' | '跟')
            && let Some(other) = window.char(end + 1)?
            && LEXICON.surname(other).is_some_and(|weight| weight >= 15)
        {
            return Ok(15);
        }
        return Ok(spoken(window, end, next, &CUES.after)?.map_or(NO_CUE, |(_, weight)| weight));
    }
    if next.is_ascii_digit() {
        return Ok(if phone_follows(window, end)? { 34 } else { 0 });
    }
    match next {
        '·' | '・' => return Ok(-30),
        '、' => return Ok(8),
        _ if next.is_ascii_alphabetic() => return Ok(-4),
        _ => {}
    }
    // Past one mark: a telephone number, or a field.
    if matches!(next, ' ' | ',' | ':' | '(' | '|' | '/' | '-' | '\t' | '"' | '<') {
        if phone_follows(window, end + 1)? {
            return Ok(34);
        }
        for (words, weight) in [(&FIELDS_AFTER[..], 30), (&ADDRESSED[..], 16)] {
            for word in words {
                if starts(window, end + 1, word)? {
                    return Ok(weight);
                }
            }
        }
    }
    Ok(9)
}

/// The length in bytes and the weight of the longest of the words that begins at a place.
fn spoken(
    window: &Window<'_>,
    at: usize,
    first: char,
    words: &Words,
) -> Result<Option<(usize, i32)>, Pending> {
    for (word, weight) in words.get(&first).into_iter().flatten() {
        if starts(window, at, word)? {
            return Ok(Some((word.len(), *weight)));
        }
    }
    Ok(None)
}

/// Whether the sentence goes on with what is said of things one buys.
fn about_things(window: &Window<'_>, end: usize) -> Result<bool, Pending> {
    for place in end..end + ABOUT {
        match window.char(place)? {
            None | Some('。' | '!' | '?' | '\n' | ';' | ',' | ':') => return Ok(false),
            Some(c) => {
                if spoken(window, place, c, &CUES.about)?.is_some() {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// Whether a mobile number begins at a place.
fn phone_follows(window: &Window<'_>, mut at: usize) -> Result<bool, Pending> {
    if starts(window, at, "+86")? {
        at += 3;
        if matches!(window.char(at)?, Some(' ' | '-')) {
            at += 1;
        }
    }
    Ok(window.char(at)? == Some('1')
        && window.char(at + 1)?.is_some_and(|c| matches!(c, '3'..='9'))
        && window.char(at + 2)?.is_some_and(|c| c.is_ascii_digit()))
}
