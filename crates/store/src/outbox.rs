//! Ledger entries on their way: written with the change they tell of, kept until the ledger has them.
//!
//! A process that dies between the change and the ledger leaves its entry here, and whoever opens the ledger
//! next appends it. It may have died after the ledger had it: `after` says from where on to look.

use rusqlite::params;

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

/// An entry that is not known to be in the ledger yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its place among those that wait; later ones have higher numbers.
    pub id: i64,
    /// The entry's canonical JSON.
    pub entry: String,
    /// How many entries the ledger had when it was written: it is none of those.
    pub after: u64,
}

impl Change<'_> {
    /// Sends an entry along with this change.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when it is not JSON; [`StoreError::Database`].
    pub fn send(&mut self, entry: &str, after: u64) -> Result<Outgoing, StoreError> {
        must_be_json("ledger entry", entry)?;
        let size = i64::try_from(after)
            .map_err(|_| StoreError::invalid("ledger size", "it is beyond all ledgers"))?;
        let sql = "INSERT INTO outbox (entry, after) VALUES (?1, ?2)";
        self.db.execute(sql, params![entry, size])?;
        Ok(Outgoing { id: self.db.last_insert_rowid(), entry: entry.into(), after })
    }
}

impl Store {
    /// The entries that wait, in the order of their changes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn outgoing(&self) -> Result<Vec<Outgoing>, StoreError> {
        let mut query = self.db.prepare("SELECT id, entry, after FROM outbox ORDER BY id")?;
        let waiting = query.query_map([], |row| {
            let after: i64 = row.get(2)?;
            // Never negative: a CHECK holds it.
            Ok(Outgoing { id: row.get(0)?, entry: row.get(1)?, after: after.unsigned_abs() })
        })?;
        Ok(waiting.collect::<Result<_, _>>()?)
    }

    /// Says that the ledger has this entry.
    ///
    /// # Errors
    /// [`StoreError::Database`]; the entry is looked for in the ledger before it is appended again.
    pub fn delivered(&mut self, id: i64) -> Result<(), StoreError> {
        // No new data version: nobody decides by what waits.
        self.db.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
        Ok(())
    }
}
