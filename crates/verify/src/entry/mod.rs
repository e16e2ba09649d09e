//! What the ledger records: typed, versioned entries in canonical JSON, and never a word of content.
//!
//! An entry is one JSON object whose only member is named by its kind and version, such as `admission.v1`. The
//! bytes are canonical in the sense of RFC 8785: members in order of their names, no white space, no
//! fractions. Reading refuses anything that would not be written the same way again.

mod data;
mod desk;
mod request;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::VerifyError;

pub use data::{Complaint, Deletion, Export, HoldAt, HoldStep};
pub use desk::{
    Alarm, ApprovalStep, DriftSeen, KeyStep, KillAt, KillStep, LifecycleStep, ManagementConflict,
    PackStep, ReleaseStep, SanctionStep, SignerStep, Step,
};
pub use request::{Admission, Asked, Delivery, Notice, Refusal, Switch, Tier, VerdictGiven};

/// Text that is borrowed where an entry is written and owned where it outlives what it was read from.
type Word<'a> = Cow<'a, str>;

/// The longest entry, in bytes: what the length field of a record (and of a C2SP entry bundle) can say.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// One thing that happened. A changed meaning is a new variant with a higher version, never an edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry<'a> {
    /// A request passed the gate; recorded before the first byte of its answer.
    #[serde(rename = "admission.v1", borrow)]
    Admission(Admission<'a>),
    /// A request, or the rest of an answer, was refused.
    #[serde(rename = "refusal.v1", borrow)]
    Refusal(Refusal<'a>),
    /// The screen masked, withheld or flagged something in an admitted request.
    #[serde(rename = "notice.v1", borrow)]
    Notice(Notice<'a>),
    /// An approval was imported or removed.
    #[serde(rename = "approval.v1", borrow)]
    Approval(ApprovalStep<'a>),
    /// A kill switch was thrown or lifted.
    #[serde(rename = "kill.v1")]
    Kill(KillStep<'a>),
    /// An approval took a step of its life.
    #[serde(rename = "approval_step.v1")]
    ApprovalStep(LifecycleStep<'a>),
    /// A release was built, or what a market gets was changed.
    #[serde(rename = "release.v1")]
    Release(ReleaseStep<'a>),
    /// A device was told what it may have.
    #[serde(rename = "verdict.v1")]
    Verdict(VerdictGiven<'a>),
    /// A pack was taken into use, replaced, refused or went stale.
    #[serde(rename = "pack.v1")]
    Pack(PackStep<'a>),
    /// A partner reported another model than the approved one.
    #[serde(rename = "drift.v1")]
    Drift(DriftSeen<'a>),
    /// The operator was alarmed.
    #[serde(rename = "alarm.v1")]
    Alarm(Alarm<'a>),
    /// A person's public key is trusted to sign, or no longer.
    #[serde(rename = "signer.v1")]
    Signer(SignerStep<'a>),
    /// A key was made, rotated or revoked.
    #[serde(rename = "key.v1")]
    Key(KeyStep<'a>),
    /// A copy was handed over without the visible label.
    #[serde(rename = "delivery.v1")]
    Delivery(Delivery<'a>),
    /// Somebody reported a concern, or was answered.
    #[serde(rename = "complaint.v1")]
    Complaint(Complaint<'a>),
    /// Something was deleted.
    #[serde(rename = "deletion.v1")]
    Deletion(Deletion<'a>),
    /// Records were handed out.
    #[serde(rename = "export.v1")]
    Export(Export<'a>),
    /// Two management profiles said different things of one switch.
    #[serde(rename = "management_conflict.v1")]
    ManagementConflict(ManagementConflict<'a>),
    /// A legal hold was placed or released.
    #[serde(rename = "hold.v1")]
    Hold(HoldStep<'a>),
    /// Another model was asked than the one the admission names.
    #[serde(rename = "switch.v1", borrow)]
    Switch(Switch<'a>),
    /// A person was warned, limited or suspended, or is no longer.
    #[serde(rename = "sanction.v1")]
    Sanction(SanctionStep<'a>),
}

impl<'a> Entry<'a> {
    /// Reads an entry from its canonical form.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] when it is of a kind unknown to this version or not in canonical form.
    pub fn parse(json: &'a str) -> Result<Self, VerifyError> {
        let entry: Self = serde_json::from_str(json)
            .map_err(|error| VerifyError::malformed("ledger entry", error.to_string()))?;
        if Canonical::from(&entry).as_str() == json {
            Ok(entry)
        } else {
            Err(VerifyError::malformed("ledger entry", "it is not in canonical form"))
        }
    }

    /// Its kind and version, such as `admission.v1`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Admission(_) => "admission.v1",
            Self::Refusal(_) => "refusal.v1",
            Self::Notice(_) => "notice.v1",
            Self::Approval(_) => "approval.v1",
            Self::Kill(_) => "kill.v1",
            Self::ApprovalStep(_) => "approval_step.v1",
            Self::Release(_) => "release.v1",
            Self::Verdict(_) => "verdict.v1",
            Self::Pack(_) => "pack.v1",
            Self::Drift(_) => "drift.v1",
            Self::Alarm(_) => "alarm.v1",
            Self::Signer(_) => "signer.v1",
            Self::Key(_) => "key.v1",
            Self::Delivery(_) => "delivery.v1",
            Self::Complaint(_) => "complaint.v1",
            Self::Deletion(_) => "deletion.v1",
            Self::Export(_) => "export.v1",
            Self::ManagementConflict(_) => "management_conflict.v1",
            Self::Hold(_) => "hold.v1",
            Self::Switch(_) => "switch.v1",
            Self::Sanction(_) => "sanction.v1",
        }
    }

    /// The entry's id: of the receipt or request, the approval's number, the release's digest, the pack's or key's
    /// id, or one of its own.
    pub fn id(&self) -> &str {
        match self {
            Self::Admission(entry) => &entry.id,
            Self::Refusal(entry) => &entry.id,
            Self::Notice(entry) => &entry.id,
            Self::Approval(entry) => &entry.number,
            Self::Kill(entry) => &entry.id,
            Self::ApprovalStep(entry) => &entry.approval,
            Self::Release(entry) => &entry.release,
            Self::Verdict(entry) => &entry.id,
            Self::Pack(entry) => &entry.pack,
            Self::Drift(entry) => &entry.id,
            Self::Alarm(entry) => &entry.id,
            Self::Signer(entry) => &entry.key,
            Self::Key(entry) => &entry.key,
            Self::Delivery(entry) => &entry.id,
            Self::Complaint(entry) => &entry.id,
            Self::Deletion(entry) => &entry.id,
            Self::Export(entry) => &entry.id,
            Self::ManagementConflict(entry) => &entry.id,
            Self::Hold(entry) => &entry.id,
            Self::Switch(entry) => &entry.id,
            Self::Sanction(entry) => &entry.id,
        }
    }

    /// The market it belongs to; none where it was not known, or belongs to all.
    pub fn market(&self) -> Option<&str> {
        match self {
            Self::Admission(entry) => Some(&entry.market),
            Self::Refusal(entry) => entry.market.as_deref(),
            Self::Approval(entry) => Some(&entry.market),
            Self::Kill(entry) => entry.market.as_deref(),
            Self::ApprovalStep(entry) => Some(&entry.market),
            Self::Release(entry) => Some(&entry.market),
            Self::Verdict(entry) => Some(&entry.market),
            Self::Pack(entry) => entry.market.as_deref(),
            Self::Drift(entry) => Some(&entry.market),
            Self::Alarm(entry) => entry.market.as_deref(),
            Self::Delivery(entry) => Some(&entry.market),
            Self::Complaint(entry) => entry.market.as_deref(),
            Self::Deletion(entry) => entry.market.as_deref(),
            Self::Export(entry) => entry.market.as_deref(),
            Self::ManagementConflict(entry) => entry.market.as_deref(),
            Self::Hold(entry) => entry.market.as_deref(),
            Self::Switch(entry) => Some(&entry.market),
            Self::Sanction(entry) => Some(&entry.market),
            Self::Notice(_) | Self::Signer(_) | Self::Key(_) => None,
        }
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Admission(entry) => entry.time,
            Self::Refusal(entry) => entry.time,
            Self::Notice(entry) => entry.time,
            Self::Approval(entry) => entry.time,
            Self::Kill(entry) => entry.time,
            Self::ApprovalStep(entry) => entry.time,
            Self::Release(entry) => entry.time,
            Self::Verdict(entry) => entry.time,
            Self::Pack(entry) => entry.time,
            Self::Drift(entry) => entry.time,
            Self::Alarm(entry) => entry.time,
            Self::Signer(entry) => entry.time,
            Self::Key(entry) => entry.time,
            Self::Delivery(entry) => entry.time,
            Self::Complaint(entry) => entry.time,
            Self::Deletion(entry) => entry.time,
            Self::Export(entry) => entry.time,
            Self::ManagementConflict(entry) => entry.time,
            Self::Hold(entry) => entry.time,
            Self::Switch(entry) => entry.time,
            Self::Sanction(entry) => entry.time,
        }
    }
}

/// An entry's canonical bytes, made only from an [`Entry`]; build it where the values are at hand, append it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical(String);

impl Canonical {
    /// The canonical JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical JSON, without a copy.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<&Entry<'_>> for Canonical {
    fn from(entry: &Entry<'_>) -> Self {
        let mut json = Vec::with_capacity(640);
        // Cannot fail: every member is a string, a whole number or a flag, and the writer is memory.
        serde_json::to_writer(&mut json, entry).expect("entries are plain JSON");
        Self(String::from_utf8(json).expect("JSON is UTF-8"))
    }
}

impl From<Entry<'_>> for Canonical {
    fn from(entry: Entry<'_>) -> Self {
        Self::from(&entry)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn time() -> Timestamp {
        "2026-05-01T08:30:00.25Z".parse().unwrap()
    }

    #[expect(clippy::too_many_lines, reason = "a list of every kind")]
    fn one_of_each(word: &str) -> Vec<Entry<'_>> {
        let word = || Cow::Borrowed(word);
        vec![
            Entry::Admission(Admission {
                approval: Some(word()),
                caller: word(),
                emulated: true,
                feature: word(),
                id: word(),
                market: word(),
                model: word(),
                partner: None,
                policy: word(),
                release: word(),
                tier: Tier::Device,
                time: time(),
                verdict: word(),
                version: word(),
            }),
            Entry::Refusal(Refusal {
                caller: None,
                code: word(),
                feature: Some(word()),
                id: word(),
                market: None,
                policy: word(),
                rules: vec![word(), word()],
                time: time(),
            }),
            Entry::Notice(Notice {
                action: word(),
                count: 3,
                direction: word(),
                id: word(),
                rule: word(),
                time: time(),
            }),
            Entry::Approval(ApprovalStep {
                digest: word(),
                market: word(),
                number: word(),
                release: word(),
                step: Step::Imported,
                time: time(),
            }),
            Entry::Kill(KillStep {
                at: KillAt::LiftAsked,
                by: word(),
                feature: Some(word()),
                id: word(),
                market: Some(word()),
                model: Some(word()),
                partner: Some(word()),
                reason: word(),
                time: time(),
            }),
            Entry::ApprovalStep(LifecycleStep {
                approval: word(),
                by: Some(word()),
                market: word(),
                record: word(),
                release: word(),
                step: word(),
                step_digest: Some(word()),
                time: time(),
            }),
            Entry::Release(ReleaseStep {
                by: Some(word()),
                market: word(),
                material: Some(true),
                previous: Some(word()),
                release: word(),
                step: word(),
                time: time(),
            }),
            Entry::Verdict(VerdictGiven {
                answers: BTreeMap::from([(word(), word())]),
                id: word(),
                market: word(),
                policy: word(),
                time: time(),
            }),
            Entry::Pack(PackStep {
                by: Some(word()),
                digest: Some(word()),
                market: Some(word()),
                pack: word(),
                previous: Some(word()),
                reason: Some(word()),
                request: None,
                requested_by: Some(word()),
                step: word(),
                time: time(),
                version: word(),
            }),
            Entry::Sanction(SanctionStep {
                at: word(),
                by: None,
                id: word(),
                market: word(),
                time: time(),
                until: Some(time()),
            }),
            Entry::Drift(DriftSeen {
                expected: word(),
                fingerprint: Some(word()),
                id: word(),
                market: word(),
                model: word(),
                partner: word(),
                reported: Some(word()),
                time: time(),
            }),
            Entry::Alarm(Alarm {
                at: word(),
                code: word(),
                digest: Some(word()),
                id: word(),
                market: Some(word()),
                subject: Some(word()),
                time: time(),
            }),
            Entry::Signer(SignerStep {
                by: word(),
                key: word(),
                role: word(),
                step: word(),
                time: time(),
            }),
            Entry::Key(KeyStep {
                by: word(),
                key: word(),
                previous: Some(word()),
                step: word(),
                time: time(),
                usage: word(),
            }),
            Entry::Delivery(Delivery {
                caller: word(),
                clause: word(),
                digest: word(),
                id: word(),
                market: word(),
                recipient: word(),
                time: time(),
            }),
            Entry::Complaint(Complaint {
                by: Some(word()),
                code: word(),
                digest: Some(word()),
                id: word(),
                market: Some(word()),
                receipt: Some(word()),
                step: word(),
                time: time(),
            }),
            Entry::Deletion(Deletion {
                basis: word(),
                by: word(),
                count: 3,
                digest: word(),
                id: word(),
                market: Some(word()),
                time: time(),
                what: word(),
            }),
            Entry::Export(Export {
                by: word(),
                count: 3,
                digest: word(),
                id: word(),
                market: Some(word()),
                purpose: word(),
                time: time(),
                what: word(),
            }),
            Entry::Hold(HoldStep {
                at: HoldAt::Placed,
                by: word(),
                entry: Some(word()),
                id: word(),
                kind: None,
                market: Some(word()),
                reason: word(),
                time: time(),
            }),
            Entry::ManagementConflict(ManagementConflict {
                chosen: word(),
                id: word(),
                key: word(),
                market: Some(word()),
                time: time(),
                values: vec![word(), word()],
            }),
            Entry::Switch(Switch {
                attempts: vec![Asked {
                    emulated: false,
                    model: word(),
                    outcome: word(),
                    partner: word(),
                    version: word(),
                }],
                how: word(),
                id: word(),
                market: word(),
                time: time(),
            }),
        ]
    }

    #[test]
    fn members_stand_in_order_of_their_names() {
        for entry in one_of_each("x") {
            let json = Canonical::from(&entry);
            let sorted: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
                serde_json::from_str(json.as_str()).unwrap();
            assert_eq!(sorted.keys().collect::<Vec<_>>(), [entry.kind()]);
            assert_eq!(serde_json::to_string(&sorted).unwrap(), json.as_str());
        }
    }

    #[test]
    fn an_admission_reads_as_documented() {
        let entry = one_of_each("x").remove(0);
        assert_eq!(
            Canonical::from(entry).as_str(),
            r#"{"admission.v1":{"approval":"x","caller":"x","emulated":true,"feature":"x","id":"x","market":"x","model":"x","partner":null,"policy":"x","release":"x","tier":"device","time":"2026-05-01T08:30:00.25Z","verdict":"x","version":"x"}}"#
        );
    }

    #[test]
    fn other_forms_of_the_same_entry_are_refused() {
        let json = Canonical::from(one_of_each("x").remove(3)).into_string();
        assert!(Entry::parse(&json).is_ok());
        for other in [
            json.replace(":\"x\"", ": \"x\""),
            json.replace("\"market\":\"x\",", ""),
            json.replace("\"x\"", "\"\\u0078\""),
            json.replace("{\"digest\"", "{\"colour\":1,\"digest\""),
            json.replace("approval.v1", "approval.v9"),
        ] {
            assert!(Entry::parse(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn an_entry_of_a_pack_without_the_later_members_is_still_read() {
        let json = r#"{"pack.v1":{"by":"x","digest":"x","market":"cn","pack":"x","previous":null,"step":"loaded","time":"2026-05-01T08:30:00Z","version":"x"}}"#;
        let Ok(Entry::Pack(step)) = Entry::parse(json) else { panic!("it is not read") };
        assert_eq!((step.reason, step.request, step.requested_by), (None, None, None));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(word in ".{0,40}") {
            for entry in one_of_each(&word) {
                let json = Canonical::from(&entry);
                prop_assert_eq!(Entry::parse(json.as_str()).unwrap(), entry);
            }
        }
    }
}
