//! Categories: what a rule is about, in words for the person and in the letters of the standard.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use yumen_policy::{MarketId, Text};

use super::risk::Risk;

/// What some rules of a pack have in common: a person is told the category, never the term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its name, unique in the pack: `a-z`, `0-9`, `.`, `_` and `-`.
    pub id: String,
    /// The risks it stands for; none for what no standard asks for, such as help.
    #[serde(default)]
    pub risks: Vec<Risk>,
    /// What it is about, in plain words for the person.
    pub text: Text,
    /// What the person is told by its rules that have no text of their own; `None`: what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Text>,
    /// The same in some markets, such as where help is to be had there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notice_in: BTreeMap<MarketId, Text>,
    /// How a person who thinks that the screen erred can say so; `None`: as everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<Text>,
}

impl Category {
    /// What the person is told by rules that have no text of their own.
    pub(super) fn told(&self) -> &Text {
        self.notice.as_ref().unwrap_or(&self.text)
    }

    /// All its texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &Text> {
        let own = [Some(&self.text), self.notice.as_ref(), self.appeal.as_ref()];
        own.into_iter().flatten().chain(self.notice_in.values())
    }
}

/// How grave it is what a rule looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Severity {
    /// 1: worth knowing.
    Low,
    /// 2: what most rules look for.
    Medium,
    /// 3: must not pass.
    High,
    /// 4: somebody must look at it.
    Critical,
}

impl TryFrom<u8> for Severity {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        Ok(match number {
            1 => Self::Low,
            2 => Self::Medium,
            3 => Self::High,
            4 => Self::Critical,
            _ => return Err("a severity is 1, 2, 3 or 4"),
        })
    }
}

impl From<Severity> for u8 {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Low => 1,
            Severity::Medium => 2,
            Severity::High => 3,
            Severity::Critical => 4,
        }
    }
}

/// Whether a rule or a term is looked for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// A person accepted it: it is looked for.
    #[default]
    Active,
    /// Nobody accepted it yet: it is never looked for, and counts nowhere.
    Candidate,
}
