//! Several kinds of personal data at once.

use super::Entity;

/// A set of [`Entity`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntitySet(u64);

impl EntitySet {
    /// The set with one more.
    #[must_use]
    pub const fn with(self, entity: Entity) -> Self {
        Self(self.0 | 1 << entity as u8)
    }

    /// Whether an entity is in the set.
    pub const fn contains(self, entity: Entity) -> bool {
        self.0 & (1 << entity as u8) != 0
    }

    /// Whether nothing is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Entity> for EntitySet {
    fn from_iter<I: IntoIterator<Item = Entity>>(entities: I) -> Self {
        entities.into_iter().fold(Self::default(), Self::with)
    }
}
