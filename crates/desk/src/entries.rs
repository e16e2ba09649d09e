//! Looking into the ledger from the desk.

use serde_json::{Value, json};
use yumen_ledger::{LedgerError, Reader};
use yumen_policy::Text;

use crate::{Desk, DeskError, Done};

/// The most entries that one look shows.
const MAX_ENTRIES: u64 = 1000;

/// As many as one look shows where nothing was said.
pub(crate) const USUAL_ENTRIES: u64 = 100;

impl Desk {
    /// The entries from `from` on; without it the last ones.
    pub(crate) fn entries(&self, from: Option<u64>, limit: u64) -> Result<Done, DeskError> {
        if limit == 0 || limit > MAX_ENTRIES {
            return Err(DeskError::Invalid(format!("`limit` is a number from 1 to {MAX_ENTRIES}")));
        }
        let mut reader = Reader::open(&self.ledger_dir, self.ledger.key())?;
        let size = reader.checkpoint().size();
        let from = from.unwrap_or(size.saturating_sub(limit));
        let mut entries = Vec::new();
        for index in from..size.min(from.saturating_add(limit)) {
            entries.push(match reader.entry(index) {
                Ok(recorded) => {
                    // The ledger takes nothing but JSON.
                    let entry: Value = serde_json::from_str(&recorded.entry).unwrap_or(Value::Null);
                    json!({"index": index, "entry": entry})
                }
                // Past its time: the entry that says so is told instead.
                Err(LedgerError::Pruned { deletion, .. }) => {
                    json!({"index": index, "entry": null, "pruned": deletion})
                }
                Err(error) => return Err(error.into()),
            });
        }
        let count = entries.len();
        let text = Text::new(
            format!("{count} of {size} entries"),
            format!("共 {size} 条，显示 {count} 条"),
        );
        Ok(Done::found(&json!({"size": size, "entries": entries}), text))
    }
}
