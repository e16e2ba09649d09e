//! Screen packs that an operator installed. What is in a pack the store does not look at; whoever loads one verifies
//! it, each time. Here are the rows; the files are in [`PackFolder`].

use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;

use crate::change::must_be_json;
use crate::{Change, KeptPack, PackFolder, Store, StoreError};

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
    /// Its file.
    pub file: &'a KeptPack,
    /// The markets it is for (JSON list); an empty list is every market.
    pub scope: &'a str,
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
        let sql = "INSERT INTO pack (id, version, digest, scope, reason, requested_by, reference,
                                     installed_by, installed_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let NewPack { id, version, file, scope, reason, requested_by, reference } = pack;
        let digest = file.digest();
        self.db.execute(
            sql,
            params![id, version, digest, scope, reason, requested_by, reference, by, now],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Takes a pack out of force; whether one of this name was. Its row stays; its file may go then
    /// ([`Store::release_pack_file`]).
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_pack(&mut self, id: &str, by: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE pack SET removed_by = ?2, removed_at = ?3
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

    /// Where the files of packs are kept.
    pub fn pack_folder(&self) -> &PackFolder {
        &self.packs
    }

    /// The file of a pack in force, by its edition; none when it is no longer. Its digest was looked at.
    ///
    /// # Errors
    /// [`StoreError::PackLost`] when the file is not what was installed; [`StoreError::Database`].
    pub fn pack_file(&self, edition: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(digest) = self.digest_in_force(edition)? else { return Ok(None) };
        match self.packs.read(&digest) {
            // Another process took it out of force in between, and its file.
            Err(StoreError::PackLost { .. }) if self.digest_in_force(edition)?.is_none() => {
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    /// Takes a file away, unless a pack in force has it. Only for who alone installs packs here.
    ///
    /// # Errors
    /// [`StoreError::PackNotKept`] when it cannot be, [`StoreError::Database`].
    pub fn release_pack_file(&self, digest: &str) -> Result<(), StoreError> {
        if self.digests_in_force()?.iter().any(|used| used == digest) {
            return Ok(());
        }
        self.packs.remove(digest)
    }

    /// Takes away every file that no pack in force has: what a process left that ended too early. Only for who alone
    /// installs packs here, and is about no other.
    ///
    /// # Errors
    /// [`StoreError::PackNotKept`] when one cannot be, [`StoreError::Database`].
    pub fn sweep_packs(&self) -> Result<(), StoreError> {
        self.packs.retain(&self.digests_in_force()?)
    }

    fn digest_in_force(&self, edition: i64) -> Result<Option<String>, StoreError> {
        let sql = "SELECT digest FROM pack WHERE edition = ?1 AND removed_at IS NULL";
        Ok(self.db.prepare(sql)?.query_row([edition], |row| row.get(0)).optional()?)
    }

    fn digests_in_force(&self) -> Result<Vec<String>, StoreError> {
        let mut query = self.db.prepare("SELECT digest FROM pack WHERE removed_at IS NULL")?;
        let digests = query.query_map([], |row| row.get(0))?;
        Ok(digests.collect::<Result<_, _>>()?)
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
