//! Rules of a market: OR of ANDs over the inputs of a device, with their source and their words.
//!
//! A rule can only take away. Every rule that applies must pass, so no rule, verified or not, can
//! open what another closes; an unverified rule may restrict and never claims compliance.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::device::input::{InputSet, States};
use crate::market::clause::Clause;
use crate::{
    Confidence, Device, FeatureId, FeatureSelector, Grace, InputName, Lapse, Matches, Outcome,
    Platform, Surface, Text,
};

/// Where a rule comes from, and who checked it there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The law and the clause in it, or the decision of this house.
    pub clause: String,
    /// Where its text can be read; absent for a decision of this house.
    pub url: Option<String>,
    /// The day a person compared the rule with that text.
    pub verified_on: Option<Date>,
    /// Who compared it.
    pub verified_by: Option<String>,
    /// How well whoever wrote it down knew it; until it is verified, how far to trust it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
}

/// How well something is known that nobody has verified yet. None of these is a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// General knowledge, which no text at hand confirms.
    General,
    /// One secondary source says it.
    Secondary,
    /// Several secondary sources, independent of each other, say it.
    SecondaryAgreeing,
    /// The primary text is quoted in a copy of it.
    PrimaryQuoted,
}

impl Source {
    /// Whether somebody vouches for the rule. An unverified rule may restrict, never claim compliance.
    pub fn basis(&self) -> Basis {
        if self.verified_on.is_some() && self.verified_by.is_some() {
            Basis::Verified
        } else {
            Basis::Unverified
        }
    }

    /// What is wrong with the source, if anything.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.clause.trim().is_empty() {
            Some("`clause` is empty")
        } else if self.url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
            Some("`url` must begin with https://")
        } else if self.verified_on.is_some() != self.verified_by.is_some() {
            Some("`verified_on` and `verified_by` belong together")
        } else {
            None
        }
    }
}

/// What a reason rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The terms of the feature or the way this program decides: no law is claimed.
    House,
    /// A legal rule that nobody has compared with its source yet.
    Unverified,
    /// A legal rule that a named person compared with its source.
    Verified,
}

/// Whether this is the id of a rule or a duty of this market: its id, a dot and a name.
pub(crate) fn is_id(id: &str, market: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let name = id.strip_prefix(market).and_then(|rest| rest.strip_prefix('.'));
    name.is_some_and(|name| !name.is_empty()) && id.len() <= 64 && id.bytes().all(letter)
}

/// A selector that selects none of these features.
pub(crate) fn idle(
    selectors: &[FeatureSelector],
    features: &BTreeMap<FeatureId, usize>,
) -> Option<String> {
    let idle = |selector: &&FeatureSelector| {
        **selector != FeatureSelector::ALL && !features.keys().any(|id| selector.selects(id))
    };
    selectors.iter().find(idle).map(FeatureSelector::to_string)
}

/// A `[[rule]]` of a market file, as it is written there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    id: String,
    features: Vec<FeatureSelector>,
    surfaces: Option<BTreeSet<Surface>>,
    platforms: Option<BTreeSet<Platform>>,
    confidence: Option<Confidence>,
    grace: Option<Lapse>,
    any: Vec<Clause>,
    text: Text,
    next_step: Text,
    source: Source,
}

/// One rule of a market. Every rule that applies to a feature must pass.
#[derive(Clone, Debug)]
pub struct Rule {
    id: Arc<str>,
    features: Vec<FeatureSelector>,
    surfaces: Option<BTreeSet<Surface>>,
    platforms: Option<BTreeSet<Platform>>,
    confidence: Confidence,
    grace: Option<Lapse>,
    any: Vec<Clause>,
    inputs: InputSet,
    grace_text: Arc<Text>,
    text: Arc<Text>,
    next_step: Arc<Text>,
    source: Source,
}

impl Rule {
    pub(crate) fn new(raw: RawRule, market: &str) -> Result<Self, String> {
        let RawRule { id, features, surfaces, platforms, confidence, grace, any, .. } = raw;
        let (text, next_step, source) = (raw.text, raw.next_step, raw.source);
        let problem = |problem: &str| Err(format!("rule `{id}`: {problem}"));
        if !is_id(&id, market) {
            return problem("the id must be the market id, a dot and a lower-case name");
        }
        if features.is_empty() || surfaces.as_ref().is_some_and(BTreeSet::is_empty) {
            return problem("it selects no feature; write `features = [\"*\"]` for all");
        }
        if platforms.as_ref().is_some_and(BTreeSet::is_empty) {
            return problem("it selects no platform; leave `platforms` out for all");
        }
        if any.is_empty() {
            return problem("`any` needs a clause, and every clause at least one test");
        }
        let mut inputs = InputSet::default();
        for clause in &any {
            match clause.inputs() {
                Ok(read) => inputs = inputs.union(read),
                Err(wrong) => return problem(&wrong),
            }
        }
        if confidence.is_some() && !inputs.contains(InputName::Location) {
            return problem("`confidence` is of the location, which it does not read");
        }
        if grace.is_some() && !any.iter().any(Clause::asks_where) {
            return problem("`grace` is for leaving a place, and it does not ask for one");
        }
        if grace.is_some_and(|grace| grace > Grace::LONGEST) {
            return problem("`grace` is 180 days at most");
        }
        // Whether it is about the device at all depends on the platform.
        if platforms.is_some() {
            inputs.insert(InputName::Platform);
        }
        if !text.is_complete() || !next_step.is_complete() {
            return problem("`text` and `next_step` need both en and zh");
        }
        if let Some(wrong) = source.problem() {
            return problem(wrong);
        }
        Ok(Self {
            id: id.into(),
            features,
            surfaces,
            platforms,
            confidence: confidence.unwrap_or(Confidence::EVEN),
            grace,
            any,
            inputs,
            grace_text: Arc::new(Text::new(
                format!("{} It was so not long ago, and the grace for that still runs.", text.en),
                format!("{}此前不久仍符合，尚在宽限期内。", text.zh),
            )),
            text: Arc::new(text),
            next_step: Arc::new(next_step),
            source,
        })
    }

