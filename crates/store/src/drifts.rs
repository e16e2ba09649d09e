//! Models that answered as something else than what was approved.

use rusqlite::params;

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

/// A drift with what it calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDrift {
    /// Its id.
    pub id: String,
    /// The drift (JSON), in the form the policy reads.
    pub drift: String,
    /// The change filing it calls for (JSON), where one could be drafted.
    pub draft: Option<String>,
    /// When it was seen first, in Unix seconds.
    pub seen_at: i64,
}

impl Change<'_> {
    /// Keeps a drift.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken; [`StoreError::Invalid`] when it is not JSON.
    pub fn add_drift(&mut self, drift: &StoredDrift) -> Result<(), StoreError> {
        must_be_json("drift", &drift.drift)?;
        if let Some(draft) = &drift.draft {
            must_be_json("draft", draft)?;
        }
        let sql = "INSERT INTO drift (id, drift, draft, seen_at) VALUES (?1, ?2, ?3, ?4)";
        let row = params![drift.id, drift.drift, drift.draft, drift.seen_at];
        self.db.execute(sql, row).map_err(StoreError::or_exists("drift", &drift.id))?;
        Ok(())
    }
}

impl Store {
    /// All drifts, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_drifts(&self) -> Result<Vec<StoredDrift>, StoreError> {
        let sql = "SELECT id, drift, draft, seen_at FROM drift ORDER BY seen_at, id";
        let mut query = self.db.prepare(sql)?;
        let drifts = query.query_map([], |row| {
            Ok(StoredDrift {
                id: row.get(0)?,
                drift: row.get(1)?,
                draft: row.get(2)?,
                seen_at: row.get(3)?,
            })
        })?;
        Ok(drifts.collect::<Result<_, _>>()?)
    }
}
