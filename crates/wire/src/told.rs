//! What an answer says beyond the fields that are read: each value told once, until it changes.

use std::hash::{BuildHasher, Hash, RandomState};

use serde_json::value::RawValue;

use crate::extra::Extra;
use crate::json::Json;
use crate::wire_answer::Unknown;

/// Most members whose last value is remembered; one more is told each time it comes.
const MOST: usize = 64;

/// What was last said under each name. Values are remembered by their hash, so that a large one
/// takes no memory.
#[derive(Debug, Default)]
pub(crate) struct Told {
    hasher: RandomState,
    values: Vec<(u64, u64)>,
}

impl Told {
    /// Adds a member to `extra`, unless that was told last.
    pub(crate) fn tell(&mut self, name: &str, value: &RawValue, extra: &mut Extra) {
        if self.is_new(name, value.get()) {
            extra.push(name, read(value));
        }
    }

    /// Adds the members that say something new to `extra`, under `prefix` and their names.
    pub(crate) fn news(
        &mut self,
        choice: u32,
        prefix: &'static str,
        unknown: &Unknown<'_>,
        extra: &mut Extra,
    ) {
        for (name, value) in unknown.iter() {
            if self.is_new((choice, prefix, name), value.get()) {
                extra.push(format!("{prefix}{name}"), read(value));
            }
        }
    }

    fn is_new(&mut self, name: impl Hash, value: &str) -> bool {
        let (name, value) = (self.hasher.hash_one(name), self.hasher.hash_one(value));
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) if *known == value => false,
            Some((_, known)) => {
                *known = value;
                true
            }
            None => {
                if self.values.len() < MOST {
                    self.values.push((name, value));
                }
                true
            }
        }
    }
}

/// The value; one nested too deep to be read is kept as its text.
pub(crate) fn read(value: &RawValue) -> Json {
    serde_json::from_str(value.get()).unwrap_or_else(|_| Json::String(value.get().to_owned()))
}
