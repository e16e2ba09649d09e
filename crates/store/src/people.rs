//! How people stand whose inputs were refused, and how often what was done: what a running gate counts, kept so that
//! a restart does not forget it.

use rusqlite::params;

use crate::change::must_be_json;
use crate::{Change, Store, StoreError};

/// How one person stands in one market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPerson {
    /// The market.
    pub market: String,
    /// The person's pseudonym.
    pub id: String,
    /// How they stand (JSON), in the form the policy reads.
    pub standing: String,
    /// When that changed last, in Unix seconds.
    pub updated_at: i64,
}

/// How often one thing was done in a market on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredDeed {
    /// The day (UTC), as `2026-11-22`.
    pub day: String,
    /// The market.
    pub market: String,
    /// What was done, as a code.
    pub deed: String,
    /// The category it concerned; empty where there is none.
    pub category: String,
    /// How often.
    pub count: u64,
}

impl Change<'_> {
    /// Keeps how a person stands now.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the standing is not JSON; [`StoreError::Database`].
    pub fn keep_person(&mut self, person: &StoredPerson) -> Result<(), StoreError> {
        must_be_json("standing of a person", &person.standing)?;
        let sql = "INSERT INTO person (market, id, standing, updated_at) VALUES (?1, ?2, ?3, ?4)
                   ON CONFLICT (market, id) DO UPDATE
                   SET standing = excluded.standing, updated_at = excluded.updated_at";
        let StoredPerson { market, id, standing, updated_at } = person;
        self.db.execute(sql, params![market, id, standing, updated_at])?;
        Ok(())
    }

    /// Forgets a person; whether they were known.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn forget_person(&mut self, market: &str, id: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM person WHERE market = ?1 AND id = ?2";
        Ok(self.db.execute(sql, params![market, id])? > 0)
    }

    /// Adds to what was done.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn add_deed(&mut self, deed: &StoredDeed) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO deed (day, market, deed, category, count) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (day, market, deed, category) DO UPDATE
                   SET count = count + excluded.count";
        let count = i64::try_from(deed.count).unwrap_or(i64::MAX);
        self.db.execute(sql, params![deed.day, deed.market, deed.deed, deed.category, count])?;
        Ok(())
    }
}

impl Store {
    /// Everyone whose standing is kept, by market and pseudonym.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_people(&self) -> Result<Vec<StoredPerson>, StoreError> {
        let sql = "SELECT market, id, standing, updated_at FROM person ORDER BY market, id";
        let mut query = self.db.prepare(sql)?;
        let people = query.query_map([], |row| {
            Ok(StoredPerson {
                market: row.get(0)?,
                id: row.get(1)?,
                standing: row.get(2)?,
                updated_at: row.get(3)?,
            })
        })?;
        Ok(people.collect::<Result<_, _>>()?)
    }

    /// What was done since a day, by day, market, deed and category.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_deeds(&self, since: &str) -> Result<Vec<StoredDeed>, StoreError> {
        let sql = "SELECT day, market, deed, category, count FROM deed WHERE day >= ?1
                   ORDER BY day, market, deed, category";
        let mut query = self.db.prepare(sql)?;
        let deeds = query.query_map([since], |row| {
            let count: i64 = row.get(4)?;
            Ok(StoredDeed {
                day: row.get(0)?,
                market: row.get(1)?,
                deed: row.get(2)?,
                category: row.get(3)?,
                // Never negative: a CHECK holds it.
                count: count.unsigned_abs(),
            })
        })?;
        Ok(deeds.collect::<Result<_, _>>()?)
    }
}
