//! What a file of `catalog/markets/` can be: a market, an overlay for a part of one, or what devices
//! of no market are told.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;

use crate::market::duty::RawDuty;
use crate::market::rule::RawRule;
use crate::market::{MarketStatus, RawStatus, duties, rules};
use crate::{
    Digest, Duty, Market, MarketId, MarketState, PolicyError, Region, Rule, Subdivision, Text,
};

/// A file of `catalog/markets/`.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful of them, taken apart as they are read")]
pub enum MarketFile {
    /// A market.
    Market(Market),
    /// More rules for a part of a market: a file with a `parent`.
    Overlay(Overlay),
    /// What devices of no market are told: the file of id `unknown`.
    Elsewhere(Elsewhere),
}

/// What decides of which form a file is.
#[derive(Deserialize)]
struct Probe {
    id: Option<String>,
    parent: Option<toml::Value>,
}

impl MarketFile {
    /// Reads a file of `catalog/markets/`.
    ///
    /// # Errors
    /// [`PolicyError::MarketSyntax`] or [`PolicyError::Market`], saying what to change.
    pub fn parse(source: &str) -> Result<Self, PolicyError> {
        let probe: Probe = toml::from_str(source)?;
        if probe.parent.is_some() {
            Overlay::parse(source).map(Self::Overlay)
        } else if probe.id.as_deref() == Some(Elsewhere::ID) {
            Elsewhere::parse(source).map(Self::Elsewhere)
        } else {
            Market::parse(source).map(Self::Market)
        }
    }
}

/// Rules and duties that come on top of a market's for the devices in a part of it: `us-ca`.
///
/// It has no approval, labels or status of its own: all it can do is take away.
#[derive(Clone, Debug)]
pub struct Overlay {
    id: MarketId,
    name: Arc<Text>,
    parent: MarketId,
    subdivisions: BTreeSet<Subdivision>,
    issued: Option<Date>,
    rules: Vec<Rule>,
    duties: Vec<Duty>,
    digest: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOverlay {
    id: MarketId,
    name: Text,
    parent: MarketId,
    subdivisions: BTreeSet<Subdivision>,
    issued: Option<Date>,
    #[serde(default)]
    rule: Vec<RawRule>,
    #[serde(default)]
    duty: Vec<RawDuty>,
}

impl Overlay {
    /// Reads the file of an overlay.
    ///
    /// # Errors
    /// [`PolicyError::MarketSyntax`] or [`PolicyError::Market`], saying what to change.
    pub fn parse(source: &str) -> Result<Self, PolicyError> {
        let raw: RawOverlay = toml::from_str(source)?;
        let id = raw.id;
        let wrong = |problem: String| PolicyError::Market { market: id.clone(), problem };
        if !raw.name.is_complete() {
            return Err(wrong("`name` needs both en and zh".into()));
        }
        if raw.subdivisions.is_empty() {
            return Err(wrong("`subdivisions` is empty: no device could be in it".into()));
        }
        if raw.rule.is_empty() && raw.duty.is_empty() {
            return Err(wrong("it has neither a rule nor a duty".into()));
        }
        Ok(Self {
            name: Arc::new(raw.name),
            parent: raw.parent,
            subdivisions: raw.subdivisions,
            issued: raw.issued,
            rules: rules(raw.rule, &id).map_err(wrong)?,
            duties: duties(raw.duty, &id).map_err(wrong)?,
            digest: Digest::of(source.as_bytes()),
            id,
        })
    }

    /// The id.
    pub fn id(&self) -> &MarketId {
        &self.id
    }

    /// The name, to people.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The market it is a part of.
    pub fn parent(&self) -> &MarketId {
        &self.parent
    }

    /// The states or provinces it is for.
    pub fn subdivisions(&self) -> &BTreeSet<Subdivision> {
        &self.subdivisions
    }

    /// The day this version was issued.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// Its rules, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Its duties, in the order of the file.
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// The digest of the file it was read from.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// What devices of no market are told: the file `unknown.toml`.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    name: Arc<Text>,
    issued: Option<Date>,
    status: MarketStatus,
    duties: Vec<Duty>,
    digest: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawElsewhere {
    id: MarketId,
    name: Text,
    #[serde(default)]
    regions: BTreeSet<Region>,
    issued: Option<Date>,
    status: RawStatus,
    #[serde(default)]
    duty: Vec<RawDuty>,
}

impl Elsewhere {
    /// The id of the file.
    pub const ID: &'static str = "unknown";

    /// Reads the file.
    ///
    /// # Errors
    /// [`PolicyError::MarketSyntax`] or [`PolicyError::Market`], saying what to change.
    pub fn parse(source: &str) -> Result<Self, PolicyError> {
        let raw: RawElsewhere = toml::from_str(source)?;
        let id = raw.id;
        let wrong = |problem: String| PolicyError::Market { market: id.clone(), problem };
        if id.as_str() != Self::ID {
            return Err(wrong(format!("the id of this file is `{}`", Self::ID)));
        }
        if !raw.name.is_complete() {
            return Err(wrong("`name` needs both en and zh".into()));
        }
        if !raw.regions.is_empty() {
            return Err(wrong(
                "`regions` is empty here: it is for the regions of no market".into(),
            ));
        }
        let status = MarketStatus::new(raw.status).map_err(wrong)?;
        if status.state() == MarketState::Open {
            return Err(wrong("`status.state` cannot be open: nothing is served here".into()));
        }
        Ok(Self {
            name: Arc::new(raw.name),
            issued: raw.issued,
            status,
            duties: duties(raw.duty, &id).map_err(wrong)?,
            digest: Digest::of(source.as_bytes()),
        })
    }

    /// The name, to people.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The day this version was issued.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// What is said to devices of no market.
    pub fn status(&self) -> &MarketStatus {
        &self.status
    }

    /// Its duties, in the order of the file.
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// The digest of the file it was read from.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}
