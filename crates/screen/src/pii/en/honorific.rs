//! Forms of address: `Mr.`, `Dr`, `Prof.`, before a name. The names that follow them are found by who reads names.

use crate::normal::Window;
use crate::pii::words::{Beginnings, after_spaces, one_of};
use crate::pii::{Entity, Hit, Known, Reading};

const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "doctor",
    "sir",
    "madam",
    "madame",
    "mme",
    "mlle",
    "monsieur",
    "herr",
    "frau",
    "senor",
    "senora",
    "rev",
    "reverend",
    "fr",
    "father",
    "sister",
    "capt",
    "captain",
    "sgt",
    "sergeant",
    "lt",
    "lieutenant",
    "col",
    "colonel",
    "gen",
    "general",
    "maj",
    "major",
    "judge",
    "justice",
    "senator",
    "sen",
    "rep",
    "gov",
    "governor",
    "president",
    "lord",
    "lady",
    "hon",
    "ing",
    "mgr",
    "dipl",
];

/// What they begin with; those that stand alone are among them.
static BEGINNINGS: Beginnings = Beginnings::of(TITLES);

/// Those that need no name after them.
const ALONE: &[&str] = &["mr", "mrs", "ms", "mx", "dr", "prof"];

pub(in super::super) fn begins(c: char) -> bool {
    c.is_ascii_lowercase()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, _: &Known<'_>) -> Reading {
    let Some(first) = window.get(at)? else { return Ok(None) };
    if !BEGINNINGS.at(window, at)? {
        return Ok(None);
    }
    let capital = first.raw.is_uppercase();
    let titles = if capital { TITLES } else { ALONE };
    let Some(mut end) = one_of(window, at, titles)? else { return Ok(None) };
    let dotted = window.char(end)? == Some('.');
    if dotted {
        end += 1;
    }
    let name = after_spaces(window, end, 2)?;
    let Some(next) = window.get(name)? else { return Ok(None) };
    let follows = next.raw.is_alphabetic() && (next.raw.is_uppercase() || (!capital && dotted));
    // `General Motors`, `President` of a country: only where the short forms say more.
    let short = dotted
        || one_of(window, at, ALONE)?.is_some()
        || one_of(window, at, &["miss", "sir", "professor", "doctor"])?.is_some();
    Ok((follows && name > end && short).then_some(Hit { entity: Entity::Title, end, score: 0.9 }))
}
