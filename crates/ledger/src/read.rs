//! Reading a ledger's folder, also while it is being written: entries, later proofs, search.
//!
//! A reader sees what a checkpoint covers, and every proof it gives has been checked against it.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use serde::Serialize;
use yumen_verify::{
    Checkpoint, Entry, LedgerProof, LogKey, Pruned,
    merkle::{self, Nodes as _, TreeHash},
    tile::{BundleEntries, TILE_WIDTH, Tile, TileKind, TileNodes},
};

use crate::{LedgerError, files, prune::is_kind, tiles};

/// An entry as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Its place, from 0.
    pub index: u64,
    /// Its canonical JSON.
    pub entry: String,
}

/// Which entries are wanted. What is none fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The first index.
    pub from: Option<u64>,
    /// The index after the last.
    pub to: Option<u64>,
    /// Not before this time.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// The kind, with or without its version.
    pub kind: Option<String>,
    /// The market.
    pub market: Option<String>,
    /// The id, such as a receipt's.
    pub id: Option<String>,
}

impl Wanted {
    fn fits(&self, entry: &Entry<'_>) -> bool {
        self.since.is_none_or(|since| entry.time() >= since)
            && self.until.is_none_or(|until| entry.time() < until)
            && self.kind.as_deref().is_none_or(|kind| is_kind(entry, kind))
            && self.market.as_deref().is_none_or(|market| entry.market() == Some(market))
            && self.id.as_deref().is_none_or(|id| entry.id() == id)
    }
}

/// Is shown what is stored of an entry.
pub(crate) type Visit<'a> = dyn FnMut(u64, &[u8]) -> Result<(), LedgerError> + 'a;

/// A ledger opened for reading, as of one checkpoint.
pub struct Reader {
    dir: PathBuf,
    checkpoint: Checkpoint,
    /// Entries under the published checkpoint: what partial tiles there are.
    published: u64,
    key: LogKey,
    bundle: Option<(u64, Vec<u8>)>,
}

impl Reader {
    /// Opens the ledger in `dir`, which must belong to `key`, as of its published checkpoint.
    ///
    /// # Errors
    /// [`LedgerError::Io`] when a file is missing; as [`Checkpoint::verify`] when the checkpoint is not good.
    pub fn open(dir: &Path, key: &LogKey) -> Result<Self, LedgerError> {
        let checkpoint = files::read_checkpoint(dir, key)?;
        let published = checkpoint.size();
        Ok(Self { dir: dir.into(), checkpoint, published, key: key.clone(), bundle: None })
    }

    /// The same ledger as of an older checkpoint, such as the one that witnesses cosigned.
    ///
    /// # Errors
    /// [`LedgerError::Unproven`] when the log does not continue that checkpoint.
    pub fn under(mut self, older: &Checkpoint) -> Result<Self, LedgerError> {
        self.consistency(older)?;
        self.checkpoint = older.clone();
        Ok(self)
    }

    /// The checkpoint that bounds what this reader sees.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The entry at `index`.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchEntry`] when the checkpoint does not cover it; [`LedgerError::Pruned`] when its bytes are
    /// past their time and gone; [`LedgerError::Unproven`] when they are damaged.
    pub fn entry(&mut self, index: u64) -> Result<Recorded, LedgerError> {
        self.covers(index)?;
        let leaf = self.nodes().node(0, index)?;
        self.entry_under(index, leaf)
    }

    fn covers(&self, index: u64) -> Result<(), LedgerError> {
        let size = self.checkpoint.size();
        if index < size { Ok(()) } else { Err(LedgerError::NoSuchEntry { index, size }) }
    }

    /// The entry at `index`, whose leaf hash must be `leaf`.
    fn entry_under(&mut self, index: u64, leaf: TreeHash) -> Result<Recorded, LedgerError> {
        let mut found = None;
        self.stored(index..index + 1, &mut |_, stored| {
            found = Some(stored.to_vec());
            Ok(())
        })?;
        let stored = found.ok_or_else(|| damaged(index))?;
        if yumen_verify::stored_leaf(&stored) != leaf {
            return Err(damaged(index));
        }
        match Pruned::read(&stored)? {
            Some(Pruned { deletion, .. }) => Err(LedgerError::Pruned { index, deletion }),
            None => Ok(Recorded { index, entry: text(&stored)? }),
        }
    }

    /// The proof that the entry at `index` is in the log. Reads at most two tiles a level.
    ///
    /// # Errors
    /// As [`Self::entry`]; [`LedgerError::Unproven`] when entry or tiles do not fit the checkpoint.
    pub fn prove(&mut self, index: u64) -> Result<LedgerProof, LedgerError> {
        self.covers(index)?;
        let mut nodes = self.nodes();
        let leaf = nodes.node(0, index)?;
        let Recorded { entry, .. } = self.entry_under(index, leaf)?;
        let proof = merkle::inclusion_path(&mut nodes, index, self.checkpoint.size())?;
        let checkpoint = Arc::from(self.checkpoint.note());
        let proof = LedgerProof { index, checkpoint, proof, entry };
        proof.verify(&self.key)?;
        Ok(proof)
    }

