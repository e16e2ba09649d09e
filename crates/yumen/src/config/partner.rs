//! `[[partner]]`: one partner as an operator writes it; what is left out is as its card in
//! `catalog/partners` has it.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use yumen_partners::{
    BaseUrl, BreakerConfig, Capabilities, Clocks, HttpVersion, Inputs, KeySource, ModelConfig,
    PartnerConfig,
};
use yumen_policy::{PartnerId, Region};
use yumen_wire::Dialect;

use crate::catalog::{Currency, Endpoint, PartnerCard};

/// The table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPartner {
    #[serde(alias = "card")]
    id: PartnerId,
    endpoint: Option<String>,
    #[serde(alias = "dialect")]
    protocol: Option<Dialect>,
    base_url: Option<BaseUrl>,
    region: Option<Region>,
    key: Option<KeySource>,
    #[serde(default)]
    keys: Vec<KeySource>,
    #[serde(default)]
    emulated: bool,
    #[serde(default)]
    clocks: Clocks,
    #[serde(default)]
    models: Vec<ModelConfig>,
    weight: Option<u32>,
    priority: Option<u32>,
    concurrency: Option<u32>,
    #[serde(default)]
    http: HttpVersion,
    authorities: Option<PathBuf>,
    #[serde(default)]
    breaker: BreakerConfig,
}

impl RawPartner {
    /// `beside` is the folder that a relative key file is looked for in; `today` and `currency` choose among prices.
    pub(super) fn resolve(
        self,
        cards: &[PartnerCard],
        beside: &Path,
        today: Date,
        currency: Currency,
    ) -> Result<PartnerConfig, String> {
        let id = self.id.clone();
        let card = cards.iter().find(|card| card.id == id).ok_or_else(|| {
            let known: Vec<_> = cards.iter().map(|card| card.id.as_str()).collect();
            format!(
                "partner {:?} is not in the catalogue; it has {}",
                id.as_str(),
                known.join(", ")
            )
        })?;
        let endpoint = self.endpoint(card)?;
        let base_url = match (&self.base_url, endpoint) {
            (Some(url), _) => url.clone(),
            (None, Some(endpoint)) => endpoint.base_url.clone(),
            (None, None) => {
                return Err(format!(
                    "partner {id}: its card has no endpoint that speaks this; give `base_url`"
                ));
            }
        };
        let known = card.region_of(base_url.host());
        if let (Some(said), Some(known)) = (self.region, known)
            && said != known
        {
            return Err(format!(
                "partner {id}: `region` says {said}, and by the catalogue {} processes in {known}",
                base_url.host()
            ));
        }
        let mut models = card.models(endpoint, today, currency);
        for own in self.models {
            match models.iter_mut().find(|model| model.id == own.id) {
                Some(model) => *model = said_over(own, model),
                None => models.push(own),
            }
        }
        let keys = match (self.key, self.keys) {
            (None, keys) if keys.is_empty() => vec![endpoint.unwrap_or(card.home()).key()],
            (None, keys) => keys,
            (Some(key), keys) if keys.is_empty() => vec![key],
            (Some(_), _) => return Err(format!("partner {id}: either `key` or `keys`")),
        };
        let beside_us = |key| match key {
            KeySource::File(file) => KeySource::File(beside.join(file)),
            key => key,
        };
        let protocol = match (self.protocol, endpoint) {
            (Some(protocol), _) => protocol,
            (None, endpoint) => endpoint.unwrap_or(card.home()).dialect.clone(),
        };
        let plain = PartnerConfig::new(id, protocol, base_url);
        Ok(PartnerConfig {
            region: known.or(self.region),
            keys: keys.into_iter().map(beside_us).collect(),
            emulated: self.emulated,
            clocks: self.clocks,
            models,
            weight: self.weight.unwrap_or(plain.weight),
            priority: self.priority.unwrap_or(plain.priority),
            concurrency: self.concurrency,
            http: self.http,
            authorities: self.authorities.map(|file| beside.join(file)),
            breaker: self.breaker,
            ..plain
        })
    }

    /// The endpoint of the card that is meant: the one that is named, else the first that speaks the
    /// protocol that is named, else the first. None when none speaks it.
    fn endpoint<'a>(&self, card: &'a PartnerCard) -> Result<Option<&'a Endpoint>, String> {
        match (&self.endpoint, &self.protocol) {
            (Some(id), protocol) => {
                let known = || {
                    let ids: Vec<_> = card.endpoints.iter().map(|one| one.id.as_str()).collect();
                    ids.join(", ")
                };
                let endpoint = card.endpoint(id).ok_or_else(|| {
                    format!(
                        "partner {}: there is no endpoint {id:?}; its card has {}",
                        card.id,
                        known()
                    )
                })?;
                match protocol {
                    Some(protocol) if *protocol != endpoint.dialect => Err(format!(
                        "partner {}: the endpoint {id:?} speaks {}; leave `protocol` out",
                        card.id,
                        endpoint.dialect.name()
                    )),
                    _ => Ok(Some(endpoint)),
                }
            }
            (None, Some(protocol)) => {
                Ok(card.endpoints.iter().find(|endpoint| endpoint.dialect == *protocol))
            }
            (None, None) => Ok(Some(card.home())),
        }
    }
}

/// What an operator says of a model, over what the card says; what is left out stays as it was.
fn said_over(own: ModelConfig, card: &ModelConfig) -> ModelConfig {
    let (said, known) = (own.capabilities, card.capabilities);
    ModelConfig {
        upstream: own.upstream.or_else(|| card.upstream.clone()),
        price: own.price.or(card.price),
        capabilities: Capabilities {
            context_tokens: said.context_tokens.or(known.context_tokens),
            max_output_tokens: said.max_output_tokens.or(known.max_output_tokens),
            inputs: if said.inputs == Inputs::default() { known.inputs } else { said.inputs },
            tools: said.tools.or(known.tools),
            json_schema: said.json_schema.or(known.json_schema),
            json_object: said.json_object.or(known.json_object),
            prefix: said.prefix.or(known.prefix),
            reasoning: said.reasoning.or(known.reasoning),
            search: said.search.or(known.search),
            cache: said.cache.or(known.cache),
            choices: said.choices.or(known.choices),
        },
        id: own.id,
    }
}
