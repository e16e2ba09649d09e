//! A market: one legal jurisdiction, the regions whose devices belong to it, and its rules.

pub(crate) mod clause;
pub(crate) mod duty;
pub(crate) mod file;
pub(crate) mod rule;
pub(crate) mod selector;
pub(crate) mod terms;

pub use self::duty::{Duty, DutyKind, DutyValue};
pub use self::file::{Elsewhere, MarketFile, Overlay};
pub use self::rule::{Basis, Certainty, Rule, Source};
pub use self::selector::FeatureSelector;
pub use self::terms::{FeatureTerms, Surface, Terms};

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::market::duty::RawDuty;
use crate::market::rule::RawRule;
use crate::{Digest, Freshness, MarketId, PolicyError, Region, StrikeRules, Text};

/// Whether anything is served in a market at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketState {
    /// What is released and approved is served.
    Open,
    /// Nothing is served yet; that is being worked on.
    Preparing,
    /// Nothing is served, and nobody is working on it.
    Closed,
}

/// The `[status]` table of a market file: whether anything is served there, and why not.
#[derive(Clone, Debug)]
pub struct MarketStatus {
    state: MarketState,
    text: Arc<Text>,
    next_step: Arc<Text>,
    source: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStatus {
    state: MarketState,
    text: Text,
    next_step: Text,
    source: Source,
}

impl MarketStatus {
    pub(crate) fn new(raw: RawStatus) -> Result<Self, String> {
        let RawStatus { state, text, next_step, source } = raw;
        if !text.is_complete() || !next_step.is_complete() {
            return Err("`status` needs `text` and `next_step` in both en and zh".into());
        }
        if let Some(problem) = source.problem() {
            return Err(format!("status: {problem}"));
        }
        Ok(Self { state, text: Arc::new(text), next_step: Arc::new(next_step), source })
    }

    /// Whether anything is served.
    pub fn state(&self) -> MarketState {
        self.state
    }

    /// Why not, to people.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// What somebody can do.
    pub fn next_step(&self) -> &Text {
        &self.next_step
    }

    /// Where that comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn shared_text(&self) -> &Arc<Text> {
        &self.text
    }

    pub(crate) fn shared_next_step(&self) -> &Arc<Text> {
        &self.next_step
    }
}

/// The `[residency]` table of a market file: where models must process what is asked there.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residency {
    processing: BTreeSet<Region>,
    source: Source,
}

impl Residency {
    /// The regions in which models may process.
    pub fn processing(&self) -> &BTreeSet<Region> {
        &self.processing
    }

    /// Where that comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

/// The `[pictures]` table of a market file: what must look at a picture before a partner does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PictureDuty {
    judge: Demand,
    source: Source,
}

/// Whether something is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// Whoever serves may do without.
    Optional,
    /// Without it nothing is served.
    Required,
}

impl PictureDuty {
    /// Whether no picture goes to a partner unless an external judge looked at it.
    pub fn judge(&self) -> Demand {
        self.judge
    }

    /// Where that comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

/// What a market demands before a feature may be served in it.
#[derive(Clone, Debug)]
pub struct ApprovalDuty {
    required: bool,
    signers: usize,
    models_filed: bool,
    text: Arc<Text>,
    next_step: Arc<Text>,
    source: Source,
}

impl ApprovalDuty {
    /// Whether a feature needs an approval in force.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// How many distinct trusted people must have signed an approval; zero when none is required.
    pub fn signers(&self) -> usize {
        self.signers
    }

    /// Whether a partner's model serves only if its filing number is on the authority's list.
    pub fn wants_filed_models(&self) -> bool {
        self.models_filed
    }

    /// What the duty says, to people.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// What to do when the approval is missing.
    pub fn next_step(&self) -> &Text {
        &self.next_step
    }

    /// Where the duty comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn shared_text(&self) -> &Arc<Text> {
        &self.text
    }

    pub(crate) fn shared_next_step(&self) -> &Arc<Text> {
        &self.next_step
    }
}

