//! The source form of a pack: TOML that a person writes and reads.

use jiff::civil::Date;
use serde::Deserialize;
use yumen_policy::{Digest, Text};

use super::Pack;
use super::action::Actions;
use super::rule::{Detector, Kind, Rule};
use crate::detect::phrase::Phrases;
use crate::error::ScreenError;
use crate::expand::expand;

impl Pack {
    /// Reads and checks a pack.
    pub fn parse(toml: &str) -> Result<Self, ScreenError> {
        let raw: RawPack =
            toml::from_str(toml).map_err(|error| ScreenError::Toml(error.to_string()))?;
        let rules = raw.rules.into_iter().map(RawRule::check).collect::<Result<_, _>>()?;
        Ok(Self {
            id: raw.id,
            version: raw.version,
            issued: raw.issued,
            digest: Digest::of(toml.as_bytes()),
            rules,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    id: String,
    version: String,
    issued: Option<Date>,
    /// Read by people; its presence is what the parser insists on.
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "rule")]
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    detector: Option<Detector>,
    phrases: Option<Vec<String>>,
    #[serde(default)]
    not_after: Vec<String>,
    placeholder: String,
    actions: Actions,
    text: Text,
    #[serde(rename = "source")]
    _source: String,
}

impl RawRule {
    fn check(self) -> Result<(Rule, Kind), ScreenError> {
        let wrong =
            |reason: &str| ScreenError::Rule { rule: self.id.clone(), reason: reason.to_owned() };
        if self.id.is_empty()
            || !self.id.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-')
            })
        {
            return Err(wrong("an id is made of a-z, 0-9, `.`, `_` and `-`"));
        }
        if self.placeholder.is_empty()
            || !self.placeholder.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            return Err(wrong("a placeholder is one word of a-z and `_`"));
        }
        if self.text.en.trim().is_empty() || self.text.zh.trim().is_empty() {
            return Err(wrong("the notice needs its text in English and in Chinese"));
        }
        let kind =
            match (self.detector, self.phrases) {
                (Some(detector), None) if self.not_after.is_empty() => Kind::Detector(detector),
                (None, Some(phrases)) if !phrases.is_empty() => {
                    let mut variants = Vec::new();
                    for phrase in phrases {
                        let written_out = expand(&phrase).map_err(|reason| {
                            ScreenError::Phrase { rule: self.id.clone(), phrase, reason }
                        })?;
                        variants.extend(written_out);
                    }
                    Kind::Phrases(Phrases { phrases: variants, not_after: self.not_after })
                }
                _ => {
                    return Err(ScreenError::Rule {
                        rule: self.id,
                        reason: "give either a detector or phrases; `not_after` goes with phrases"
                            .to_owned(),
                    });
                }
            };
        let rule = Rule {
            id: self.id,
            actions: self.actions,
            placeholder: format!("⟦{}⟧", self.placeholder),
            text: self.text,
        };
        Ok((rule, kind))
    }
}
