//! One partner as the operator configures it, checked where it is read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use yumen_policy::{ModelId, PartnerId, Region};
use yumen_wire::Dialect;

use crate::{BaseUrl, BreakerConfig, Capabilities, Clocks, KeySource, Price};

/// One partner: who, what it speaks, where, with which keys, how long we wait, and what is known of
/// its models. Everything below `base_url` may be left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerConfig {
    /// The partner's id, as releases name it.
    pub id: PartnerId,
    /// What it speaks: the name of a dialect, or a table that says which one it is like.
    #[serde(alias = "dialect")]
    pub protocol: Dialect,
    /// The address under which the protocol's paths stand, such as `https://api.openai.com/v1`.
    pub base_url: BaseUrl,
    /// Where the address processes what it gets; without it, no market that says where that must be
    /// sends it anything.
    #[serde(default)]
    pub region: Option<Region>,
    /// Where its keys are: `key = { env = "NAME" }`, or `keys` with several that take turns. None:
    /// nothing is sent, as for emulators and servers of one's own on this machine.
    #[serde(default, alias = "key", deserialize_with = "one_or_more")]
    pub keys: Vec<KeySource>,
    /// Whether this is an emulator and no real model answers; said in every answer.
    #[serde(default)]
    pub emulated: bool,
    /// How long each step may take.
    #[serde(default)]
    pub clocks: Clocks,
    /// What is known of its models. One that a release names and this does not is asked under its
    /// own name, as a model of which nothing is known.
    #[serde(default)]
    pub models: Vec<ModelConfig>,
    /// Its share under the strategies `weighted` and `least_busy`; 0 keeps it for when no other is
    /// left. Default 1.
    #[serde(default = "one")]
    pub weight: u32,
    /// Partners with a lower number are asked before all others. Default 0.
    #[serde(default)]
    pub priority: u32,
    /// The most requests under way at once. Default: no limit.
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Which HTTP. Default `auto`.
    #[serde(default)]
    pub http: HttpVersion,
    /// A PEM file with the certificate authorities that are believed for this partner, in place of the public ones: for
    /// servers with an authority of their own.
    #[serde(default)]
    pub authorities: Option<PathBuf>,
    /// When a model of it is left alone.
    #[serde(default)]
    pub breaker: BreakerConfig,
}

/// What is known of one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Its id, as releases name it.
    pub id: ModelId,
    /// Its name at the partner where that is another, such as an endpoint's id.
    #[serde(default)]
    pub upstream: Option<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// What it costs.
    #[serde(default)]
    pub price: Option<Price>,
}

impl ModelConfig {
    /// A model of which nothing is known but its id.
    pub fn unknown(id: ModelId) -> Self {
        Self { id, upstream: None, capabilities: Capabilities::default(), price: None }
    }
}

/// Which HTTP is spoken with a partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpVersion {
    /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// HTTP/1.1 only.
    #[serde(rename = "1")]
    Http1,
    /// HTTP/2 only; on a plain address, from the first byte (prior knowledge).
    #[serde(rename = "2")]
    Http2,
}

impl PartnerConfig {
    /// A partner of which no more is said than who it is, what it speaks and where.
    pub fn new(id: PartnerId, protocol: Dialect, base_url: BaseUrl) -> Self {
        Self {
            id,
            protocol,
            base_url,
            region: None,
            keys: Vec::new(),
            emulated: false,
            clocks: Clocks::default(),
            models: Vec::new(),
            weight: one(),
            priority: 0,
            concurrency: None,
            http: HttpVersion::default(),
            authorities: None,
            breaker: BreakerConfig::default(),
        }
    }
}

fn one() -> u32 {
    1
}

/// One key, or a list of them.
fn one_or_more<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<KeySource>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(KeySource),
        More(Vec<KeySource>),
    }
    Ok(match OneOrMore::deserialize(from)? {
        OneOrMore::One(key) => vec![key],
        OneOrMore::More(keys) => keys,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partner_is_read_from_toml() {
        let config: PartnerConfig = toml::from_str(
            "id = \"qwen\"\nprotocol = \"dashscope-native\"\n\
             base_url = \"https://dashscope.aliyuncs.com/api/v1\"\n\
             region = \"CN\"\nkey = { env = \"DASHSCOPE_API_KEY\" }\nclocks = { gap_seconds = 10 }",
        )
        .unwrap();
        assert_eq!(config.protocol.name(), "dashscope-native");
        assert_eq!(config.region.unwrap().as_str(), "CN");
        assert_eq!(config.base_url.host(), "dashscope.aliyuncs.com");
        assert!(!config.emulated);
        assert_eq!(config.keys, [KeySource::Env("DASHSCOPE_API_KEY".to_owned())]);
        assert_eq!(config.clocks.gap.as_secs(), 10);
        let error = toml::from_str::<PartnerConfig>(
            "id = \"x\"\nprotocol = \"openai-chat\"\nbase_url = \"http://example.com\"",
        )
        .unwrap_err();
        assert!(error.to_string().contains("plain http"), "{error}");
    }

    #[test]
    fn what_is_known_of_models_and_keys_is_read_too() {
        let config: PartnerConfig = toml::from_str(
            "id = \"ark\"\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:1\"\n\
             keys = [{ env = \"ONE\" }, { file = \"two\" }]\nhttp = \"2\"\nweight = 3\n\
             concurrency = 8\nbreaker = { failures = 2 }\n\
             [[models]]\nid = \"m-1\"\nupstream = \"ep-1\"\n\
             capabilities = { prefix = true }\nprice = { input = 0.5, output = 2 }",
        )
        .unwrap();
        assert_eq!(config.keys.len(), 2);
        assert_eq!(config.http, HttpVersion::Http2);
        assert_eq!((config.weight, config.priority, config.concurrency), (3, 0, Some(8)));
        assert_eq!(config.breaker.failures, 2);
        assert_eq!(config.breaker.window, BreakerConfig::default().window);
        assert_eq!(config.models[0].upstream.as_deref(), Some("ep-1"));
        assert_eq!(config.models[0].capabilities.prefix, Some(true));
        for bad in ["http = \"3\"", "key = \"sk-1\"", "wieght = 1"] {
            let text = format!(
                "id = \"x\"\nprotocol = \"openai-chat\"\nbase_url = \"http://127.0.0.1:1\"\n{bad}"
            );
            assert!(toml::from_str::<PartnerConfig>(&text).is_err(), "{bad} was taken");
        }
    }
}
