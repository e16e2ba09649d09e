//! The regulator's public list of filed models, as the operator has merged it so far.

use rusqlite::{OptionalExtension as _, params};

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

impl Change<'_> {
    /// Keeps the list as it is after a merge. The editions before it stay.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when it is not JSON; [`StoreError::Database`].
    pub fn add_filed_list(&mut self, list: &str, by: &str, now: i64) -> Result<(), StoreError> {
        must_be_json("list of filed models", list)?;
        let sql = "INSERT INTO filed_list (list, imported_by, imported_at) VALUES (?1, ?2, ?3)";
        self.db.execute(sql, params![list, by, now])?;
        Ok(())
    }
}

impl Store {
    /// The list (JSON) in its latest edition, and when that was made, in Unix seconds; none before the first import.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn filed_list(&self) -> Result<Option<(String, i64)>, StoreError> {
        let sql = "SELECT list, imported_at FROM filed_list ORDER BY edition DESC LIMIT 1";
        let mut query = self.db.prepare(sql)?;
        Ok(query.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}
