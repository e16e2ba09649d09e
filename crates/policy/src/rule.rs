//! Rules of a market: OR of ANDs over the inputs of a device, with their source and their words.
//!
//! A rule can only take away. Every rule that applies must pass, so no rule, verified or not, can
//! open what another closes; an unverified rule may restrict and never claims compliance.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::device::{InputSet, InputState, check_capability};
use crate::{
    AgeBand, Device, DeviceClass, FeatureId, InputName, LanguageTag, OsVersion, Outcome, Platform,
    Region, Surface, Text,
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

/// The features a rule is about: an id, or a family written `writing.*`, or `*` for all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Selector {
    All,
    Family(String),
    One(FeatureId),
}

impl TryFrom<String> for Selector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::All);
        }
        let id = text.strip_suffix(".*").unwrap_or(&text);
        let id: FeatureId = id.parse().map_err(|error: crate::PolicyError| error.to_string())?;
        Ok(if text.ends_with(".*") { Self::Family(format!("{id}.")) } else { Self::One(id) })
    }
}

impl Selector {
    fn selects(&self, feature: &FeatureId) -> bool {
        match self {
            Self::All => true,
            Self::Family(prefix) => feature.as_str().starts_with(prefix.as_str()),
            Self::One(id) => id == feature,
        }
    }
}

/// Membership of one value.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Member<T: Ord> {
    In(BTreeSet<T>),
    NotIn(BTreeSet<T>),
}

impl<T: Ord> Member<T> {
    fn holds(&self, value: &T) -> bool {
        match self {
            Self::In(set) => set.contains(value),
            Self::NotIn(set) => !set.contains(value),
        }
    }

    fn set(&self) -> &BTreeSet<T> {
        match self {
            Self::In(set) | Self::NotIn(set) => set,
        }
    }
}

impl Member<LanguageTag> {
    fn speaks(&self, value: &LanguageTag) -> bool {
        match self {
            Self::In(set) => value.is_among(set),
            Self::NotIn(set) => !value.is_among(set),
        }
    }
}

/// Overlap of two sets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Overlap<T: Ord> {
    Intersects(BTreeSet<T>),
    Disjoint(BTreeSet<T>),
}

impl<T: Ord> Overlap<T> {
    fn holds(&self, value: &BTreeSet<T>) -> bool {
        match self {
            Self::Intersects(set) => !set.is_disjoint(value),
            Self::Disjoint(set) => set.is_disjoint(value),
        }
    }

    fn set(&self) -> &BTreeSet<T> {
        match self {
            Self::Intersects(set) | Self::Disjoint(set) => set,
        }
    }
}

/// A lower bound.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bound {
    AtLeast(OsVersion),
}

/// One AND: every test that stands in it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clause {
    purchase_region: Option<Member<Region>>,
    billing_region: Option<Member<Region>>,
    location: Option<Overlap<Region>>,
    class: Option<Member<DeviceClass>>,
    platform: Option<Member<Platform>>,
    os_version: Option<Bound>,
    language: Option<Member<LanguageTag>>,
    assistant_language: Option<Member<LanguageTag>>,
    capabilities: Option<Overlap<String>>,
    age_band: Option<Member<AgeBand>>,
}

/// Whether a test that may be absent holds for an input; a test of an input that is not set fails.
fn passes<T, V>(
    test: Option<&T>,
    input: &crate::Input<V>,
    holds: impl FnOnce(&T, &V) -> bool,
) -> bool {
    test.is_none_or(|test| input.get().is_some_and(|value| holds(test, value)))
}

impl Clause {
    fn holds(&self, device: &Device) -> bool {
        passes(self.purchase_region.as_ref(), &device.purchase_region, Member::holds)
            && passes(self.billing_region.as_ref(), &device.billing_region, Member::holds)
            && passes(self.location.as_ref(), &device.location, Overlap::holds)
            && passes(self.class.as_ref(), &device.class, Member::holds)
            && passes(self.platform.as_ref(), &device.platform, Member::holds)
            && passes(self.os_version.as_ref(), &device.os_version, |Bound::AtLeast(least), v| {
                v >= least
            })
            && passes(self.language.as_ref(), &device.language, Member::speaks)
            && passes(self.assistant_language.as_ref(), &device.assistant_language, Member::speaks)
            && passes(self.capabilities.as_ref(), &device.capabilities, Overlap::holds)
            && passes(self.age_band.as_ref(), &device.age_band, Member::holds)
    }

