//! What an operator stopped, and the two steps that lift a stop.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::{Change, Store, StoreError};

/// A stop: everything that all of its members fit is not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredKill {
    /// Its id.
    pub id: String,
    /// The feature; none for every feature.
    pub feature: Option<String>,
    /// The market; none for every market.
    pub market: Option<String>,
    /// The partner; none for every partner.
    pub partner: Option<String>,
    /// The model; none for every model.
    pub model: Option<String>,
    /// Why, in the operator's words.
    pub reason: String,
    /// Who stopped it.
    pub killed_by: String,
    /// When, in Unix seconds, as all times here.
    pub killed_at: i64,
    /// Who asked to lift it.
    pub lift_asked_by: Option<String>,
    /// When they asked.
    pub lift_asked_at: Option<i64>,
    /// Who lifted it.
    pub lifted_by: Option<String>,
    /// When it was lifted; until then it holds.
    pub lifted_at: Option<i64>,
}

impl Change<'_> {
    /// Stops something.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken; [`StoreError::Database`].
    pub fn add_kill(&mut self, kill: &StoredKill) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO kill (id, feature, market, partner, model, reason, killed_by, killed_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let row = params![
            kill.id,
            kill.feature,
            kill.market,
            kill.partner,
            kill.model,
            kill.reason,
            kill.killed_by,
            kill.killed_at
        ];
        self.db.execute(sql, row).map_err(StoreError::or_exists("kill", &kill.id))?;
        Ok(())
    }

    /// Asks to lift a stop; whether it holds and nobody has asked yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn ask_lift(&mut self, id: &str, by: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE kill SET lift_asked_by = ?2, lift_asked_at = ?3
                   WHERE id = ?1 AND lift_asked_at IS NULL AND lifted_at IS NULL";
        Ok(self.db.execute(sql, params![id, by, now])? > 0)
    }

    /// Lifts a stop; whether somebody had asked and it was not lifted yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn lift(&mut self, id: &str, by: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE kill SET lifted_by = ?2, lifted_at = ?3
                   WHERE id = ?1 AND lift_asked_at IS NOT NULL AND lifted_at IS NULL";
        Ok(self.db.execute(sql, params![id, by, now])? > 0)
    }

    /// The stop with this id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn kill(&self, id: &str) -> Result<Option<StoredKill>, StoreError> {
        Ok(read(&self.db, "WHERE id = ?1", [id])?.pop())
    }
}

impl Store {
    /// All stops, the oldest first, lifted ones too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_kills(&self) -> Result<Vec<StoredKill>, StoreError> {
        read(&self.db, "ORDER BY killed_at, id", [])
    }

    /// The stops that hold.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn kills_in_force(&self) -> Result<Vec<StoredKill>, StoreError> {
        read(&self.db, "WHERE lifted_at IS NULL ORDER BY killed_at, id", [])
    }
}

fn read(
    db: &Connection,
    which: &str,
    of: impl rusqlite::Params,
) -> Result<Vec<StoredKill>, StoreError> {
    let sql = format!(
        "SELECT id, feature, market, partner, model, reason, killed_by, killed_at,
                lift_asked_by, lift_asked_at, lifted_by, lifted_at FROM kill {which}"
    );
    let mut query = db.prepare(&sql)?;
    let kills = query.query_map(of, |row: &Row<'_>| {
        Ok(StoredKill {
            id: row.get(0)?,
            feature: row.get(1)?,
            market: row.get(2)?,
            partner: row.get(3)?,
            model: row.get(4)?,
            reason: row.get(5)?,
            killed_by: row.get(6)?,
            killed_at: row.get(7)?,
            lift_asked_by: row.get(8)?,
            lift_asked_at: row.get(9)?,
            lifted_by: row.get(10)?,
            lifted_at: row.get(11)?,
        })
    })?;
    Ok(kills.collect::<Result<_, _>>()?)
}
