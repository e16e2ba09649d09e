//! Opening a ledger to write it, whatever the last process left behind.
//!
//! What was acknowledged is there: the writer syncs `entries` before it answers, and only then writes `index`
//! and `checkpoint`. So a record that is cut off or wrong at the end of `entries` was never acknowledged and is
//! cut away, unless index or checkpoint know of it: then the files were damaged, and opening fails rather than
//! forget an entry.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{BufReader, Seek as _, SeekFrom, Write as _},
    path::Path,
};

use crate::{
    LedgerError,
    checkpoint::{Checkpoint, LogKey},
    files::{self, Found, Index, Records},
    merkle::{self, Frontier, Growth, Nodes as _},
};

/// How many leaves are folded into the tree at once while the index is rebuilt.
const REPLAY: usize = 4096;

/// A ledger's files, locked, mended and standing at their ends.
pub(crate) struct Opened {
    pub(crate) lock: File,
    pub(crate) entries: File,
    pub(crate) entries_length: u64,
    pub(crate) index: File,
    pub(crate) index_length: u64,
    pub(crate) frontier: Frontier,
}

/// Up to where the files are known to be good without reading them.
struct Known {
    frontier: Frontier,
    entries_length: u64,
}

pub(crate) fn open(dir: &Path, key: &LogKey) -> Result<Opened, LedgerError> {
    std::fs::create_dir_all(dir).map_err(LedgerError::io("make", dir))?;
    let lock = lock(dir)?;
    claim(dir, key)?;

    let (mut entries, length) = files::open_data(dir, files::ENTRIES, files::ENTRIES_MAGIC)?;
    let path = dir.join(files::ENTRIES);
    let Some(length) = length else {
        return Err(LedgerError::malformed("ledger", format!("{} begins oddly", path.display())));
    };
    let (index, index_length) = files::open_data(dir, files::INDEX, files::INDEX_MAGIC)?;
    let mut index = Index { file: index, path: dir.join(files::INDEX) };
    let indexed = index_length.map_or(0, files::blocks);
    let checkpoint = checkpoint(dir, key)?;

    let signed = checkpoint.as_ref().map_or(0, Checkpoint::size);
    let known = match &checkpoint {
        Some(checkpoint) if indexed >= signed => {
            known(&mut index, &mut entries, length, checkpoint, &path)?
        }
        _ => None,
    };
    let (start, offset) =
        known.as_ref().map_or((0, files::HEADER), |k| (k.frontier.size(), k.entries_length));

    let (readable, entries_length) = count(&mut entries, start, offset, &path)?;
    let recorded = indexed.max(signed);
    if readable < recorded {
        return Err(LedgerError::Damaged { dir: dir.into(), readable, recorded });
    }
    let mut frontier = known.map_or_else(Frontier::default, |known| known.frontier);
    let index_length =
        rebuild(&mut index, &mut entries, &mut frontier, offset, entries_length, &path)?;
    if let Some(checkpoint) = &checkpoint
        && merkle::root(&mut index, signed)? != checkpoint.root()
    {
        return Err(LedgerError::Altered(dir.into(), signed));
    }

    // Whole records that were written but not yet synced count from here on.
    entries
        .set_len(entries_length)
        .and_then(|()| entries.sync_all())
        .and_then(|()| entries.seek(SeekFrom::Start(entries_length)))
        .map_err(LedgerError::io("write", &path))?;
    let mut index = index;
    index
        .file
        .seek(SeekFrom::Start(index_length))
        .map_err(LedgerError::io("write", &index.path))?;
    files::sync_folder(dir)?;
    Ok(Opened { lock, entries, entries_length, index: index.file, index_length, frontier })
}

fn lock(dir: &Path) -> Result<File, LedgerError> {
    let path = dir.join(files::LOCK);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(LedgerError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Locked(dir.into())),
        Err(TryLockError::Error(error)) => Err(LedgerError::io("lock", &path)(error)),
    }
}

