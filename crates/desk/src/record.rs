//! A change and its record, without losing either.
//!
//! The ledger's entry is written into the store's outbox in the transaction of the change; then it is appended to
//! the ledger; then it is taken out of the outbox. A crash after the first leaves the entry in the outbox, and the
//! next desk appends it. A crash after the second leaves it there too, although the ledger has it: so before an
//! entry left over is appended, the ledger is searched for it, from the size it had before the change. An entry
//! carries its time and an id, so the same bytes are the same entry.

use yumen_ledger::{Canonical, Entry, LedgerError, Reader};
use yumen_store::{Change, Outgoing, StoreError};

use crate::{Desk, DeskError};

impl Desk {
    /// Makes a change together with the entries that `what` gives for it, and appends them. The index is that of the
    /// last entry; none when the ledger took it not.
    pub(crate) fn change<T>(
        &mut self,
        what: impl FnOnce(&mut Change<'_>) -> Result<(T, Vec<Canonical>), DeskError>,
    ) -> Result<(T, Option<u64>), DeskError> {
        self.make(what, true)
    }

    /// The same for a change that no snapshot is made of.
    pub(crate) fn change_aside<T>(
        &mut self,
        what: impl FnOnce(&mut Change<'_>) -> Result<(T, Vec<Canonical>), DeskError>,
    ) -> Result<(T, Option<u64>), DeskError> {
        self.make(what, false)
    }

    fn make<T>(
        &mut self,
        what: impl FnOnce(&mut Change<'_>) -> Result<(T, Vec<Canonical>), DeskError>,
        decides: bool,
    ) -> Result<(T, Option<u64>), DeskError> {
        let after = self.ledger.checkpoint().size();
        let mut change = self.store.change()?;
        let (made, entries) = what(&mut change)?;
        let outgoing = entries
            .iter()
            .map(|entry| change.send(entry.as_str(), after))
            .collect::<Result<Vec<_>, _>>()?;
        if decides {
            change.commit()?;
        } else {
            change.commit_aside()?;
        }
        let mut index = None;
        for entry in outgoing {
            // The change holds, whatever becomes of its record: what failed here is tried again later.
            index = self.deliver(&entry).unwrap_or_else(|error| {
                tracing::error!(%error, "a change holds, and its record waits in the store");
                None
            });
        }
        Ok((made, index))
    }

    /// Appends what was left over by a process that ended too early, or by a ledger that took no entries.
    ///
    /// # Errors
    /// [`DeskError::Store`] and [`DeskError::Ledger`]; what could not be appended stays in the outbox.
    pub fn deliver_outgoing(&mut self) -> Result<(), DeskError> {
        let left = self.store.outgoing()?;
        let Some(first) = left.iter().map(|entry| entry.after).min() else { return Ok(()) };
        let known = self.recorded_from(first)?;
        for entry in left {
            if known.contains(&entry.entry) {
                self.store.delivered(entry.id)?;
            } else {
                self.deliver(&entry)?;
            }
        }
        Ok(())
    }

    fn deliver(&mut self, outgoing: &Outgoing) -> Result<Option<u64>, DeskError> {
        let entry = Entry::parse(&outgoing.entry).map_err(|error| {
            DeskError::Store(StoreError::Invalid { what: "ledger entry", why: error.to_string() })
        })?;
        let durable = self.ledger.append_blocking(Canonical::from(entry))?;
        self.store.delivered(outgoing.id)?;
        Ok(Some(durable.proof().index))
    }

    /// The ledger's entries from this place on.
    fn recorded_from(&self, first: u64) -> Result<std::collections::HashSet<String>, DeskError> {
        let durable = self.ledger.checkpoint().size();
        let mut reader = Reader::open(&self.ledger_dir, self.ledger.key())?;
        let published = reader.checkpoint().size();
        if published < durable {
            let why = format!("{published} of {durable} entries are published yet");
            return Err(DeskError::Ledger(LedgerError::Unproven(why)));
        }
        (first..published)
            .filter_map(|index| match reader.entry(index) {
                Ok(recorded) => Some(Ok(recorded.entry)),
                // It is in the log, past its time; what is left over is younger than that.
                Err(LedgerError::Pruned { .. }) => None,
                Err(error) => Some(Err(error.into())),
            })
            .collect()
    }
}
