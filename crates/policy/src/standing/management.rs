//! Management profiles: what the organisation that manages a device leaves switched off on it.
//!
//! A profile can only take away. Several merge so that the most restrictive value of each key wins,
//! in whatever order they come and however often; where they differ, the conflict is listed with
//! what each of them said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::canonical::PlainData;
use crate::standing::limits::{Limits, Tier};
use crate::{FeatureId, FeatureSelector, MarketId, PartnerId, PolicyError, ProfileId, Region};
use crate::{Switch, Text};

/// The most profiles a device may have.
const MAX_PROFILES: usize = 8;

/// The most entries a list of a profile may have.
const MAX_ENTRIES: usize = 64;

/// The longest name of a workspace.
const MAX_WORKSPACE: usize = 128;

/// One profile as an organisation writes it, in TOML or JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Profile {
    id: ProfileId,
    #[serde(flatten)]
    settings: Settings,
}

/// What a profile, or several together, set. What is absent is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    switches: BTreeMap<Switch, bool>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    features_off: BTreeSet<FeatureSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    markets: Option<BTreeSet<MarketId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_external_workspace_ids: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Limits::is_none")]
    limits: Limits,
    /// Further limits in one market.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    in_market: BTreeMap<MarketId, Limits>,
}

impl Profile {
    /// Reads a profile from TOML.
    ///
    /// # Errors
    /// [`PolicyError::Management`], naming the key that is unknown or has an impossible value.
    pub fn from_toml(toml: &str) -> Result<Self, PolicyError> {
        toml::from_str(toml).map_err(|error| PolicyError::Management(error.to_string()))
    }

    /// Reads a profile from JSON.
    ///
    /// # Errors
    /// As for [`Profile::from_toml`].
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        serde_json::from_slice(json).map_err(|error| PolicyError::Management(error.to_string()))
    }

    /// Its name.
    pub fn id(&self) -> &ProfileId {
        &self.id
    }

    /// What it says, key by key; keys of tables are joined by dots.
    fn said(&self) -> BTreeMap<String, Value> {
        self.settings.said()
    }
}

impl<'de> Deserialize<'de> for Profile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = serde_json::Map::deserialize(deserializer)?;
        let id = fields.remove("id").ok_or_else(|| de::Error::missing_field("id"))?;
        let id = serde_json::from_value(id).map_err(de::Error::custom)?;
        let settings: Settings =
            serde_json::from_value(Value::Object(fields)).map_err(de::Error::custom)?;
        settings.check().map_err(de::Error::custom)?;
        Ok(Self { id, settings })
    }
}

impl Settings {
    fn check(&self) -> Result<(), String> {
        let few = |name: &str, entries: usize| {
            if entries > MAX_ENTRIES {
                return Err(format!("{name}: at most {MAX_ENTRIES}"));
            }
            Ok(())
        };
        few("features_off", self.features_off.len())?;
        few("markets", self.markets.as_ref().map_or(0, BTreeSet::len))?;
        few("in_market", self.in_market.len())?;
        for limits in self.in_market.values().chain([&self.limits]) {
            few("limits", limits.largest())?;
        }
        let workspaces = self.allowed_external_workspace_ids.iter().flatten();
        few("allowed_external_workspace_ids", workspaces.clone().count())?;
        for name in workspaces {
            if name.is_empty() || name.len() > MAX_WORKSPACE {
                return Err(format!(
                    "allowed_external_workspace_ids: 1 to {MAX_WORKSPACE} bytes each"
                ));
            }
        }
        Ok(())
    }

    /// Takes on what another set says, the more restrictive value of each key.
    fn merge(&mut self, other: &Self) {
        for (&switch, &value) in &other.switches {
            let ours = self.switches.entry(switch).or_insert(value);
            if switch.restricts(value) {
                *ours = value;
            }
        }
        self.features_off.extend(other.features_off.iter().cloned());
        narrow(&mut self.markets, other.markets.as_ref());
        narrow(
            &mut self.allowed_external_workspace_ids,
            other.allowed_external_workspace_ids.as_ref(),
        );
        self.limits.merge(&other.limits);
        for (market, limits) in &other.in_market {
            self.in_market.entry(market.clone()).or_default().merge(limits);
        }
    }

