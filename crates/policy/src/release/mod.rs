//! What a market gets: an immutable bundle of features, models, screen, judges and label rules, with one digest.
//!
//! The digest is of everything that decides what a person could see. The texts behind the digests can
//! travel with a release so that a difference can be told in words; each is kept under its own digest,
//! so none can say anything but what was released, and with them or without, the release is the same.

pub(crate) mod diff;

pub use self::diff::{Change, ChangeBasis, ChangeKind};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::canonical::PlainData;
use crate::{Digest, FeatureId, MarketId, ModelId, PartnerId, PolicyError, Region};

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
    /// Where it processes; none for an engine on the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The model ids the partner may report in its answers; none means the model's own.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reports: BTreeSet<String>,
    /// The fingerprints of its system the partner may report; none means that they are not looked at.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fingerprints: BTreeSet<String>,
    /// The number under which the model is filed, to be shown with the feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing: Option<String>,
}

impl ModelRef {
    /// A model of which no more is said than its name and version.
    pub fn new(partner: PartnerId, model: ModelId, version: impl Into<String>) -> Self {
        Self {
            partner,
            model,
            version: version.into(),
            region: None,
            reports: BTreeSet::new(),
            fingerprints: BTreeSet::new(),
            filing: None,
        }
    }
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
#[derive(Clone, Debug)]
pub struct Release {
    bundle: Bundle,
    digest: Digest,
    contents: BTreeMap<Digest, String>,
}

/// The content of a release; its JSON, keys in this order and maps sorted, is what the digest is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    market: MarketId,
    features: BTreeMap<FeatureId, ReleasedFeature>,
    screen: Digest,
    label: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retrieval: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    judges: Option<Digest>,
}

/// A release as a file carries it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Carried {
    market: MarketId,
    features: BTreeMap<FeatureId, ReleasedFeature>,
    screen: Digest,
    label: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retrieval: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    judges: Option<Digest>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    contents: BTreeMap<Digest, String>,
}

impl Release {
    /// Bundles what a market gets.
    pub fn new(
        market: MarketId,
        features: BTreeMap<FeatureId, ReleasedFeature>,
        screen: Digest,
        label: Digest,
    ) -> Self {
        Bundle { market, features, screen, label, retrieval: None, judges: None }.into()
    }

    /// The same with the settings of retrieval, of which the digest is given. It has another digest.
    #[must_use]
    pub fn with_retrieval(self, settings: Digest) -> Self {
        let bundle = Bundle { retrieval: Some(settings), ..self.bundle };
        Self { contents: self.contents, ..bundle.into() }
    }

    /// The same with external judges, of whose charter the digest is given. It has another digest.
    #[must_use]
    pub fn with_judges(self, charter: Digest) -> Self {
        let bundle = Bundle { judges: Some(charter), ..self.bundle };
        Self { contents: self.contents, ..bundle.into() }
    }

    /// The same with texts that its digests are of: feature files, label rules, the screen's packs, the judges' charter.
    /// The digest stays.
    ///
    /// # Errors
    /// [`PolicyError::Release`] if a text is none of those the release names.
    pub fn with_contents(
        mut self,
        texts: impl IntoIterator<Item = String>,
    ) -> Result<Self, PolicyError> {
        for text in texts {
            let digest = Digest::of(text.as_bytes());
            if !self.names(digest) {
                let problem = format!("a text of digest {digest} is no part of it");
                return Err(PolicyError::Release { release: self.digest, problem });
            }
            self.contents.insert(digest, text);
        }
        Ok(self)
    }

    fn names(&self, digest: Digest) -> bool {
        let Bundle { features, screen, label, retrieval, judges, .. } = &self.bundle;
        [Some(*screen), Some(*label), *retrieval, *judges].contains(&Some(digest))
            || features.values().any(|feature| feature.digest == digest)
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

    /// The digest of the settings of retrieval, where anything is retrieved.
    pub fn retrieval(&self) -> Option<Digest> {
        self.bundle.retrieval
    }

    /// The digest of the charter of external judges, where any judge in the market.
    pub fn judges(&self) -> Option<Digest> {
        self.bundle.judges
    }

    /// The text of this digest, where it came with the release.
    pub fn content(&self, digest: Digest) -> Option<&str> {
        self.contents.get(&digest).map(String::as_str)
    }
}

/// Two releases are the same if their digests are, whether or not their texts came with them.
impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Release {}

impl PlainData for Bundle {}

impl From<Bundle> for Release {
    fn from(bundle: Bundle) -> Self {
        let digest = Digest::of(&bundle.canonical("yumen release v1"));
        Self { digest, bundle, contents: BTreeMap::new() }
    }
}

impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Bundle { market, features, screen, label, retrieval, judges } = self.bundle.clone();
        let contents = self.contents.clone();
        Carried { market, features, screen, label, retrieval, judges, contents }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Release {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Carried { market, features, screen, label, retrieval, judges, contents } =
            Carried::deserialize(deserializer)?;
        let release = Self::from(Bundle { market, features, screen, label, retrieval, judges });
        for (digest, text) in &contents {
            if *digest != Digest::of(text.as_bytes()) {
                return Err(de::Error::custom(format!("the text under {digest} is another")));
            }
        }
        release.with_contents(contents.into_values()).map_err(de::Error::custom)
    }
}
