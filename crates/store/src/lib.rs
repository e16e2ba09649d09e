//! Yumen's state on one machine, in SQLite: app keys, approvals, signers.
//!
//! It promises that what a call returned from is on disk, that a store which does not answer is an error and
//! never a default, and that no secret of an app key can be read back. It reads no clock: times are Unix seconds
//! given by the caller.

mod approvals;
mod error;
mod keys;
mod store;

pub use approvals::{Signer, StoredApproval};
pub use error::StoreError;
pub use keys::{AppKey, NewKey, Secret, hash_secret};
pub use store::{DataVersion, Store};
