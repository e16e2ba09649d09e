//! What stands before and after names, and what stands before and after what only looks like one.
//!
//! Weights are natural logarithms in tenths; the words are those of [`cue_words`](super::cue_words).

use super::cue_words::{CUES, Words, spoken};
use super::is_han;
use super::lexicon::LEXICON;
use crate::normal::{Pending, Window};
use crate::pii::structured::context::{Left, starts};
use crate::pii::{Gazetteer, Reading};

/// The heaviest that the cues after a name may say: without as much they need not be asked.
pub(super) const MOST_AFTER: i32 = 42;

/// The same of those before it.
pub(super) const MOST_BEFORE: i32 = 60;

/// What a Chinese character that is no cue says: names mostly stand beside marks or words that go with them.
const NO_CUE: i32 = -8;

/// What is said of brands and shops must outweigh a name that is made of nothing but rare characters.
const OF_THINGS: i32 = 20;

/// How far after a name the talk may turn out to be of things, in characters.
const ABOUT: usize = 12;

/// Words that count what is no person.
const MEASURES: &str = "瓶盒箱双件台包款罐袋支枚斤份条部把杯壶桶套块克碗锅盘";

/// Whether a word of two characters or more that stands before names ends with the character at a place: 感谢, 班主任.
pub(super) fn ends_cue(window: &Window<'_>, at: usize, c: char) -> bool {
    let left = Left::of(window, at + 1);
    let of_last = CUES.before.get(&c).into_iter().flatten();
    of_last
        .into_iter()
        .any(|(cue, weight)| *weight >= 10 && cue.len() > 3 && left.ends_with(&[cue]))
}

/// Whether a field for nothing but a name stands before a place.
pub(super) fn is_form(window: &Window<'_>, at: usize, filled: Option<usize>) -> bool {
    // 请假人: …, 领取人签字: …: whatever else such a word may say of who it is.
    if let Some(mark) = filled {
        let left = Left::of(window, mark);
        let who = window.before(mark, 1).is_some_and(|glyph| glyph.c == '人')
            && window
                .before(mark, 2)
                .is_some_and(|glyph| is_han(glyph.c) && !"有别某他无众所本工".contains(glyph.c));
        if who || left.ends_with(&["签字", "签名", "署名"]) {
            return true;
        }
    }
    Left::of(window, at)
        .says_one_of(|last| CUES.forms.get(&last).into_iter().flatten().map(|(word, _)| *word))
}

/// Whether a word that fills such a field and is no name begins at a place.
pub(super) fn is_no_name(window: &Window<'_>, at: usize) -> Result<bool, Pending> {
    let Some(first) = window.char(at)? else { return Ok(false) };
    Ok(spoken(window, at, first, &CUES.no_names)?.is_some())
}