    fn said(&self) -> BTreeMap<String, Value> {
        fn lay_out(path: &str, value: Value, said: &mut BTreeMap<String, Value>) {
            match value {
                Value::Object(fields) => {
                    for (key, value) in fields {
                        let path = if path.is_empty() { key } else { format!("{path}.{key}") };
                        lay_out(&path, value, said);
                    }
                }
                value => drop(said.insert(path.to_owned(), value)),
            }
        }
        let mut said = BTreeMap::new();
        // Settings are ids, numbers and lists of them, which always serialise.
        let value = serde_json::to_value(self).unwrap_or_default();
        lay_out("", value, &mut said);
        said
    }

    fn is_restricted(&self, switch: Switch) -> bool {
        self.switches.get(&switch).is_some_and(|&value| switch.restricts(value))
    }
}

/// Leaves of ours what is among theirs as well; absent is no limit.
pub(crate) fn narrow<T: Ord + Clone>(ours: &mut Option<BTreeSet<T>>, theirs: Option<&BTreeSet<T>>) {
    *ours = match (ours.take(), theirs) {
        (Some(ours), Some(theirs)) => Some(ours.intersection(theirs).cloned().collect()),
        (ours, theirs) => ours.or_else(|| theirs.cloned()),
    };
}

/// A key that two profiles set differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The key; keys of tables are joined by dots (`in_market.cn.tiers`).
    pub key: String,
    /// What each profile says that sets it.
    pub values: Vec<(ProfileId, Value)>,
    /// What counts.
    pub chosen: Value,
}

/// What a profile holds against something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Managed {
    /// A switch.
    Switch(Switch),
    /// `features_off`.
    Features,
    /// `markets`.
    Markets,
    /// `limits.tiers`.
    Tiers,
    /// `limits.partners`.
    Partners,
    /// `limits.regions`.
    Regions,
    /// `limits.force_on_device`.
    ForceOnDevice,
}

impl Managed {
    /// The key as it stands in a profile.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Switch(switch) => switch.key(),
            Self::Features => "features_off",
            Self::Markets => "markets",
            Self::Tiers => "limits.tiers",
            Self::Partners => "limits.partners",
            Self::Regions => "limits.regions",
            Self::ForceOnDevice => "limits.force_on_device",
        }
    }

    /// What a person is told.
    pub fn text(self) -> Text {
        let key = self.key();
        Text::new(
            format!("The organisation that manages this device does not allow it (`{key}`)."),
            format!("管理此设备的组织不允许使用（`{key}`）。"),
        )
    }

    /// What that person can do.
    pub fn next_step() -> Text {
        Text::new("Ask whoever manages this device.", "请联系此设备的管理员。")
    }
}

/// All profiles of a device, merged.
///
/// In JSON it is the list of the profiles, at most 8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Management(Arc<Merged>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Merged {
    profiles: BTreeSet<Profile>,
    settings: Settings,
    conflicts: Vec<Conflict>,
}

impl Management {
    /// Merges profiles. Their order does not matter, nor whether one comes twice.
    pub fn merge(profiles: impl IntoIterator<Item = Profile>) -> Self {
        let profiles: BTreeSet<Profile> = profiles.into_iter().collect();
        let mut settings = Settings::default();
        for profile in &profiles {
            settings.merge(&profile.settings);
        }
        let conflicts = conflicts(&profiles, &settings);
        Self(Arc::new(Merged { profiles, settings, conflicts }))
    }

