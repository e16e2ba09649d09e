//! Yumen's ledger: the append-only, verifiable record of every decision.
//!
//! An entry is durable before [`Ledger::admit`] or [`Ledger::append`] returns, and comes with a proof that anyone who
//! has the log's public key can verify offline. Only an admission gives an [`Admitted`], without which nothing is answered. The log is a Merkle tree (RFC 6962) under signed checkpoints (C2SP
//! `tlog-checkpoint`); it holds ids, digests, verdicts and times, and never content.
//!
//! It lies on disk as C2SP `tlog-tiles`: the folder can be served as it is.
//!
//! What it promises: an acknowledged entry survives `kill -9` and loss of power; entries that cannot be made
//! durable are refused, never queued without bound; a change to what was recorded is found. What it does not:
//! the one who holds the signing key and the disk can sign another history. Witnesses' cosignatures
//! and published checkpoints are what shows that.

mod anchor;
mod cutter;
mod error;
mod files;
mod hold;
mod ledger;
mod migrate;
mod prune;
mod read;
mod receipt;
mod recovery;
mod tail;
mod tiles;
mod verify;
mod writer;

pub use anchor::{read_anchored, submission, take_cosignatures};
pub use error::LedgerError;
pub use files::{read_checkpoint, read_key};
pub use hold::{Hold, read_holds};
pub use ledger::{Admitting, Appending, Ledger};
pub use prune::{PruneReport, Retention, RetentionRule};
pub use read::{Reader, Recorded, Wanted, find, prove};
pub use receipt::{Admitted, Durable};
pub use verify::{Problem, Report, verify_log};
pub use yumen_verify::{
    Admission, Alarm, ApprovalStep, Asked, Canonical, Checkpoint, Complaint, Cosignature, Deletion,
    Delivery, DriftSeen, Entry, Export, HoldAt, HoldStep, KeyStep, KillAt, KillStep, LedgerProof,
    LifecycleStep, LogKey, MAX_ENTRY_BYTES, ManagementConflict, Notice, PackStep, Refusal,
    ReleaseStep, SanctionStep, SignerStep, SigningKey, Step, Submission, Switch, Tier,
    VerdictGiven, Verified, VerifyError, WitnessKey, WitnessSigner, merkle, verify_proof,
    verify_receipt, verify_under,
};
