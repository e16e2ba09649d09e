//! Personal data: what it looks like in Chinese and English text.
//!
//! Each kind has a reader that looks at one place of a [`Window`] and says what begins there. Where a reader asks for what
//! has not come yet, the place is undecided, and nothing after it is looked at. Of what begins at the same place the
//! longest counts, then what stands first in [`readers::READERS`]; after it, reading goes on where it ends.

mod classes;
mod en;
mod entity;
mod entity_set;
mod find;
mod gazetteer;
mod plain;
mod readers;
mod structured;
#[cfg(test)]
mod tests;
mod words;
mod zh;

#[cfg(feature = "train")]
pub use en::{Marked, train};
pub use entity::Entity;
pub use entity_set::EntitySet;
pub use find::{PersonalData, personal_data};
pub use gazetteer::Gazetteer;
pub(crate) use readers::{Known, PiiState, Readers};

use crate::normal::Pending;

/// Something found: the glyphs from the place that was asked about to `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hit {
    /// What it is.
    pub(crate) entity: Entity,
    /// The place after its last glyph.
    pub(crate) end: usize,
    /// How sure it is, 0 to 1: 1 for what carries a check digit.
    pub(crate) score: f32,
}

/// What a reader says of a place.
pub(crate) type Reading = Result<Option<Hit>, Pending>;
