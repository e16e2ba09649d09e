//! Addresses without the number of a house: post boxes, military post, corners of streets.

use super::name::Street;
use super::words::spelled;
use crate::normal::Pending;
use crate::pii::en::token::{Gap, Shape, Token, Tokens};

/// Post boxes and military post.
pub(super) fn post(window: &Tokens<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some(first @ ('p' | 'a' | 'b' | 'c' | 'u')) = window.char(at)? else { return Ok(None) };
    let Some(second) = window.char(at + 1)? else { return Ok(None) };
    if !matches!(
        (first, second),
        ('p', '.' | 'o' | 's') | ('a', 'p') | ('b', 'o') | ('c', 'a' | 'm') | ('u', 'n' | 's')
    ) {
        return Ok(None);
    }
    let spell = |words: &[&str]| -> Result<Option<usize>, Pending> {
        for word in words {
            if let Some(end) = crate::pii::words::spelled(window, at, word)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    };
    let number_after = |place: usize| -> Result<Option<usize>, Pending> {
        let number = Token::next(window, place)?;
        let fits = matches!(number.shape, Shape::Number)
            && number.gap != Gap::Break
            && number.end - number.start <= 6;
        Ok(fits.then_some(number.end))
    };
    if let Some(end) = spell(&[
        "p.o. box",
        "po box",
        "p.o.box",
        "post office box",
        "postbox",
        "postfach",
        "postboks",
        "apartado",
        "boite postale",
        "casilla",
    ])? {
        return number_after(end);
    }
    let military = spell(&["psc ", "unit ", "cmr "])?;
    let ship = spell(&["usns ", "uss ", "usnv ", "usnv ", "uscgc ", "usav "])?;
    let mut end = if let Some(begin) = military {
        let Some(mut end) = number_after(begin)? else { return Ok(None) };
        let mut next = Token::next(window, end)?;
        if next.shape == Shape::Mark(',') {
            next = Token::next(window, next.end)?;
        }
        if !spelled(window, &next, &["box"]) {
            return Ok(None);
        }
        match number_after(next.end)? {
            Some(box_end) => end = box_end,
            None => return Ok(None),
        }
        end
    } else if let Some(begin) = ship {
        let name = Token::next(window, begin)?;
        if !name.shape.is_word() {
            return Ok(None);
        }
        name.end
    } else {
        return Ok(None);
    };
    // `APO AE 09012`
    let mut line = Token::next(window, end)?;
    if line.shape == Shape::Mark(',') {
        line = Token::next(window, line.end)?;
    }
    if spelled(window, &line, &["apo", "fpo", "dpo"]) {
        let state = Token::next(window, line.end)?;
        if spelled(window, &state, &["aa", "ae", "ap"]) {
            end = number_after(state.end)?.unwrap_or(state.end);
        }
    } else if ship.is_some() {
        return Ok(None);
    }
    Ok(Some(end))
}

/// `the corner of Elm Street and Oak Lane`.
pub(super) fn corner(window: &Tokens<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let Some(place) = crate::pii::words::spelled(window, at, "the corner of ")? else {
        return Ok(None);
    };
    let mut place = place;
    for half in 0..2 {
        let next = Token::next(window, place)?;
        if next.shape == Shape::Number {
            place = next.end;
        }
        let Some(street) = Street::read(window, place)? else { return Ok(None) };
        place = street.end;
        if half == 0 {
            let and = Token::next(window, place)?;
            if !spelled(window, &and, &["and"]) && and.shape != Shape::Mark('&') {
                return Ok(None);
            }
            place = and.end;
        }
    }
    Ok(Some(place))
}
