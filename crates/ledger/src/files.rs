//! The ledger's folder: which files there are and how their bytes lie.
//!
//! | file | holds |
//! |---|---|
//! | `tile/<L>/<N>`, `tile/entries/<N>` | hashes and entries as C2SP `tlog-tiles`; full ones are written once |
//! | `checkpoint` | the last published signed checkpoint, at most a second behind |
//! | `tail/<first>` | the entries that are not yet in full, synced tiles: what an append makes durable. Named by the index of its first entry; per entry a length (2 bytes, big endian), the canonical bytes, and the first 8 bytes of the leaf hash as a checksum |
//! | `acknowledged` | how many entries were acknowledged; written after each batch, never synced |
//! | `anchored` | the last checkpoint that witnesses cosigned |
//! | `holds` | the legal holds that hold |
//! | `pruning` | which entries are being pruned; there only while they are |
//! | `key` | the log's public key, in C2SP `vkey` form |
//! | `lock` | held by the writer |
//!
//! Everything below `tile/`, with `checkpoint`, can be served as it lies by any file server, and is then a log
//! that tools for C2SP logs can read.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    path::Path,
};

use yumen_verify::{Checkpoint, LogKey, merkle::TreeHash, stored_leaf};

use crate::LedgerError;

pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const ACKNOWLEDGED: &str = "acknowledged";
pub(crate) const ANCHORED: &str = "anchored";
pub(crate) const HOLDS: &str = "holds";
pub(crate) const PRUNING: &str = "pruning";
pub(crate) const KEY: &str = "key";
pub(crate) const LOCK: &str = "lock";

/// How a file of the tail begins: what it is, and the version of its form.
pub(crate) const RECORDS_MAGIC: &[u8; 16] = b"yumen entries 1\n";
pub(crate) const HEADER: u64 = 16;

const CHECKSUM: usize = 8;

/// Appends one record to `buffer`. The entry is at most [`crate::MAX_ENTRY_BYTES`] long.
pub(crate) fn push_record(buffer: &mut Vec<u8>, entry: &[u8], leaf: TreeHash) {
    push_framed(buffer, entry);
    buffer.extend_from_slice(&leaf.0[..CHECKSUM]);
}

/// Appends an entry behind its length, as it lies in a bundle.
pub(crate) fn push_framed(buffer: &mut Vec<u8>, entry: &[u8]) {
    // Checked when the entry was accepted.
    let length = u16::try_from(entry.len()).expect("an accepted entry fits its length field");
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(entry);
}

/// The bytes that a record of an entry takes.
pub(crate) fn record_length(entry: &[u8]) -> u64 {
    (2 + entry.len() + CHECKSUM) as u64
}

/// What stands at a place in a file of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A whole record; its leaf hash. The bytes are in [`Records::entry`].
    Entry(TreeHash),
    /// Nothing: the file ends here.
    End,
    /// The beginning of a record whose end is missing.
    Short,
    /// A record whose bytes do not fit its checksum.
    Wrong,
}

/// Reads records one after the other, keeping one buffer.
pub(crate) struct Records<R> {
    reader: R,
    entry: Vec<u8>,
    end: u64,
}

impl<R: Read> Records<R> {
    /// Reads from `reader`, which stands at `offset` in the file.
    pub(crate) fn new(reader: R, offset: u64) -> Self {
        Self { reader, entry: Vec::new(), end: offset }
    }

    /// The bytes of the last whole record's entry, or the mark in its place.
    pub(crate) fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// Where the last whole record ended.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn advance(&mut self) -> io::Result<Found> {
        let mut length = [0; 2];
        match fill(&mut self.reader, &mut length)? {
            0 => return Ok(Found::End),
            2 => {}
            _ => return Ok(Found::Short),
        }
        let length = usize::from(u16::from_be_bytes(length));
        if length == 0 {
            return Ok(Found::Wrong);
        }
        self.entry.resize(length, 0);
        let mut checksum = [0; CHECKSUM];
        if fill(&mut self.reader, &mut self.entry)? < length
            || fill(&mut self.reader, &mut checksum)? < CHECKSUM
        {
            return Ok(Found::Short);
        }
        let leaf = stored_leaf(&self.entry);
        if leaf.0[..CHECKSUM] != checksum {
            return Ok(Found::Wrong);
        }
        self.end += record_length(&self.entry);
        Ok(Found::Entry(leaf))
    }
}

