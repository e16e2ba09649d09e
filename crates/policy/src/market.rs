//! A market: one legal jurisdiction, the regions whose devices belong to it, and its rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use crate::rule::{RawRule, Source};
use crate::{Digest, MarketId, PolicyError, Region, Rule, Text};

/// What a market demands before a feature may be served in it.
#[derive(Clone, Debug)]
pub struct ApprovalDuty {
    required: bool,
    signers: usize,
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
    approval: ApprovalDuty,
    approval_rule: Arc<str>,
    rules: Vec<Rule>,
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
    approval: RawApproval,
    rule: Vec<RawRule>,
    label: toml::Table,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawApproval {
    required: bool,
    #[serde(default)]
    signers: usize,
    text: Text,
    next_step: Text,
    source: Source,
}

impl Market {
    /// Reads a market file.
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
        let wrong = |problem: String| Err(PolicyError::Market { market: id.clone(), problem });
        if !raw.name.is_complete() {
            return wrong("`name` needs both en and zh".into());
        }
        if raw.regions.is_empty() {
            return wrong("`regions` is empty: no device could belong to it".into());
        }
        let nowhere = raw.regions.iter().all(|region| region.as_str() == "ZZ");
        if raw.development != nowhere {
            return wrong("region `ZZ`, and only that, belongs to a development market".into());
        }
        let approval = raw.approval;
        if approval.required != (approval.signers > 0) {
            return wrong("`signers` is at least 1 where approval is required, else absent".into());
        }
        if !approval.text.is_complete() || !approval.next_step.is_complete() {
            return wrong("`approval` needs `text` and `next_step` in both en and zh".into());
        }
        if let Some(problem) = approval.source.problem() {
            return wrong(format!("approval: {problem}"));
        }
        if raw.label.is_empty() {
            return wrong("`label` is empty: nothing generated may go unlabelled".into());
        }
        let mut rules: Vec<Rule> = Vec::with_capacity(raw.rule.len());
        for raw in raw.rule {
            match Rule::new(raw, id.as_str()) {
                Ok(rule) if rules.iter().any(|other| other.id() == rule.id()) => {
                    return wrong(format!("rule `{}` is given twice", rule.id()));
                }
                Ok(rule) => rules.push(rule),
                Err(problem) => return wrong(problem),
            }
        }
        if rules.is_empty() {
            return wrong("it has no rule".into());
        }
        Ok(Self {
            name: Arc::new(raw.name),
            regions: raw.regions,
            development: raw.development,
            approval: ApprovalDuty {
                required: approval.required,
                signers: approval.signers,
                text: Arc::new(approval.text),
                next_step: Arc::new(approval.next_step),
                source: approval.source,
            },
            approval_rule: format!("{id}.approval").into(),
            rules,
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

    pub(crate) fn approval_rule(&self) -> &Arc<str> {
        &self.approval_rule
    }
}
