//! Admin keys: what a person shows to work at the market desk over HTTP. Only a hash of the secret is kept; it is
//! shown once, when made.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::keys::{SHOWN, is_secret, new_id};
use crate::{Change, Secret, Store, StoreError, hash_secret};

/// How every secret begins, so that scanners can find one that leaked.
const MARK: &str = "ya_";

/// An admin key as the store knows it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdminKey {
    /// Its pseudonym, as it stands in the ledger: `admin_` and 12 characters.
    pub id: String,
    /// The person; two keys of one name are one person.
    pub name: String,
    /// What they may do.
    pub role: String,
    /// How its secret begins.
    pub prefix: String,
    /// SHA-256 of the secret.
    #[serde(skip)]
    pub secret_hash: [u8; 32],
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it was revoked, in Unix seconds.
    pub revoked_at: Option<i64>,
}

impl Change<'_> {
    /// Makes an admin key with a random secret of 160 bits; the secret is returned here and never again.
    ///
    /// # Errors
    /// [`StoreError::Random`]; [`StoreError::Invalid`] when name or role are empty; [`StoreError::Database`].
    pub fn add_admin_key(
        &mut self,
        name: &str,
        role: &str,
        now: i64,
    ) -> Result<(AdminKey, Secret), StoreError> {
        let secret = Secret::random(MARK)?;
        let key = self.insert_admin_key(name, role, secret.reveal(), now)?;
        Ok((key, secret))
    }

    /// Makes an admin key with a given secret, for the fixed key of the demo. A real key needs a random one.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when a key has this secret; [`StoreError::Invalid`] when it does not begin with
    /// `ya_`, or as for [`Self::add_admin_key`].
    pub fn add_admin_key_with_secret(
        &mut self,
        name: &str,
        role: &str,
        secret: &str,
        now: i64,
    ) -> Result<AdminKey, StoreError> {
        if !is_secret(secret, MARK) {
            let why = "it must be ya_ and letters, digits or '_'";
            return Err(StoreError::invalid("key secret", why));
        }
        self.insert_admin_key(name, role, secret, now)
    }

    /// Revokes the admin key with this id; whether there was one that was not revoked yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn revoke_admin_key(&mut self, id: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE admin_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        Ok(self.db.execute(sql, params![id, now])? > 0)
    }

    fn insert_admin_key(
        &mut self,
        name: &str,
        role: &str,
        secret: &str,
        now: i64,
    ) -> Result<AdminKey, StoreError> {
        if [name, role].iter().any(|text| text.trim().is_empty()) {
            return Err(StoreError::invalid("admin key", "name and role must not be empty"));
        }
        let key = AdminKey {
            id: new_id("admin")?,
            name: name.into(),
            role: role.into(),
            prefix: secret.chars().take(SHOWN).collect(),
            secret_hash: hash_secret(secret),
            created_at: now,
            revoked_at: None,
        };
        let sql = "INSERT INTO admin_key (id, name, role, prefix, secret_hash, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![key.id, key.name, key.role, key.prefix, key.secret_hash, key.created_at];
        self.db.execute(sql, row).map_err(StoreError::or_exists("admin key", &key.prefix))?;
        Ok(key)
    }
}

impl Store {
    /// All admin keys, oldest first, revoked ones too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_admin_keys(&self) -> Result<Vec<AdminKey>, StoreError> {
        read(&self.db)
    }
}

fn read(db: &Connection) -> Result<Vec<AdminKey>, StoreError> {
    let sql = "SELECT id, name, role, prefix, secret_hash, created_at, revoked_at
               FROM admin_key ORDER BY created_at, id";
    let mut query = db.prepare(sql)?;
    let keys = query.query_map([], |row: &Row<'_>| {
        Ok(AdminKey {
            id: row.get(0)?,
            name: row.get(1)?,
            role: row.get(2)?,
            prefix: row.get(3)?,
            secret_hash: row.get(4)?,
            created_at: row.get(5)?,
            revoked_at: row.get(6)?,
        })
    })?;
    Ok(keys.collect::<Result<_, _>>()?)
}
