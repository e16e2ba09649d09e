//! Release bundles, by the digest that approvals name.

use rusqlite::params;

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

impl Change<'_> {
    /// Keeps a release; whether it was not there yet.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the bundle is not JSON; [`StoreError::Database`].
    pub fn add_release(
        &mut self,
        digest: &str,
        market: &str,
        bundle: &str,
        by: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        must_be_json("release", bundle)?;
        let sql = "INSERT INTO release (digest, market, bundle, added_by, added_at)
                   VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (digest) DO NOTHING";
        Ok(self.db.execute(sql, params![digest, market, bundle, by, now])? > 0)
    }
}

impl Store {
    /// All release bundles (JSON), the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_releases(&self) -> Result<Vec<String>, StoreError> {
        let mut query = self.db.prepare("SELECT bundle FROM release ORDER BY added_at, digest")?;
        let releases = query.query_map([], |row| row.get(0))?;
        Ok(releases.collect::<Result<_, _>>()?)
    }
}
