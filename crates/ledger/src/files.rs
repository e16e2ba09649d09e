//! The ledger's folder: which files there are and how their bytes lie.
//!
//! | file | holds |
//! |---|---|
//! | `entries` | the record itself: per entry a length (2 bytes, big endian, as in a C2SP entry bundle), the canonical bytes, and the first 8 bytes of the leaf hash as a checksum |
//! | `index` | per entry: where its record ends (8 bytes, big endian) and every tree node it completed, leaf first (32 bytes each). Derived: rebuilt from `entries` whenever it does not fit |
//! | `checkpoint` | the last published signed checkpoint; never more than what is durable, at most a second behind |
//! | `key` | the log's public key, in C2SP `vkey` form |
//! | `lock` | held by the writer |
//!
//! The place of every node in `index` follows from its level and number alone, so a proof at any size reads
//! O(log n) hashes, and the hash tiles of C2SP `tlog-tiles` can be cut from it without hashing anything.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    LedgerError,
    checkpoint::{Checkpoint, LogKey},
    merkle::{Nodes, TreeHash},
};

pub(crate) const ENTRIES: &str = "entries";
pub(crate) const INDEX: &str = "index";
pub(crate) const CHECKPOINT: &str = "checkpoint";
pub(crate) const KEY: &str = "key";
pub(crate) const LOCK: &str = "lock";

/// How both data files begin: what they are, and the version of their form.
pub(crate) const ENTRIES_MAGIC: &[u8; 16] = b"yumen entries 1\n";
pub(crate) const INDEX_MAGIC: &[u8; 16] = b"yumen indexes 1\n";
pub(crate) const HEADER: u64 = 16;

const CHECKSUM: usize = 8;
const HASH: u64 = 32;

/// Appends one record to `buffer`. The entry is at most [`crate::MAX_ENTRY_BYTES`] long.
pub(crate) fn push_record(buffer: &mut Vec<u8>, entry: &[u8], leaf: TreeHash) {
    // Checked when the entry was accepted.
    let length = u16::try_from(entry.len()).expect("an accepted entry fits its length field");
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(entry);
    buffer.extend_from_slice(&leaf.0[..CHECKSUM]);
}

/// The bytes that a record of an entry takes.
pub(crate) fn record_length(entry: &[u8]) -> u64 {
    (2 + entry.len() + CHECKSUM) as u64
}

/// What stands at a place in `entries`.
#[derive(Debug, PartialEq, Eq)]
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

    /// The bytes of the last whole record's entry.
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
        let leaf = TreeHash::of_leaf(&self.entry);
        if leaf.0[..CHECKSUM] != checksum {
            return Ok(Found::Wrong);
        }
        self.end += record_length(&self.entry);
        Ok(Found::Entry(leaf))
    }
}

/// Reads until `buffer` is full or the input ends; how much was read.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
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

/// Where the block of entry `index` begins in `index`: after the blocks of all entries before it, which have
/// completed `2n - ones(n)` nodes.
pub(crate) fn block(index: u64) -> u64 {
    HEADER + 8 * index + HASH * (2 * index - u64::from(index.count_ones()))
}

/// Appends the block of one entry.
pub(crate) fn push_block(
    buffer: &mut Vec<u8>,
    end: u64,
    completed: impl Iterator<Item = TreeHash>,
) {
    buffer.extend_from_slice(&end.to_be_bytes());
    completed.for_each(|node| buffer.extend_from_slice(&node.0));
}

