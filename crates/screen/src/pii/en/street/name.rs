//! The name of a street, word by word, and the number of the house after it.

use super::house::house_number;
use super::words::{PLAIN_SUFFIX, PREFIX, SMALL, SUFFIX, UNIT, ends, role};
use crate::normal::Pending;
use crate::pii::en::lexicon::Kinds;
use crate::pii::en::token::{Gap, Shape, Token, Tokens};

/// The longest name of a street, in words.
const MAX_WORDS: usize = 6;

/// The name of a street and what follows it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer to a question of its own")]
pub(super) struct Street {
    pub(super) end: usize,
    pub(super) words: usize,
    /// A word says that it is a street.
    pub(super) told: bool,
    /// All its words have capitals.
    pub(super) capitals: bool,
    /// One of its words is an ordinary one, or all are ordinary words that are names too.
    pub(super) ordinary: bool,
    /// A house number comes after it.
    pub(super) number: bool,
    /// A part of a house comes after it.
    pub(super) followed: bool,
}

impl Street {
    #[expect(clippy::too_many_lines, reason = "one walk over the words; its parts share its state")]
    pub(super) fn read(window: &Tokens<'_>, at: usize) -> Result<Option<Self>, Pending> {
        let mut street = Self {
            end: at,
            words: 0,
            told: false,
            capitals: true,
            ordinary: false,
            number: false,
            followed: false,
        };
        let mut place = at;
        let (mut prefixed, mut suffixed, mut foreign) = (false, None, false);
        while street.words < MAX_WORDS {
            let word = Token::next(window, place)?;
            if word.gap == Gap::Break
                || !word.shape.is_word()
                || (street.words > 0
                    && word.gap == Gap::None
                    && window.char(place.saturating_sub(1))? != Some('.'))
            {
                break;
            }
            let role = role(&word);
            let is = |of: u8| role & of != 0;
            if is(UNIT) && street.words > 0 && !is(PREFIX) {
                break;
            }
            let capital = word.shape.is_capital();
            let small = is(SMALL);
            let prefix = street.words == 0 && is(PREFIX);
            let suffix = street.words > 0 && (is(SUFFIX) || is(PLAIN_SUFFIX) && capital);
            let ending =
                word.end - word.start >= 6 && ends(window, &word) && (capital || street.words == 0);
            // In small letters a street begins with a word that says so.
            let known = capital || small || prefix || suffix;
            if !known && (word.kinds.any(Kinds::WORD) || !(ending || prefixed)) {
                break;
            }
            if street.words == 0 && !capital && !prefix && !ending {
                break;
            }
            street.capitals &= known;
            let plain = word.kinds.any(Kinds::WORD) && !suffix && !prefix && !small;
            street.ordinary |= plain && !word.kinds.any(Kinds::SURNAME | Kinds::FORENAME);
            foreign |= !plain;
            prefixed |= prefix && (capital || !matches!(window.char(word.start)?, Some('a')));
            street.words += 1;
            place = word.end;
            if window.char(place)? == Some('.') && word.end - word.start <= 4 {
                place += 1;
            }
            street.end = place;
            if suffix || ending {
                suffixed = Some(place);
            }
        }
        if street.words == 0 {
            return Ok(None);
        }
        street.ordinary |= !foreign;
        street.told = suffixed.is_some() || (prefixed && street.words > 1);
        let mut next = Token::next(window, place)?;
        if next.shape == Shape::Mark(',') && (prefixed || suffixed.is_some()) {
            // `Via Roma, 12`
            let after = Token::next(window, next.end)?;
            if after.shape == Shape::Number
                && after.end - after.start <= 4
                && after.gap != Gap::Break
            {
                next = after;
                next.gap = Gap::Space;
            }
        }
        let joined = next.gap == Gap::Space
            || (next.gap == Gap::None && window.char(place.saturating_sub(1))? == Some('.'));
        if joined
            && matches!(next.shape, Shape::Number | Shape::Code)
            && next.end - next.start <= 6
            && let Some(end) = house_number(window, next.start)?
            && !is_year(window, &next, street.told)?
        {
            street.number = true;
            street.end = end;
            place = end;
            if window.char(end)? == Some('.') && Token::next(window, end + 1)?.gap == Gap::Space {
                let after = Token::next(window, end + 1)?;
                if role(&after) & UNIT != 0 {
                    street.end = end + 1;
                    place = end + 1;
                }
            }
            next = Token::next(window, place)?;
        } else if let Some(end) = suffixed {
            // The name ends with the word that says street: what follows is the town.
            street.end = end;
            place = end;
            next = Token::next(window, place)?;
        }
        street.followed = (role(&next) & UNIT != 0)
            && next.gap != Gap::None
            && matches!(
                Token::next(window, next.end)?.shape,
                Shape::Number | Shape::Code | Shape::Mark('.' | '#') | Shape::Initial
            );
        // In small letters only what is told by its own words.
        if !street.capitals && !street.told {
            return Ok(None);
        }
        Ok(Some(street))
    }
}

/// Whether a number after a name is a year rather than a house.
fn is_year(window: &Tokens<'_>, number: &Token, told: bool) -> Result<bool, Pending> {
    let year = number.end - number.start == 4
        && matches!(
            (window.char(number.start)?, window.char(number.start + 1)?),
            (Some('1'), Some('9')) | (Some('2'), Some('0'))
        );
    Ok(year && !told)
}
