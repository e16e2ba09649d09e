//! What management leaves of the choice of tiers, partners and regions in one market.
//!
//! It travels in the assertion of a managed device, so that the gate holds to it without knowing
//! the profiles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::standing::management::{Managed, narrow};
use crate::{FeatureId, FeatureSelector, ModelRef, PartnerId, Region};

/// Where a feature runs, as a profile names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// On the device.
    Device,
    /// On the operator's own servers in the market.
    Private,
    /// In a model partner's cloud.
    Partner,
}

/// What may still serve. What is absent is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The tiers that may serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<BTreeSet<Tier>>,
    /// The partners that may be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partners: Option<BTreeSet<PartnerId>>,
    /// The regions in which a text may be processed outside the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regions: Option<BTreeSet<Region>>,
    /// For how many days content may be kept at most; 0: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u16>,
    /// The features that may run on the device only.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub force_on_device: BTreeSet<FeatureSelector>,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this feature may run on this tier, at this partner, in this region.
    ///
    /// A partner or region that is not known is not among the allowed ones.
    ///
    /// # Errors
    /// The key that stands against it.
    pub fn allows(
        &self,
        feature: &FeatureId,
        tier: Tier,
        partner: Option<&PartnerId>,
        region: Option<Region>,
    ) -> Result<(), Managed> {
        if self.tiers.as_ref().is_some_and(|tiers| !tiers.contains(&tier)) {
            return Err(Managed::Tiers);
        }
        if tier == Tier::Device {
            return Ok(());
        }
        if self.force_on_device.iter().any(|forced| forced.selects(feature)) {
            return Err(Managed::ForceOnDevice);
        }
        // The operator's own servers are no partner.
        if tier == Tier::Partner && !among(self.partners.as_ref(), partner) {
            return Err(Managed::Partners);
        }
        if !among(self.regions.as_ref(), region.as_ref()) {
            return Err(Managed::Regions);
        }
        Ok(())
    }

    /// Whether this model may serve this feature.
    ///
    /// # Errors
    /// The key that stands against it.
    pub fn allows_model(&self, feature: &FeatureId, model: &ModelRef) -> Result<(), Managed> {
        let tier = if model.partner.is_device() { Tier::Device } else { Tier::Partner };
        self.allows(feature, tier, Some(&model.partner), model.region)
    }

    /// Takes on what another says as well.
    pub(crate) fn merge(&mut self, other: &Self) {
        narrow(&mut self.tiers, other.tiers.as_ref());
        narrow(&mut self.partners, other.partners.as_ref());
        narrow(&mut self.regions, other.regions.as_ref());
        self.retention_days = match (self.retention_days, other.retention_days) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        self.force_on_device.extend(other.force_on_device.iter().cloned());
    }

    /// The length of its longest list.
    pub(crate) fn largest(&self) -> usize {
        let sizes = [
            self.partners.as_ref().map_or(0, BTreeSet::len),
            self.regions.as_ref().map_or(0, BTreeSet::len),
            self.force_on_device.len(),
        ];
        sizes.into_iter().max().unwrap_or(0)
    }
}

fn among<T: Ord>(allowed: Option<&BTreeSet<T>>, value: Option<&T>) -> bool {
    allowed.is_none_or(|allowed| value.is_some_and(|value| allowed.contains(value)))
}