/// Reads until `buffer` is full or the input ends; how much was read.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match reader.read(&mut buffer[done..]) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Reads a small text file; `None` when there is none.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, LedgerError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LedgerError::io("read", path)(error)),
    }
}

/// Puts a file in place as a whole, synced: nobody ever reads half of it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_data()
    });
    written.and_then(|()| std::fs::rename(&new, path)).map_err(LedgerError::io("write", path))
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> Result<(), LedgerError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LedgerError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes the names of new files in `dir` durable, where folders can be synced at all.
pub(crate) fn sync_folder(dir: &Path) -> Result<(), LedgerError> {
    if cfg!(unix) {
        let synced = File::open(dir).and_then(|folder| folder.sync_all());
        synced.map_err(LedgerError::io("sync", dir))?;
    }
    Ok(())
}

/// The contents of `acknowledged`: the number, and the beginning of its hash.
pub(crate) fn acknowledged_bytes(size: u64) -> [u8; 16] {
    let number = size.to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number);
    bytes[8..].copy_from_slice(&TreeHash::of_leaf(&number).0[..8]);
    bytes
}

/// What `acknowledged` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledged {
    /// This many entries.
    Size(u64),
    /// There is no such file, or a loss of power left it empty.
    Unknown,
    /// Its bytes do not fit together.
    Wrong,
}

pub(crate) fn read_acknowledged(dir: &Path) -> Result<Acknowledged, LedgerError> {
    let path = dir.join(ACKNOWLEDGED);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Acknowledged::Unknown),
        Err(error) => return Err(LedgerError::io("read", path)(error)),
    };
    let number = bytes.first_chunk::<8>().map(|number| u64::from_be_bytes(*number));
    Ok(match number {
        Some(size) if acknowledged_bytes(size)[..] == bytes => Acknowledged::Size(size),
        _ if bytes.iter().all(|byte| *byte == 0) => Acknowledged::Unknown,
        _ => Acknowledged::Wrong,
    })
}

/// The public key that a ledger's folder names. It shows which key signed the log, and proves nothing about
/// whose key that is: compare it with what the log's operator publishes.
///
/// # Errors
/// [`LedgerError::Io`] when there is no such file, [`LedgerError::Malformed`] when it holds no key.
pub fn read_key(dir: &Path) -> Result<LogKey, LedgerError> {
    let path = dir.join(KEY);
    let text = std::fs::read_to_string(&path).map_err(LedgerError::io("read", &path))?;
    Ok(text.parse()?)
}

/// The last published checkpoint of a ledger, verified.
///
/// # Errors
/// As [`Checkpoint::verify`], and [`LedgerError::Io`] when it cannot be read.
pub fn read_checkpoint(dir: &Path, key: &LogKey) -> Result<Checkpoint, LedgerError> {
    let path = dir.join(CHECKPOINT);
    let note = std::fs::read_to_string(&path).map_err(LedgerError::io("read", &path))?;
    Ok(Checkpoint::verify(&note, key)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_and_broken_ones_are_told_apart() {
        let mut bytes = Vec::new();
        for entry in ["{}", "{\"a\":1}"] {
            push_record(&mut bytes, entry.as_bytes(), TreeHash::of_leaf(entry.as_bytes()));
        }
        let mut records = Records::new(&bytes[..], HEADER);
        assert_eq!(records.advance().unwrap(), Found::Entry(TreeHash::of_leaf(b"{}")));
        assert_eq!((records.entry(), records.end()), (&b"{}"[..], HEADER + 12));
        assert_eq!(records.advance().unwrap(), Found::Entry(TreeHash::of_leaf(b"{\"a\":1}")));
        assert_eq!(records.advance().unwrap(), Found::End);
        assert_eq!(records.end(), HEADER + bytes.len() as u64);
        for cut in 1..12 {
            assert_eq!(Records::new(&bytes[..cut], 0).advance().unwrap(), Found::Short);
        }
        for flip in 2..12 {
            let mut bent = bytes.clone();
            bent[flip] ^= 0x10;
            assert_eq!(Records::new(&bent[..], 0).advance().unwrap(), Found::Wrong);
        }
        assert_eq!(Records::new(&[0; 64][..], 0).advance().unwrap(), Found::Wrong);
    }
}
