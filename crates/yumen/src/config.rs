//! `yumen.toml`: what an operator writes, parsed into what the program runs on.
//!
//! Unknown keys are errors, and what can be checked without the data directory and the keys is
//! checked here, once. `docs/configuration.md` explains every key.

mod partner;
mod routing;
mod screen;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use thiserror::Error;
use yumen_features::Task;
use yumen_gate::Durability;
use yumen_judges::JudgeConfig;
use yumen_label::Provider;
use yumen_partners::{KeySource, PartnerConfig, Routing};
use yumen_policy::{FeatureId, Management, MarketId, Profile};

use self::partner::RawPartner;
use self::routing::RawRouting;
use self::screen::RawScreen;
use crate::catalog::{CatalogError, Shipped};
use crate::screens::ScreenConfig;

/// What the gate runs on.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where keys, approvals and the ledger are kept.
    pub data_dir: PathBuf,
    /// Whether the development-only market `sandbox` exists.
    pub sandbox: bool,
    /// What the operator leaves switched off for every device.
    pub management: Management,
    /// Who provides the service, for labels.
    pub provider: Provider,
    /// A folder of catalogue files that replace or add to those that ship.
    pub catalog: Option<PathBuf>,
    /// When the record of a request must be durable.
    pub durable: Durability,
    /// Whether only assertions bound to a device key are made and taken.
    pub require_device_key: bool,
    /// The markets in which pictures may go to partners.
    pub pictures: BTreeSet<MarketId>,
    /// Model names of plain clients, each standing for a chat feature.
    pub aliases: BTreeMap<String, FeatureId>,
    /// Which packs screens are made of, and whose are believed.
    pub screen: ScreenConfig,
    /// The partners that can be asked.
    pub partners: Vec<PartnerConfig>,
    /// How requests are spread over them.
    pub routing: Routing,
    /// Who judges text beside the screen.
    pub judges: Vec<JudgeConfig>,
}

/// What is wrong with a configuration file.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The catalogue it names cannot be used.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The file is not what `docs/configuration.md` describes.
    #[error("{path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong in it, and where.
        message: String,
    },
}

impl Config {
    /// Reads a configuration file. Relative paths in it are relative to the file; `catalog` takes the place of what it
    /// says of the catalogue.
    pub(crate) fn read(path: &Path, catalog: Option<&Path>) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let wrong = |message| ConfigError::Parse { path: path.to_owned(), message };
        let raw: RawConfig = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let catalog = match catalog {
            Some(folder) => Some(folder.to_owned()),
            None => raw.server.catalog.map(|folder| beside.join(folder)),
        };
        let shipped = Shipped::load(catalog.as_deref())?;
        let profiles = raw.management.iter().map(|file| profile(&beside.join(file)));
        let management = Management::merge(profiles.collect::<Result<Vec<_>, _>>()?);
        let aliases = raw
            .aliases
            .into_iter()
            .map(|(alias, feature)| {
                let known = chat_feature(&feature, &shipped).ok_or_else(|| {
                    format!("the alias {alias:?} stands for {feature:?}, which is no chat feature; use `assistant.chat`")
                })?;
                Ok((alias, known))
            })
            .collect::<Result<_, _>>()
            .map_err(wrong)?;
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let RawRouting { currency, routing } = raw.routing;
        let partners = raw
            .partner
            .into_iter()
            .map(|partner| partner.resolve(&shipped.partners, beside, today, currency))
            .collect::<Result<_, _>>()
            .map_err(wrong)?;
        let judges =
            raw.judge.into_iter().map(|judge| resolved(judge, beside)).collect::<Result<_, _>>();
        let judges = judges.map_err(wrong)?;
        Ok(Self {
            judges,
            listen: raw.server.listen,
            data_dir: beside.join(raw.server.data_dir),
            sandbox: raw.server.sandbox,
            management,
            provider: raw.server.provider,
            catalog,
            durable: raw.ledger.durable,
            require_device_key: raw.server.require_device_key,
            pictures: raw.server.pictures,
            aliases,
            screen: raw.screen.resolve(beside).map_err(wrong)?,
            partners,
            routing,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    server: RawServer,
    #[serde(default)]
    ledger: RawLedger,
    #[serde(default)]
    screen: RawScreen,
    #[serde(default)]
    aliases: BTreeMap<String, String>,
    /// Files of management profiles that hold for every device.
    #[serde(default)]
    management: Vec<PathBuf>,
    #[serde(default)]
    routing: RawRouting,
    #[serde(default)]
    partner: Vec<RawPartner>,
    #[serde(default)]
    judge: Vec<JudgeConfig>,
}

/// A judge that fits together, with its key's file where it is.
fn resolved(judge: JudgeConfig, beside: &Path) -> Result<JudgeConfig, String> {
    judge.check().map_err(|error| error.to_string())?;
    let key = match judge.key {
        KeySource::File(file) => KeySource::File(beside.join(file)),
        other => other,
    };
    Ok(JudgeConfig { key, ..judge })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawServer {
    #[serde(default = "default_listen")]
    listen: SocketAddr,
    data_dir: PathBuf,
    #[serde(default)]
    sandbox: bool,
    provider: Provider,
    catalog: Option<PathBuf>,
    #[serde(default)]
    require_device_key: bool,
    /// The markets in which pictures may go to partners though nobody looks at what they show.
    #[serde(default)]
    pictures: BTreeSet<MarketId>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLedger {
    #[serde(default)]
    durable: Durability,
}

/// A management profile (docs/management.md).
fn profile(path: &Path) -> Result<Profile, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    Profile::from_toml(&text)
        .map_err(|error| ConfigError::Parse { path: path.to_owned(), message: error.to_string() })
}

/// The feature with this id, if it takes a conversation.
fn chat_feature(id: &str, shipped: &Shipped) -> Option<FeatureId> {
    let feature = shipped.features.get(id).filter(|feature| feature.task() == Task::Chat)?;
    Some(feature.id().clone())
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}