    /// The profiles of both.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        if other.0.profiles.is_subset(&self.0.profiles) {
            return self.clone();
        }
        Self::merge(self.0.profiles.union(&other.0.profiles).cloned())
    }

    /// The profiles.
    pub fn profiles(&self) -> impl ExactSizeIterator<Item = &Profile> {
        self.0.profiles.iter()
    }

    /// Whether there is no profile.
    pub fn is_empty(&self) -> bool {
        self.0.profiles.is_empty()
    }

    /// Every key that two profiles set differently.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.0.conflicts
    }

    /// The switches that take something away, whether this program carries them out or the app has
    /// to (see [`Switch::features`]).
    pub fn restricted(&self) -> impl Iterator<Item = Switch> {
        Switch::ALL.iter().copied().filter(|&switch| self.0.settings.is_restricted(switch))
    }

    /// The workspaces of a partner that may be signed in to, for the app to carry out; none is no
    /// limit.
    pub fn workspaces(&self) -> Option<&BTreeSet<String>> {
        self.0.settings.allowed_external_workspace_ids.as_ref()
    }

    /// What is left of tiers, partners, regions and retention in a market.
    pub fn limits_in(&self, market: &MarketId) -> Limits {
        let settings = &self.0.settings;
        let mut limits = settings.limits.clone();
        if let Some(here) = settings.in_market.get(market) {
            limits.merge(here);
        }
        if settings.is_restricted(Switch::AllowExternalIntelligence) {
            narrow(&mut limits.tiers, Some(&BTreeSet::from([Tier::Device, Tier::Private])));
        }
        for switch in self.restricted().filter(|switch| switch.confines_to_device()) {
            // Selectors of switches are written in this crate; a test reads each.
            limits
                .force_on_device
                .extend(switch.features().iter().filter_map(|text| text.parse().ok()));
        }
        limits
    }

    /// Whether this feature may run at all in this market.
    ///
    /// # Errors
    /// The key that stands against it.
    pub fn allows_feature(&self, market: &MarketId, feature: &FeatureId) -> Result<(), Managed> {
        let settings = &self.0.settings;
        if settings.markets.as_ref().is_some_and(|markets| !markets.contains(market)) {
            return Err(Managed::Markets);
        }
        if settings.features_off.iter().any(|off| off.selects(feature)) {
            return Err(Managed::Features);
        }
        let forbids = |switch: &Switch| {
            switch.forbids_features() && switch.governs(feature) && settings.is_restricted(*switch)
        };
        settings.switches.keys().copied().find(forbids).map_or(Ok(()), |s| Err(Managed::Switch(s)))
    }

    /// Whether this feature may run in this market on this tier, at this partner, in this region.
    ///
    /// # Errors
    /// The key that stands against it.
    pub fn allows(
        &self,
        feature: &FeatureId,
        tier: Tier,
        partner: Option<&PartnerId>,
        region: Option<Region>,
        market: &MarketId,
    ) -> Result<(), Managed> {
        self.allows_feature(market, feature)?;
        self.limits_in(market).allows(feature, tier, partner, region)
    }
}

fn conflicts(profiles: &BTreeSet<Profile>, settings: &Settings) -> Vec<Conflict> {
    let mut said: BTreeMap<String, Vec<(ProfileId, Value)>> = BTreeMap::new();
    for profile in profiles {
        for (key, value) in profile.said() {
            said.entry(key).or_default().push((profile.id.clone(), value));
        }
    }
    let chosen = settings.said();
    said.into_iter()
        .filter(|(_, values)| values.iter().any(|(_, value)| *value != values[0].1))
        .map(|(key, values)| {
            let chosen = chosen.get(&key).cloned().unwrap_or_default();
            Conflict { key, values, chosen }
        })
        .collect()
}

impl PlainData for Management {}

impl Serialize for Management {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.profiles())
    }
}

impl<'de> Deserialize<'de> for Management {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let profiles = Vec::<Profile>::deserialize(deserializer)?;
        if profiles.len() > MAX_PROFILES {
            return Err(de::Error::custom(format!("at most {MAX_PROFILES} profiles")));
        }
        Ok(Self::merge(profiles))
    }
}
