//! Legal holds: entries that must not be pruned, whatever their age.
//!
//! Placing and releasing are recorded as `hold.v1`; the file `holds` says what holds now, and verifying the log
//! compares the two. A kill in between leaves a hold rather than none.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use yumen_verify::{Entry, HoldAt, HoldStep};

use crate::{LedgerError, files, prune::is_kind};

/// A legal hold. A selector that is none fits everything; one without any holds the whole log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Its id.
    pub id: String,
    /// The market of the entries it keeps.
    pub market: Option<String>,
    /// The kind of the entries it keeps, with or without its version.
    pub kind: Option<String>,
    /// The id of the entries it keeps, such as a receipt's: its admission, and whatever followed it.
    pub entry: Option<String>,
    /// A short code, or the digest of the words in which the reason was given.
    pub reason: String,
    /// Who placed it.
    pub by: String,
    /// When.
    pub since: Timestamp,
}

impl Hold {
    /// Whether it keeps an entry. One of no market is kept by a hold on any market: it may concern it.
    pub fn keeps(&self, entry: &Entry<'_>) -> bool {
        let fits = |wanted: Option<&str>, is: &dyn Fn(&str) -> bool| wanted.is_none_or(is);
        fits(self.market.as_deref(), &|market| entry.market().is_none_or(|own| own == market))
            && fits(self.kind.as_deref(), &|kind| is_kind(entry, kind))
            && fits(self.entry.as_deref(), &|id| entry.id() == id)
    }

    /// The entry that says that it was placed or, by `by` at `now`, released.
    pub(crate) fn step<'a>(&'a self, at: HoldAt, by: &'a str, now: Timestamp) -> Entry<'a> {
        Entry::Hold(HoldStep {
            at,
            by: by.into(),
            entry: self.entry.as_deref().map(Into::into),
            id: self.id.as_str().into(),
            kind: self.kind.as_deref().map(Into::into),
            market: self.market.as_deref().map(Into::into),
            reason: self.reason.as_str().into(),
            time: now,
        })
    }

    /// The hold that a `hold.v1` entry placed.
    pub(crate) fn of(step: &HoldStep<'_>) -> Self {
        Self {
            id: step.id.clone().into_owned(),
            market: step.market.clone().map(Into::into),
            kind: step.kind.clone().map(Into::into),
            entry: step.entry.clone().map(Into::into),
            reason: step.reason.clone().into_owned(),
            by: step.by.clone().into_owned(),
            since: step.time,
        }
    }
}

/// The legal holds on the ledger in `dir`, oldest first.
///
/// # Errors
/// [`LedgerError::Io`] when they cannot be read, [`LedgerError::Malformed`] when the file is damaged: then nothing
/// may be pruned.
pub fn read_holds(dir: &Path) -> Result<Vec<Hold>, LedgerError> {
    match files::read_text(&dir.join(files::HOLDS))? {
        None => Ok(Vec::new()),
        Some(json) => serde_json::from_str(&json)
            .map_err(|error| LedgerError::malformed("list of legal holds", error.to_string())),
    }
}

pub(crate) fn write(dir: &Path, holds: &[Hold]) -> Result<(), LedgerError> {
    files::replace(&dir.join(files::HOLDS), bytes(holds).as_bytes())?;
    files::sync_folder(dir)
}

/// The file's contents: one way to write the same holds.
pub(crate) fn bytes(holds: &[Hold]) -> String {
    // Cannot fail: strings and times, written into memory.
    serde_json::to_string(holds).expect("holds are plain JSON") + "\n"
}