/// One legal jurisdiction with its rule pack, read from a file of `catalog/markets/`.
#[derive(Clone, Debug)]
pub struct Market {
    id: MarketId,
    name: Arc<Text>,
    regions: BTreeSet<Region>,
    development: bool,
    issued: Option<Date>,
    status: Option<MarketStatus>,
    status_rule: Arc<str>,
    approval: ApprovalDuty,
    approval_rule: Arc<str>,
    residency: Option<Residency>,
    pictures: Option<PictureDuty>,
    freshness: Freshness,
    strikes: Option<StrikeRules>,
    rules: Vec<Rule>,
    duties: Vec<Duty>,
    label: toml::Table,
    digest: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMarket {
    id: MarketId,
    name: Text,
    regions: BTreeSet<Region>,
    #[serde(default)]
    development: bool,
    issued: Option<Date>,
    status: Option<RawStatus>,
    approval: RawApproval,
    residency: Option<Residency>,
    pictures: Option<PictureDuty>,
    #[serde(default)]
    freshness: Freshness,
    strikes: Option<StrikeRules>,
    rule: Vec<RawRule>,
    #[serde(default)]
    duty: Vec<RawDuty>,
    label: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApproval {
    required: bool,
    #[serde(default)]
    signers: usize,
    #[serde(default)]
    models_filed: bool,
    text: Text,
    next_step: Text,
    source: Source,
}

/// The rules of a file: well-formed, each id once.
pub(crate) fn rules(raw: Vec<RawRule>, market: &MarketId) -> Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = Vec::with_capacity(raw.len());
    for raw in raw {
        let rule = Rule::new(raw, market.as_str())?;
        if rules.iter().any(|other| other.id() == rule.id()) {
            return Err(format!("rule `{}` is given twice", rule.id()));
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// The duties of a file: well-formed, each id once.
pub(crate) fn duties(raw: Vec<RawDuty>, market: &MarketId) -> Result<Vec<Duty>, String> {
    let mut duties: Vec<Duty> = Vec::with_capacity(raw.len());
    for raw in raw {
        let duty = Duty::new(raw, market.as_str())?;
        if duties.iter().any(|other| other.id() == duty.id()) {
            return Err(format!("duty `{}` is given twice", duty.id()));
        }
        duties.push(duty);
    }
    Ok(duties)
}

impl ApprovalDuty {
    fn new(raw: RawApproval) -> Result<Self, String> {
        let RawApproval { required, signers, models_filed, text, next_step, source } = raw;
        if required != (signers > 0) {
            return Err("`signers` is at least 1 where approval is required, else absent".into());
        }
        if models_filed && !required {
            return Err("`models_filed` asks for filed models where no approval is required".into());
        }
        if !text.is_complete() || !next_step.is_complete() {
            return Err("`approval` needs `text` and `next_step` in both en and zh".into());
        }
        if let Some(problem) = source.problem() {
            return Err(format!("approval: {problem}"));
        }
        let (text, next_step) = (Arc::new(text), Arc::new(next_step));
        Ok(Self { required, signers, models_filed, text, next_step, source })
    }
}

impl Market {
    /// Reads a market file. [`MarketFile::parse`](crate::MarketFile::parse) also reads the other forms.
    ///
    /// Besides its form this checks what would make the market decide nothing or the wrong thing:
    /// no regions, no rules, rules that select or test nothing, two rules of one id, an approval
    /// without signers, and a development market that is not confined to `ZZ`, the region code
    /// ISO 3166 assigns to nobody.
    ///
    /// # Errors
    /// [`PolicyError::MarketSyntax`] or [`PolicyError::Market`], saying what to change.
    pub fn parse(source: &str) -> Result<Self, PolicyError> {
        let raw: RawMarket = toml::from_str(source)?;
        let id = raw.id;
        let refuse = |problem: String| PolicyError::Market { market: id.clone(), problem };
        let wrong = |problem: &str| Err(refuse(problem.into()));
        if id.as_str() == Elsewhere::ID {
            return wrong("the id `unknown` is for the file of regions of no market");
        }
        if !raw.name.is_complete() {
            return wrong("`name` needs both en and zh");
        }
        if raw.regions.is_empty() {
            return wrong("`regions` is empty: no device could belong to it");
        }
        let nowhere = raw.regions.iter().all(|region| region.as_str() == "ZZ");
        if raw.development != nowhere {
            return wrong("region `ZZ`, and only that, belongs to a development market");
        }
        if let Some(residency) = &raw.residency {
            if residency.processing.is_empty() {
                return wrong(
                    "`residency.processing` is empty: leave `residency` out for anywhere",
                );
            }
            if let Some(problem) = residency.source.problem() {
                return wrong(&format!("residency: {problem}"));
            }
        }
        if let Some(problem) = raw.pictures.as_ref().and_then(|duty| duty.source.problem()) {
            return wrong(&format!("pictures: {problem}"));
        }
        if raw.freshness.policy.is_some() && raw.issued.is_none() {
            return wrong("`freshness.policy` needs the day this file was `issued`");
        }
        if let Some(problem) = raw.strikes.as_ref().and_then(StrikeRules::problem) {
            return wrong(&problem);
        }
        if raw.label.is_empty() {
            return wrong("`label` is empty: nothing generated may go unlabelled");
        }
        if raw.rule.is_empty() {
            return wrong("it has no rule");
        }
        let approval = ApprovalDuty::new(raw.approval).map_err(refuse)?;
        let status = raw.status.map(MarketStatus::new).transpose().map_err(refuse)?;
        Ok(Self {
            name: Arc::new(raw.name),
            regions: raw.regions,
            development: raw.development,
            issued: raw.issued,
            status,
            status_rule: format!("{id}.status").into(),
            approval,
            approval_rule: format!("{id}.approval").into(),
            residency: raw.residency,
            pictures: raw.pictures,
            freshness: raw.freshness,
            strikes: raw.strikes,
            rules: rules(raw.rule, &id).map_err(refuse)?,
            duties: duties(raw.duty, &id).map_err(refuse)?,
            label: raw.label,
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

    /// The purchase regions whose devices belong to this market.
    pub fn regions(&self) -> &BTreeSet<Region> {
        &self.regions
    }

    /// Whether it exists for development only and never serves people.
    pub fn is_development(&self) -> bool {
        self.development
    }

    /// The day this version of its file was issued.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// Whether anything is served in it, where its file says so.
    pub fn status(&self) -> Option<&MarketStatus> {
        self.status.as_ref()
    }

    /// Whether anything is served in it; a file that says nothing of it is of an open market.
    pub fn state(&self) -> MarketState {
        self.status.as_ref().map_or(MarketState::Open, MarketStatus::state)
    }

    /// Where models must process; absent: anywhere.
    pub fn residency(&self) -> Option<&Residency> {
        self.residency.as_ref()
    }

    /// What must look at pictures; absent: whoever serves decides.
    pub fn pictures(&self) -> Option<&PictureDuty> {
        self.pictures.as_ref()
    }

    /// Whether no picture goes to a partner here unless an external judge looked at it.
    pub fn wants_pictures_judged(&self) -> bool {
        self.pictures.as_ref().is_some_and(|duty| duty.judge == Demand::Required)
    }

    /// How old its rules, packs and approvals may be.
    pub fn freshness(&self) -> &Freshness {
        &self.freshness
    }

    /// What becomes of a person whose inputs are refused again and again; absent: nothing.
    pub fn strikes(&self) -> Option<&StrikeRules> {
        self.strikes.as_ref()
    }

    /// Its duties, in the order of the file.
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// What it demands before a feature may be served.
    pub fn approval(&self) -> &ApprovalDuty {
        &self.approval
    }

    /// Its rules, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Its `[label]` table, for the crate that labels.
    pub fn label(&self) -> &toml::Table {
        &self.label
    }

    /// The digest of the file it was read from.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    pub(crate) fn status_rule(&self) -> &Arc<str> {
        &self.status_rule
    }

    pub(crate) fn approval_rule(&self) -> &Arc<str> {
        &self.approval_rule
    }
}
