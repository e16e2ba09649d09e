//! Where a card knows a thing from, and of which day that is.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use yumen_policy::Certainty;

/// A source: what it is, and how much it is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evidence {
    /// The document, the program or the recording, and the place in it.
    pub clause: String,
    /// Where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What kind of evidence it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EvidenceKind>,
    /// The day it was read, or that it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Date>,
    /// The day a person compared the card with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_on: Option<Date>,
    /// Who compared it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<String>,
    /// How well whoever wrote it down knew it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
}

/// Kinds of evidence, as `facts/partners` marks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EvidenceKind {
    /// A document of the partner's.
    Document,
    /// The source of the partner's own client.
    Sdk,
    /// Recorded traffic.
    Recorded,
    /// Measured here.
    Measured,
    /// Somebody else's report.
    ThirdParty,
    /// General knowledge that nothing at hand confirms.
    General,
}

impl EvidenceKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Sdk => "sdk",
            Self::Recorded => "recorded",
            Self::Measured => "measured",
            Self::ThirdParty => "third_party",
            Self::General => "general",
        }
    }
}

impl Evidence {
    /// What is wrong with it, if anything.
    pub(super) fn problem(&self) -> Option<&'static str> {
        if self.clause.trim().is_empty() {
            Some("its `source` has no `clause`")
        } else if self.url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            Some("its source's `url` must begin with https://")
        } else if self.verified_on.is_some() != self.verified_by.is_some() {
            Some("its source's `verified_on` and `verified_by` belong together")
        } else {
            None
        }
    }
}

/// `DeepSeek's API documents (document, 2026-11-22) https://api-docs.deepseek.com`
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.clause)?;
        let kind = self.kind.map(|kind| kind.as_str().replace('_', " "));
        let more: Vec<_> = kind.into_iter().chain(self.as_of.map(|day| day.to_string())).collect();
        if !more.is_empty() {
            write!(f, " ({})", more.join(", "))?;
        }
        if let Some(url) = &self.url {
            write!(f, " {url}")?;
        }
        Ok(())
    }
}

/// A source, given where it is needed or by its name in the card's `sources`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Cited {
    /// Under this name.
    Named(String),
    /// Here.
    Here(Evidence),
}

impl Cited {
    /// The source itself; none when nothing has that name, which a parsed card rules out.
    pub(crate) fn in_full<'a>(&'a self, sources: &'a Sources) -> Option<&'a Evidence> {
        match self {
            Self::Named(name) => sources.get(name),
            Self::Here(evidence) => Some(evidence),
        }
    }

    /// What is wrong with it, if anything.
    pub(super) fn problem(&self, sources: &Sources) -> Option<String> {
        match self {
            Self::Named(name) if !sources.contains_key(name) => {
                Some(format!("`sources` has no {name:?}"))
            }
            Self::Named(_) => None,
            Self::Here(evidence) => evidence.problem().map(str::to_owned),
        }
    }
}

/// The sources of a card, by name.
pub(crate) type Sources = BTreeMap<String, Evidence>;

impl<'de> Deserialize<'de> for Cited {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Cited;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a source, or a source with its `clause`")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Cited, E> {
                Ok(Cited::Named(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cited, A::Error> {
                Evidence::deserialize(MapAccessDeserializer::new(map)).map(Cited::Here)
            }
        }

        from.deserialize_any(Either)
    }
}
