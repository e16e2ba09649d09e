//! Cards of `catalog/partners`: a model company, what it speaks at which address, where each of its
//! hosts processes, what its models can and cost, and the markets they may serve. Each fact names
//! its source; what no source carries is absent, and nobody assumes it.
//!
//! A card may say that it `extends` a shipped one: then it changes what it says, and keeps the rest.

mod evidence;
mod extend;
mod model;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use toml::Table;
use yumen_partners::{BaseUrl, KeySource, ModelConfig};
use yumen_policy::{ModelId, PartnerId, Region, Text};
use yumen_wire::Dialect;

pub(crate) use self::evidence::{Cited, Sources};
use self::model::price_on;
pub(crate) use self::model::{
    Abilities, Caches, Currency, Hours, ModelCard, PriceCard, Retires, Thinks,
};

/// One file of `catalog/partners`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PartnerCard {
    /// The partner's id.
    pub id: PartnerId,
    /// Its name for people.
    pub name: Text,
    /// Where what it says is known from, by name.
    #[serde(skip_serializing_if = "Sources::is_empty")]
    pub sources: Sources,
    /// Where it is reached and what it speaks there; the first is what a configuration gets that
    /// names none. At least one.
    #[serde(rename = "endpoint")]
    pub endpoints: Vec<Endpoint>,
    /// Its hosts, and where each processes.
    #[serde(rename = "host")]
    pub hosts: Vec<HostCard>,
    /// Regions from which it takes no requests.
    pub blocked: Vec<Blocked>,
    /// How long it keeps what it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// What its models can, where they say nothing else.
    pub capabilities: Abilities,
    /// Its models.
    pub model: Vec<ModelCard>,
    /// What it no longer answers.
    pub retired: Vec<Retired>,
}

/// A card as its file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCard {
    id: PartnerId,
    name: Text,
    key_env: Option<String>,
    /// The short form of one endpoint.
    #[serde(alias = "protocol")]
    dialect: Option<Dialect>,
    base_url: Option<BaseUrl>,
    #[serde(default)]
    sources: Sources,
    #[serde(default)]
    endpoint: Vec<RawEndpoint>,
    #[serde(default)]
    host: Vec<HostCard>,
    #[serde(default)]
    blocked: Vec<Blocked>,
    retention: Option<Retention>,
    #[serde(default)]
    capabilities: Abilities,
    #[serde(default)]
    model: Vec<ModelCard>,
    #[serde(default)]
    retired: Vec<Retired>,
}

/// An address and what is spoken there.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Endpoint {
    /// What a configuration calls it: the dialect's name, where nothing else is given.
    pub id: String,
    /// What is spoken.
    pub dialect: Dialect,
    /// The address under which the dialect's paths stand.
    pub base_url: BaseUrl,
    /// The environment variable that usually holds its key; none: it takes no key.
    pub key_env: Option<String>,
    /// The day it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retires: Option<Retires>,
    /// Where it is known from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Cited>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEndpoint {
    id: Option<String>,
    #[serde(alias = "protocol")]
    dialect: Dialect,
    base_url: BaseUrl,
    key_env: Option<String>,
    retires: Option<Retires>,
    source: Option<Cited>,
}

/// One host of a partner.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostCard {
    /// The host; `*.` at its beginning stands for one or more labels.
    pub host: String,
    /// Where it processes.
    pub region: Region,
    /// Where that is known from.
    pub source: Cited,
}

/// A region from which a partner takes no requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blocked {
    /// The region.
    pub region: Region,
    /// Where that is known from.
    pub source: Cited,
}

/// How long a partner keeps what it was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    /// Days at most; absent where it says no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// In words.
    pub text: Text,
    /// Where that is known from.
    pub source: Cited,
}

/// A name that a partner no longer answers to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retired {
    /// The model, or the interface.
    pub model: String,
    /// Since when.
    pub on: Date,
    /// What the partner names in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<ModelId>,
    /// Where that is known from.
    pub source: Cited,
}

/// What is wrong with a card.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CardError {
    /// It does not have the form.
    #[error(transparent)]
    Form(#[from] toml::de::Error),
    /// A key says what cannot be.
    #[error("`{key}`: {problem}")]
    Key {
        /// The key.
        key: String,
        /// What to change.
        problem: String,
    },
}

fn wrong<T>(key: impl Into<String>, problem: impl Into<String>) -> Result<T, CardError> {
    Err(CardError::Key { key: key.into(), problem: problem.into() })
}

