//! Personal data in a whole text, without a screen around it: for measuring the readers by themselves.

use std::ops::Range;

use super::{Entity, EntitySet, Gazetteer, PiiState, Readers};
use crate::normal::{Glyph, Window, fold};

/// Something found in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalData {
    /// What it is.
    pub entity: Entity,
    /// Where it is, in characters.
    pub chars: Range<usize>,
    /// How sure it is, 0 to 1.
    pub score: f32,
}

/// What personal data of these kinds a text has; `person` knows the names of the person's contacts.
pub fn personal_data(text: &str, entities: EntitySet, person: &Gazetteer) -> Vec<PersonalData> {
    let mut glyphs = Vec::new();
    // Offsets count characters here, not bytes.
    for (i, raw) in text.chars().enumerate() {
        fold(raw, |c| glyphs.push(Glyph { c, raw, start: i, end: i + 1 }));
    }
    let mut found = Vec::new();
    let window = Window::new(&glyphs, true);
    Readers::new(entities).scan(&window, 0, &mut PiiState::default(), person, &mut found);
    let data = |(at, hit): (usize, super::Hit)| PersonalData {
        entity: hit.entity,
        chars: glyphs[at].start..glyphs[hit.end - 1].end,
        score: hit.score,
    };
    found.into_iter().map(data).collect()
}