/// A ledger belongs to one key and origin for good; the first writer says which.
fn claim(dir: &Path, key: &LogKey) -> Result<(), LedgerError> {
    let path = dir.join(files::KEY);
    let given = key.to_string();
    match files::read_text(&path)? {
        Some(expected) if expected.trim_end() == given => Ok(()),
        Some(expected) => Err(LedgerError::OtherKey {
            dir: dir.into(),
            expected: expected.trim_end().into(),
            given,
        }),
        None => files::replace(&path, &format!("{given}\n")),
    }
}

/// The published checkpoint. An empty file is what a loss of power may leave, and counts as none.
fn checkpoint(dir: &Path, key: &LogKey) -> Result<Option<Checkpoint>, LedgerError> {
    match files::read_text(&dir.join(files::CHECKPOINT))? {
        Some(note) if !note.is_empty() => Checkpoint::verify(&note, key).map(Some),
        _ => Ok(None),
    }
}

/// Whether the index agrees with the signed checkpoint and with the last entry under it; if so, all before
/// need not be read again.
fn known(
    index: &mut Index,
    entries: &mut File,
    length: u64,
    checkpoint: &Checkpoint,
    path: &Path,
) -> Result<Option<Known>, LedgerError> {
    let size = checkpoint.size();
    let frontier = Frontier::load(size, |level, number| index.node(level, number))?;
    if frontier.root() != checkpoint.root() {
        return Ok(None);
    }
    let Some(last) = size.checked_sub(1) else {
        return Ok(Some(Known { frontier, entries_length: files::HEADER }));
    };
    let (start, end) = (index.start(last)?, index.end(last)?);
    if start >= end || end > length {
        return Ok(None);
    }
    entries.seek(SeekFrom::Start(start)).map_err(LedgerError::io("read", path))?;
    let mut records = Records::new(BufReader::new(&*entries), start);
    let found = records.advance().map_err(LedgerError::io("read", path))?;
    let agrees = found == Found::Entry(index.node(0, last)?) && records.end() == end;
    Ok(agrees.then_some(Known { frontier, entries_length: end }))
}

/// Counts whole records from entry `start` at `offset`; the number of entries and where they end.
fn count(
    entries: &mut File,
    start: u64,
    offset: u64,
    path: &Path,
) -> Result<(u64, u64), LedgerError> {
    entries.seek(SeekFrom::Start(offset)).map_err(LedgerError::io("read", path))?;
    let mut records = Records::new(BufReader::with_capacity(1 << 18, &*entries), offset);
    let mut size = start;
    while let Found::Entry(_) = records.advance().map_err(LedgerError::io("read", path))? {
        size += 1;
    }
    Ok((size, records.end()))
}

/// Writes the index anew from the end of `frontier` on, growing `frontier` over the records in
/// `offset..length`; how long the index is then.
fn rebuild(
    index: &mut Index,
    entries: &mut File,
    frontier: &mut Frontier,
    offset: u64,
    length: u64,
    path: &Path,
) -> Result<u64, LedgerError> {
    let start = files::block(frontier.size());
    let cut = if frontier.size() == 0 {
        files::write_at(&mut index.file, 0, files::INDEX_MAGIC)
    } else {
        files::write_at(&mut index.file, start, &[])
    };
    cut.map_err(LedgerError::io("write", &index.path))?;
    entries.seek(SeekFrom::Start(offset)).map_err(LedgerError::io("read", path))?;
    let mut records = Records::new(BufReader::with_capacity(1 << 18, &*entries), offset);
    let (mut leaves, mut ends) = (Vec::new(), Vec::new());
    let (mut growth, mut buffer) = (Growth::default(), Vec::new());
    loop {
        leaves.clear();
        ends.clear();
        while leaves.len() < REPLAY && records.end() < length {
            let found = records.advance().map_err(LedgerError::io("read", path))?;
            let Found::Entry(leaf) = found else { break };
            leaves.push(leaf);
            ends.push(records.end());
        }
        if leaves.is_empty() {
            return Ok(files::block(frontier.size()));
        }
        frontier.extend(&leaves, &mut growth);
        buffer.clear();
        for (number, end) in (growth.first()..).zip(&ends) {
            files::push_block(&mut buffer, *end, growth.completed(number));
        }
        index.file.write_all(&buffer).map_err(LedgerError::io("write", &index.path))?;
    }
}
