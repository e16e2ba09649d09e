//! Yumen's state on one machine, in SQLite: keys, approvals, signers, releases, stops, installed packs, what
//! people reported, and what the ledger is still to be told.
//!
//! It promises that what a call returned from is on disk, that a store which does not answer is an error and
//! never a default, and that no secret of an app key can be read back. It reads no clock: times are Unix seconds
//! given by the caller.

mod admin_keys;
mod approvals;
mod change;
mod drifts;
mod error;
mod filed;
mod keys;
mod kills;
mod outbox;
mod pack_files;
mod packs;
mod people;
mod releases;
mod reports;
mod store;

pub use admin_keys::AdminKey;
pub use approvals::{Signer, StoredApproval};
pub use change::Change;
pub use drifts::StoredDrift;
pub use error::StoreError;
pub use keys::{AppKey, NewKey, Secret, hash_secret, new_id};
pub use outbox::Outgoing;
pub use pack_files::{KeptPack, PackFolder};
pub use packs::{NewPack, StoredPack};
pub use people::{StoredDeed, StoredPerson};
pub use reports::{Decision, StoredReport};
pub use store::{DataVersion, Store};
