//! Yumen's ledger: the append-only, verifiable record of every decision.
//!
//! An entry is durable before [`Ledger::admit`] or [`Ledger::append`] returns, and comes with a proof that anyone who
//! has the log's public key can verify offline. Only an admission gives an [`Admitted`], without which nothing is answered. The log is a Merkle tree (RFC 6962) under signed checkpoints (C2SP
//! `tlog-checkpoint`); it holds ids, digests, verdicts and times, and never content.
//!
//! What it promises: an acknowledged entry survives `kill -9` and loss of power; entries that cannot be made
//! durable are refused, never queued without bound; a change to what was recorded is found. What it does not:
//! the one who holds the signing key and the disk can sign another history. Witnesses and published
//! checkpoints are what will show that.

mod checkpoint;
mod entry;
mod error;
mod files;
mod ledger;
pub mod merkle;
mod read;
mod receipt;
mod recovery;
mod verify;
mod writer;

pub use checkpoint::{Checkpoint, LogKey};
pub use ed25519_dalek::SigningKey;
pub use entry::{
    Admission, Alarm, ApprovalStep, Canonical, Complaint, Deletion, Delivery, DriftSeen, Entry,
    Export, KeyStep, KillAt, KillStep, LifecycleStep, MAX_ENTRY_BYTES, ManagementConflict, Notice,
    PackStep, Refusal, ReleaseStep, SignerStep, Step, Tier, VerdictGiven,
};
pub use error::LedgerError;
pub use files::{read_checkpoint, read_key};
pub use ledger::{Admitting, Appending, Ledger};
pub use read::{Reader, Recorded, find, prove};
pub use receipt::{Admitted, Durable, LedgerProof, Verified, verify_receipt};
pub use verify::{Problem, Report, verify_log};
