//! Verdicts: the reasoned answer to "may this device have this feature".
//!
//! A verdict keeps what was found in a few words of memory, beside a handle on the policy it was found
//! under; the reasons are written out (`explain.rs`) only when somebody asks for them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::device::input::{InputSet, States};
use crate::lane::{Bar, Lacking};
use crate::{
    Basis, Digest, FeatureId, InputName, Limits, Managed, MarketId, Matches, Part, Platform,
    Policy, Provenances, Text,
};

/// The answer of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The device may have the feature now.
    Eligible,
    /// Something outside this program decides (reserved for rollouts; no rule of today says it).
    Maybe,
    /// Not now: something is missing that may still come.
    NotYet,
    /// No.
    NotEligible,
}

impl Answer {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::Maybe => "maybe",
            Self::NotYet => "not_yet",
            Self::NotEligible => "not_eligible",
        }
    }
}

/// How one rule came out for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It cannot be decided: an input it reads is unset.
    Unset,
    /// It cannot be decided: an input it reads is in error.
    Error,
}

impl Outcome {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unset => "unset",
            Self::Error => "error",
        }
    }
}

/// One step of the reasoning: a rule, the input it read and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The id of the rule: of a market (`cn.purchase`), of the feature's terms (`feature.language`)
    /// or of this program (`device.input`).
    pub rule: Arc<str>,
    /// The input the rule read; a rule that reads several gives one reason for each.
    pub input: Option<InputName>,
    /// How it came out.
    pub outcome: Outcome,
    /// What that means, to people.
    pub text: Arc<Text>,
    /// What the rule rests on: only `verified` claims that the law was read.
    pub basis: Basis,
}

/// Whether what is missing is being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is: the market, its release or its approval is still to come.
    Preparing,
    /// It is not: the feature will not come to this market as things are.
    Never,
}

/// Why a verdict is what it is, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    Eligible,
    InputError,
    RuleFailed,
    ManagedOff,
    MarketUnknown,
    MarketClosed,
    SandboxDisabled,
    FeatureUnknown,
    FeatureNotInAssertion,
    InputUnset,
    MarketPreparing,
    Killed,
    ModelDrifted,
    ModelOutOfMarket,
    ModelNotFiled,
    PolicyStale,
    PacksStale,
    ApprovalStale,
    ReleaseMissing,
    ApprovalMissing,
    ApprovalSuspended,
    ApprovalRevoked,
    ApprovalExpired,
    AssertionExpired,
    AssertionStale,
    AssertionNotYetValid,
    PolicyChanged,
    VerdictStale,
    ClockBackwards,
}

impl Code {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::InputError => "input_error",
            Self::RuleFailed => "rule_failed",
            Self::ManagedOff => "managed_off",
            Self::MarketUnknown => "market_unknown",
            Self::MarketClosed => "market_closed",
            Self::SandboxDisabled => "sandbox_disabled",
            Self::FeatureUnknown => "feature_unknown",
            Self::FeatureNotInAssertion => "feature_not_in_assertion",
            Self::InputUnset => "input_unset",
            Self::MarketPreparing => "market_preparing",
            Self::Killed => "killed",
            Self::ModelDrifted => "model_drifted",
            Self::ModelOutOfMarket => "model_out_of_market",
            Self::ModelNotFiled => "model_not_filed",
            Self::PolicyStale => "policy_stale",
            Self::PacksStale => "packs_stale",
            Self::ApprovalStale => "approval_stale",
            Self::ReleaseMissing => "release_missing",
            Self::ApprovalMissing => "approval_missing",
            Self::ApprovalSuspended => "approval_suspended",
            Self::ApprovalRevoked => "approval_revoked",
            Self::ApprovalExpired => "approval_expired",
            Self::AssertionExpired => "assertion_expired",
            Self::AssertionStale => "assertion_stale",
            Self::AssertionNotYetValid => "assertion_not_yet_valid",
            Self::PolicyChanged => "policy_changed",
            Self::VerdictStale => "verdict_stale",
            Self::ClockBackwards => "clock_backwards",
        }
    }

    pub(crate) const fn answer(self) -> Answer {
        match self {
            Self::Eligible => Answer::Eligible,
            Self::InputError
            | Self::RuleFailed
            | Self::ManagedOff
            | Self::MarketUnknown
            | Self::MarketClosed
            | Self::SandboxDisabled
            | Self::FeatureUnknown
            | Self::FeatureNotInAssertion => Answer::NotEligible,
            _ => Answer::NotYet,
        }
    }
}