/// How many whole blocks an index of `length` bytes holds.
pub(crate) fn blocks(length: u64) -> u64 {
    let (mut low, mut high) = (0, length / 40 + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if block(middle) <= length {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Random access to `index`.
pub(crate) struct Index {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

impl Index {
    /// Opens it for reading.
    pub(crate) fn read(dir: &Path) -> Result<Self, LedgerError> {
        let path = dir.join(INDEX);
        let file = File::open(&path).map_err(LedgerError::io("open", &path))?;
        Ok(Self { file, path })
    }

    /// Where the record of entry `index` ends in `entries`.
    pub(crate) fn end(&mut self, index: u64) -> Result<u64, LedgerError> {
        self.at(block(index)).map(u64::from_be_bytes)
    }

    /// Where the record of entry `index` begins in `entries`.
    pub(crate) fn start(&mut self, index: u64) -> Result<u64, LedgerError> {
        if index == 0 { Ok(HEADER) } else { self.end(index - 1) }
    }

    fn at<const N: usize>(&mut self, position: u64) -> Result<[u8; N], LedgerError> {
        let mut bytes = [0; N];
        self.file
            .seek(SeekFrom::Start(position))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(LedgerError::io("read", &self.path))?;
        Ok(bytes)
    }
}

impl Nodes for Index {
    type Error = LedgerError;

    fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, LedgerError> {
        // The node was completed by its last leaf, as the `level`-th hash of that leaf's block.
        let leaf = ((index + 1) << level) - 1;
        self.at(block(leaf) + 8 + HASH * u64::from(level)).map(TreeHash)
    }
}

/// Opens a data file of a ledger that is written here, making it if there is none. `None` for the length of a
/// file that does not begin as it must.
pub(crate) fn open_data(
    dir: &Path,
    name: &str,
    magic: &[u8; 16],
) -> Result<(File, Option<u64>), LedgerError> {
    let path = dir.join(name);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = file.map_err(LedgerError::io("open", &path))?;
    let length = file.metadata().map_err(LedgerError::io("read", &path))?.len();
    let mut head = [0; 16];
    let count = fill(&mut file, &mut head).map_err(LedgerError::io("read", &path))?;
    if head[..count] != magic[..count] {
        return Ok((file, None));
    }
    if length < HEADER {
        // New, or killed while it was made.
        write_at(&mut file, 0, magic).map_err(LedgerError::io("write", &path))?;
    }
    Ok((file, Some(length.max(HEADER))))
}

/// Cuts a file at `position` and writes `bytes` there; the file then stands at its end.
pub(crate) fn write_at(file: &mut File, position: u64, bytes: &[u8]) -> io::Result<()> {
    file.set_len(position)?;
    file.seek(SeekFrom::Start(position))?;
    file.write_all(bytes)
}

/// Reads a small text file; `None` when there is none.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, LedgerError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LedgerError::io("read", path)(error)),
    }
}

/// Puts a small file in place as a whole: nobody ever reads half of it.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), LedgerError> {
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_data()
    });
    written.and_then(|()| std::fs::rename(&new, path)).map_err(LedgerError::io("write", path))
}

/// Makes the names of new files in `dir` durable, where folders can be synced at all.
pub(crate) fn sync_folder(dir: &Path) -> Result<(), LedgerError> {
    if cfg!(unix) {
        let synced = File::open(dir).and_then(|folder| folder.sync_all());
        synced.map_err(LedgerError::io("sync", dir))?;
    }
    Ok(())
}

/// The public key that a ledger's folder names. It shows which key signed the log, and proves nothing about
/// whose key that is: compare it with what the log's operator publishes.
///
/// # Errors
/// [`LedgerError::Io`] when there is no such file, [`LedgerError::Malformed`] when it holds no key.
pub fn read_key(dir: &Path) -> Result<LogKey, LedgerError> {
    let path = dir.join(KEY);
    std::fs::read_to_string(&path).map_err(LedgerError::io("read", &path))?.parse()
}

/// The last published checkpoint of a ledger, verified.
///
/// # Errors
/// As [`Checkpoint::verify`], and [`LedgerError::Io`] when it cannot be read.
pub fn read_checkpoint(dir: &Path, key: &LogKey) -> Result<Checkpoint, LedgerError> {
    let path = dir.join(CHECKPOINT);
    let note = std::fs::read_to_string(&path).map_err(LedgerError::io("read", &path))?;
    Checkpoint::verify(&note, key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lie_one_after_the_other() {
        let mut expected = HEADER;
        for index in 0..5000_u64 {
            assert_eq!(block(index), expected);
            assert_eq!(blocks(expected), index);
            assert_eq!(blocks(expected + 39), index);
            expected += 8 + HASH * u64::from(1 + (index + 1).trailing_zeros());
        }
    }

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
