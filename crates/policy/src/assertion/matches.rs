//! When a device last was where a rule wants it: what a grace is counted from.
//!
//! The device holds it, in a signed ticket; the gate remembers nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// For each rule with a grace, by its id, when the device last was in the right place.
///
/// Only rules that were met stand in it: a grace never grants a first use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Matches(BTreeMap<String, Timestamp>);

impl Matches {
    /// No rule was ever met.
    pub const NONE: &'static Self = &Self(BTreeMap::new());

    /// When this rule was last met.
    pub fn get(&self, rule: &str) -> Option<Timestamp> {
        self.0.get(rule).copied()
    }

    /// Each rule with when it was last met.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Timestamp)> {
        self.0.iter().map(|(rule, &matched)| (rule.as_str(), matched))
    }

    /// Whether no rule was ever met.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<S: Into<String>> FromIterator<(S, Timestamp)> for Matches {
    fn from_iter<I: IntoIterator<Item = (S, Timestamp)>>(matches: I) -> Self {
        let mut latest = BTreeMap::new();
        for (rule, matched) in matches {
            let known = latest.entry(rule.into()).or_insert(matched);
            *known = matched.max(*known);
        }
        Self(latest)
    }
}
