//! Names of other languages in Chinese characters, told by the dot between their parts: 迈克尔·乔丹, 迪丽热巴·迪力木拉提.

use super::is_han;
use super::lexicon::{LEXICON, Trait};
use crate::normal::Window;
use crate::pii::{Entity, Hit, Known, Reading};

/// The most characters of one part.
const PART: usize = 8;

/// The most parts.
const PARTS: usize = 4;

pub(in super::super) fn begins(c: char) -> bool {
    LEXICON.is(c, Trait::Foreign)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
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
