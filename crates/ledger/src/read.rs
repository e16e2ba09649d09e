//! Reading a ledger's folder, also while it is being written: entries, later proofs, search.
//!
//! A reader sees what the published checkpoint covers, and every proof it gives has been checked against it.

use std::{
    fs::File,
    io::{BufReader, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;

use crate::{
    LedgerError,
    checkpoint::{Checkpoint, LogKey},
    entry::Entry,
    files::{self, Found, Index, Records},
    merkle::{self, TreeHash},
    receipt::LedgerProof,
};

/// An entry as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Its place, from 0.
    pub index: u64,
    /// Its canonical JSON.
    pub entry: String,
}

/// A ledger opened for reading, as of its published checkpoint.
pub struct Reader {
    path: PathBuf,
    entries: File,
    index: Index,
    checkpoint: Checkpoint,
    key: LogKey,
}

impl Reader {
    /// Opens the ledger in `dir`, which must belong to `key`.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when a file is missing; as [`Checkpoint::verify`] when the checkpoint is not good.
    pub fn open(dir: &Path, key: &LogKey) -> Result<Self, LedgerError> {
        let checkpoint = files::read_checkpoint(dir, key)?;
        let path = dir.join(files::ENTRIES);
        let entries = File::open(&path).map_err(LedgerError::io("open", &path))?;
        Ok(Self { path, entries, index: Index::read(dir)?, checkpoint, key: key.clone() })
    }

    /// The checkpoint that bounds what this reader sees.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The entry at `index`.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchEntry`] when the checkpoint does not cover it; [`LedgerError::Unproven`] when its bytes
    /// are damaged.
    pub fn entry(&mut self, index: u64) -> Result<Recorded, LedgerError> {
        let size = self.checkpoint.size();
        if index >= size {
            return Err(LedgerError::NoSuchEntry { index, size });
        }
        let start = self.index.start(index)?;
        let read = LedgerError::io("read", &self.path);
        let found = self.entries.seek(SeekFrom::Start(start)).and_then(|_| {
            let mut records = Records::new(BufReader::new(&self.entries), start);
            Ok((records.advance()?, records))
        });
        match found.map_err(read)? {
            (Found::Entry(_), records) => Ok(Recorded { index, entry: text(records.entry())? }),
            _ => Err(LedgerError::Unproven(format!("entry {index} is damaged"))),
        }
    }

    /// The proof that the entry at `index` is in the log.
    ///
    /// # Errors
    /// As [`Self::entry`]; [`LedgerError::Unproven`] when entry or index do not fit the checkpoint.
    pub fn prove(&mut self, index: u64) -> Result<LedgerProof, LedgerError> {
        let Recorded { entry, .. } = self.entry(index)?;
        let proof = merkle::inclusion_path(&mut self.index, index, self.checkpoint.size())?;
        let checkpoint = Arc::from(self.checkpoint.note());
        let proof = LedgerProof { index, checkpoint, proof, entry };
        proof.verify(&self.key)?;
        Ok(proof)
    }

    /// The proof that the log of this checkpoint begins with the log of `older`, which must be verified by the
    /// same key.
    ///
    /// # Errors
    /// [`LedgerError::Unproven`] when it does not: history was rewritten, or the index is damaged.
    pub fn consistency(&mut self, older: &Checkpoint) -> Result<Vec<TreeHash>, LedgerError> {
        let (old, new) = (older.size(), self.checkpoint.size());
        let path = merkle::consistency_path(&mut self.index, old, new)?;
        if merkle::verify_consistency(old, older.root(), new, self.checkpoint.root(), &path) {
            Ok(path)
        } else {
            Err(LedgerError::Unproven(format!(
                "the log of {new} entries does not begin with the log of {old} entries"
            )))
        }
    }

    /// Every entry with this id, in order: the admission of a receipt and what followed it. Reads the whole log.
    ///
    /// # Errors
    /// [`LedgerError::Unproven`] when a record is damaged; [`LedgerError::Io`].
    pub fn find(&mut self, id: &str) -> Result<Vec<Recorded>, LedgerError> {
        let mut found = Vec::new();
        self.each(|index, bytes| {
            let entry = str::from_utf8(bytes).ok().and_then(|json| Entry::parse(json).ok());
            if entry.is_some_and(|entry| entry.id() == id) {
                found.push(Recorded { index, entry: text(bytes)? });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Visits the bytes of every entry under the checkpoint.
    fn each(
        &mut self,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let read = || LedgerError::io("read", &self.path);
        self.entries.seek(SeekFrom::Start(files::HEADER)).map_err(read())?;
        let reader = BufReader::with_capacity(1 << 18, &self.entries);
        let mut records = Records::new(reader, files::HEADER);
        for index in 0..self.checkpoint.size() {
            match records.advance().map_err(read())? {
                Found::Entry(_) => visit(index, records.entry())?,
                _ => return Err(LedgerError::Unproven(format!("entry {index} is damaged"))),
            }
        }
        Ok(())
    }
}

/// A later proof of the entry at `index` of the ledger in `dir`; see [`Reader::prove`].
///
/// # Errors
/// As [`Reader::open`] and [`Reader::prove`].
pub fn prove(dir: &Path, key: &LogKey, index: u64) -> Result<LedgerProof, LedgerError> {
    Reader::open(dir, key)?.prove(index)
}

/// Every entry with this id in the ledger in `dir`; see [`Reader::find`].
///
/// # Errors
/// As [`Reader::open`] and [`Reader::find`].
pub fn find(dir: &Path, key: &LogKey, id: &str) -> Result<Vec<Recorded>, LedgerError> {
    Reader::open(dir, key)?.find(id)
}

fn text(bytes: &[u8]) -> Result<String, LedgerError> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| LedgerError::malformed("ledger entry", "it is not UTF-8"))
}
