//! App keys: what an app shows to be let in. Only a hash of the secret is kept; it is shown once, when made.

use std::fmt;

use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{Store, StoreError};

/// How every secret begins, so that scanners can find one that leaked.
const MARK: &str = "yk_";

/// How many characters of a made secret carry randomness: 32 of 5 bits each are 160 bits.
const LENGTH: usize = 32;

/// Digits and lower-case letters without those that look alike (RFC 4648 base32 with Crockford's choice).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many characters of a secret are kept to tell keys apart; they leave at least 110 bits unknown.
pub(crate) const SHOWN: usize = 9;

/// An app key as the store knows it: without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppKey {
    /// Its pseudonym, as it stands in the ledger: `key_` and 12 characters.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// How its secret begins.
    pub prefix: String,
    /// SHA-256 of the secret.
    #[serde(skip)]
    pub secret_hash: [u8; 32],
    /// The fixed device profile (JSON, as `device` of `POST /v1/eligibility`) under which it asks, if it has one.
    pub device: Option<String>,
    /// Whether it may use the sandbox market.
    pub development: bool,
    /// When it was made, in Unix seconds.
    pub created_at: i64,
    /// When it was revoked, in Unix seconds.
    pub revoked_at: Option<i64>,
}

/// What a new app key is to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewKey {
    /// Its name, for people.
    pub name: String,
    /// The fixed device profile, as JSON, if it has one.
    pub device: Option<String>,
    /// Whether it may use the sandbox market.
    pub development: bool,
}

/// The secret of a key. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A random secret behind the mark of its kind of key.
    pub(crate) fn random(mark: &str) -> Result<Self, StoreError> {
        Ok(Self(format!("{mark}{}", random_text(LENGTH)?)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The hash under which a secret is kept and looked up.
pub fn hash_secret(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl Store {
    /// Makes an app key with a random secret of 160 bits; the secret is returned here and never again.
    ///
    /// # Errors
    /// [`StoreError::Random`], [`StoreError::Invalid`] when the name is empty or the device is not JSON.
    pub fn add_key(&mut self, new: &NewKey, now: i64) -> Result<(AppKey, Secret), StoreError> {
        let secret = Secret::random(MARK)?;
        let key = self.insert_key(new, secret.reveal(), now)?;
        Ok((key, secret))
    }

    /// Makes an app key with a given secret, for the fixed keys of the demo. A real key needs a random one.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when a key has this secret; [`StoreError::Invalid`] when it does not begin with
    /// `yk_`, or as for [`Self::add_key`].
    pub fn add_key_with_secret(
        &mut self,
        new: &NewKey,
        secret: &str,
        now: i64,
    ) -> Result<AppKey, StoreError> {
        if !is_secret(secret, MARK) {
            let why = "it must be yk_ and letters, digits or '_'";
            return Err(StoreError::invalid("key secret", why));
        }
        self.insert_key(new, secret, now)
    }

    /// All app keys, oldest first, revoked ones too.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_keys(&self) -> Result<Vec<AppKey>, StoreError> {
        let sql =
            "SELECT id, name, prefix, secret_hash, device, development, created_at, revoked_at
                   FROM app_key ORDER BY created_at, id";
        let mut query = self.db.prepare(sql)?;
        let keys = query.query_map([], read)?.collect::<Result<_, _>>()?;
        Ok(keys)
    }

    /// The app key with this secret, also when it is revoked.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn key_of_secret(&self, secret: &str) -> Result<Option<AppKey>, StoreError> {
        let sql =
            "SELECT id, name, prefix, secret_hash, device, development, created_at, revoked_at
                   FROM app_key WHERE secret_hash = ?1";
        let mut query = self.db.prepare(sql)?;
        Ok(query.query_row([hash_secret(secret)], read).optional()?)
    }

    /// Revokes the app key with this id; whether there was one that was not revoked yet.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn revoke_key(&mut self, id: &str, now: i64) -> Result<bool, StoreError> {
        let sql = "UPDATE app_key SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        let revoked = self.db.execute(sql, params![id, now])? > 0;
        self.changed();
        Ok(revoked)
    }

    fn insert_key(&mut self, new: &NewKey, secret: &str, now: i64) -> Result<AppKey, StoreError> {
        if new.name.trim().is_empty() {
            return Err(StoreError::invalid("key name", "it is empty"));
        }
        if let Some(device) = &new.device
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(device)
        {
            return Err(StoreError::invalid("device profile", error.to_string()));
        }
        let key = AppKey {
            id: new_id("key")?,
            name: new.name.clone(),
            prefix: secret.chars().take(SHOWN).collect(),
            secret_hash: hash_secret(secret),
            device: new.device.clone(),
            development: new.development,
            created_at: now,
            revoked_at: None,
        };
        let sql = "INSERT INTO app_key
                   (id, name, prefix, secret_hash, device, development, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row = params![
            key.id,
            key.name,
            key.prefix,
            key.secret_hash,
            key.device,
            key.development,
            key.created_at
        ];
        self.db.execute(sql, row).map_err(StoreError::or_exists("app key", &key.prefix))?;
        self.changed();
        Ok(key)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<AppKey> {
    Ok(AppKey {
        id: row.get(0)?,
        name: row.get(1)?,
        prefix: row.get(2)?,
        secret_hash: row.get(3)?,
        device: row.get(4)?,
        development: row.get(5)?,
        created_at: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}

/// A new id of its kind: the kind, `_` and 12 random characters.
///
/// # Errors
/// [`StoreError::Random`].
pub fn new_id(kind: &str) -> Result<String, StoreError> {
    Ok(format!("{kind}_{}", random_text(12)?))
}

/// Whether this can be a secret behind this mark.
pub(crate) fn is_secret(secret: &str, mark: &str) -> bool {
    let rest = secret.strip_prefix(mark).unwrap_or_default();
    !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn random_text(length: usize) -> Result<String, StoreError> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(StoreError::Random)?;
    // 256 is a multiple of 32, so every character is equally likely.
    Ok(bytes.into_iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
