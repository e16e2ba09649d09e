//! Opening a ledger to write it, whatever the last process left behind.
//!
//! What was acknowledged is there: the writer syncs the tail before it answers, and a file of the tail is removed
//! only after its tiles were synced. So a record that is cut off or wrong at the end of the tail was never
//! acknowledged and is cut away, unless `acknowledged` or the signed checkpoint know of it: then the files were
//! damaged, and opening fails rather than forget an entry. Tiles are cut anew from whatever is in the tail.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};

use yumen_verify::{
    Checkpoint, LogKey,
    merkle::{self, Frontier, Growth, TreeHash},
    tile::{TILE_WIDTH, Tile, TileKind, TileNodes},
};

use crate::{
    LedgerError,
    files::{self, Acknowledged, Found},
    migrate,
    tail::{self, SEGMENT, Tail},
    tiles::{self, Edge},
    writer::Active,
};

/// How many leaves are folded into the tree at once while the tail is read.
const REPLAY: usize = 4096;

/// A ledger's files, locked, mended and standing at their ends.
pub(crate) struct Opened {
    pub(crate) lock: File,
    pub(crate) active: Active,
    pub(crate) acknowledged: File,
    pub(crate) frontier: Frontier,
    pub(crate) edge: Edge,
    pub(crate) tail: Tail,
}

/// What the tail was found to hold.
struct Readable {
    frontier: Frontier,
    /// Where the last whole record ends in the last file.
    end: u64,
    /// The first entry of the last file.
    last: u64,
    /// The root over as many entries as the checkpoint has.
    signed_root: Option<TreeHash>,
}

pub(crate) fn open(dir: &Path, key: &LogKey) -> Result<Opened, LedgerError> {
    std::fs::create_dir_all(dir).map_err(LedgerError::io("make", dir))?;
    let lock = lock(dir)?;
    claim(dir, key)?;
    let mut recorded = migrate::old_layout(dir)?;
    let checkpoint = checkpoint(dir, key)?;
    let signed = checkpoint.as_ref().map_or(0, Checkpoint::size);
    recorded = recorded.max(signed);
    if let Acknowledged::Size(size) = files::read_acknowledged(dir)? {
        recorded = recorded.max(size);
    }
    let damaged = |readable: u64| Err(LedgerError::Damaged { dir: dir.into(), readable, recorded });

    let mut firsts = tail::segments(dir)?;
    if firsts.is_empty() {
        if recorded > 0 {
            return damaged(0);
        }
        tail::create(dir, 0)?;
        firsts.push(0);
    }
    // Every entry before this is in a full, synced tile: see `Cutter::retire`.
    let start = firsts[0].next_multiple_of(TILE_WIDTH);
    let mut edge = Edge::load(dir, start)?;
    let readable = read(dir, &firsts, edge.frontier()?, signed)?;
    let size = readable.frontier.size();
    if size < recorded {
        return damaged(size);
    }
    if let Some(checkpoint) = &checkpoint {
        let root = match readable.signed_root {
            Some(root) => root,
            None => root(dir, signed)?,
        };
        if root != checkpoint.root() {
            return Err(LedgerError::Altered(dir.into(), signed));
        }
    }

    // Whole records that were written but not yet synced count from here on.
    let path = tail::path(dir, readable.last);
    let file = OpenOptions::new().read(true).write(true).open(&path);
    let file = file.and_then(|mut file| {
        file.set_len(readable.end)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(files::RECORDS_MAGIC)?;
        file.seek(SeekFrom::Start(readable.end))?;
        file.sync_all()?;
        Ok(file)
    });
    let file = file.map_err(LedgerError::io("write", &path))?;
    files::sync_folder(&tail::folder(dir))?;
    let mut active = Active { file, length: readable.end, entries: size - readable.last };
    // A pruning that was cut off is finished before anything is appended: in files that are no longer written.
    let pruning = active.entries > 0 && dir.join(files::PRUNING).exists();
    if active.entries >= SEGMENT || pruning {
        let file = tail::create(dir, size)?;
        active = Active { file, length: files::HEADER, entries: 0 };
    }
    let mut tail = Tail::at(dir, start)?;
    while edge.size() < size {
        let (stored, leaf) = tail.advance()?;
        edge.push(stored, leaf)?;
    }
    edge.mend_partials()?;
    edge.write_partials()?;
    edge.mending = false;
    let acknowledged = acknowledge(dir, size)?;
    files::sync_folder(dir)?;
    Ok(Opened { lock, active, acknowledged, frontier: readable.frontier, edge, tail })
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
        None => files::replace(&path, format!("{given}\n").as_bytes()),
    }
}

/// The published checkpoint. An empty file is what a loss of power may leave, and counts as none.
fn checkpoint(dir: &Path, key: &LogKey) -> Result<Option<Checkpoint>, LedgerError> {
    match files::read_text(&dir.join(files::CHECKPOINT))? {
        Some(note) if !note.is_empty() => Ok(Some(Checkpoint::verify(&note, key)?)),
        _ => Ok(None),
    }
}

fn acknowledge(dir: &Path, size: u64) -> Result<File, LedgerError> {
    let path = dir.join(files::ACKNOWLEDGED);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.and_then(|mut file| {
        file.set_len(16)?;
        file.write_all(&files::acknowledged_bytes(size))?;
        Ok(file)
    });
    file.map_err(LedgerError::io("write", &path))
}

/// Reads the whole tail onto `frontier`, changing nothing. A last file that was being made when the process was
/// killed has no header yet; a last record may be cut off.
fn read(
    dir: &Path,
    firsts: &[u64],
    mut frontier: Frontier,
    signed: u64,
) -> Result<Readable, LedgerError> {
    let start = frontier.size();
    let (mut end, mut next) = (files::HEADER, firsts.first().copied().unwrap_or(0));
    let mut signed_root = (start == signed).then(|| frontier.root());
    let (mut leaves, mut growth) = (Vec::new(), Growth::default());
    for (number, first) in firsts.iter().enumerate() {
        let (is_last, path) = (number + 1 == firsts.len(), tail::path(dir, *first));
        let gap = |recorded| LedgerError::Damaged { dir: dir.into(), readable: next, recorded };
        if *first != next {
            return Err(gap(*first));
        }
        let (mut records, begins_well) = tail::open(&path)?;
        if !begins_well {
            let why = format!("{} begins oddly", path.display());
            return Err(LedgerError::malformed("ledger", why));
        }
        loop {
            let found = records.advance().map_err(LedgerError::io("read", &path))?;
            if let Found::Entry(leaf) = found {
                if next >= start {
                    leaves.push(leaf);
                }
                next += 1;
            } else if found != Found::End && !is_last {
                return Err(LedgerError::Damaged {
                    dir: dir.into(),
                    readable: next,
                    recorded: firsts[number + 1],
                });
            }
            let done = !matches!(found, Found::Entry(_));
            if done || leaves.len() == REPLAY || next == signed {
                frontier.extend(&leaves, &mut growth);
                leaves.clear();
                if frontier.size() == signed {
                    signed_root = Some(frontier.root());
                }
            }
            if done {
                break;
            }
        }
        end = records.end();
    }
    Ok(Readable { frontier, end, last: firsts.last().copied().unwrap_or(0), signed_root })
}

/// The root over the first `size` entries, which are all in tiles.
fn root(dir: &Path, size: u64) -> Result<TreeHash, LedgerError> {
    let mut nodes = TileNodes::new(size, |tile: Tile| {
        debug_assert!(matches!(tile.kind, TileKind::Hashes(_)));
        tiles::read_hashes(dir, tile)
    });
    merkle::root(&mut nodes, size)
}
