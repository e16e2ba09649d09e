//! Packs: the rules of a screen as data.
//!
//! ```toml
//! id = "pii"
//! version = "2026.11.0"
//! issued = "2026-11-22"                   # optional; how old the pack is, is counted from it
//! source = "where the rules come from"
//!
//! [[rule]]
//! id = "pii.email"
//! detector = "email"                      # or: phrases = ["(drop|lose) the parcel"]
//! placeholder = "email"                   # what stands in its place: ⟦email⟧
//! actions = { to_partner = "mask", from_partner = "allow", to_device = "allow", from_device = "allow" }
//! text = { en = "An e-mail address was masked.", zh = "已遮盖一个电子邮箱地址。" }
//! source = "RFC 5321 §4.5.3.1"
//! ```
//!
//! A phrase matches across any white space and punctuation that does not end a sentence; where it begins or ends
//! with a Latin letter or digit, it must begin or end a word. Directly after one of the words of `not_after` it does not count:
//! `not_after = ["do not"]`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use yumen_policy::{Digest, Text};

use crate::detect::phrase::Phrases;
use crate::error::ScreenError;
use crate::expand::expand;

/// The border a text crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// From a person to a partner's model: the text leaves the operator.
    ToPartner,
    /// From a partner's model to a person.
    FromPartner,
    /// From a person to an engine on the device: nothing leaves.
    ToDevice,
    /// From an engine on the device to a person.
    FromDevice,
}

impl Boundary {
    pub(crate) const ALL: [Self; 4] =
        [Self::ToPartner, Self::FromPartner, Self::ToDevice, Self::FromDevice];

    pub(crate) fn direction(self) -> &'static str {
        match self {
            Self::ToPartner | Self::ToDevice => "input",
            Self::FromPartner | Self::FromDevice => "output",
        }
    }
}

/// What happens to a text in which a rule found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It passes as it is, and the rule is not even looked for.
    Allow,
    /// What was found is replaced by the rule's placeholder; the rest passes.
    Mask,
    /// The text does not pass.
    Refuse,
}

/// The action of one rule at each boundary; none may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// At [`Boundary::ToPartner`].
    pub to_partner: Action,
    /// At [`Boundary::FromPartner`].
    pub from_partner: Action,
    /// At [`Boundary::ToDevice`].
    pub to_device: Action,
    /// At [`Boundary::FromDevice`].
    pub from_device: Action,
}

impl Actions {
    /// The action at one boundary.
    pub fn at(self, boundary: Boundary) -> Action {
        match boundary {
            Boundary::ToPartner => self.to_partner,
            Boundary::FromPartner => self.from_partner,
            Boundary::ToDevice => self.to_device,
            Boundary::FromDevice => self.from_device,
        }
    }
}

/// A detector built into the engine: something with a structure that phrases cannot describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Detector {
    /// A payment card number: 13 to 19 digits, an issuer's prefix, and the Luhn check digit (ISO/IEC 7812-1).
    BankCard,
    /// A mainland China mobile number: `1[3-9]` and nine digits, with or without `+86`.
    CnMobile,
    /// A mainland China resident identity number: 18 characters, a province, a date, and the check digit of GB 11643-1999.
    CnResidentId,
    /// An e-mail address with a dotted ASCII domain.
    Email,
}

impl Detector {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BankCard => "bank_card",
            Self::CnMobile => "cn_mobile",
            Self::CnResidentId => "cn_resident_id",
            Self::Email => "email",
        }
    }
}

/// The parsed rules of one pack.
#[derive(Clone, Debug)]
pub struct Pack {
    id: String,
    version: String,
    issued: Option<Date>,
    digest: Digest,
    pub(crate) rules: Vec<(Rule, Kind)>,
}

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

    /// The name of the pack.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version its makers gave it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The day this version was issued, if it says so; a market that lets packs grow old stops what
    /// is screened with one that does not.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// The hash of the pack's text: two packs with one digest are the same to the letter.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// What a rule does and says; how it finds is its [`Kind`].
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) actions: Actions,
    /// What replaces a match, brackets included; empty for a removal.
    pub(crate) placeholder: String,
    pub(crate) text: Text,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Detector(Detector),
    Phrases(Phrases),
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
