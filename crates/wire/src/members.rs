//! The members of a JSON object, found once and read one by one: what has a field here is read into
//! it, and what has none travels along as it stands.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::wire_answer::Str;

pub(crate) use crate::told::Told;

/// The members of an object in the order they were written, values unread.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The member `name` as a `T`; `None` when it is absent or `null`.
    pub(crate) fn read<T: Deserialize<'a>>(&self, name: &str) -> serde_json::Result<Option<T>> {
        match self.0.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => serde_json::from_str(value.get()),
            None => Ok(None),
        }
    }

    /// All members, in the order they were written.
    pub(crate) fn into_list(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.0
    }

    /// Whether there is a member `name` that is not `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, value)| known == name && value.get() != "null")
    }

    /// The members under no `known` name whose values are neither `null` nor empty.
    pub(crate) fn others<'m>(
        &'m self,
        known: &'m [&str],
    ) -> impl Iterator<Item = (&'m str, &'a RawValue)> {
        let says_nothing = |value: &RawValue| matches!(value.get(), "null" | "\"\"" | "[]" | "{}");
        let members = self.0.iter().map(|(name, value)| (name.as_ref(), *value));
        members.filter(move |(name, value)| !known.contains(name) && !says_nothing(value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Str<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The first element of an array; one answer is asked for, so there is no other.
#[derive(Debug)]
pub(crate) struct First<T>(pub(crate) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for FirstVisitor<T> {
            type Value = First<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<First<T>, A::Error> {
                let first = seq.next_element()?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }

        deserializer.deserialize_seq(FirstVisitor(PhantomData))
    }
}
