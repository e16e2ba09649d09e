//! What the ledger records: typed, versioned entries in canonical JSON, and never a word of content.
//!
//! An entry is one JSON object whose only member is named by its kind and version, such as `admission.v1`. The
//! bytes are canonical in the sense of RFC 8785: members in order of their names, no white space, no
//! fractions. Reading refuses anything that would not be written the same way again.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::LedgerError;

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
}

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

/// A step in the life of an approval.
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

/// What happened to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Its verified record came into the store.
    Imported,
    /// Its record was taken out of the store.
    Removed,
}

impl<'a> Entry<'a> {
    /// Reads an entry from its canonical form.
    ///
    /// # Errors
    /// [`LedgerError::Malformed`] when it is of a kind unknown to this version or not in canonical form.
    pub fn parse(json: &'a str) -> Result<Self, LedgerError> {
        let entry: Self = serde_json::from_str(json)
            .map_err(|error| LedgerError::malformed("ledger entry", error.to_string()))?;
        if Canonical::from(&entry).as_str() == json {
            Ok(entry)
        } else {
            Err(LedgerError::malformed("ledger entry", "it is not in canonical form"))
        }
    }

    /// The entry's id: of the receipt or request, or the approval's number.
    pub fn id(&self) -> &str {
        match self {
            Self::Admission(entry) => &entry.id,
            Self::Refusal(entry) => &entry.id,
            Self::Notice(entry) => &entry.id,
            Self::Approval(entry) => &entry.number,
        }
    }

    /// When it happened.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Admission(entry) => entry.time,
            Self::Refusal(entry) => entry.time,
            Self::Notice(entry) => entry.time,
            Self::Approval(entry) => entry.time,
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

    pub(crate) fn into_string(self) -> String {
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
    use proptest::prelude::*;

    use super::*;

    fn time() -> Timestamp {
        "2026-05-01T08:30:00.25Z".parse().unwrap()
    }

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
        ]
    }

    #[test]
    fn members_stand_in_order_of_their_names() {
        for entry in one_of_each("x") {
            let json = Canonical::from(&entry);
            let sorted: std::collections::BTreeMap<
                String,
                std::collections::BTreeMap<String, serde_json::Value>,
            > = serde_json::from_str(json.as_str()).unwrap();
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
