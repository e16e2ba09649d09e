//! The open database: making it, bringing it up to date, and noticing what other processes change.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::{PackFolder, StoreError};

/// Every schema change ever made, in order; the number of those applied is the database's `user_version`.
const MIGRATIONS: [&str; 4] = [
    include_str!("../migrations/0001_keys_approvals.sql"),
    include_str!("../migrations/0002_desk.sql"),
    include_str!("../migrations/0003_screening.sql"),
    include_str!("../migrations/0004_pack_files.sql"),
];

/// How many of them are applied where packs are still in the database.
const PACKS_INSIDE: u32 = 3;

/// How long a statement waits for another process's write before it fails.
const BUSY: Duration = Duration::from_secs(5);

/// Yumen's state on one machine. One thread at a time; blocking, so keep it off the request path and work from a
/// snapshot that is renewed when [`Store::data_version`] changes.
pub struct Store {
    pub(crate) db: Connection,
    pub(crate) packs: PackFolder,
    pub(crate) own_commits: u64,
}

/// A state of the database as one [`Store`] sees it: different from an earlier one whenever anything may have
/// been changed in between, by this store or by another process. Means nothing to another `Store`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataVersion {
    others: i64,
    own: u64,
}

impl Store {
    /// Opens the database file, making it if there is none, and applies the migrations it lacks. The files of packs
    /// are in the folder `packs` beside it.
    ///
    /// # Errors
    /// [`StoreError::Open`] when it cannot be opened or is no database, [`StoreError::TooNew`] when a newer
    /// program made it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let open = |source| StoreError::Open { path: path.into(), source };
        let mut db = Connection::open(path).map_err(open)?;
        db.busy_timeout(BUSY).map_err(open)?;
        // Readers and the one writer do not wait for each other, and a commit is durable.
        db.pragma_update(None, "journal_mode", "WAL").map_err(open)?;
        db.pragma_update(None, "synchronous", "FULL").map_err(open)?;
        db.pragma_update(None, "foreign_keys", true)?;
        let packs = PackFolder::of_database(path);
        migrate(&mut db, &packs)?;
        Ok(Self { db, packs, own_commits: 0 })
    }

    /// The state the database is in now; compare it with an earlier one to see whether to read anew. Costs no
    /// disk access while nothing changes.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn data_version(&self) -> Result<DataVersion, StoreError> {
        // PRAGMA data_version counts what other connections commit, never our own.
        let others = self.db.pragma_query_value(None, "data_version", |row| row.get(0))?;
        Ok(DataVersion { others, own: self.own_commits })
    }

    /// A small fact about this installation.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut query = self.db.prepare("SELECT value FROM meta WHERE name = ?1")?;
        Ok(query.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Sets a small fact about this installation.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn set_meta(&mut self, name: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (name, value) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.db.execute(sql, params![name, value])?;
        self.changed();
        Ok(())
    }

    /// To be called after every own commit, which [`Self::data_version`] would miss otherwise.
    pub(crate) fn changed(&mut self) {
        self.own_commits += 1;
    }
}

fn migrate(db: &mut Connection, packs: &PackFolder) -> Result<(), StoreError> {
    // Taken before the version is read, so that two processes that start together do not both migrate.
    let migration = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: u32 = migration.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    if found == PACKS_INSIDE {
        move_packs_out(&migration, packs)?;
    }
    for sql in &MIGRATIONS[found as usize..] {
        migration.execute_batch(sql)?;
    }
    migration.pragma_update(None, "user_version", known)?;
    Ok(migration.commit()?)
}

/// Makes files of the packs in force. What was moved when this was cut short is moved again.
fn move_packs_out(db: &Connection, packs: &PackFolder) -> Result<(), StoreError> {
    // The terms of a pack are not to stay in what is no longer used of the database.
    db.pragma_update(None, "secure_delete", true)?;
    let mut query = db.prepare("SELECT digest, file FROM pack WHERE file IS NOT NULL")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (digest, file): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        packs.keep(&digest, &file)?;
    }
    Ok(())
}
