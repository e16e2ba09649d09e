//! What ships as data: `catalog/`, embedded in the binary and parsed at start.

use std::collections::BTreeMap;

use serde::Deserialize;
use yumen_features::{Catalogue, Feature, FeatureError, Tier};
use yumen_policy::{
    Digest, FeatureId, Market, MarketId, ModelId, ModelRef, PartnerId, PolicyError, Release,
    ReleasedFeature, Text,
};
use yumen_screen::{Pack, Screen, ScreenError};
use yumen_wire::Protocol;

const FEATURES: &[&str] = &[
    include_str!("../../../catalog/features/assistant.chat.toml"),
    include_str!("../../../catalog/features/writing.key_points.toml"),
    include_str!("../../../catalog/features/writing.proofread.toml"),
    include_str!("../../../catalog/features/writing.rewrite.toml"),
    include_str!("../../../catalog/features/writing.summary.toml"),
];

const MARKETS: &[&str] = &[
    include_str!("../../../catalog/markets/cn.toml"),
    include_str!("../../../catalog/markets/eu.toml"),
    include_str!("../../../catalog/markets/sandbox.toml"),
    include_str!("../../../catalog/markets/us.toml"),
];

const PARTNERS: &[&str] = &[
    include_str!("../../../catalog/partners/openai.toml"),
    include_str!("../../../catalog/partners/qwen.toml"),
];

const PACKS: &[&str] = &[
    include_str!("../../../catalog/packs/injection.toml"),
    include_str!("../../../catalog/packs/pii.toml"),
];

/// Everything that ships as data.
pub(crate) struct Shipped {
    /// The features.
    pub features: Catalogue,
    /// The markets' rules.
    pub markets: Vec<Market>,
    /// The partners and where their models may serve.
    pub partners: Vec<PartnerCard>,
}

/// One file of `catalog/partners`: a model company, its protocol and its models.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerCard {
    /// The partner's id.
    pub id: PartnerId,
    /// Its name for people.
    pub name: Text,
    /// What it speaks.
    pub protocol: Protocol,
    /// Where it is reached.
    pub base_url: String,
    /// The environment variable that usually holds its key.
    pub key_env: String,
    /// Its models.
    pub model: Vec<ModelCard>,
}

/// One model and where it may serve.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelCard {
    /// The model's id at the partner.
    pub id: ModelId,
    /// Its version.
    pub version: String,
    /// The markets it may serve.
    pub markets: Vec<MarketId>,
    /// The features it serves there.
    pub features: Vec<FeatureId>,
}

impl Shipped {
    /// Parses what is embedded.
    pub(crate) fn load() -> Result<Self, CatalogError> {
        let features =
            FEATURES.iter().map(|source| Feature::parse(source)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            features: Catalogue::new(features)?,
            markets: MARKETS
                .iter()
                .map(|source| Market::parse(source))
                .collect::<Result<_, _>>()?,
            partners: PARTNERS
                .iter()
                .map(|source| toml::from_str(source).map_err(CatalogError::Partner))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The screen with the packs that ship.
    pub(crate) fn screen() -> Result<Screen, CatalogError> {
        let packs = PACKS.iter().map(|source| Pack::parse(source)).collect::<Result<_, _>>()?;
        Ok(Screen::new(packs)?)
    }

    /// The release each market gets from this build: the features, the models that may serve them
    /// there, the screen and the label rules.
    ///
    /// `engine` names the on-device engine's model for a feature.
    pub(crate) fn releases(
        &self,
        screen: Digest,
        labels: &BTreeMap<MarketId, Digest>,
        engine: impl Fn(&Feature) -> Option<ModelRef>,
    ) -> Vec<Release> {
        self.markets
            .iter()
            .filter_map(|market| {
                let label = *labels.get(market.id())?;
                let features = self
                    .features
                    .iter()
                    .filter_map(|feature| {
                        let models = match feature.tier() {
                            Tier::Device => engine(feature).into_iter().collect::<Vec<_>>(),
                            Tier::Partner => self.models(market.id(), feature.id()),
                        };
                        (!models.is_empty()).then(|| {
                            let digest = feature.digest();
                            (feature.id().clone(), ReleasedFeature { digest, models })
                        })
                    })
                    .collect();
                Some(Release::new(market.id().clone(), features, screen, label))
            })
            .collect()
    }

    fn models(&self, market: &MarketId, feature: &FeatureId) -> Vec<ModelRef> {
        self.partners
            .iter()
            .flat_map(|partner| partner.model.iter().map(move |model| (partner, model)))
            .filter(|(_, model)| model.markets.contains(market) && model.features.contains(feature))
            .map(|(partner, model)| ModelRef {
                partner: partner.id.clone(),
                model: model.id.clone(),
                version: model.version.clone(),
            })
            .collect()
    }
}

/// What is wrong with the embedded catalogue; a build that shows this is broken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    /// A feature.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// A partner.
    #[error("catalog/partners: {0}")]
    Partner(toml::de::Error),
    /// A market.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A screen pack.
    #[error(transparent)]
    Screen(#[from] ScreenError),
}
