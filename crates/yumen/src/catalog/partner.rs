//! Cards of `catalog/partners`: a model company, the hosts it is reached at and where each of them
//! processes, its models and the markets they may serve.

use serde::Deserialize;
use yumen_policy::{FeatureId, MarketId, ModelId, PartnerId, Region, Source, Text};
use yumen_wire::Dialect;

/// One file of `catalog/partners`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerCard {
    /// The partner's id.
    pub id: PartnerId,
    /// Its name for people.
    pub name: Text,
    /// What it speaks.
    pub protocol: Dialect,
    /// Where it is reached.
    pub base_url: String,
    /// The environment variable that usually holds its key.
    pub key_env: String,
    /// Its hosts, and where each processes.
    #[serde(rename = "host")]
    pub hosts: Vec<HostCard>,
    /// Its models.
    pub model: Vec<ModelCard>,
}

/// One host of a partner.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostCard {
    /// The host; `*.` at its beginning stands for one or more labels.
    pub host: String,
    /// Where it processes.
    pub region: Region,
    /// Where that is known from.
    pub source: Source,
}

/// One model and where it may serve.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelCard {
    /// The model's id at the partner.
    pub id: ModelId,
    /// Its version.
    pub version: String,
    /// Where it processes, when not where the partner's `base_url` does.
    pub region: Option<Region>,
    /// The ids under which the partner may report it; none stands for its own id alone.
    #[serde(default)]
    pub reports: Vec<String>,
    /// The fingerprints of its system the partner may report; without them, they are not looked at.
    #[serde(default)]
    pub fingerprints: Vec<String>,
    /// Its entry in the regulator's list of filed models.
    pub filing: Option<Filing>,
    /// The markets it may serve.
    pub markets: Vec<MarketId>,
    /// The features it serves there.
    pub features: Vec<FeatureId>,
}

/// A filed model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filing {
    /// The number in the list.
    pub number: String,
    /// Where it is known from.
    pub source: Source,
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

impl PartnerCard {
    /// Reads a card and checks what its form does not hold.
    pub(super) fn parse(text: &str) -> Result<Self, CardError> {
        let card: Self = toml::from_str(text)?;
        let wrong =
            |key: String, problem: &str| Err(CardError::Key { key, problem: problem.to_owned() });
        if card.id.is_device() {
            return wrong("id".into(), "this id is the on-device engine's");
        }
        for host in &card.hosts {
            let bare = host.host.strip_prefix("*.").unwrap_or(&host.host);
            let well_formed = !bare.is_empty()
                && bare
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
            if !well_formed {
                let key = format!("host {:?}", host.host);
                return wrong(key, "a lower-case host name, with at most one `*.` before it");
            }
            if host.source.clause.trim().is_empty() {
                return wrong(format!("host {:?}", host.host), "its `source` has no `clause`");
            }
        }
        for model in &card.model {
            let key = |key: &str| format!("model {:?}, {key}", model.id.as_str());
            if model.reports.iter().any(|id| id.parse::<ModelId>().is_err()) {
                return wrong(key("reports"), "an entry is no model id");
            }
            if model.fingerprints.iter().any(|print| !is_fingerprint(print)) {
                return wrong(
                    key("fingerprints"),
                    "an entry is no fingerprint: 1 to 256 characters, none of them a space or a control character",
                );
            }
            let empty = |filing: &Filing| {
                filing.number.trim().is_empty() || filing.source.clause.trim().is_empty()
            };
            if model.filing.as_ref().is_some_and(empty) {
                return wrong(
                    key("filing"),
                    "it needs a `number`, and a `source` with its `clause`",
                );
            }
        }
        Ok(card)
    }

    /// Where a host of this partner processes, as far as the card knows the host.
    pub(crate) fn region_of(&self, host: &str) -> Option<Region> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.hosts.iter().find(|card| card.is(&host)).map(|card| card.region)
    }

    /// Where a model processes: as its card says, else where the partner's own host does.
    pub(super) fn region(&self, model: &ModelCard) -> Option<Region> {
        let authority = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        let host = authority.split(['/', ':']).next().unwrap_or_default();
        model.region.or_else(|| self.region_of(host))
    }
}

/// Whether an answer could carry this as the fingerprint it was made by: a drift keeps no more characters of one.
fn is_fingerprint(text: &str) -> bool {
    let visible = |c: char| !c.is_control() && !c.is_whitespace();
    !text.is_empty() && text.chars().count() <= 256 && text.chars().all(visible)
}

impl HostCard {
    fn is(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => host == self.host,
        }
    }
}
