//! What fills a field for a name in a form, whatever it looks like: 收件人：阿依古丽, 姓名：李 明, 姓名 MA JUNJIE.

use super::lexicon::LEXICON;
use super::{cues, is_han};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Hit, Known, Reading};

/// The longest name in Chinese characters, with its dots.
const MOST: usize = 16;

/// The most letters of one word of a name in Latin letters.
const LETTERS: usize = 14;

pub(in super::super) fn begins(c: char) -> bool {
    is_han(c) || c.is_ascii_lowercase()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let before = |back| window.before(at, back).map(|glyph| glyph.c);
    // Most characters stand after another of a sentence.
    if !matches!(before(1), Some(' ' | '"' | '\t' | '“' | '[' | ':' | '=')) {
        return Ok(None);
    }
    // A colon, or an equals sign, with spaces and quotation marks around it.
    let gap =
        (1..=3).take_while(|back| matches!(before(*back), Some(' ' | '"' | '\t' | '“' | '[')));
    let gap = gap.count();
    let filled = matches!(before(gap + 1), Some(':' | '='));
    // In a table or on a card there may be nothing but a space.
    let spaced = matches!(before(1), Some(' ' | '\t'));
    if !(filled || spaced) || !cues::is_form(window, at, filled.then(|| at - gap - 1)) {
        return Ok(None);
    }
    let end = if window.char(at)?.is_some_and(is_han) {
        match in_single_characters(window, at)? {
            None => in_characters(window, at, filled)?,
            end => end,
        }
    } else {
        in_letters(window, at)?
    };
    Ok(end.map(|end| Hit { entity: Entity::Name, end, score: 0.8 }))
}

/// Two to four characters, or more with dots: a longer row is a sentence, two that are a common word rather that word.
fn in_characters(window: &Window<'_>, at: usize, filled: bool) -> Result<Option<usize>, Pending> {
    let (mut end, mut dotted) = (at, false);
    while let Some(c) = window.char(end)?.filter(|c| is_han(*c) || *c == '·') {
        dotted |= c == '·';
        end += 1;
        if end - at > MOST {
            return Ok(None);
        }
    }
    let length = end - at;
    let (Some(first), Some(second)) = (window.char(at)?, window.char(at + 1)?) else {
        return Ok(None);
    };
    let common = LEXICON.word(first, second).unwrap_or(0);
    let plain = filled && matches!(length, 2..=4) && common < if length == 2 { 2 } else { 3 };
    let is = (plain || (dotted && length >= 4)) && !cues::is_no_name(window, at)?;
    Ok(is.then_some(end))
}

/// Single characters with a space after each but the last, as forms and scans have them: 李 明, 郗 鉴 文.
fn in_single_characters(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let (mut end, mut count) = (at + 1, 1);
    while count < 4
        && window.char(end)? == Some(' ')
        && window.char(end + 1)?.is_some_and(is_han)
        && !window.char(end + 2)?.is_some_and(is_han)
    {
        end += 2;
        count += 1;
    }
    let surname = window.char(at)?.is_some_and(|c| LEXICON.may_be_surname(c));
    Ok((count > 1 && surname).then_some(end))
}

/// Two or three words with a capital, or in capitals alone.
fn in_letters(window: &Window<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let (mut place, mut words, mut end) = (at, 0, at);
    while words < 3 {
        let first = place;
        if !window.get(place)?.is_some_and(|glyph| glyph.raw.is_uppercase()) {
            break;
        }
        while window.char(place)?.is_some_and(|c| c.is_ascii_lowercase() || matches!(c, '-' | '\''))
        {
            place += 1;
            if place - first > LETTERS {
                return Ok(None);
            }
        }
        if window.char(place)?.is_some_and(|c| c.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        (end, words) = (place, words + 1);
        place += usize::from(window.char(place)? == Some(','));
        if window.char(place)? != Some(' ') {
            break;
        }
        place += 1;
    }
    Ok((words >= 2).then_some(end))
}
