//! What a feature itself asks of a device, in every market.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::canonical::PlainData;
use crate::device::check_capability;
use crate::market::clause::Languages;
use crate::{
    AgeBand, DeviceClass, FeatureId, InputName, LanguageTag, MarketId, OsVersion, Platform,
    PolicyError,
};

/// Where a feature's work is done; an approval names the surfaces it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// On the device: the text never leaves it.
    Device,
    /// In a data centre, the operator's or a partner's.
    Cloud,
}

impl Surface {
    /// The word for it in JSON and TOML.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Cloud => "cloud",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The `[eligibility]` table of a feature file.
///
/// A list that is absent accepts every value of its input; a list that is there must not be empty.
/// Every input of the device must be known either way, except those named in `optional`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Operating systems, each with the lowest version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platforms: Option<BTreeMap<Platform, OsVersion>>,
    /// Kinds of device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeSet<DeviceClass>>,
    /// Capabilities of the hardware; all of them are needed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub capabilities: BTreeSet<String>,
    /// Languages the feature speaks; language and assistant language must each fall under one.
    pub languages: BTreeSet<LanguageTag>,
    /// Languages the feature speaks to the letter, whatever is excluded: not what falls under them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub languages_exact: BTreeSet<LanguageTag>,
    /// Languages the feature does not speak though it speaks a parent of them, with all below them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub languages_excluded: BTreeSet<LanguageTag>,
    /// Whether language and assistant language must be the same primary language.
    #[serde(default)]
    pub languages_must_match: bool,
    /// Age bands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_bands: Option<BTreeSet<AgeBand>>,
    /// The only markets the feature is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markets: Option<BTreeSet<MarketId>>,
    /// Inputs that may stay unset as far as the feature is concerned; rules of a market that read
    /// them still need them, and an input in error still fails closed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub optional: BTreeSet<InputName>,
}

/// A feature as the policy sees it: its id, where its work is done and what it asks of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeatureTerms {
    id: FeatureId,
    surface: Surface,
    terms: Terms,
}

impl PlainData for FeatureTerms {}

impl FeatureTerms {
    /// The terms of a feature, checked for contradictions.
    ///
    /// # Errors
    /// [`PolicyError::Terms`] when a list is empty, a capability is malformed or an input is both
    /// tested and optional.
    pub fn new(id: FeatureId, surface: Surface, terms: Terms) -> Result<Self, PolicyError> {
        match terms.problem() {
            None => Ok(Self { id, surface, terms }),
            Some(problem) => Err(PolicyError::Terms { feature: id, problem }),
        }
    }

    /// The feature.
    pub fn id(&self) -> &FeatureId {
        &self.id
    }

    /// What it asks of a device.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Where its work is done.
    pub fn surface(&self) -> Surface {
        self.surface
    }
}

impl Terms {
    /// The languages as they are tested.
    pub(crate) fn spoken(&self) -> Languages {
        Languages::of_terms(&self.languages, &self.languages_exact, &self.languages_excluded)
    }

    fn problem(&self) -> Option<String> {
        let empty = [
            ("platforms", self.platforms.as_ref().is_some_and(BTreeMap::is_empty)),
            ("classes", self.classes.as_ref().is_some_and(BTreeSet::is_empty)),
            ("languages", self.languages.is_empty()),
            ("age_bands", self.age_bands.as_ref().is_some_and(BTreeSet::is_empty)),
            ("markets", self.markets.as_ref().is_some_and(BTreeSet::is_empty)),
        ];
        if let Some((list, _)) = empty.iter().find(|(_, is_empty)| *is_empty) {
            return Some(format!("`{list}` is empty, so no device could have it"));
        }
        let tested = [
            (InputName::Platform, self.platforms.is_some()),
            (InputName::OsVersion, self.platforms.is_some()),
            (InputName::Class, self.classes.is_some()),
            (InputName::Capabilities, !self.capabilities.is_empty()),
            (InputName::Language, true),
            (InputName::AgeBand, self.age_bands.is_some()),
            (InputName::AssistantLanguage, self.languages_must_match),
            (InputName::PurchaseRegion, true),
        ];
        if let Some((input, _)) =
            tested.iter().find(|(input, is_tested)| *is_tested && self.optional.contains(input))
        {
            return Some(format!("`{input}` is needed and cannot be optional"));
        }
        self.capabilities
            .iter()
            .find_map(|word| check_capability(word).err())
            .map(|e| e.to_string())
    }
}