    /// The id: the market, a dot and a name (`cn.purchase`).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the rule says, to people.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// What somebody can do when it does not pass.
    pub fn next_step(&self) -> &Text {
        &self.next_step
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The inputs it reads.
    pub fn inputs(&self) -> impl Iterator<Item = InputName> {
        self.inputs.iter()
    }

    pub(crate) fn reads(&self) -> InputSet {
        self.inputs
    }

    /// A selector that selects none of these features: most likely a slip of the pen, which would
    /// silently leave the rule without force.
    pub(crate) fn idle_selector(&self, features: &BTreeMap<FeatureId, usize>) -> Option<String> {
        idle(&self.features, features)
    }

    pub(crate) fn shared_id(&self) -> &Arc<str> {
        &self.id
    }

    pub(crate) fn shared_text(&self) -> &Arc<Text> {
        &self.text
    }

    /// What is said where it passes by grace.
    pub(crate) fn shared_grace(&self) -> &Arc<Text> {
        &self.grace_text
    }

    pub(crate) fn shared_next_step(&self) -> &Arc<Text> {
        &self.next_step
    }

    /// Whether the rule is about this feature on this surface.
    pub fn applies_to(&self, feature: &FeatureId, surface: Surface) -> bool {
        self.features.iter().any(|selector| selector.selects(feature))
            && self.surfaces.as_ref().is_none_or(|surfaces| surfaces.contains(&surface))
    }

    /// Whether the rule leaves this device alone: it is about platforms, and this is another one.
    pub(crate) fn spares(&self, device: &Device) -> bool {
        match (&self.platforms, device.platform.get()) {
            (Some(platforms), Some(platform)) => !platforms.contains(platform),
            _ => false,
        }
    }

    /// The outcome for a device: an input that closes comes before an unset one, and only a device
    /// that has set every input the rule reads can pass or fail it.
    pub(crate) fn outcome(
        &self,
        device: &Device,
        states: States,
        matches: &Matches,
        now: Timestamp,
    ) -> Ruling {
        if !self.inputs.common(states.closed()).is_empty() {
            return Ruling::of(Outcome::Error);
        }
        if !self.inputs.common(states.unset).is_empty() {
            return Ruling::of(Outcome::Unset);
        }
        let mut passes = false;
        for clause in &self.any {
            if clause.holds(device, self.confidence) {
                passes = true;
                // Only being in the right place arms a grace; nothing else is looked for.
                if self.grace.is_none() || clause.asks_where() {
                    return Ruling { matched: self.grace.is_some(), ..Ruling::of(Outcome::Pass) };
                }
            }
        }
        if passes {
            return Ruling::of(Outcome::Pass);
        }
        match self.grace_end(device, matches, now) {
            Some(end) => Ruling { until: Some(end), ..Ruling::of(Outcome::Pass) },
            None => Ruling::of(Outcome::Fail),
        }
    }

    /// The end of the grace for a device that was in the right place not long ago and fails the rule
    /// only for where it is now.
    fn grace_end(&self, device: &Device, matches: &Matches, now: Timestamp) -> Option<Timestamp> {
        let met = matches.get(&self.id)?;
        let end = self.grace?.after(met);
        // A match in the future was written by another clock: worth nothing.
        let runs = met <= now && now < end;
        let but_for_the_place =
            |clause: &Clause| clause.asks_where() && clause.holds_elsewhere(device);
        (runs && self.any.iter().any(but_for_the_place)).then_some(end)
    }
}

/// How a rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) outcome: Outcome,
    /// Whether the device was in the right place: what arms the grace of a rule that has one.
    pub(crate) matched: bool,
    /// When the grace it passes by ends.
    pub(crate) until: Option<Timestamp>,
}

impl Ruling {
    fn of(outcome: Outcome) -> Self {
        Self { outcome, matched: false, until: None }
    }
}
