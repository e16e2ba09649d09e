//! Which features something concerns: all (`*`), a family (`writing.*`) or one (`writing.summary`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{FeatureId, PolicyError};

/// A choice of features.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureSelector(Choice);

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Choice {
    #[default]
    All,
    /// The name of the family with its final dot: `writing.`.
    Family(Arc<str>),
    One(FeatureId),
}

impl FeatureSelector {
    /// Every feature there is.
    pub const ALL: Self = Self(Choice::All);

    /// Whether it chooses this feature.
    pub fn selects(&self, feature: &FeatureId) -> bool {
        match &self.0 {
            Choice::All => true,
            Choice::Family(prefix) => feature.as_str().starts_with(&**prefix),
            Choice::One(id) => id == feature,
        }
    }
}

impl From<FeatureId> for FeatureSelector {
    fn from(feature: FeatureId) -> Self {
        Self(Choice::One(feature))
    }
}

impl FromStr for FeatureSelector {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        let refuse =
            |_| PolicyError::form("choice of features", value, "`*`, `writing.*` or a feature id");
        if value == "*" {
            return Ok(Self::ALL);
        }
        let Some(family) = value.strip_suffix(".*") else {
            return value.parse().map(|id| Self(Choice::One(id))).map_err(refuse);
        };
        let family: FeatureId = family.parse().map_err(refuse)?;
        Ok(Self(Choice::Family(format!("{family}.").into())))
    }
}

impl fmt::Display for FeatureSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Choice::All => f.pad("*"),
            Choice::Family(prefix) => f.pad(&format!("{prefix}*")),
            Choice::One(id) => f.pad(id.as_str()),
        }
    }
}

impl Serialize for FeatureSelector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FeatureSelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_a_family_or_one() {
        let selects = |selector: &str, feature: &str| {
            selector.parse::<FeatureSelector>().unwrap().selects(&feature.parse().unwrap())
        };
        assert!(selects("*", "writing.summary"));
        assert!(selects("writing.*", "writing.summary"));
        assert!(!selects("writing.*", "writingdesk.summary"));
        assert!(selects("writing.summary", "writing.summary"));
        assert!(!selects("writing.summary", "writing.summary2"));
        for bad in ["", "**", ".*", "Writing.*", "writing.*.*", "*.summary"] {
            assert!(bad.parse::<FeatureSelector>().is_err(), "{bad}");
        }
        for good in ["*", "writing.*", "writing.summary"] {
            assert_eq!(good.parse::<FeatureSelector>().unwrap().to_string(), good);
        }
    }
}
