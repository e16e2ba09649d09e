//! Entries of the market desk: what people changed about what may be served, and what stopped by itself.
//!
//! `by` is who did it, as an id: of an admin key, of a signer's public key, or `local` for the operator at the
//! data folder. Never a name: names stand in the store, where they can be deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Word;

/// A step in the life of an approval that was imported or removed as a whole (`approval.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalStep<'a> {
    /// Digest of the signed record.
    #[serde(borrow)]
    pub digest: Word<'a>,
    /// The market it opens.
    #[serde(borrow)]
    pub market: Word<'a>,
    /// Its number.
    #[serde(borrow)]
    pub number: Word<'a>,
    /// Digest of the release it covers.
    #[serde(borrow)]
    pub release: Word<'a>,
    /// What happened to it.
    pub step: Step,
    /// When.
    pub time: Timestamp,
}

/// What happened to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Its verified record came into the store.
    Imported,
    /// Its record was taken out of the store.
    Removed,
}

/// Any step in the life of an approval, from draft to revoked or expired (`approval_step.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleStep<'a> {
    /// Its number, or the draft's id while it has none.
    pub approval: Word<'a>,
    /// Who took the step; none where time did (`expired`).
    pub by: Option<Word<'a>>,
    /// The market it opens.
    pub market: Word<'a>,
    /// Digest of the approval's record.
    pub record: Word<'a>,
    /// Digest of the release it covers.
    pub release: Word<'a>,
    /// The step's code, such as `submitted`, `granted`, `in_force`, `suspended`, `resumed`, `revoked`, `expired`.
    pub step: Word<'a>,
    /// Digest of the signed step; none where nobody signs (`expired`, `removed`).
    pub step_digest: Option<Word<'a>>,
    /// When.
    pub time: Timestamp,
}

/// A release was built, or what a market gets was changed to another (`release.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseStep<'a> {
    /// Who did it; none where a new build of the program did.
    pub by: Option<Word<'a>>,
    /// The market that gets it.
    pub market: Word<'a>,
    /// Whether the change from `previous` is material by the market's rules; none where there is no previous.
    pub material: Option<bool>,
    /// Digest of the release before it.
    pub previous: Option<Word<'a>>,
    /// Its digest.
    pub release: Word<'a>,
    /// What happened: `built`, `published`, `withdrawn`.
    pub step: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// A kill switch was thrown or lifted (`kill.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillStep<'a> {
    /// What was done.
    pub at: KillAt,
    /// Who did it.
    pub by: Word<'a>,
    /// The feature it stops, as it was named; none for every feature.
    pub feature: Option<Word<'a>>,
    /// The switch's id.
    pub id: Word<'a>,
    /// The market it holds in; none for every market.
    pub market: Option<Word<'a>>,
    /// The model it stops; none for every model.
    pub model: Option<Word<'a>>,
    /// The partner it stops; none for every partner.
    pub partner: Option<Word<'a>>,
    /// A short code, or the digest of the words in which the reason was given.
    pub reason: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// What was done to a kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KillAt {
    /// It was thrown: from the next request on, nothing that it names is served.
    Killed,
    /// The first of the two commands that lift it.
    LiftAsked,
    /// The second: it stops nothing any more.
    Lifted,
}

/// A screen pack or a market pack was taken into use, replaced, refused or went stale (`pack.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackStep<'a> {
    /// Who did it; none where a new build of the program or time did.
    pub by: Option<Word<'a>>,
    /// Digest of the pack as it is now; none once it was taken out.
    pub digest: Option<Word<'a>>,
    /// The market it is for; none when it is for all.
    pub market: Option<Word<'a>>,
    /// The pack's id.
    pub pack: Word<'a>,
    /// Digest of the pack before.
    pub previous: Option<Word<'a>>,
    /// Why, as the digest of the words in which it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Word<'a>>,
    /// The number of an authority's request for it, as given; its digest where it is longer than 128 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Word<'a>>,
    /// The authority that asked for it, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<Word<'a>>,
    /// What happened: `loaded`, `replaced`, `removed`, `refused`, `stale`.
    pub step: Word<'a>,
    /// When.
    pub time: Timestamp,
    /// The pack's version.
    pub version: Word<'a>,
}

