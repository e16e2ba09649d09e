//! Yumen's verifier: what a ledger says, checked with nothing but bytes and a key.
//!
//! Everything here is pure: no file, no clock, no network, so that it also runs in a browser. It knows the
//! Merkle tree of RFC 6962 ([`merkle`]), the tiles of C2SP `tlog-tiles` ([`tile`]), signed checkpoints and
//! witnesses' cosignatures, the canonical form of every kind of entry, and how a receipt ties to them.
//!
//! What it promises: a value of a type such as [`Checkpoint`] or [`Verified`] was verified. What it does not:
//! that the key is the right one. Get the key from someone you trust.

mod checkpoint;
mod entry;
mod error;
pub mod merkle;
mod note;
mod pruned;
mod receipt;
pub mod tile;
mod witness;

pub use checkpoint::{Checkpoint, CheckpointSigner, LogKey};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use entry::{
    Admission, Alarm, ApprovalStep, Asked, Canonical, Complaint, Deletion, Delivery, DriftSeen,
    Entry, Export, HoldAt, HoldStep, KeyStep, KillAt, KillStep, LifecycleStep, MAX_ENTRY_BYTES,
    ManagementConflict, Notice, PackStep, Refusal, ReleaseStep, SanctionStep, SignerStep, Step,
    Switch, Tier, VerdictGiven,
};
pub use error::VerifyError;
pub use pruned::{Pruned, stored_leaf};
pub use receipt::{LedgerProof, Verified, verify_proof, verify_receipt, verify_under};
pub use witness::{Cosignature, Submission, WitnessKey, WitnessSigner};
