//! What people reported, and what became of it. Their words come sealed and are kept sealed.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::{Change, Store, StoreError};

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReport {
    /// The number that the person is given.
    pub id: String,
    /// The market, where it was known.
    pub market: Option<String>,
    /// The id of the app key it came with.
    pub caller: String,
    /// The pseudonym of the person, where there is one.
    pub person: Option<String>,
    /// The receipt it is about.
    pub receipt: Option<String>,
    /// What kind of report it is, as a code.
    pub kind: String,
    /// The code of the notice it is about.
    pub about: Option<String>,
    /// The person's words, sealed; none where there are none.
    pub sealed: Option<Vec<u8>>,
    /// When it came, in Unix seconds.
    pub received_at: i64,
    /// When it has to be decided, in Unix seconds.
    pub due_at: i64,
    /// What was decided.
    pub decision: Option<Decision>,
}

/// What was decided on a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// As a code: `granted`, `refused`, `noted`.
    pub decision: String,
    /// What the person is told.
    pub answer: String,
    /// Who decided, as an id.
    pub by: String,
    /// When, in Unix seconds.
    pub at: i64,
}

const COLUMNS: &str =
    "id, market, caller, person, receipt, kind, about, sealed, received_at, due_at,
                       decision, answer, decided_by, decided_at";

impl Change<'_> {
    /// Keeps a new report.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the id is taken; [`StoreError::Database`].
    pub fn add_report(&mut self, report: &StoredReport) -> Result<(), StoreError> {
        let sql = "INSERT INTO report (id, market, caller, person, receipt, kind, about, sealed,
                                       received_at, due_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let StoredReport { id, market, caller, person, receipt, kind, about, sealed, .. } = report;
        let (received, due) = (report.received_at, report.due_at);
        let row = params![id, market, caller, person, receipt, kind, about, sealed, received, due];
        self.db.execute(sql, row).map_err(StoreError::or_exists("report", id))?;
        Ok(())
    }

    /// Keeps what was decided; whether there was an undecided report of this id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn decide_report(&mut self, id: &str, decision: &Decision) -> Result<bool, StoreError> {
        let sql = "UPDATE report SET decision = ?2, answer = ?3, decided_by = ?4, decided_at = ?5
                   WHERE id = ?1 AND decided_at IS NULL";
        let Decision { decision, answer, by, at } = decision;
        Ok(self.db.execute(sql, params![id, decision, answer, by, at])? > 0)
    }

    /// The report of this id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn report(&self, id: &str) -> Result<Option<StoredReport>, StoreError> {
        one(&self.db, id)
    }
}

impl Store {
    /// The report of this id.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn report(&self, id: &str) -> Result<Option<StoredReport>, StoreError> {
        one(&self.db, id)
    }

    /// Reports: the undecided ones, the most urgent first; with `decided` the decided ones, the last first. At most
    /// `limit`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn list_reports(&self, decided: bool, limit: u32) -> Result<Vec<StoredReport>, StoreError> {
        let which = if decided {
            "decided_at IS NOT NULL ORDER BY decided_at DESC, id"
        } else {
            "decided_at IS NULL ORDER BY due_at, id"
        };
        let sql = format!("SELECT {COLUMNS} FROM report WHERE {which} LIMIT ?1");
        let mut query = self.db.prepare(&sql)?;
        let reports = query.query_map([limit], read)?;
        Ok(reports.collect::<Result<_, _>>()?)
    }

    /// How many reports came with this app key since then.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn reports_since(&self, caller: &str, since: i64) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM report WHERE caller = ?1 AND received_at >= ?2";
        let count: i64 =
            self.db.prepare(sql)?.query_row(params![caller, since], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }
}

fn one(db: &Connection, id: &str) -> Result<Option<StoredReport>, StoreError> {
    let mut query = db.prepare(&format!("SELECT {COLUMNS} FROM report WHERE id = ?1"))?;
    Ok(query.query_row([id], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredReport> {
    let decision: Option<String> = row.get(10)?;
    let decision = match decision {
        None => None,
        Some(decision) => {
            Some(Decision { decision, answer: row.get(11)?, by: row.get(12)?, at: row.get(13)? })
        }
    };
    Ok(StoredReport {
        id: row.get(0)?,
        market: row.get(1)?,
        caller: row.get(2)?,
        person: row.get(3)?,
        receipt: row.get(4)?,
        kind: row.get(5)?,
        about: row.get(6)?,
        sealed: row.get(7)?,
        received_at: row.get(8)?,
        due_at: row.get(9)?,
        decision,
    })
}