impl PartnerCard {
    /// Reads a card and checks what its form does not hold. `shipped` gives the text of the shipped
    /// card with an id, for one that extends it.
    pub(super) fn parse(
        text: &str,
        shipped: impl Fn(&str) -> Option<&'static str>,
    ) -> Result<Self, CardError> {
        let table: Table = toml::from_str(text)?;
        let card: RawCard = match table.get("extends") {
            // Read from the text, so that an error names the line.
            None => toml::from_str(text)?,
            Some(id) => {
                let known = id.as_str().and_then(shipped);
                let Some(base) = known else {
                    return wrong("extends", "there is no shipped card with this id");
                };
                extend::extended(toml::from_str(base)?, table)?.try_into()?
            }
        };
        let card = card.into_card()?;
        card.check()?;
        Ok(card)
    }

    /// Where a host of this partner processes, as far as the card knows the host.
    pub(crate) fn region_of(&self, host: &str) -> Option<Region> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.hosts.iter().find(|card| card.is(&host)).map(|card| card.region)
    }

    /// Where a model processes: as its card says, else where the partner's first endpoint does.
    pub(super) fn region(&self, model: &ModelCard) -> Option<Region> {
        model.region.or_else(|| self.region_of(self.home().base_url.host()))
    }

    /// What a configuration gets that names no endpoint.
    pub(crate) fn home(&self) -> &Endpoint {
        // `into_card` lets none through without an endpoint.
        &self.endpoints[0]
    }

    /// The endpoint with this id.
    pub(crate) fn endpoint(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }

    /// What a model can, with what all models of the partner can.
    pub(crate) fn abilities(&self, model: &ModelCard) -> Abilities {
        model.capabilities.clone().over(&self.capabilities)
    }

    /// What is known of the models that this endpoint offers, on a day, with prices in a currency.
    pub(crate) fn models(
        &self,
        endpoint: Option<&Endpoint>,
        day: Date,
        currency: Currency,
    ) -> Vec<ModelConfig> {
        let at = endpoint.map(|endpoint| endpoint.id.as_str());
        let known = |model: &ModelCard| ModelConfig {
            id: model.id.clone(),
            upstream: model.upstream.clone(),
            capabilities: self.abilities(model).at(at),
            price: price_on(&model.price, day, currency).map(PriceCard::plain),
        };
        self.model.iter().map(known).collect()
    }

    /// The sources it names nowhere, or names and does not have, and much else that cannot be.
    fn check(&self) -> Result<(), CardError> {
        if self.id.is_device() {
            return wrong("id", "this id is the on-device engine's");
        }
        for (name, evidence) in &self.sources {
            if let Some(problem) = evidence.problem() {
                return wrong(format!("sources.{name}"), problem);
            }
        }
        for (key, source) in self.citations() {
            if let Some(problem) = source.problem(&self.sources) {
                return wrong(key, problem);
            }
        }
        for host in &self.hosts {
            let bare = host.host.strip_prefix("*.").unwrap_or(&host.host);
            let well_formed = !bare.is_empty()
                && bare
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
            if !well_formed {
                let key = format!("host {:?}", host.host);
                return wrong(key, "a lower-case host name, with at most one `*.` before it");
            }
        }
        self.check_capabilities("capabilities", &self.capabilities)?;
        let mut seen = BTreeSet::new();
        for model in &self.model {
            if !seen.insert(&model.id) {
                return wrong(format!("model {:?}", model.id.as_str()), "is there twice");
            }
            self.check_model(model)?;
        }
        Ok(())
    }

    fn check_model(&self, model: &ModelCard) -> Result<(), CardError> {
        let key = |key: &str| format!("model {:?}, {key}", model.id.as_str());
        if model.reports.iter().any(|id| id.parse::<ModelId>().is_err()) {
            return wrong(key("reports"), "an entry is no model id");
        }
        if !model.fingerprints.iter().all(|print| is_word(print)) {
            return wrong(
                key("fingerprints"),
                "an entry is no fingerprint: 1 to 256 characters, none of them a space or a control character",
            );
        }
        if model.upstream.as_ref().is_some_and(|name| !is_word(name)) {
            return wrong(key("upstream"), "1 to 256 characters, no spaces");
        }
        if model.version.as_ref().is_some_and(|version| version.trim().is_empty()) {
            return wrong(key("version"), "is empty");
        }
        if model.filing.as_ref().is_some_and(|filing| filing.number.trim().is_empty()) {
            return wrong(key("filing"), "it needs a `number`");
        }
        if model.markets.is_empty() != model.features.is_empty() {
            return wrong(key("markets"), "`markets` and `features` belong together");
        }
        if let Some(problem) = model.price.iter().find_map(PriceCard::problem) {
            return wrong(key("price"), problem);
        }
        self.check_capabilities(&key("capabilities"), &model.capabilities)
    }

    fn check_capabilities(&self, key: &str, abilities: &Abilities) -> Result<(), CardError> {
        if abilities.says_something() && abilities.source.is_none() {
            return wrong(key, "it needs a `source`");
        }
        let unknown = |id: &&String| self.endpoint(id).is_none();
        match abilities.tools_at.iter().flatten().find(unknown) {
            Some(id) => wrong(format!("{key}.tools_at"), format!("there is no endpoint {id:?}")),
            None => Ok(()),
        }
    }

    /// Every place that names a source, and what it names.
    fn citations(&self) -> impl Iterator<Item = (String, &Cited)> {
        let endpoints = self.endpoints.iter().flat_map(|endpoint| {
            let own = endpoint.source.iter().chain(endpoint.retires.iter().map(|end| &end.source));
            own.map(move |source| (format!("endpoint {:?}", endpoint.id), source))
        });
        let hosts = self.hosts.iter().map(|host| (format!("host {:?}", host.host), &host.source));
        let blocked =
            self.blocked.iter().map(|place| (format!("blocked {}", place.region), &place.source));
        let retention = self.retention.iter().map(|kept| ("retention".to_owned(), &kept.source));
        let retired =
            self.retired.iter().map(|one| (format!("retired {:?}", one.model), &one.source));
        let general =
            self.capabilities.source.iter().map(|source| ("capabilities".to_owned(), source));
        let models = self.model.iter().flat_map(|model| {
            let filing = model.filing.iter().map(|filing| ("filing", &filing.source));
            let abilities = model.capabilities.source.iter().map(|source| ("capabilities", source));
            let prices = model.price.iter().map(|price| ("price", &price.source));
            let end = model.retires.iter().map(|end| ("retires", &end.source));
            let all = filing.chain(abilities).chain(prices).chain(end);
            all.map(move |(key, source)| (format!("model {:?}, {key}", model.id.as_str()), source))
        });
        endpoints
            .chain(hosts)
            .chain(blocked)
            .chain(retention)
            .chain(retired)
            .chain(general)
            .chain(models)
    }
}

