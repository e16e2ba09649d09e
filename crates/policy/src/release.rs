//! What a market gets: an immutable bundle of features, models, screen and label rules, with one digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::canonical::PlainData;
use crate::{Digest, FeatureId, MarketId, ModelId, PartnerId};

/// One named, versioned model of one partner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRef {
    /// Who runs it; [`PartnerId::DEVICE`] for an engine on the device.
    pub partner: PartnerId,
    /// The partner's name for it.
    pub model: ModelId,
    /// The version that was approved.
    pub version: String,
}

/// A feature as a release carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasedFeature {
    /// The digest of the feature: its prompts, schemas and checks.
    pub digest: Digest,
    /// The models that may serve it, the preferred one first.
    pub models: Vec<ModelRef>,
}

/// An immutable bundle a market gets. Whatever changes in it changes its digest, and with that the
/// approval it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    bundle: Bundle,
    digest: Digest,
}

/// The content of a release; its JSON, keys in this order and maps sorted, is what the digest is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    market: MarketId,
    features: BTreeMap<FeatureId, ReleasedFeature>,
    screen: Digest,
    label: Digest,
}

impl Release {
    /// Bundles what a market gets.
    pub fn new(
        market: MarketId,
        features: BTreeMap<FeatureId, ReleasedFeature>,
        screen: Digest,
        label: Digest,
    ) -> Self {
        Bundle { market, features, screen, label }.into()
    }

    /// The digest that approvals name.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The market it is for.
    pub fn market(&self) -> &MarketId {
        &self.bundle.market
    }

    /// The feature as this release carries it.
    pub fn feature(&self, id: &FeatureId) -> Option<&ReleasedFeature> {
        self.bundle.features.get(id)
    }

    /// All features it carries.
    pub fn features(&self) -> impl Iterator<Item = (&FeatureId, &ReleasedFeature)> {
        self.bundle.features.iter()
    }

    /// The digest of the screen it was released with.
    pub fn screen(&self) -> Digest {
        self.bundle.screen
    }

    /// The digest of the label rules it was released with.
    pub fn label(&self) -> Digest {
        self.bundle.label
    }
}

impl PlainData for Bundle {}

impl From<Bundle> for Release {
    fn from(bundle: Bundle) -> Self {
        Self { digest: Digest::of(&bundle.canonical("yumen release v1")), bundle }
    }
}

impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.bundle.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Bundle::deserialize(deserializer).map(Self::from)
    }
}
