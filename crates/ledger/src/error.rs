//! What can go wrong with a ledger, each with what to do about it.

use std::{io, path::PathBuf, sync::Arc};

use yumen_verify::VerifyError;

/// Why an entry was not recorded, or a ledger, proof or receipt not accepted.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file of the ledger could not be used. Check the disk, the path and its permissions.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes this ledger. Stop it, or ask it for the entry.
    #[error("the ledger in {} is being written by another process", .0.display())]
    Locked(PathBuf),
    /// More entries wait than the queue holds; nothing was recorded. Try again later.
    #[error("the ledger's queue is full: the disk does not keep up")]
    Busy,
    /// The batch with this entry could not be written and was taken back; later entries may succeed.
    #[error("the entry was not recorded: {0}")]
    NotWritten(Arc<str>),
    /// The writer has stopped, because it could no longer tell what is on disk. Repair the disk and open anew.
    #[error("the ledger has stopped: {0}")]
    Stopped(Arc<str>),
    /// An entry is longer than the 65,535 bytes of a record.
    #[error("an entry of {0} bytes is over the limit of 65535")]
    TooLarge(usize),
    /// Fewer entries are readable than were once recorded. Restore the files from a copy; nothing was changed.
    #[error(
        "the ledger in {} is damaged: {readable} entries can be read, but {recorded} were recorded",
        dir.display()
    )]
    Damaged {
        /// The ledger's folder.
        dir: PathBuf,
        /// Entries readable from the start.
        readable: u64,
        /// Entries that the index or the signed checkpoint know of.
        recorded: u64,
    },
    /// The entries are not those that the signed checkpoint was made over. Restore the files from a copy.
    #[error("the ledger in {} was altered: its first {size} entries have another root than its signed checkpoint", .0.display(), size = .1)]
    Altered(PathBuf, u64),
    /// The ledger belongs to another key or origin than the one given.
    #[error("the ledger in {} belongs to {expected}, not to {given}", dir.display())]
    OtherKey {
        /// The ledger's folder.
        dir: PathBuf,
        /// The key in the folder.
        expected: String,
        /// The key that was given.
        given: String,
    },
    /// No entry has this index, or it is not yet under a signed checkpoint.
    #[error("the signed checkpoint covers {size} entries, so there is no proof of entry {index}")]
    NoSuchEntry {
        /// The index asked for.
        index: u64,
        /// Entries under the checkpoint.
        size: u64,
    },
    /// The bytes of this entry were past their time and are gone; its leaf hash still stands in the tree, so that a
    /// receipt that holds the entry still verifies.
    #[error(
        "entry {index} was pruned, as entry {deletion} says; its leaf hash is still in the tree"
    )]
    Pruned {
        /// The index asked for.
        index: u64,
        /// Index of the `deletion.v1` entry.
        deletion: u64,
    },
    /// No legal hold of this id holds. `yumen ledger hold list` shows those that do.
    #[error("there is no legal hold {0:?}")]
    NoSuchHold(String),
    /// A key, checkpoint, entry or receipt does not have the form it must have.
    #[error("not a valid {what}: {why}")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A receipt or proof is well formed and wrong: it proves nothing.
    #[error("the proof fails: {0}")]
    Unproven(String),
}

impl LedgerError {
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    pub(crate) fn malformed(what: &'static str, why: impl Into<String>) -> Self {
        Self::Malformed { what, why: why.into() }
    }

    pub(crate) fn unproven(why: impl Into<String>) -> Self {
        Self::Unproven(why.into())
    }
}

impl From<VerifyError> for LedgerError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Malformed { what, why } => Self::Malformed { what, why },
            VerifyError::Unproven(why) => Self::Unproven(why),
        }
    }
}
