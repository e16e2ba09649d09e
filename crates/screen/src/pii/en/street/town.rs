//! The town, region, postal code and country after a street: with them it is an address that a letter reaches.
//!
//! They follow after a comma, on the same line or the next. A name that is in no list of places counts as a town where a region,
//! a postal code or a country follows it. Marks of quoted lines end an address.

use crate::normal::Pending;
use crate::pii::en::lexicon::{Kinds, kinds};
use crate::pii::en::token::{Gap, Shape, Token, Tokens};

/// The longest name of a town, in words.
const MAX_WORDS: usize = 4;

/// Town, region, code and country, each once or twice.
const MAX_PARTS: usize = 5;

/// Small words inside the names of towns.
const INSIDE: &str = "de la del da do dos di du des le les van von der den el am an upon on sur in of the y and cum nad";

/// One part of what follows a street.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A name that is in the lists.
    Place(usize),
    /// Words with capitals that are in no list.
    Name(usize),
    /// Two or three capitals: `IL`, `NSW`.
    Region(usize),
    Code(usize),
}

/// Where what follows a street that ends at a place ends; the street's end where it is none of these.
pub(super) fn town(window: &Tokens<'_>, street: usize) -> Result<usize, Pending> {
    let (mut end, mut place) = (street, street);
    // Names that nothing has told yet for a town.
    let mut open = 0;
    for number in 0..MAX_PARTS {
        let Some((part, gap)) = next(window, place)? else { break };
        let first = number == 0;
        match part {
            Part::Place(after) => {
                // A line of its own after the street may be a person's name that is a place too.
                if gap == Gap::Break && first && doubtful(window, place, after)? {
                    open += 1;
                } else {
                    end = after;
                    open = 0;
                }
                place = after;
            }
            Part::Name(after) => {
                if open == 2 {
                    break;
                }
                open += 1;
                place = after;
            }
            Part::Region(after) => {
                // Two capitals alone after a street are anything.
                if first && gap != Gap::None && !code_follows(window, after)? {
                    break;
                }
                (end, place, open) = (after, after, 0);
            }
            Part::Code(after) => {
                // A number after the street and before no name is another number.
                if first
                    && !matches!(next(window, after)?, Some((Part::Place(_) | Part::Name(_), _)))
                {
                    break;
                }
                (end, place, open) = (after, after, 0);
                if first {
                    // `10435 Berlin`: told by the code before it.
                    if let Some((Part::Place(name) | Part::Name(name), Gap::Space)) =
                        next(window, after)?
                    {
                        (end, place) = (name, name);
                    }
                }
            }
        }
    }
    Ok(end)
}

/// The part that follows a place, and what lies between: [`Gap::None`] stands for a comma on the same line.
fn next(window: &Tokens<'_>, place: usize) -> Result<Option<(Part, Gap)>, Pending> {
    let mut token = Token::next(window, place)?;
    let mut gap = token.gap;
    if token.shape == Shape::Mark(',') || (token.shape == Shape::Mark('(') && gap == Gap::Space) {
        token = Token::next(window, token.end)?;
        gap = if token.gap == Gap::Break { Gap::Break } else { Gap::None };
    } else if gap == Gap::None {
        return Ok(None);
    }
    if let Some(end) = code(window, &token)? {
        return Ok(Some((Part::Code(end), gap)));
    }
    if !token.shape.is_capital() || token.end - token.start < 2 {
        return Ok(None);
    }
    let (mut key, mut at) = (token.key, token.end);
    let mut listed = None;
    let mut ordinary = true;
    let mut last = token.end;
    let mut word = token;
    for words in 1..=MAX_WORDS {
        let lists = if words == 1 { word.kinds } else { kinds(key.number()) };
        if word.shape.is_capital() {
            last = word.end;
            ordinary &= word.kinds.any(Kinds::WORD);
            if lists.any(Kinds::PLACE | Kinds::COUNTRY) {
                listed = Some((word.end, words));
            }
        }
        let follows = Token::next(window, at)?;
        let goes_on = follows.gap == Gap::Space
            && (follows.shape.is_capital() || is_inside(window, &follows));
        if !goes_on {
            break;
        }
        let glyphs = &window.glyphs()[follows.start..follows.end];
        key = glyphs.iter().fold(key.with(' '), |key, glyph| key.with(glyph.c));
        at = follows.end;
        word = follows;
    }
    // `Mobile: 0490 12`: a field.
    let field = matches!(Token::next(window, last)?.shape, Shape::Mark(':' | '@'));
    if field {
        return Ok(None);
    }
    let region = token.shape == Shape::Upper && token.end - token.start <= 3 && last == token.end;
    Ok(match listed {
        // `UK`, `USA` are countries; `SK` is a region as well as anything.
        _ if region => Some((Part::Region(token.end), gap)),
        Some((end, words)) if !(words == 1 && token.kinds.any(Kinds::WORD)) || gap == Gap::None => {
            Some((Part::Place(end), gap))
        }
        None if ordinary => None,
        _ => Some((Part::Name(last), gap)),
    })
}

/// Where a postal code that begins with a token ends: `10435`, `62704-1234`, `SW1A 2AA`, `114 55`, `PE-1500`.
fn code(window: &Tokens<'_>, token: &Token) -> Result<Option<usize>, Pending> {
    let size = token.end - token.start;
    match token.shape {
        Shape::Number if (4..=6).contains(&size) => {
            if window.char(token.end)? == Some('-') {
                let more = Token::next(window, token.end + 1)?;
                if more.gap == Gap::None
                    && more.shape == Shape::Number
                    && (3..=4).contains(&(more.end - more.start))
                {
                    return Ok(Some(more.end));
                }
            }
            // The dialling code or the year of something else.
            let next = window.char(token.end)?;
            Ok((!matches!(next, Some('-' | '/' | ':' | '%'))).then_some(token.end))
        }
        // `SW1A 2AA`, `H91 F2KX`, `K1A 0B1`.
        Shape::Code if (2..=4).contains(&size) && is_upper(window, token) => {
            let more = Token::next(window, token.end)?;
            let fits = more.gap == Gap::Space
                && more.shape == Shape::Code
                && (3..=4).contains(&(more.end - more.start))
                && is_upper(window, &more);
            Ok(fits.then_some(more.end))
        }
        _ => Ok(None),
    }
}

/// Whether a code is written with capitals only, and begins with one or with a digit.
fn is_upper(window: &Tokens<'_>, token: &Token) -> bool {
    window.glyphs()[token.start..token.end]
        .iter()
        .all(|glyph| glyph.raw.is_uppercase() || glyph.c.is_ascii_digit())
}

fn code_follows(window: &Tokens<'_>, at: usize) -> Result<bool, Pending> {
    Ok(matches!(next(window, at)?, Some((Part::Code(_), _))))
}

/// Whether a line that is a place may as well be a first name or a word, and nothing after it tells.
fn doubtful(window: &Tokens<'_>, place: usize, end: usize) -> Result<bool, Pending> {
    let first = Token::next(window, place)?;
    Ok(first.kinds.any(Kinds::FORENAME | Kinds::WORD) && next(window, end)?.is_none())
}

fn is_inside(window: &Tokens<'_>, token: &Token) -> bool {
    token.shape == Shape::Lower && {
        let glyphs = &window.glyphs()[token.start..token.end];
        INSIDE.split(' ').any(|word| word.chars().eq(glyphs.iter().map(|glyph| glyph.c)))
    }
}