/// A person whose inputs were refused again and again was warned, limited or suspended, or is no longer
/// (`sanction.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SanctionStep<'a> {
    /// `warned`, `limited`, `suspended` or `lifted`.
    pub at: Word<'a>,
    /// Who lifted it; none where the market's rules did something.
    pub by: Option<Word<'a>>,
    /// The person, as a pseudonym of this market whose key can be destroyed.
    pub id: Word<'a>,
    /// The market.
    pub market: Word<'a>,
    /// When.
    pub time: Timestamp,
    /// Until when it holds; none for a warning, and once it is lifted.
    pub until: Option<Timestamp>,
}

/// A partner said that another model answers than the one approved (`drift.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriftSeen<'a> {
    /// The model id that the release names.
    pub expected: Word<'a>,
    /// What the partner calls the system's fingerprint, where it tells one.
    pub fingerprint: Option<Word<'a>>,
    /// Id of the drift.
    pub id: Word<'a>,
    /// The market in which it was seen, and is stopped.
    pub market: Word<'a>,
    /// The model of the release that drifted.
    pub model: Word<'a>,
    /// The partner.
    pub partner: Word<'a>,
    /// The model id that the partner reported; a digest when it is longer than 128 bytes. None where it reported
    /// none or only the fingerprint changed.
    pub reported: Option<Word<'a>>,
    /// When.
    pub time: Timestamp,
}

/// The operator was alarmed (`alarm.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm<'a> {
    /// Whether it was raised (`raised`) or is over (`cleared`).
    pub at: Word<'a>,
    /// What it is about, a code such as `model_drifted` or `endpoint_out_of_market`.
    pub code: Word<'a>,
    /// Digest of the words in which it was told, where there were some.
    pub digest: Option<Word<'a>>,
    /// The alarm's id.
    pub id: Word<'a>,
    /// The market it concerns; none for all.
    pub market: Option<Word<'a>>,
    /// What it names: a feature, a partner/model, a pack, a key's id.
    pub subject: Option<Word<'a>>,
    /// When.
    pub time: Timestamp,
}

/// A person's public key is trusted to sign, or no longer (`signer.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerStep<'a> {
    /// Who did it.
    pub by: Word<'a>,
    /// The public key (`ed25519:...`).
    pub key: Word<'a>,
    /// In which role it signs.
    pub role: Word<'a>,
    /// `added` or `removed`.
    pub step: Word<'a>,
    /// When.
    pub time: Timestamp,
}

/// One of the gate's or its callers' keys was made, rotated or revoked (`key.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyStep<'a> {
    /// Who did it.
    pub by: Word<'a>,
    /// The key's id; never the key.
    pub key: Word<'a>,
    /// Id of the key that it takes the place of.
    pub previous: Option<Word<'a>>,
    /// `made`, `rotated`, `retired` or `revoked`.
    pub step: Word<'a>,
    /// When.
    pub time: Timestamp,
    /// What it is for: `app`, `admin`, `assertion`, `grace`.
    pub usage: Word<'a>,
}

/// Two management profiles said different things of one switch (`management_conflict.v1`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManagementConflict<'a> {
    /// The value that holds: the most restrictive.
    pub chosen: Word<'a>,
    /// Id of the request or of the profiles' import in which it was met.
    pub id: Word<'a>,
    /// The switch.
    pub key: Word<'a>,
    /// The market, once it was known.
    pub market: Option<Word<'a>>,
    /// When.
    pub time: Timestamp,
    /// All values, in the order of the profiles; a value that is not a plain code as its digest.
    pub values: Vec<Word<'a>>,
}