impl From<Lacking> for Code {
    fn from(lacking: Lacking) -> Self {
        match lacking {
            Lacking::Clock => Self::ClockBackwards,
            Lacking::Preparing => Self::MarketPreparing,
            Lacking::Barred(Bar::Killed) => Self::Killed,
            Lacking::Barred(Bar::Drifted) => Self::ModelDrifted,
            Lacking::Barred(Bar::OutOfMarket) => Self::ModelOutOfMarket,
            Lacking::Barred(Bar::NotFiled) => Self::ModelNotFiled,
            Lacking::Barred(Bar::Managed(_)) => Self::ManagedOff,
            Lacking::Stale(Part::Policy) => Self::PolicyStale,
            Lacking::Stale(Part::Packs) => Self::PacksStale,
            Lacking::Stale(Part::Approval) => Self::ApprovalStale,
            Lacking::Release => Self::ReleaseMissing,
            Lacking::Approval | Lacking::ApprovalToCome | Lacking::Barred(Bar::NotApproved) => {
                Self::ApprovalMissing
            }
            Lacking::ApprovalOver => Self::ApprovalExpired,
            Lacking::ApprovalSuspended => Self::ApprovalSuspended,
            Lacking::ApprovalRevoked => Self::ApprovalRevoked,
        }
    }
}

/// A test of a feature's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Market,
    Class,
    Platform,
    OsVersion,
    Capabilities,
    Language,
    AssistantLanguage,
    LanguagesMatch,
    AgeBand,
}

/// The tests of the terms that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TermSet(u16);

impl TermSet {
    pub(crate) fn insert(&mut self, term: Term) {
        self.0 |= 1 << term as u16;
    }

    pub(crate) const fn contains(self, term: Term) -> bool {
        self.0 & 1 << term as u16 != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Rules of a lane, by their place in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet(u128);

impl RuleSet {
    pub(crate) fn insert(&mut self, rule: usize) {
        self.0 |= 1 << rule;
    }

    pub(crate) const fn contains(self, rule: usize) -> bool {
        self.0 & 1 << rule != 0
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// How a region stands to the market: each bit is one way, and a set of places may have several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relation(u8);

impl Relation {
    pub(crate) const HERE: Self = Self(1);
    pub(crate) const OTHER: Self = Self(2);
    pub(crate) const NOWHERE: Self = Self(4);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::HERE => "in_market",
            Self::OTHER => "other_market",
            Self::NOWHERE => "no_market",
            _ => "several",
        }
    }
}

/// How each of the inputs that are places stands to the market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relations {
    pub(crate) purchase: Relation,
    pub(crate) billing: Relation,
    pub(crate) location: Relation,
    pub(crate) setup: Relation,
    pub(crate) subdivision: Relation,
    pub(crate) developer: Relation,
}

/// What was found about a device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) states: States,
    /// The inputs that something read.
    pub(crate) read: InputSet,
    /// The rules that are not about this device: of another platform, or of an overlay that is
    /// elsewhere.
    pub(crate) spared: RuleSet,
    pub(crate) failed: RuleSet,
    /// The rules that pass by grace.
    pub(crate) graced: RuleSet,
    /// The rules with a grace whose place the device is in.
    pub(crate) matched: RuleSet,
    pub(crate) terms: TermSet,
    /// The overlays in force, one bit each.
    pub(crate) overlays: u16,
    pub(crate) platform: Option<Platform>,
    pub(crate) relations: Relations,
    pub(crate) managed: Option<Managed>,
    pub(crate) limits: Option<Arc<Limits>>,
    pub(crate) provenance: Provenances,
}

/// What a verdict rests on.
#[derive(Clone, Debug)]
pub(crate) enum Ground {
    /// The device was looked at.
    Device(Findings),
    /// An assertion was, and holds; with the limits of the device's management in it.
    Assertion(Option<Arc<Limits>>),
    /// There was no need: the code says why.
    Refused,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// A feature, by its place in the policy.
    Known(usize),
    /// What is no feature.
    Unknown(FeatureId),
}

/// The reasoned answer to "may this device have this feature". Only [`judge`](crate::judge) and
/// [`judge_asserted`](crate::judge_asserted) make one, and [`clear`](crate::clear) consumes it.
#[derive(Debug)]
#[must_use]
pub struct Verdict {
    /// What it was made under, and where its reasons are written.
    pub(crate) policy: Policy,
    pub(crate) asked: Asked,
    /// The market, by its place in the policy.
    pub(crate) market: Option<usize>,
    pub(crate) code: Code,
    pub(crate) ground: Ground,
    /// Whether release and approval stand; none where they were not looked at.
    pub(crate) standing: Option<Result<bool, Lacking>>,
    pub(crate) at: Timestamp,
    /// The end of what the verdict rests on, where that has one: of an assertion, of a grace.
    pub(crate) until: Option<Timestamp>,
    /// Whether it was eligible and could not be cleared.
    pub(crate) uncleared: bool,
    /// What was lacking when it should have been cleared.
    pub(crate) missed: Option<Lacking>,
}

