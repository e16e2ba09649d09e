//! Entries of single requests: verdicts, admissions, refusals, what a screen did, how a copy was handed over.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Word;

/// A request that may be served: under which rules, by what, for whom (as a pseudonym).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission<'a> {
    /// Number of the approval it was served under; none where the market needs none.
    #[serde(borrow)]
    pub approval: Option<Word<'a>>,
    /// The app key's id: a pseudonym, not the key.
    #[serde(borrow)]
    pub caller: Word<'a>,
    /// Whether the partner was an emulator, so that no demo can pass for the real thing.
    pub emulated: bool,
    /// The feature, such as `writing.summary`.
    #[serde(borrow)]
    pub feature: Word<'a>,
    /// The receipt's id.
    #[serde(borrow)]
    pub id: Word<'a>,
    /// The market whose rules decided.
    #[serde(borrow)]
    pub market: Word<'a>,
    /// The model or on-device engine that was to answer.
    #[serde(borrow)]
    pub model: Word<'a>,
    /// The partner; none on the device tier.
    #[serde(borrow)]
    pub partner: Option<Word<'a>>,
    /// Digest of the policy that judged.
    #[serde(borrow)]
    pub policy: Word<'a>,
    /// Digest of the release it was served under.
    #[serde(borrow)]
    pub release: Word<'a>,
    /// Where it ran.
    pub tier: Tier,
    /// When it was admitted.
    pub time: Timestamp,
    /// The verdict's code, such as `eligible`.
    #[serde(borrow)]
    pub verdict: Word<'a>,
    /// The model's version.
    #[serde(borrow)]
    pub version: Word<'a>,
}

/// A request that was not served, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal<'a> {
    /// The app key's id, once it was known.
    #[serde(borrow)]
    pub caller: Option<Word<'a>>,
    /// The reason code, such as `approval_missing` or `screen_refused`.
    #[serde(borrow)]
    pub code: Word<'a>,
    /// The feature asked for, if any.
    #[serde(borrow)]
    pub feature: Option<Word<'a>>,
    /// Id of the request; that of its admission when it had been admitted.
    #[serde(borrow)]
    pub id: Word<'a>,
    /// The market, once it was known.
    #[serde(borrow)]
    pub market: Option<Word<'a>>,
    /// Digest of the policy that judged.
    #[serde(borrow)]
    pub policy: Word<'a>,
    /// Ids of the rules that refused.
    #[serde(borrow)]
    pub rules: Vec<Word<'a>>,
    /// When it was refused.
    pub time: Timestamp,
}

/// What a screen did to an admitted request or its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice<'a> {
    /// What was done: `allow`, `mask` or `refuse`.
    #[serde(borrow)]
    pub action: Word<'a>,
    /// How many passages it was done to.
    pub count: u32,
    /// `input` or `output`.
    #[serde(borrow)]
    pub direction: Word<'a>,
    /// Id of the admission.
    #[serde(borrow)]
    pub id: Word<'a>,
    /// The rule that asked for it.
    #[serde(borrow)]
    pub rule: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// A request was sent to another model than its admission names, because that one failed (`switch.v1`). With the
/// admission it says who got the request, and who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch<'a> {
    /// All that was tried until now, in order. The last one answers from now on, unless `how` is `failed`.
    #[serde(borrow)]
    pub attempts: Vec<Asked<'a>>,
    /// `before_first`: nothing of an answer had been shown; `continued`: the last model goes on with the text of
    /// the one before; `restarted`: what had been shown was withdrawn, and it answers anew; `failed`: nobody answers.
    #[serde(borrow)]
    pub how: Word<'a>,
    /// Id of the admission.
    #[serde(borrow)]
    pub id: Word<'a>,
    /// The market whose rules decided.
    #[serde(borrow)]
    pub market: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// One model that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked<'a> {
    /// Whether the partner was an emulator.
    pub emulated: bool,
    /// The model.
    #[serde(borrow)]
    pub model: Word<'a>,
    /// `answers`, or the code of what went wrong, such as `partner_overloaded`.
    #[serde(borrow)]
    pub outcome: Word<'a>,
    /// The partner.
    #[serde(borrow)]
    pub partner: Word<'a>,
    /// The model's version.
    #[serde(borrow)]
    pub version: Word<'a>,
}

/// Where a feature ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// On the device or in the gate itself, by an engine that sends nothing.
    Device,
    /// On the operator's own servers in the market.
    Private,
    /// In a model company's cloud.
    Partner,
}

/// The answer to what a device may have (`verdict.v1`): nothing in it tells of which device, app or person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictGiven<'a> {
    /// By feature: `eligible`, `maybe`, `not_yet` or `not_eligible`.
    pub answers: BTreeMap<Word<'a>, Word<'a>>,
    /// A random id, of this answer alone.
    pub id: Word<'a>,
    /// The market whose rules decided.
    pub market: Word<'a>,
    /// Digest of the policy that judged.
    pub policy: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// A copy was handed over without the visible label, because it was asked for and the duty accepted
/// (`delivery.v1`; Measures for Labelling AI-Generated Content, art. 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery<'a> {
    /// The app key's id.
    pub caller: Word<'a>,
    /// Digest of the clause that was accepted.
    pub clause: Word<'a>,
    /// Digest of what was handed over.
    pub digest: Word<'a>,
    /// Id of the answer's admission.
    pub id: Word<'a>,
    /// The market whose rules allowed it.
    pub market: Word<'a>,
    /// Digest under which the recipient's information is kept elsewhere.
    pub recipient: Word<'a>,
    /// When.
    pub time: Timestamp,
}