    /// The proof that the log of this checkpoint begins with the log of `older`, which must be verified by the
    /// same key.
    ///
    /// # Errors
    /// [`LedgerError::Unproven`] when it does not: history was rewritten, or a tile is damaged.
    pub fn consistency(&mut self, older: &Checkpoint) -> Result<Vec<TreeHash>, LedgerError> {
        let (old, new) = (older.size(), self.checkpoint.size());
        let path = merkle::consistency_path(&mut self.nodes(), old, new)?;
        if merkle::verify_consistency(old, older.root(), new, self.checkpoint.root(), &path) {
            Ok(path)
        } else {
            Err(LedgerError::Unproven(format!(
                "the log of {new} entries does not begin with the log of {old} entries"
            )))
        }
    }

    /// The proof that this log begins with its own first `old` entries, for someone who knows their root.
    ///
    /// # Errors
    /// [`LedgerError::Io`], and [`LedgerError::Unproven`] when a tile is damaged.
    pub fn growth(&mut self, old: u64) -> Result<Vec<TreeHash>, LedgerError> {
        let size = self.checkpoint.size();
        let root = merkle::root(&mut self.nodes(), old)?;
        let path = merkle::consistency_path(&mut self.nodes(), old, size)?;
        if merkle::verify_consistency(old, root, size, self.checkpoint.root(), &path) {
            Ok(path)
        } else {
            Err(LedgerError::unproven("the tiles do not fit the signed checkpoint"))
        }
    }

    /// Every entry with this id, in order: the admission of a receipt and what followed it. Reads the whole log.
    ///
    /// # Errors
    /// [`LedgerError::Unproven`] when an entry is damaged; [`LedgerError::Io`].
    pub fn find(&mut self, id: &str) -> Result<Vec<Recorded>, LedgerError> {
        let mut found = Vec::new();
        let wanted = Wanted { id: Some(id.into()), ..Wanted::default() };
        self.each(&wanted, &mut |recorded| {
            found.push(recorded);
            Ok(())
        })?;
        Ok(found)
    }

    /// Visits the entries that are wanted, in order, leaving out what was pruned; how many were pruned in that range.
    ///
    /// # Errors
    /// Whatever `visit` returns; [`LedgerError::Unproven`] when an entry is damaged; [`LedgerError::Io`].
    pub fn each(
        &mut self,
        wanted: &Wanted,
        visit: &mut dyn FnMut(Recorded) -> Result<(), LedgerError>,
    ) -> Result<u64, LedgerError> {
        let size = self.checkpoint.size();
        let range = wanted.from.unwrap_or(0)..wanted.to.unwrap_or(size).min(size);
        let mut pruned = 0;
        self.stored(range, &mut |index, stored| {
            if Pruned::read(stored)?.is_some() {
                pruned += 1;
                return Ok(());
            }
            let fits = str::from_utf8(stored).ok().and_then(|json| Entry::parse(json).ok());
            match fits {
                Some(entry) if wanted.fits(&entry) => {
                    visit(Recorded { index, entry: text(stored)? })
                }
                Some(_) => Ok(()),
                None => Err(damaged(index)),
            }
        })?;
        Ok(pruned)
    }

    /// Visits what is stored of the entries of a range: their bytes, or the marks in their place.
    pub(crate) fn stored(
        &mut self,
        range: Range<u64>,
        visit: &mut Visit<'_>,
    ) -> Result<(), LedgerError> {
        let mut index = range.start;
        while index < range.end {
            let number = index / TILE_WIDTH;
            if self.bundle.as_ref().is_none_or(|(kept, _)| *kept != number) {
                // In whatever width it is published now: an older form may be gone.
                let tile = Tile::of(TileKind::Entries, number, self.published);
                let tile = tile.ok_or_else(|| damaged(index))?;
                self.bundle = Some((number, tiles::read(&self.dir, tile)?));
            }
            let bytes = self.bundle.as_ref().map_or(&[][..], |(_, bytes)| bytes);
            let first = number * TILE_WIDTH;
            let last = range.end.min(first + TILE_WIDTH);
            let mut entries = (first..last).zip(BundleEntries::new(bytes));
            for expected in first..last {
                let (at, stored) = entries.next().ok_or_else(|| damaged(expected))?;
                if at >= index {
                    visit(at, stored)?;
                }
            }
            index = last;
        }
        Ok(())
    }

    /// The nodes of the log as of the checkpoint.
    fn nodes(&self) -> TileNodes<impl FnMut(Tile) -> Result<Vec<TreeHash>, LedgerError> + use<>> {
        let (dir, published) = (self.dir.clone(), self.published);
        TileNodes::new(self.checkpoint.size(), move |tile: Tile| {
            let now = Tile::of(tile.kind, tile.number, published).unwrap_or(tile);
            let mut hashes = tiles::read_hashes(&dir, now)?;
            hashes.truncate(tile.width as usize);
            Ok(hashes)
        })
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

fn damaged(index: u64) -> LedgerError {
    LedgerError::Unproven(format!("entry {index} is damaged"))
}

fn text(bytes: &[u8]) -> Result<String, LedgerError> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| LedgerError::malformed("ledger entry", "it is not UTF-8"))
}
