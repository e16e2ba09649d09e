//! The proof that one entry is in the log, as a receipt carries it, and its verification offline.
//!
//! A proof holds the entry itself: it has no content, and so a person can read what was recorded and check it
//! with nothing but the receipt and the log's public key.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    LedgerError,
    checkpoint::{Checkpoint, LogKey},
    entry::Entry,
    merkle::{TreeHash, verify_inclusion},
};

/// Proof that an entry is in the log: the `ledger` object of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerProof {
    /// The entry's place in the log, from 0.
    pub index: u64,
    /// A signed checkpoint of the log with the entry in it (C2SP `tlog-checkpoint`).
    pub checkpoint: Arc<str>,
    /// The inclusion proof (RFC 6962 §2.1.1), lowest sibling first, each hash in base64.
    pub proof: Vec<TreeHash>,
    /// The entry's canonical JSON, byte for byte.
    pub entry: String,
}

impl LedgerProof {
    /// Verifies the checkpoint's signature, and that the entry is under its root.
    ///
    /// # Errors
    /// [`LedgerError::Unproven`] or [`LedgerError::Malformed`], saying what is wrong.
    pub fn verify(&self, key: &LogKey) -> Result<Verified, LedgerError> {
        let checkpoint = Checkpoint::verify(&self.checkpoint, key)?;
        let leaf = TreeHash::of_leaf(self.entry.as_bytes());
        if !verify_inclusion(leaf, self.index, checkpoint.size(), &self.proof, checkpoint.root()) {
            let why = "the entry is not at this place under the checkpoint's root";
            return Err(LedgerError::unproven(why));
        }
        Entry::parse(&self.entry)?;
        Ok(Verified { index: self.index, entry: self.entry.clone(), checkpoint })
    }
}

/// An entry that was proven to be in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    index: u64,
    entry: String,
    checkpoint: Checkpoint,
}

impl Verified {
    /// The entry's place in the log, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The entry's canonical JSON.
    pub fn json(&self) -> &str {
        &self.entry
    }

    /// The entry.
    ///
    /// # Panics
    /// Never: it was parsed when it was verified.
    pub fn entry(&self) -> Entry<'_> {
        Entry::parse(&self.entry).expect("a verified entry was parsed before")
    }

    /// The checkpoint it was proven under.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// Proof that an entry is durable, whatever it says; the only makers are [`crate::Ledger::append`] and its blocking form.
#[derive(Debug)]
pub struct Durable {
    proof: LedgerProof,
}

impl Durable {
    pub(crate) fn new(proof: LedgerProof) -> Self {
        Self { proof }
    }

    /// Where and under what the entry stands in the log.
    pub fn proof(&self) -> &LedgerProof {
        &self.proof
    }

    /// The same, without a copy.
    pub fn into_proof(self) -> LedgerProof {
        self.proof
    }
}

/// Proof that a request's admission is durable; the only maker is [`crate::Ledger::admit`].
///
/// It is a type of its own, so that the record of a refusal or of an approval cannot stand in for it.
#[derive(Debug)]
pub struct Admitted {
    proof: LedgerProof,
}

impl Admitted {
    pub(crate) fn new(proof: LedgerProof) -> Self {
        Self { proof }
    }

    /// What goes into the receipt.
    pub fn receipt(&self) -> &LedgerProof {
        &self.proof
    }

    /// What goes into the receipt, without a copy.
    pub fn into_receipt(self) -> LedgerProof {
        self.proof
    }
}

/// The members of a receipt that the ledger can vouch for.
#[derive(Deserialize)]
struct Receipt {
    id: String,
    release: String,
    approval: Option<String>,
    ledger: LedgerProof,
}

/// Verifies a receipt, given alone or inside the whole answer it came with: the checkpoint's signature, the
/// inclusion of the entry, and that the receipt says what the entry says.
///
/// # Errors
/// [`LedgerError::Malformed`] when there is no receipt in `json`, [`LedgerError::Unproven`] when it proves nothing.
pub fn verify_receipt(json: &str, key: &LogKey) -> Result<Verified, LedgerError> {
    let malformed = |error: serde_json::Error| LedgerError::malformed("receipt", error.to_string());
    let saved: serde_json::Value = serde_json::from_str(json).map_err(malformed)?;
    // Where it lies in the answers of the typed features and of the OpenAI-compatible ones.
    let receipt = ["/receipt", "/yumen/receipt"].iter().find_map(|place| saved.pointer(place));
    let receipt = Receipt::deserialize(receipt.unwrap_or(&saved)).map_err(malformed)?;
    let verified = receipt.ledger.verify(key)?;
    let Entry::Admission(admission) = verified.entry() else {
        return Err(LedgerError::unproven("the recorded entry is not an admission"));
    };
    let differs = [
        ("id", Some(receipt.id.as_str()) != Some(&admission.id)),
        ("release", Some(receipt.release.as_str()) != Some(&admission.release)),
        ("approval", receipt.approval.as_deref() != admission.approval.as_deref()),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        Some((member, _)) => Err(LedgerError::Unproven(format!(
            "the receipt's {member} is not the one in the recorded entry"
        ))),
        None => Ok(verified),
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reading_anything_ends_with_an_error_and_no_panic(
            text in ".{0,200}", lines in "[a-z0-9+/=—\n ]{0,200}",
        ) {
            let secret = SigningKey::from_bytes(&[7; 32]);
            let key = LogKey::new("log.example", secret.verifying_key()).unwrap();
            let checkpoint = format!("log.example\n1\n{lines}\n\n— log.example {text}\n");
            for input in [&text, &lines, &checkpoint] {
                prop_assert!(Checkpoint::verify(input, &key).is_err());
                prop_assert!(input.parse::<LogKey>().is_err());
                prop_assert!(Entry::parse(input).is_err());
                prop_assert!(verify_receipt(input, &key).is_err());
            }
        }
    }
}
