//! The names a person has among their own contacts: the best sign there is that something is a name.

use std::collections::HashMap;

use super::{Entity, Hit, Reading};
use crate::normal::{Glyph, Pending, Window, folded};

/// The longest name that is looked for, in characters after normalising.
const MAX_NAME: usize = 48;

/// How many characters a Chinese name needs for its given name to stand for it.
const FULL_HAN_NAME: usize = 3;

/// Names that are known to be somebody's, for one request: receivers, contacts, the person's own.
///
/// A Chinese name of three or more characters is also found by its given name alone (two characters or more), a Latin one by each
/// of its words of three or more letters that is written with a capital letter.
#[derive(Clone, Debug, Default)]
pub struct Gazetteer {
    /// By their first character; of one, the longest first.
    names: HashMap<char, Vec<Known>>,
    /// A bit for each first character, by its last six bits: most characters begin none.
    first: u64,
    count: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    name: Box<[char]>,
    /// A part of a Latin name, which is also a word perhaps: only with a capital letter.
    capital: bool,
}

impl Gazetteer {
    /// A gazetteer of these names. What has no letter, only one, or more than 48 characters is left out.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut gazetteer = Self::default();
        for name in names {
            let name: Vec<char> = folded(name.trim()).chars().collect();
            gazetteer.add(&name, false);
            if name.iter().all(|c| is_han(*c)) && name.len() >= FULL_HAN_NAME {
                gazetteer.add(&name[name.len() - 2..], false);
            } else {
                for word in name.split(|c| *c == ' ').filter(|word| word.len() >= 3) {
                    gazetteer.add(word, true);
                }
            }
        }
        gazetteer
    }

    /// Adds a name in its normalised form.
    pub(crate) fn add(&mut self, name: &[char], capital: bool) {
        if !(2..=MAX_NAME).contains(&name.len()) || !name.iter().any(|c| c.is_alphabetic()) {
            return;
        }
        let of_first = self.names.entry(name[0]).or_default();
        if of_first.iter().all(|known| *known.name != *name) {
            let at = of_first.partition_point(|known| known.name.len() >= name.len());
            of_first.insert(at, Known { name: name.into(), capital });
            self.first |= bit(name[0]);
            self.count += 1;
        }
    }

    /// Adds a name that was found in a text, unless there are `most` already.
    pub(crate) fn remember(&mut self, name: &[Glyph], most: usize) {
        if self.count < most {
            let name: Vec<char> = name.iter().map(|glyph| glyph.c).collect();
            // `Rose` is found again, `rose` is not.
            self.add(&name, name[0].is_ascii_alphabetic());
        }
    }

    /// Whether a name may begin with this character.
    #[inline]
    pub(crate) fn may_begin(&self, c: char) -> bool {
        self.first & bit(c) != 0
    }

    /// The longest known name that begins at a place.
    pub(crate) fn read(&self, window: &Window<'_>, at: usize) -> Reading {
        let Some(first) = window.get(at)? else { return Ok(None) };
        let Some(names) = self.names.get(&first.c) else { return Ok(None) };
        let joined = |c: char| c.is_alphanumeric() && !is_han(c);
        if joined(first.c) && window.before(at, 1).is_some_and(|before| joined(before.c)) {
            return Ok(None);
        }
        for known in names {
            if known.capital && !first.raw.is_uppercase() {
                continue;
            }
            if let Some(end) = spelled(window, at, &known.name)?
                && !(joined(known.name[known.name.len() - 1])
                    && window.char(end)?.is_some_and(joined))
            {
                return Ok(Some(Hit { entity: Entity::Name, end, score: 1.0 }));
            }
        }
        Ok(None)
    }
}

/// Where a name that is spelled out from a place on ends.
fn spelled(window: &Window<'_>, at: usize, name: &[char]) -> Result<Option<usize>, Pending> {
    for (i, c) in name.iter().enumerate() {
        if window.char(at + i)? != Some(*c) {
            return Ok(None);
        }
    }
    Ok(Some(at + name.len()))
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '·')
}

fn bit(c: char) -> u64 {
    1 << (c as u32 % u64::BITS)
}
