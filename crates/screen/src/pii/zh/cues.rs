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
pub(super) fn is_form(left: Left<'_>) -> bool {
    left.says_one_of(|last| CUES.forms.get(&last).into_iter().flatten().map(|(word, _)| *word))
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
        // The name of who sends a message: 【市一医院】.
        '】' => 20,
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
        if let Some(first) = window.char(end + 1)?
            && let Some((_, weight)) = spoken(window, end + 1, first, &CUES.after_mark)?
        {
            return Ok(weight);
        }
    }
    Ok(9)
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
