//! A JSON object of a partner, read member by member.
//!
//! Where an answer comes once and holds names nobody listed yet, its members are taken one after the
//! other, each in the type it must have, and what is left is what travels along as [`Extra`]. Values
//! stay the partner's own bytes until they are taken: nothing is copied that is not kept.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::extra::Extra;
use crate::json::Json;
use crate::members::{Members, Told};
use crate::partner_error::PartnerError;
use crate::wire_answer::Str;

/// The members not yet taken of one object. A member that is `null` counts as absent.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    /// What the object is, for errors: `the usage`.
    what: &'static str,
    left: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn read(what: &'static str, text: &'a str) -> Result<Self, PartnerError> {
        let members: Members<'a> = serde_json::from_str(text)
            .map_err(|error| PartnerError::unreadable(None, what, &error))?;
        let mut left = members.into_list();
        left.retain(|(_, value)| value.get() != "null");
        Ok(Self { what, left })
    }

    /// Takes a member, whatever it is.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let at = self.left.iter().position(|(known, _)| known == name)?;
        Some(self.left.remove(at).1)
    }

    /// A member that stays.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.left.iter().find(|(known, _)| known == name).map(|(_, raw)| *raw)
    }

    /// Takes a text.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, PartnerError> {
        let text: Option<Str<'a>> = self.typed(name, "a text")?;
        Ok(text.map(|text| text.0.into_owned()))
    }

    /// Takes a text that must be there.
    ///
    /// # Errors
    /// When it is not, or is something else.
    pub(crate) fn required_text(&mut self, name: &str) -> Result<String, PartnerError> {
        let text = self.text(name)?;
        text.ok_or_else(|| PartnerError::malformed(None, format!("{} has no `{name}`", self.what)))
    }

    /// Takes a count.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn count(&mut self, name: &str) -> Result<Option<u64>, PartnerError> {
        self.typed(name, "a count")
    }

    /// Takes the elements of an array.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<Vec<&'a RawValue>>, PartnerError> {
        self.typed(name, "a list")
    }

    /// Takes an object, `what` it is for errors about it.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn object(
        &mut self,
        name: &str,
        what: &'static str,
    ) -> Result<Option<Object<'a>>, PartnerError> {
        self.take(name).map(|raw| Self::read(what, raw.get())).transpose()
    }

    /// What was not taken and not told before, each name after `prefix`.
    pub(crate) fn rest(self, prefix: &str, told: &mut Told) -> Extra {
        let mut news = Extra::new();
        for (name, value) in self.left {
            let name = if prefix.is_empty() { name } else { [prefix, &name].concat().into() };
            told.tell(&name, value, &mut news);
        }
        news
    }

    fn typed<T: Deserialize<'a>>(
        &mut self,
        name: &str,
        kind: &str,
    ) -> Result<Option<T>, PartnerError> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        serde_json::from_str(raw.get()).map(Some).map_err(|_| {
            PartnerError::malformed(None, format!("`{name}` of {} is not {kind}", self.what))
        })
    }
}

/// A value as it is kept; `None` if it is nested too deep to be read.
pub(crate) fn kept(raw: &RawValue) -> Option<Json> {
    serde_json::from_str(raw.get()).ok()
}

/// A value that matters only if it is a text; anything else is skipped.
#[derive(Debug)]
pub(crate) enum Loose<'a> {
    Text(Str<'a>),
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LooseVisitor;

        impl<'de> Visitor<'de> for LooseVisitor {
            type Value = Loose<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
                Ok(Loose::Text(Str(text.into())))
            }

            fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
                Ok(Loose::Text(Str(text.to_owned().into())))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Loose<'de>, E> {
                Ok(Loose::Other)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Loose<'de>, E> {
                Ok(Loose::Other)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Loose<'de>, E> {
                Ok(Loose::Other)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Loose<'de>, E> {
                Ok(Loose::Other)
            }

            fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
                Ok(Loose::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose<'de>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }
        }

        deserializer.deserialize_any(LooseVisitor)
    }
}