/// Whether a name that was found before in this text stands before a place, with a mark that separates the names of a list.
pub(super) fn follows_name(window: &Window<'_>, at: usize, names: &Gazetteer) -> Reading {
    let before = |back| window.before(at, back).map(|glyph| glyph.c);
    let mut gap = 1;
    if !before(gap).is_some_and(|c| matches!(c, '、' | ',' | ';' | '/' | ' ' | '\t' | '\n' | '|'))
    {
        return Ok(None);
    }
    while gap < 3 && before(gap + 1).is_some_and(|c| matches!(c, ' ' | '、' | ',' | ';')) {
        gap += 1;
    }
    for length in 2..=4 {
        let Some(first) = before(gap + length) else { return Ok(None) };
        if !is_han(first) {
            return Ok(None);
        }
        if names.may_begin(first)
            && let Some(name) = names.read(window, at - gap - length)?
            && name.end == at - gap
        {
            return Ok(Some(name));
        }
    }
    Ok(None)
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
    let longest = |words: &Words| longest(left, last, words);
    if is_han(last) {
        let against = longest(&CUES.not_before).unwrap_or(0);
        return heavier(against) + longest(&CUES.before).unwrap_or_else(|| who(window, at, last));
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
    // 记者 …, 甲方(出租方): …
    if matches!(last, ' ' | ':' | '\n')
        && let Some(said) = beyond_mark(window, at).filter(|said| *said >= 20)
    {
        return said;
    }
    match last {
        _ if separates && (beyond.is_ascii_digit() || "室号楼幢栋元层".contains(beyond)) => {
            22
        }
        ':' => 16,
        // The name of who sends a message: 【市一医院】.
        '】' => 20,
        '·' | '-' | '_' | '.' => 0,
        _ => 12,
    }
}

/// What goes with things, with the weight that it needs.
fn heavier(against: i32) -> i32 {
    if against <= -20 { against - OF_THINGS } else { against }
}

/// The weight of the longest of the words that stand directly before, of those that end with a character.
fn longest(left: Left<'_>, last: char, words: &Words) -> Option<i32> {
    let mut of_last = words.get(&last)?.iter();
    of_last.find(|(cue, _)| left.ends_with(&[cue])).map(|(_, weight)| *weight)
}

/// What a word before a name says that is in no list, by its end: 通讯员, 志愿者, 饲养员.
fn who(window: &Window<'_>, at: usize, last: char) -> i32 {
    let said = matches!(last, '员' | '者')
        && window
            .before(at, 2)
            .is_some_and(|glyph| is_han(glyph.c) && !"人成动定".contains(glyph.c));
    if said { 22 } else { NO_CUE }
}

/// What stands before one mark, or a line break, says of what follows it: who somebody is, a form's field, the end of a letter.
fn beyond_mark(window: &Window<'_>, at: usize) -> Option<i32> {
    let mut back = 1;
    while back < 4 && window.before(at, back).is_some_and(|g| matches!(g.c, ' ' | ':' | '\n')) {
        back += 1;
    }
    let mark = window.before(at, 1)?.c;
    let broken = (1..back).any(|i| window.before(at, i).is_some_and(|g| g.c == '\n'));
    let mut beyond = at + 1 - back;
    let last = window.before(beyond, 1)?.c;
    if broken {
        // 此致敬礼!
        if matches!(last, '!' | '。' | ',' | '~') {
            beyond -= 1;
        }
        let last = window.before(beyond, 1)?.c;
        return longest(Left::of(window, beyond), last, &CUES.closings);
    }
    if !is_han(last) {
        return None;
    }
    // A roster: 周二 ….
    let day = "一二三四五六日天".contains(last)
        && window.before(beyond, 2).is_some_and(|glyph| matches!(glyph.c, '周' | '期'));
    if day {
        return Some(24);
    }
    let colon = (1..back).any(|i| window.before(at, i).is_some_and(|g| g.c == ':'));
    let left = Left::of(window, beyond);
    let said = longest(left, last, &CUES.before).unwrap_or(0).max(who(window, beyond, last));
    // 请假人: …, 领取人签字: …
    let field =
        colon && (left.ends_with(&["签字", "签名", "签收", "致"]) || "人者员".contains(last));
    Some(if field {
        45.max(said)
    } else if mark == ' ' || colon {
        said
    } else {
        0
    })
}

/// What the characters after a name say for it: more than 0, or against it. A name that is `sure` already needs no far ones.
pub(super) fn after(window: &Window<'_>, end: usize, sure: bool) -> Result<i32, Pending> {
    let Some(next) = window.char(end)? else { return Ok(10) };
    let against = spoken(window, end, next, &CUES.not_after)?;
    if let Some((length, against)) = against
        && spoken(window, end, next, &CUES.after)?.is_none_or(|(longer, _)| longer <= length)
    {
        return Ok(heavier(against));
    }
    let near = near(window, end, next)?;
    if !sure && about_things(window, end)? {
        return Ok(near.min(0) - 58);
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
            && let Some(second) = window.char(end + 2)?
            && (LEXICON.surname(other).is_some_and(|weight| weight >= 15)
                || LEXICON.compound([other, second]).is_some())
        {
            return Ok(15);
        }
        if let Some((_, weight)) = spoken(window, end, next, &CUES.after)? {
            return Ok(weight);
        }
        return does(window, end, next);
    }
    if next.is_ascii_digit() {
        return Ok(if phone_follows(window, end)? { 34 } else { 0 });
    }
    match next {
        '·' | '・' => return Ok(-30),
        '、' if surname_in_list(window, end + 1)? => return Ok(18),
        '、' => return Ok(8),
        _ if next.is_ascii_alphabetic() => return Ok(-4),
        _ => {}
    }
    // Past one mark: a telephone number, or a field.
    if matches!(next, ' ' | ',' | ':' | '(' | '|' | '/' | '-' | '\t' | '"' | '<') {
        if phone_follows(window, end + 1)? {
            return Ok(34);
        }
        if let Some(first) = window.char(end + 1)?
            && let Some((_, weight)) = spoken(window, end + 1, first, &CUES.after_mark)?
        {
            return Ok(weight);
        }
    }
    Ok(9)
}

/// What a word after a name says that is in no list: 点了…, 撤回了…, 唱得… are what people do.
fn does(window: &Window<'_>, end: usize, next: char) -> Result<i32, Pending> {
    const DONE: [char; 4] = ['了', '过', '着', '得'];
    let Some(second) = window.char(end + 1)?.filter(|c| is_han(*c)) else { return Ok(NO_CUE) };
    if DONE.contains(&second) {
        return Ok(10);
    }
    if LEXICON.word(next, second).is_none() {
        return Ok(NO_CUE);
    }
    Ok(match window.char(end + 2)? {
        Some(third) if DONE.contains(&third) => 10,
        // A name ends where a word begins.
        _ => NO_CUE / 2,
    })
}

/// Whether an item of a list that looks like a name begins at a place: two or three characters to the next mark, with a surname.
fn surname_in_list(window: &Window<'_>, at: usize) -> Result<bool, Pending> {
    let Some(first) = window.char(at)? else { return Ok(false) };
    if LEXICON.surname(first).is_none_or(|weight| weight < 0) || LEXICON.brand(window, at)? > 0 {
        return Ok(false);
    }
    let mut length = 1;
    while length < 4 && window.char(at + length)?.is_some_and(is_han) {
        length += 1;
    }
    Ok(matches!(length, 2 | 3))
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
