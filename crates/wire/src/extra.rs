//! What travels along although this crate has no field for it.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::chat::Passages;
use crate::json::Json;

/// Named JSON values, in the order they came.
///
/// In a request: members at the top of the body that a dialect takes and [`crate::Chat`] has no field
/// for. In an answer: what the partner said beyond the fields this crate reads. Names of members at
/// the top stand as they are; what stood in a choice is `choice.NAME`, what stood in a message or a
/// delta is `message.NAME`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra(Vec<(String, Json)>);

impl Extra {
    /// Nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a member at the end; one of the same name stays, too.
    pub fn push(&mut self, name: impl Into<String>, value: Json) {
        self.0.push((name.into(), value));
    }

    /// The value last given under a name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Takes over all members of another.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}

impl FromIterator<(String, Json)> for Extra {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl Passages for Extra {
    /// Shows names and every text in the values.
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        for (name, value) in &mut self.0 {
            visit(name);
            value.visit(visit);
        }
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
