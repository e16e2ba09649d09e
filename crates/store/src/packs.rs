//! Screen packs that an operator installed. What is in a pack the store does not look at; whoever loads one verifies
//! it, each time.

use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

/// A pack as it was installed, without its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredPack {
    /// Which installation it is; later ones have higher numbers.
    pub edition: i64,
    /// Its name. At most one pack of a name is in force.
    pub id: String,
    /// The version its makers gave it.
    pub version: String,
    /// The digest of its file.
    pub digest: String,
    /// The markets it is for (JSON list); an empty list is every market.
    pub scope: String,
    /// Why it was installed, in the operator's words.
    pub reason: String,
    /// The authority that asked for it, if one did.
    pub requested_by: Option<String>,
    /// The number of the authority's request.
    pub reference: Option<String>,
    /// Who installed it, as an id.
    pub installed_by: String,
    /// When, in Unix seconds.
    pub installed_at: i64,
    /// When it was replaced or removed, in Unix seconds.
    pub removed_at: Option<i64>,
}

/// A pack that is to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPack<'a> {
    /// Its name.
    pub id: &'a str,
    /// The version its makers gave it.
    pub version: &'a str,
    /// The digest of its file.
    pub digest: &'a str,
    /// The markets it is for (JSON list); an empty list is every market.
    pub scope: &'a str,
    /// The file.
    pub file: &'a [u8],
    /// Why, in the operator's words.
    pub reason: &'a str,
    /// The authority that asked for it, if one did.
    pub requested_by: Option<&'a str>,
    /// The number of the authority's request.
    pub reference: Option<&'a str>,
}

impl Change<'_> {
    /// Installs a pack in the place of the one of this name, if there is one; the edition is its number.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the scope is not JSON; [`StoreError::Database`].
    pub fn install_pack(
        &mut self,
        pack: &NewPack<'_>,
        by: &str,
        now: i64,
    ) -> Result<i64, StoreError> {
        must_be_json("scope of a pack", pack.scope)?;
        self.remove_pack(pack.id, by, now)?;
        let sql =
            "INSERT INTO pack (id, version, digest, scope, file, reason, requested_by, reference,
                                     installed_by, installed_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let NewPack { id, version, digest, scope, file, reason, requested_by, reference } = pack;
        self.db.execute(
            sql,
            params![id, version, digest, scope, file, reason, requested_by, reference, by, now],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Takes a pack out of force; whether one of this name was. Its row stays, its file goes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_pack(&mut self, id: &str, by: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE pack SET file = NULL, removed_by = ?2, removed_at = ?3
                   WHERE id = ?1 AND removed_at IS NULL";
        Ok(self.db.execute(sql, params![id, by, now])? > 0)
    }
}

impl Store {
    /// The packs in force, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_packs(&self) -> Result<Vec<StoredPack>, StoreError> {
        let sql = "SELECT edition, id, version, digest, scope, reason, requested_by, reference,
                          installed_by, installed_at, removed_at
                   FROM pack WHERE removed_at IS NULL ORDER BY id";
        let mut query = self.db.prepare(sql)?;
        let packs = query.query_map([], read)?;
        Ok(packs.collect::<Result<_, _>>()?)
    }

    /// The file of a pack in force, by its edition; none when it is no longer.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn pack_file(&self, edition: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT file FROM pack WHERE edition = ?1 AND removed_at IS NULL";
        Ok(self.db.prepare(sql)?.query_row([edition], |row| row.get(0)).optional()?.flatten())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredPack> {
    Ok(StoredPack {
        edition: row.get(0)?,
        id: row.get(1)?,
        version: row.get(2)?,
        digest: row.get(3)?,
        scope: row.get(4)?,
        reason: row.get(5)?,
        requested_by: row.get(6)?,
        reference: row.get(7)?,
        installed_by: row.get(8)?,
        installed_at: row.get(9)?,
        removed_at: row.get(10)?,
    })
}