impl Verdict {
    /// The feature that was asked for.
    pub fn feature(&self) -> &FeatureId {
        match &self.asked {
            Asked::Known(index) => self.policy.feature_at(*index).terms.id(),
            Asked::Unknown(id) => id,
        }
    }

    /// The market the device belongs to; none when it is not known.
    pub fn market(&self) -> Option<&MarketId> {
        self.market.map(|index| self.policy.market_at(index).id())
    }

    /// The overlays of the market that are in force for the device.
    pub fn overlays(&self) -> impl Iterator<Item = &MarketId> {
        let (overlays, mask) = match (self.market, &self.ground) {
            (Some(market), Ground::Device(found)) => {
                (self.policy.overlays_at(market), found.overlays)
            }
            _ => (&[][..], 0),
        };
        let in_force = overlays.iter().enumerate().filter(move |(at, _)| mask & 1 << at != 0);
        in_force.map(|(_, overlay)| overlay.id())
    }

    /// The answer.
    pub fn answer(&self) -> Answer {
        self.code.answer()
    }

    /// Whether the answer is `eligible`.
    pub fn is_eligible(&self) -> bool {
        self.code == Code::Eligible
    }

    /// Why, as one stable word.
    ///
    /// `eligible`; for `not_eligible`: `input_error`, `rule_failed`, `managed_off`,
    /// `market_unknown`, `market_closed`, `sandbox_disabled`, `feature_unknown`,
    /// `feature_not_in_assertion`; for `not_yet`: `input_unset`, `market_preparing`, `killed`,
    /// `model_drifted`, `model_out_of_market`, `model_not_filed`, `policy_stale`, `packs_stale`,
    /// `approval_stale`, `release_missing`, `approval_missing`, `approval_suspended`,
    /// `approval_revoked`, `approval_expired`, `assertion_expired`, `assertion_stale`,
    /// `assertion_not_yet_valid`, `policy_changed`, `verdict_stale`, `clock_backwards`.
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// Whether what is missing is being worked on: `preparing` with an answer of `not_yet`, `never`
    /// with one of `not_eligible`.
    pub fn stage(&self) -> Option<Stage> {
        let not_made_for_it = match &self.ground {
            Ground::Device(found) => found.terms.contains(Term::Market),
            Ground::Assertion(_) | Ground::Refused => false,
        };
        match (self.code, self.missed.map(Err).or(self.standing)) {
            (Code::MarketUnknown | Code::MarketClosed, _) => Some(Stage::Never),
            (Code::RuleFailed, _) if not_made_for_it => Some(Stage::Never),
            (
                code,
                Some(Err(
                    Lacking::Preparing
                    | Lacking::Release
                    | Lacking::Approval
                    | Lacking::ApprovalToCome
                    | Lacking::Barred(Bar::NotApproved | Bar::NotFiled | Bar::OutOfMarket),
                )),
            ) if code.answer() == Answer::NotYet => Some(Stage::Preparing),
            _ => None,
        }
    }

    /// What somebody can do to get the feature; none when it is eligible.
    pub fn next_step(&self) -> Option<Text> {
        self.first_objection().map(|text| (*text).clone())
    }

    /// The digest of the policy it was made under.
    pub fn policy(&self) -> Digest {
        self.policy.digest()
    }

    /// When it was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The end of what it rests on, where that has one: of an assertion, of a grace.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The rules with a grace whose place the device is in, and when it was judged: what a grace
    /// ticket is issued for.
    pub fn matches(&self) -> Matches {
        let (Some(market), Asked::Known(feature), Ground::Device(found)) =
            (self.market, &self.asked, &self.ground)
        else {
            return Matches::default();
        };
        let rules = self.policy.lane(market, *feature).rules.iter().enumerate();
        let matched = rules.filter(|(at, _)| found.matched.contains(*at));
        matched.map(|(_, &place)| (self.policy.rule_at(market, place).id(), self.at)).collect()
    }

    /// What the profiles of a managed device leave of tiers, partners, regions and retention.
    pub fn limits(&self) -> Option<&Limits> {
        self.shared_limits().map(Arc::as_ref)
    }

    pub(crate) fn shared_limits(&self) -> Option<&Arc<Limits>> {
        match &self.ground {
            Ground::Device(found) => found.limits.as_ref(),
            Ground::Assertion(limits) => limits.as_ref(),
            Ground::Refused => None,
        }
    }

    /// The same verdict, refused after all.
    pub(crate) fn refused(mut self, code: Code, missed: Option<Lacking>) -> Self {
        self.code = code;
        self.missed = missed;
        self.uncleared = true;
        self
    }
}
