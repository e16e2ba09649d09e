//! Verdicts: the reasoned answer to "may this device have this feature".

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Basis, Digest, FeatureId, InputName, MarketId, Text, UiLanguage};

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

/// Why a verdict is what it is, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Code {
    Eligible,
    InputError,
    RuleFailed,
    MarketUnknown,
    SandboxDisabled,
    FeatureUnknown,
    FeatureNotInAssertion,
    InputUnset,
    ReleaseMissing,
    ApprovalMissing,
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
            Self::MarketUnknown => "market_unknown",
            Self::SandboxDisabled => "sandbox_disabled",
            Self::FeatureUnknown => "feature_unknown",
            Self::FeatureNotInAssertion => "feature_not_in_assertion",
            Self::InputUnset => "input_unset",
            Self::ReleaseMissing => "release_missing",
            Self::ApprovalMissing => "approval_missing",
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
            | Self::MarketUnknown
            | Self::SandboxDisabled
            | Self::FeatureUnknown
            | Self::FeatureNotInAssertion => Answer::NotEligible,
            Self::InputUnset
            | Self::ReleaseMissing
            | Self::ApprovalMissing
            | Self::AssertionExpired
            | Self::AssertionStale
            | Self::AssertionNotYetValid
            | Self::PolicyChanged
            | Self::VerdictStale
            | Self::ClockBackwards => Answer::NotYet,
        }
    }
}

/// The reasoned answer to "may this device have this feature". Only [`judge`](crate::judge) and
/// [`judge_asserted`](crate::judge_asserted) make one, and [`clear`](crate::clear) consumes it.
#[derive(Debug)]
#[must_use]
pub struct Verdict {
    pub(crate) feature: FeatureId,
    pub(crate) market: Option<MarketId>,
    pub(crate) code: Code,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) next_step: Option<Arc<Text>>,
    /// Shared with the policy: a verdict stays small enough to be an error.
    pub(crate) policy: Arc<Digest>,
    pub(crate) at: Timestamp,
    /// The end of what the verdict rests on, where that has one (an assertion's expiry).
    pub(crate) until: Option<Timestamp>,
}

impl Verdict {
    /// The feature that was asked for.
    pub fn feature(&self) -> &FeatureId {
        &self.feature
    }

    /// The market the device belongs to; none when it is not known.
    pub fn market(&self) -> Option<&MarketId> {
        self.market.as_ref()
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
    /// `eligible`; for `not_eligible`: `input_error`, `rule_failed`, `market_unknown`,
    /// `sandbox_disabled`, `feature_unknown`, `feature_not_in_assertion`; for `not_yet`:
    /// `input_unset`, `release_missing`, `approval_missing`, `assertion_expired`,
    /// `assertion_stale`, `assertion_not_yet_valid`, `policy_changed`, `verdict_stale`,
    /// `clock_backwards`.
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// Every step of the reasoning: those of the market, of the feature, of the release.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What somebody can do to get the feature; none when it is eligible.
    pub fn next_step(&self) -> Option<&Text> {
        self.next_step.as_deref()
    }

    /// The digest of the policy it was made under.
    pub fn policy(&self) -> Digest {
        *self.policy
    }

    /// When it was made.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The verdict as it stands in answers of the API, texts in this language.
    pub fn to_json(&self, language: UiLanguage) -> Value {
        let reasons: Vec<Value> = self
            .reasons
            .iter()
            .map(|reason| {
                json!({
                    "rule": &*reason.rule,
                    "input": reason.input,
                    "outcome": reason.outcome,
                    "text": reason.text.get(language),
                    "basis": reason.basis,
                })
            })
            .collect();
        json!({
            "feature": self.feature,
            "market": self.market,
            "answer": self.answer(),
            "code": self.code(),
            "reasons": reasons,
            "next_step": self.next_step().map(|text| text.get(language)),
            "policy": *self.policy,
        })
    }

    /// The same verdict, refused after all.
    pub(crate) fn refused(mut self, code: Code, rule: &str, text: Text, next_step: Text) -> Self {
        self.code = code;
        self.reasons.push(Reason {
            rule: rule.into(),
            input: None,
            outcome: Outcome::Fail,
            text: Arc::new(text),
            basis: Basis::House,
        });
        self.next_step = Some(Arc::new(next_step));
        self
    }
}
