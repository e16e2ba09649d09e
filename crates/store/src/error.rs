//! What can go wrong with the store, each with what to do about it.

use std::path::PathBuf;

/// Why the store did not answer. There is never a default in its place: who gets one of these serves nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened. Check the path, its permissions and the disk.
    #[error("cannot open the store at {}: {source}", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The database refused a read or write: locked for too long, full, or damaged.
    #[error("the store does not answer: {0}")]
    Database(#[from] rusqlite::Error),
    /// The database was made by a newer Yumen. Use that version, or an older copy of the data.
    #[error(
        "the store has schema version {found}, newer than {known}, the newest this program knows"
    )]
    TooNew {
        /// Version in the file.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// The file of a pack could not be written or taken away. Check the folder, its permissions and the disk.
    #[error("the pack's file {} cannot be written: {source}", path.display())]
    PackNotKept {
        /// The file, or its folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file of an installed pack is not there, not to be read, or not what was installed. Install the pack again.
    #[error("the installed pack's file {} cannot be used: {why}; install the pack again", path.display())]
    PackLost {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system gave no random bytes, so no key could be made.
    #[error("no randomness for a new key: {0}")]
    Random(getrandom::Error),
    /// A thing of this name is already there. Remove or revoke it first, or choose another name.
    #[error("{what} {name:?} is already there")]
    Exists {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A value does not have the form it must have.
    #[error("not a valid {what}: {why}")]
    Invalid {
        /// What was expected.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl StoreError {
    pub(crate) fn invalid(what: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { what, why: why.into() }
    }

    /// Turns a broken uniqueness rule into [`Self::Exists`].
    pub(crate) fn or_exists(
        what: &'static str,
        name: &str,
    ) -> impl FnOnce(rusqlite::Error) -> Self {
        let name = name.to_owned();
        move |error| match &error {
            rusqlite::Error::SqliteFailure(failure, _)
                if failure.code == rusqlite::ErrorCode::ConstraintViolation
                    && matches!(
                        failure.extended_code,
                        rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                            | rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                    ) =>
            {
                Self::Exists { what, name }
            }
            _ => Self::Database(error),
        }
    }
}
