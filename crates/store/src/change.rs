//! One change of several rows, all or nothing.

use rusqlite::{Transaction, TransactionBehavior};

use crate::{Store, StoreError};

/// A change under way: what is done with it holds once [`Change::commit`] has returned, and not at all when it
/// is dropped before. While it lives, no other process can write.
#[must_use = "a change that is not committed is undone"]
pub struct Change<'store> {
    pub(crate) db: Transaction<'store>,
    own_commits: &'store mut u64,
}

impl Store {
    /// Begins a change.
    ///
    /// # Errors
    /// [`StoreError::Database`], also when another process writes for too long.
    pub fn change(&mut self) -> Result<Change<'_>, StoreError> {
        // Taken for writing at once: what is read in it stays true until it is committed.
        let db = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Change { db, own_commits: &mut self.own_commits })
    }
}

impl Change<'_> {
    /// Makes the change hold, on disk.
    ///
    /// # Errors
    /// [`StoreError::Database`]; nothing was changed then.
    pub fn commit(self) -> Result<(), StoreError> {
        self.db.commit()?;
        *self.own_commits += 1;
        Ok(())
    }

    /// Makes the change hold, on disk, without a new [`DataVersion`](crate::DataVersion): for what nobody decides by,
    /// such as a report that came in.
    ///
    /// # Errors
    /// [`StoreError::Database`]; nothing was changed then.
    pub fn commit_aside(self) -> Result<(), StoreError> {
        Ok(self.db.commit()?)
    }
}

/// Refuses what is not JSON, before SQLite does with less to say.
pub(crate) fn must_be_json(what: &'static str, text: &str) -> Result<(), StoreError> {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(StoreError::invalid(what, error.to_string())),
    }
}
