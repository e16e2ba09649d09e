//! Approvals and whose signatures on them count. They are kept as they were signed; verifying them is the policy's
//! work, every time they are loaded.

use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

/// A regulator's decision, as its signed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredApproval {
    /// Its number; the operator's own name for it while it has none, and from then on too.
    pub number: String,
    /// The market it opens.
    pub market: String,
    /// The approval as the policy reads it (JSON), with its signatures and steps, unverified.
    pub record: String,
    /// When it was imported, in Unix seconds.
    pub imported_at: i64,
    /// When it was removed, in Unix seconds; a removed approval serves nothing.
    pub removed_at: Option<i64>,
}

/// Someone whose signature on an approval counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signer {
    /// The public key, in the form the policy reads.
    pub key: String,
    /// Who it is.
    pub name: String,
    /// In which role they sign.
    pub role: String,
    /// When they were added, in Unix seconds.
    pub added_at: i64,
    /// When they were trusted no longer, in Unix seconds.
    pub removed_at: Option<i64>,
}

impl Change<'_> {
    /// Keeps a signed approval. The same record imported again after its removal comes back into force; another
    /// record under the same number is refused.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when an approval of this number is there with another record or not removed;
    /// [`StoreError::Invalid`] when the number is empty or the record is not JSON.
    pub fn import_approval(
        &mut self,
        number: &str,
        market: &str,
        record: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        if number.trim().is_empty() {
            return Err(StoreError::invalid("approval number", "it is empty"));
        }
        must_be_json("approval record", record)?;
        let sql =
            "INSERT INTO approval (number, market, record, imported_at) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (number) DO UPDATE
                   SET imported_at = excluded.imported_at, removed_at = NULL
                   WHERE removed_at IS NOT NULL AND market = excluded.market
                         AND record = excluded.record";
        let changed = self.db.execute(sql, params![number, market, record, now])?;
        if changed == 0 {
            return Err(StoreError::Exists { what: "approval", name: number.into() });
        }
        Ok(())
    }

    /// Takes an approval out of force; whether there was one in the store that was not removed yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_approval(&mut self, number: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE approval SET removed_at = ?2 WHERE number = ?1 AND removed_at IS NULL";
        Ok(self.db.execute(sql, params![number, now])? > 0)
    }

    /// Keeps an approval with what came to it since: signatures and steps. Whether it is there and not removed.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the record is not JSON; [`StoreError::Database`].
    pub fn update_approval(&mut self, number: &str, record: &str) -> Result<bool, StoreError> {
        must_be_json("approval record", record)?;
        let sql = "UPDATE approval SET record = ?2 WHERE number = ?1 AND removed_at IS NULL";
        Ok(self.db.execute(sql, params![number, record])? > 0)
    }

    /// The record of an approval that is not removed.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn approval(&self, number: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT record FROM approval WHERE number = ?1 AND removed_at IS NULL";
        Ok(self.db.prepare(sql)?.query_row([number], |row| row.get(0)).optional()?)
    }

    /// Lets a person's signatures count, or again those of one who was removed.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the key is trusted; [`StoreError::Invalid`] when a member is empty.
    pub fn add_signer(
        &mut self,
        key: &str,
        name: &str,
        role: &str,
        now: i64,
    ) -> Result<(), StoreError> {
        if [key, name, role].iter().any(|text| text.trim().is_empty()) {
            return Err(StoreError::invalid("signer", "key, name and role must not be empty"));
        }
        let sql = "INSERT INTO signer (key, name, role, added_at) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (key) DO UPDATE
                   SET name = excluded.name, role = excluded.role, added_at = excluded.added_at,
                       removed_at = NULL
                   WHERE removed_at IS NOT NULL";
        if self.db.execute(sql, params![key, name, role, now])? == 0 {
            return Err(StoreError::Exists { what: "signer", name: key.into() });
        }
        Ok(())
    }

    /// Lets a person's signatures count no longer; whether they did.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_signer(&mut self, key: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE signer SET removed_at = ?2 WHERE key = ?1 AND removed_at IS NULL";
        Ok(self.db.execute(sql, params![key, now])? > 0)
    }
}

impl Store {
    /// All approvals by number, removed ones too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_approvals(&self) -> Result<Vec<StoredApproval>, StoreError> {
        let sql = "SELECT number, market, record, imported_at, removed_at
                   FROM approval ORDER BY number";
        let mut query = self.db.prepare(sql)?;
        let approvals = query.query_map([], |row| {
            Ok(StoredApproval {
                number: row.get(0)?,
                market: row.get(1)?,
                record: row.get(2)?,
                imported_at: row.get(3)?,
                removed_at: row.get(4)?,
            })
        })?;
        Ok(approvals.collect::<Result<_, _>>()?)
    }

    /// Everyone whose signatures count or did, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_signers(&self) -> Result<Vec<Signer>, StoreError> {
        let sql = "SELECT key, name, role, added_at, removed_at FROM signer ORDER BY name, key";
        let mut query = self.db.prepare(sql)?;
        let signers = query.query_map([], |row| {
            Ok(Signer {
                key: row.get(0)?,
                name: row.get(1)?,
                role: row.get(2)?,
                added_at: row.get(3)?,
                removed_at: row.get(4)?,
            })
        })?;
        Ok(signers.collect::<Result<_, _>>()?)
    }
}
