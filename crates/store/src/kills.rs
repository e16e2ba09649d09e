//! What operators stopped. Whether a stop still holds is the policy's to read from it.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

impl Change<'_> {
    /// Keeps a new stop.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken; [`StoreError::Invalid`] when the stop is not JSON.
    pub fn add_kill(&mut self, id: &str, kill: &str, now: i64) -> Result<(), StoreError> {
        must_be_json("kill", kill)?;
        let sql = "INSERT INTO kill (id, kill, killed_at) VALUES (?1, ?2, ?3)";
        let added = self.db.execute(sql, params![id, kill, now]);
        added.map_err(StoreError::or_exists("kill", id))?;
        Ok(())
    }

    /// Keeps a stop in its new state; whether there was one of this id.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when it is not JSON; [`StoreError::Database`].
    pub fn update_kill(&mut self, id: &str, kill: &str) -> Result<bool, StoreError> {
        must_be_json("kill", kill)?;
        Ok(self.db.execute("UPDATE kill SET kill = ?2 WHERE id = ?1", params![id, kill])? > 0)
    }

    /// The stop with this id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn kill(&self, id: &str) -> Result<Option<String>, StoreError> {
        one(&self.db, id)
    }
}

impl Store {
    /// All stops, the oldest first, lifted ones too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_kills(&self) -> Result<Vec<String>, StoreError> {
        let mut query = self.db.prepare("SELECT kill FROM kill ORDER BY killed_at, id")?;
        let kills = query.query_map([], |row| row.get(0))?;
        Ok(kills.collect::<Result<_, _>>()?)
    }
}

fn one(db: &Connection, id: &str) -> Result<Option<String>, StoreError> {
    let mut query = db.prepare("SELECT kill FROM kill WHERE id = ?1")?;
    Ok(query.query_row([id], |row| row.get(0)).optional()?)
}
