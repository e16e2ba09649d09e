//! The proof that one entry is in the log, as a receipt carries it, and its verification offline.
//!
//! A proof holds the entry itself: it has no content, and so a person can read what was recorded and check it
//! with nothing but the receipt and the log's public key.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    VerifyError,
    checkpoint::{Checkpoint, LogKey},
    entry::Entry,
    merkle::{TreeHash, verify_inclusion},
    witness::{Cosignature, Submission, WitnessKey},
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
    /// [`VerifyError::Unproven`] or [`VerifyError::Malformed`], saying what is wrong.
    pub fn verify(&self, key: &LogKey) -> Result<Verified, VerifyError> {
        let checkpoint = Checkpoint::verify(&self.checkpoint, key)?;
        let leaf = TreeHash::of_leaf(self.entry.as_bytes());
        if !verify_inclusion(leaf, self.index, checkpoint.size(), &self.proof, checkpoint.root()) {
            let why = "the entry is not at this place under the checkpoint's root";
            return Err(VerifyError::unproven(why));
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
/// [`VerifyError::Malformed`] when there is no receipt in `json`, [`VerifyError::Unproven`] when it proves nothing.
pub fn verify_receipt(json: &str, key: &LogKey) -> Result<Verified, VerifyError> {
    let malformed = |error: serde_json::Error| VerifyError::malformed("receipt", error.to_string());
    let saved: serde_json::Value = serde_json::from_str(json).map_err(malformed)?;
    // Where it lies in the answers of the typed features and of the OpenAI-compatible ones.
    let receipt = ["/receipt", "/yumen/receipt"].iter().find_map(|place| saved.pointer(place));
    let receipt = Receipt::deserialize(receipt.unwrap_or(&saved)).map_err(malformed)?;
    let verified = receipt.ledger.verify(key)?;
    let Entry::Admission(admission) = verified.entry() else {
        return Err(VerifyError::unproven("the recorded entry is not an admission"));
    };
    let differs = [
        ("id", Some(receipt.id.as_str()) != Some(&admission.id)),
        ("release", Some(receipt.release.as_str()) != Some(&admission.release)),
        ("approval", receipt.approval.as_deref() != admission.approval.as_deref()),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        Some((member, _)) => Err(VerifyError::Unproven(format!(
            "the receipt's {member} is not the one in the recorded entry"
        ))),
        None => Ok(verified),
    }
}

/// Verifies a proof that stands alone, as `yumen ledger prove` prints it: of any kind of entry.
///
/// # Errors
/// [`VerifyError::Malformed`] when there is no proof in `json`, [`VerifyError::Unproven`] when it proves nothing.
pub fn verify_proof(json: &str, key: &LogKey) -> Result<Verified, VerifyError> {
    let proof: LedgerProof = serde_json::from_str(json)
        .map_err(|error| VerifyError::malformed("proof", error.to_string()))?;
    proof.verify(key)
}

/// Verifies that what was proven is also in the log of another checkpoint, which each of `witnesses` cosigned.
///
/// `text` is a checkpoint over as many entries as the one that it was proven under, or over more with the proof
/// that the log only grew in between, in the form of [`Submission`] (`yumen ledger anchor --old`).
///
/// # Errors
/// [`VerifyError::Unproven`] when a signature or the proof is wrong or missing; [`VerifyError::Malformed`] when
/// `text` is neither of the two, or a checkpoint of another size without a proof.
pub fn verify_under(
    verified: &Verified,
    text: &str,
    key: &LogKey,
    witnesses: &[WitnessKey],
) -> Result<(Checkpoint, Vec<Cosignature>), VerifyError> {
    let proven = verified.checkpoint();
    let (size, root) = (proven.size(), proven.root());
    let checkpoint = if text.starts_with("old ") {
        let submission = Submission::parse(text)?;
        let checkpoint = Checkpoint::verify(&submission.checkpoint, key)?;
        submission.verify(&checkpoint, size, root)?;
        checkpoint
    } else {
        let checkpoint = Checkpoint::verify(text, key)?;
        if checkpoint.size() != size {
            let why = format!(
                "the receipt is under {size} entries and this checkpoint over {}; without the proof that the log \
                 only grew they cannot be compared (`yumen ledger anchor --old {size} --out FILE`)",
                checkpoint.size()
            );
            return Err(VerifyError::malformed("checkpoint for this receipt", why));
        }
        if checkpoint.root() != root {
            return Err(VerifyError::unproven("the receipt's checkpoint is of another history"));
        }
        checkpoint
    };
    let cosignatures = witnesses.iter().map(|witness| witness.verify(&checkpoint));
    Ok((checkpoint.clone(), cosignatures.collect::<Result<_, _>>()?))
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
