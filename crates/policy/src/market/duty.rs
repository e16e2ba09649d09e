//! Duties of a market: what its law asks of whoever serves there, beyond what a rule can decide.
//!
//! A duty decides nothing here. It is listed so that an operator, a dossier and the console speak of
//! the same numbers with the same sources, and it says which part of this program carries it; what
//! nothing carries the operator must.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::market::rule::Source;
use crate::{FeatureId, FeatureSelector, Text};

/// What a duty is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyKind {
    /// A decision of an authority that must be there first.
    Approval,
    /// A mark on what was generated.
    Label,
    /// What people must be told.
    Notice,
    /// The protection of minors.
    Minors,
    /// How long something must, or may, be kept.
    Retention,
    /// Where data must stay.
    Residency,
    /// From how much on data may not leave without more.
    Export,
    /// What people must be reminded of as they go on.
    Reminder,
    /// What must stand where people can see it.
    Display,
    /// What people may demand.
    Rights,
    /// How people can complain, and how soon they are answered.
    Complaints,
    /// The security of the service.
    Security,
    /// What must be kept out.
    Screening,
}

impl DutyKind {
    /// The word for it in JSON and TOML.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Label => "label",
            Self::Notice => "notice",
            Self::Minors => "minors",
            Self::Retention => "retention",
            Self::Residency => "residency",
            Self::Export => "export",
            Self::Reminder => "reminder",
            Self::Display => "display",
            Self::Rights => "rights",
            Self::Complaints => "complaints",
            Self::Security => "security",
            Self::Screening => "screening",
        }
    }
}

impl fmt::Display for DutyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The number or word of a duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DutyValue {
    /// Whether.
    Flag(bool),
    /// How many, in the duty's unit.
    Whole(i64),
    /// How much, in the duty's unit.
    Part(f64),
    /// Which.
    Word(String),
}

/// A `[[duty]]` of a market file, as it is written there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDuty {
    id: String,
    kind: DutyKind,
    features: Option<Vec<FeatureSelector>>,
    value: Option<DutyValue>,
    unit: Option<String>,
    text: Text,
    source: Source,
    enforced_by: Option<String>,
}

/// One duty of a market.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Duty {
    id: String,
    kind: DutyKind,
    #[serde(skip)]
    features: Vec<FeatureSelector>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<DutyValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    text: Text,
    source: Source,
    enforced_by: Option<String>,
}

impl Duty {
    pub(crate) fn new(raw: RawDuty, market: &str) -> Result<Self, String> {
        let RawDuty { id, kind, features, value, unit, text, source, enforced_by } = raw;
        let problem = |problem: &str| Err(format!("duty `{id}`: {problem}"));
        if !crate::market::rule::is_id(&id, market) {
            return problem("the id must be the market id, a dot and a lower-case name");
        }
        if features.as_ref().is_some_and(Vec::is_empty) {
            return problem("it selects no feature; leave `features` out for all");
        }
        if unit.is_some() && !matches!(value, Some(DutyValue::Whole(_) | DutyValue::Part(_))) {
            return problem("`unit` is of a number, and `value` is none");
        }
        if !text.is_complete() {
            return problem("`text` needs both en and zh");
        }
        if let Some(wrong) = source.problem() {
            return problem(wrong);
        }
        let empty = |word: &Option<String>| word.as_ref().is_some_and(|w| w.trim().is_empty());
        if empty(&unit) || empty(&enforced_by) {
            return problem("`unit` and `enforced_by` say something or are left out");
        }
        let features = features.unwrap_or_else(|| vec![FeatureSelector::ALL]);
        Ok(Self { id, kind, features, value, unit, text, source, enforced_by })
    }

    /// The id: the market, a dot and a name (`cn.retention-logs`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is about.
    pub fn kind(&self) -> DutyKind {
        self.kind
    }

    /// Whether it is about this feature.
    pub fn applies_to(&self, feature: &FeatureId) -> bool {
        self.features.iter().any(|selector| selector.selects(feature))
    }

    /// A selector that selects none of these features.
    pub(crate) fn idle_selector(&self, features: &BTreeMap<FeatureId, usize>) -> Option<String> {
        crate::market::rule::idle(&self.features, features)
    }

    /// Its number or word.
    pub fn value(&self) -> Option<&DutyValue> {
        self.value.as_ref()
    }

    /// What its number counts: `days`, `months`, `people`.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// What it says, to people.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What of this program carries it; where nothing does, the operator must.
    pub fn enforced_by(&self) -> Option<&str> {
        self.enforced_by.as_deref()
    }
}