impl RawCard {
    fn into_card(self) -> Result<PartnerCard, CardError> {
        let mut endpoints = Vec::new();
        match (self.dialect, self.base_url) {
            (Some(dialect), Some(base_url)) => endpoints.push(Endpoint {
                id: dialect.name().to_owned(),
                dialect,
                base_url,
                key_env: self.key_env.clone(),
                retires: None,
                source: None,
            }),
            (None, None) => {}
            _ => return wrong("base_url", "`protocol` and `base_url` belong together"),
        }
        for raw in self.endpoint {
            endpoints.push(Endpoint {
                id: raw.id.unwrap_or_else(|| raw.dialect.name().to_owned()),
                dialect: raw.dialect,
                base_url: raw.base_url,
                key_env: raw.key_env.or_else(|| self.key_env.clone()),
                retires: raw.retires,
                source: raw.source,
            });
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = endpoints.iter().find(|endpoint| !seen.insert(endpoint.id.clone())) {
            let key = format!("endpoint {:?}", twice.id);
            return wrong(key, "is there twice; give one of them another `id`");
        }
        if endpoints.is_empty() {
            return wrong("endpoint", "a partner is reached somewhere: `protocol` and `base_url`");
        }
        Ok(PartnerCard {
            id: self.id,
            name: self.name,
            sources: self.sources,
            endpoints,
            hosts: self.host,
            blocked: self.blocked,
            retention: self.retention,
            capabilities: self.capabilities,
            model: self.model,
            retired: self.retired,
        })
    }
}

impl Endpoint {
    /// Where its key is looked for, when a configuration does not say.
    pub(crate) fn key(&self) -> KeySource {
        self.key_env.clone().map_or(KeySource::None, KeySource::Env)
    }
}

impl HostCard {
    fn is(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => host == self.host,
        }
    }
}

/// Whether an answer could carry this as a model's name or the fingerprint of what made it; a drift keeps no more
/// characters of one.
fn is_word(text: &str) -> bool {
    let visible = |c: char| !c.is_control() && !c.is_whitespace();
    !text.is_empty() && text.chars().count() <= 256 && text.chars().all(visible)
}
