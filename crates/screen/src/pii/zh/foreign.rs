//! Names of other languages in Chinese characters: by the dot between their parts, 迈克尔·乔丹, or, where there is neither dot nor
//! surname, by the parts of which Tibetan, Mongolian, Uyghur and Kazakh names are made, 次仁央金, 乌兰图雅.

use super::called::is_title;
use super::lexicon::{LEXICON, Trait};
use super::{cues, is_han};
use crate::normal::Window;
use crate::pii::{Entity, Hit, Known, Reading};

/// The most characters of one part.
const PART: usize = 8;

/// What must be said before a single part for it to be a name.
const CALLED: i32 = 38;

/// The most parts.
const PARTS: usize = 4;

pub(in super::super) fn begins(c: char) -> bool {
    LEXICON.is(c, Trait::Foreign) || LEXICON.may_be_component(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    match dotted(window, at)? {
        None => composed(window, at),
        hit => Ok(hit),
    }
}

/// Two parts or three: 乌兰图雅.
fn composed(window: &Window<'_>, at: usize) -> Reading {
    let (mut place, mut parts) = (at, 0);
    while parts < 3 {
        let length = LEXICON.component(window, place)?;
        if length == 0 {
            break;
        }
        place += length;
        parts += 1;
    }
    let twice = parts == 2 && (place - at).is_multiple_of(2) && {
        let half = (place - at) / 2;
        let mut same = true;
        for i in 0..half {
            same &= window.char(at + i)? == window.char(at + half + i)?;
        }
        same
    };
    // 洛桑师傅, 我叫罗布: one part, where it is said that somebody is called so.
    let called = parts == 1
        && place - at >= 2
        && (is_title(window, place)?
            || cues::before(window, at) >= CALLED && cues::after(window, place, true)? > 0);
    Ok((parts >= 2 && !twice || called).then_some(Hit {
        entity: Entity::Name,
        end: place,
        score: 0.85,
    }))
}

/// Parts with dots between them.
fn dotted(window: &Window<'_>, at: usize) -> Reading {
    let before = window.before(at, 1).map(|glyph| glyph.c);
    if before.is_some_and(is_dot) {
        return Ok(None);
    }
    let mut place = at;
    let mut end = None;
    for part in 0..PARTS {
        let first = place;
        while window.char(place)?.is_some_and(|c| LEXICON.is(c, Trait::Foreign)) {
            place += 1;
            if place - first > PART {
                return Ok(None);
            }
        }
        if place == first {
            break;
        }
        // 大·大 is no name.
        if part > 0 && (place - at >= 5 || place - first >= 2) && (place - first >= 2 || part > 1) {
            end = Some(place);
        }
        if !window.char(place)?.is_some_and(is_dot) {
            // …·买买提来了
            if place - first > 2 && window.char(place - 1)? == Some('来') {
                end = end.map(|_| place - 1);
            }
            break;
        }
        place += 1;
    }
    Ok(end.map(|end| Hit { entity: Entity::Name, end, score: 0.9 }))
}

fn is_dot(c: char) -> bool {
    matches!(c, '·' | '・' | '•' | '∙' | '‧') && !is_han(c)
}