    /// The inputs this clause tests, and whether each test can be decided (no empty set).
    fn tests(&self) -> impl Iterator<Item = (InputName, bool)> {
        fn member<T: Ord>(test: Option<&Member<T>>) -> Option<bool> {
            test.map(|test| !test.set().is_empty())
        }
        fn overlap<T: Ord>(test: Option<&Overlap<T>>) -> Option<bool> {
            test.map(|test| !test.set().is_empty())
        }
        [
            (InputName::PurchaseRegion, member(self.purchase_region.as_ref())),
            (InputName::BillingRegion, member(self.billing_region.as_ref())),
            (InputName::Location, overlap(self.location.as_ref())),
            (InputName::Class, member(self.class.as_ref())),
            (InputName::Platform, member(self.platform.as_ref())),
            (InputName::OsVersion, self.os_version.as_ref().map(|_| true)),
            (InputName::Language, member(self.language.as_ref())),
            (InputName::AssistantLanguage, member(self.assistant_language.as_ref())),
            (InputName::Capabilities, overlap(self.capabilities.as_ref())),
            (InputName::AgeBand, member(self.age_band.as_ref())),
        ]
        .into_iter()
        .filter_map(|(input, test)| Some((input, test?)))
    }
}

/// A `[[rule]]` of a market file, as it is written there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    id: String,
    features: Vec<Selector>,
    surfaces: Option<BTreeSet<Surface>>,
    any: Vec<Clause>,
    text: Text,
    next_step: Text,
    source: Source,
}

/// One rule of a market. Every rule that applies to a feature must pass.
#[derive(Clone, Debug)]
pub struct Rule {
    id: Arc<str>,
    features: Vec<Selector>,
    surfaces: Option<BTreeSet<Surface>>,
    any: Vec<Clause>,
    inputs: InputSet,
    text: Arc<Text>,
    next_step: Arc<Text>,
    source: Source,
}

impl Rule {
    pub(crate) fn new(raw: RawRule, market: &str) -> Result<Self, String> {
        let RawRule { id, features, surfaces, any, text, next_step, source } = raw;
        let problem = |problem: &str| Err(format!("rule `{id}`: {problem}"));
        let named = id.strip_prefix(market).and_then(|rest| rest.strip_prefix('.'));
        if named.is_none_or(|name| name.is_empty() || id.len() > 64)
            || !id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
        {
            return problem("the id must be the market id, a dot and a lower-case name");
        }
        if features.is_empty() || surfaces.as_ref().is_some_and(BTreeSet::is_empty) {
            return problem("it selects no feature; write `features = [\"*\"]` for all");
        }
        if any.is_empty() || any.iter().any(|clause| clause.tests().next().is_none()) {
            return problem("`any` needs a clause, and every clause at least one test");
        }
        let mut inputs = InputSet::default();
        for (input, decidable) in any.iter().flat_map(Clause::tests) {
            if !decidable {
                return problem(&format!("the test of `{input}` has an empty list"));
            }
            inputs.insert(input);
        }
        for clause in &any {
            for word in clause.capabilities.iter().flat_map(Overlap::set) {
                if let Err(error) = check_capability(word) {
                    return problem(&error.to_string());
                }
            }
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
            any,
            inputs,
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

    /// A selector that selects none of these features: most likely a slip of the pen, which would
    /// silently leave the rule without force.
    pub(crate) fn idle_selector(&self, features: &BTreeMap<FeatureId, usize>) -> Option<String> {
        let idle = |selector: &&Selector| !features.keys().any(|id| selector.selects(id));
        match self.features.iter().find(idle)? {
            Selector::All => None,
            Selector::Family(prefix) => Some(format!("{prefix}*")),
            Selector::One(id) => Some(id.to_string()),
        }
    }

    pub(crate) fn shared_id(&self) -> &Arc<str> {
        &self.id
    }

    pub(crate) fn shared_text(&self) -> &Arc<Text> {
        &self.text
    }

    pub(crate) fn shared_next_step(&self) -> &Arc<Text> {
        &self.next_step
    }

    /// Whether the rule is about this feature on this surface.
    pub fn applies_to(&self, feature: &FeatureId, surface: Surface) -> bool {
        self.features.iter().any(|selector| selector.selects(feature))
            && self.surfaces.as_ref().is_none_or(|surfaces| surfaces.contains(&surface))
    }

    /// The outcome for a device: an input in error comes before an unset one, and only a device
    /// that has set every input the rule reads can pass or fail it.
    pub(crate) fn outcome(&self, device: &Device) -> Outcome {
        let mut unset = false;
        for input in self.inputs.iter() {
            match device.state(input) {
                InputState::Error => return Outcome::Error,
                InputState::Unset => unset = true,
                InputState::Set => {}
            }
        }
        if unset {
            Outcome::Unset
        } else if self.any.iter().any(|clause| clause.holds(device)) {
            Outcome::Pass
        } else {
            Outcome::Fail
        }
    }
}
