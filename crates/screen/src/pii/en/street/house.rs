//! The number of a house and its parts: flat, floor, door.

use super::words::{UNIT, role};
use crate::normal::Pending;
use crate::pii::en::token::{Gap, Shape, Token, Tokens};

/// Where a house number that begins at a place ends: `12`, `12a`, `12-14`, `12/3`.
pub(super) fn house_number(window: &Tokens<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let run = |from: usize| -> Result<usize, Pending> {
        let mut place = from;
        while place - from < 7 && window.char(place)?.is_some_and(|c| c.is_ascii_digit()) {
            place += 1;
        }
        Ok(place)
    };
    let mut end = run(at)?;
    if end == at || end - at > 6 {
        return Ok(None);
    }
    if matches!(window.char(end)?, Some('-' | '/')) {
        let second = run(end + 1)?;
        if (1..=4).contains(&(second - end - 1)) {
            end = second;
        }
    }
    if window.char(end)? == Some('.') && window.char(end + 1)?.is_some_and(|c| c.is_ascii_digit()) {
        return Ok(None);
    }
    let letter = window.char(end)?.is_some_and(|c| c.is_ascii_alphabetic());
    if letter {
        end += 1;
    }
    Ok((!window.char(end)?.is_some_and(crate::pii::words::is_joined)).then_some(end))
}

/// The number of the house after a part of it that stands first: `Flat 12, 48 Harrow Lane`, `Unit 5/27 Banksia Street`.
pub(super) fn leading_unit(window: &Tokens<'_>, at: usize) -> Result<Option<usize>, Pending> {
    let unit = Token::next(window, at)?;
    if role(&unit) & UNIT == 0 || unit.gap != Gap::None {
        return Ok(None);
    }
    let number = Token::next(window, unit.end)?;
    let numbered = matches!(number.shape, Shape::Number | Shape::Code | Shape::Initial);
    if !numbered || number.gap != Gap::Space {
        return Ok(None);
    }
    let mut place = number.end;
    if window.char(place)? == Some('/') {
        place += 1;
    } else {
        let comma = Token::next(window, place)?;
        if comma.shape == Shape::Mark(',') {
            place = comma.end;
        }
    }
    let house = Token::next(window, place)?;
    Ok((house.shape == Shape::Number || house.shape == Shape::Code).then_some(house.start))
}

/// Where the parts of a house that follow a street end: `Apt. 4`, `, Suite 5`, `#08-217`, `4th floor`, on the same line or the next.
pub(super) fn units(window: &Tokens<'_>, end: usize) -> Result<usize, Pending> {
    let mut end = end;
    for _ in 0..3 {
        let mut token = Token::next(window, end)?;
        if matches!(token.shape, Shape::Mark(',' | '>' | '?' | '-' | '|')) {
            token = Token::next(window, token.end)?;
            // Marks before each line of a quoted letter.
            for _ in 0..2 {
                if matches!(token.shape, Shape::Mark('>' | '?')) {
                    token = Token::next(window, token.end)?;
                }
            }
        }
        let number = if token.shape == Shape::Mark('#') {
            Token::next(window, token.end)?
        } else if role(&token) & UNIT != 0 {
            let after = Token::next(window, token.end)?;
            if matches!(after.shape, Shape::Mark('.' | '#')) {
                Token::next(window, after.end)?
            } else {
                after
            }
        } else if token.shape == Shape::Code {
            // `4th floor`
            let unit = Token::next(window, token.end)?;
            if role(&unit) & UNIT == 0 || unit.gap != Gap::Space {
                break;
            }
            end = unit.end;
            continue;
        } else {
            break;
        };
        if number.gap == Gap::Break
            || !matches!(number.shape, Shape::Number | Shape::Code | Shape::Initial)
        {
            break;
        }
        end = number.end;
        // `#08-217`
        if window.char(end)? == Some('-') {
            let more = Token::next(window, end + 1)?;
            if more.gap == Gap::None && more.shape == Shape::Number {
                end = more.end;
            }
        }
    }
    Ok(end)
}
