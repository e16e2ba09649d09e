//! Tiles on disk: reading them, and the right edge of the log from which they are cut.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use yumen_verify::{
    merkle::{Frontier, TreeHash},
    tile::{self, TILE_HEIGHT, TILE_LEVELS, TILE_WIDTH, Tile, TileKind},
};

use crate::{LedgerError, files};

/// Gives what is to stand in the place of an entry, where something else is.
pub(crate) type Replace<'a> = dyn FnMut(u64, &[u8]) -> Option<Vec<u8>> + 'a;

/// The bytes of a tile as it was when the log had it `tile.width` wide. When that form is gone, because a fuller
/// one took its place, what is there of the full tile is read instead.
pub(crate) fn read(dir: &Path, tile: Tile) -> Result<Vec<u8>, LedgerError> {
    let path = dir.join(tile.to_string());
    match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !tile.is_full() => {
            let full = dir.join(Tile::full(tile.kind, tile.number).to_string());
            let bytes = std::fs::read(full).map_err(LedgerError::io("read", path))?;
            Ok(prefix(bytes, tile))
        }
        read => read.map_err(LedgerError::io("read", path)),
    }
}

/// What of a fuller tile's bytes belongs to the first `tile.width` places.
pub(crate) fn prefix(mut bytes: Vec<u8>, tile: Tile) -> Vec<u8> {
    let length = match tile.kind {
        TileKind::Hashes(_) => 32 * tile.width as usize,
        TileKind::Entries => {
            let mut entries = tile::BundleEntries::new(&bytes);
            entries.by_ref().take(tile.width as usize).for_each(drop);
            bytes.len() - entries.rest().len()
        }
    };
    bytes.truncate(length);
    bytes
}

/// The hashes of a hash tile; see [`read`].
pub(crate) fn read_hashes(dir: &Path, tile: Tile) -> Result<Vec<TreeHash>, LedgerError> {
    Ok(tile::hashes(&read(dir, tile)?, tile.width)?)
}

/// The right edge of the log: the hashes of every tile, and the entries of the bundle, that are not yet full.
pub(crate) struct Edge {
    dir: PathBuf,
    size: u64,
    /// By level of tiles: the hashes of the open tile. 256 of them only after writing a full tile has failed.
    levels: Vec<Vec<TreeHash>>,
    /// The entries of the open bundle, each behind its length.
    bundle: Vec<u8>,
    /// Full tiles that were written and may not have been synced.
    unsynced: Vec<PathBuf>,
    /// While a ledger is opened: what is already there is compared first, and left alone when it is right.
    pub(crate) mending: bool,
}

impl Edge {
    /// The edge of a log of `size` entries, a multiple of 256, from the full tiles alone.
    pub(crate) fn load(dir: &Path, size: u64) -> Result<Self, LedgerError> {
        let mut levels = vec![Vec::new(); TILE_LEVELS as usize];
        for level in 1..TILE_LEVELS {
            let count = tile::complete(level, size);
            let below = TileKind::Hashes(level - 1);
            for number in count - count % TILE_WIDTH..count {
                let hashes = read_hashes(dir, Tile::full(below, number))?;
                levels[level as usize].push(tile::fold(&hashes));
            }
        }
        let (bundle, unsynced) = (Vec::new(), Vec::new());
        Ok(Self { dir: dir.into(), size, levels, bundle, unsynced, mending: true })
    }

    /// Number of entries.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// What a writer must remember of a log of this size, which is a multiple of 256.
    pub(crate) fn frontier(&self) -> Result<Frontier, LedgerError> {
        Frontier::load(self.size, |level, index| {
            let (tiles, inner) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
            let start = usize::try_from((index << inner) % TILE_WIDTH).unwrap_or(usize::MAX);
            let hashes = &self.levels[tiles as usize];
            let hashes = hashes.get(start..start + (1 << inner));
            let missing = || LedgerError::unproven("a tile is missing hashes");
            hashes.map(tile::fold).ok_or_else(missing)
        })
    }

    /// Adds an entry, and writes the tiles that it fills. After an error the entry is added, and what could not
    /// be written is tried again by [`Self::flush`].
    pub(crate) fn push(&mut self, stored: &[u8], leaf: TreeHash) -> Result<(), LedgerError> {
        files::push_framed(&mut self.bundle, stored);
        self.levels[0].push(leaf);
        self.size += 1;
        self.flush()
    }

    /// Writes the tiles that are full, the bundle first.
    pub(crate) fn flush(&mut self) -> Result<(), LedgerError> {
        for level in 0..TILE_LEVELS {
            let slot = level as usize;
            if (self.levels[slot].len() as u64) < TILE_WIDTH {
                break;
            }
            let number = tile::complete(level + 1, self.size) - 1;
            if level == 0 && !self.bundle.is_empty() {
                let mut bundle = std::mem::take(&mut self.bundle);
                let written = self.write_full(TileKind::Entries, number, &bundle);
                if written.is_ok() {
                    bundle.clear();
                }
                self.bundle = bundle;
                written?;
            }
            let bytes = self.levels[slot].iter().flat_map(|hash| hash.0).collect::<Vec<_>>();
            self.write_full(TileKind::Hashes(level), number, &bytes)?;
            let root = tile::fold(&self.levels[slot]);
            self.levels[slot].clear();
            if let Some(above) = self.levels.get_mut(slot + 1) {
                above.push(root);
            }
        }
        Ok(())
    }

    /// Writes the partial tiles that a checkpoint over this size needs.
    pub(crate) fn write_partials(&mut self) -> Result<(), LedgerError> {
        for tile in Tile::partials(self.size) {
            let TileKind::Hashes(level) = tile.kind else { continue };
            let hashes = &self.levels[level as usize];
            let bytes = hashes.iter().flat_map(|hash| hash.0).collect::<Vec<_>>();
            self.write(tile, &bytes)?;
            if level == 0 {
                self.write(Tile { kind: TileKind::Entries, ..tile }, &self.bundle)?;
            }
        }
        Ok(())
    }

    /// Makes what may be left of partial tiles after a crash right again, or removes it.
    pub(crate) fn mend_partials(&mut self) -> Result<(), LedgerError> {
        for level in 0..TILE_LEVELS {
            let number = tile::complete(level, self.size) / TILE_WIDTH;
            let hashes = self.levels[level as usize].iter().flat_map(|hash| hash.0);
            let hashes = hashes.collect::<Vec<_>>();
            self.mend(TileKind::Hashes(level), number, &hashes)?;
        }
        self.mend(TileKind::Entries, self.size / TILE_WIDTH, &self.bundle)
    }

    fn mend(&self, kind: TileKind, number: u64, bytes: &[u8]) -> Result<(), LedgerError> {
        let open = u32::try_from(self.size % TILE_WIDTH).unwrap_or(0);
        let filled = match kind {
            TileKind::Entries => open,
            TileKind::Hashes(level) => {
                u32::try_from(self.levels[level as usize].len()).unwrap_or(0)
            }
        };
        for width in partial_widths(&self.dir, kind, number)? {
            let tile = Tile { kind, number, width };
            if width <= filled {
                self.write(tile, &prefix(bytes.to_vec(), tile))?;
            } else {
                files::remove(&self.dir.join(tile.to_string()))?;
            }
        }
        Ok(())
    }

    /// Makes every full tile written so far durable, with its name.
    pub(crate) fn sync(&mut self) -> Result<(), LedgerError> {
        let mut folders = BTreeSet::new();
        for path in &self.unsynced {
            let synced = File::open(path).and_then(|file| file.sync_all());
            synced.map_err(LedgerError::io("sync", path))?;
            folders.extend(path.ancestors().skip(1).take_while(|folder| *folder != self.dir));
        }
        for folder in folders.into_iter().chain([self.dir.as_path()]) {
            files::sync_folder(folder)?;
        }
        self.unsynced.clear();
        Ok(())
    }

    /// Puts marks in the place of entries of the open bundle.
    pub(crate) fn prune(&mut self, replace: &mut Replace<'_>) -> Result<(), LedgerError> {
        let first = self.size - self.size % TILE_WIDTH;
        let Some(pruned) = rewritten(first, &self.bundle, replace) else { return Ok(()) };
        self.bundle = pruned;
        let number = self.size / TILE_WIDTH;
        for width in partial_widths(&self.dir, TileKind::Entries, number)? {
            let tile = Tile { kind: TileKind::Entries, number, width };
            let path = self.dir.join(tile.to_string());
            files::replace(&path, &prefix(self.bundle.clone(), tile))?;
        }
        Ok(())
    }

    fn write_full(&mut self, kind: TileKind, number: u64, bytes: &[u8]) -> Result<(), LedgerError> {
        let tile = Tile::full(kind, number);
        self.write(tile, bytes)?;
        let path = self.dir.join(tile.to_string());
        let mut partials = path.clone().into_os_string();
        partials.push(".p");
        match std::fs::remove_dir_all(&partials) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(LedgerError::io("remove", partials)(error));
            }
            _ => {}
        }
        self.unsynced.push(path);
        Ok(())
    }

    /// Puts a tile in place as a whole, not yet synced.
    fn write(&self, tile: Tile, bytes: &[u8]) -> Result<(), LedgerError> {
        let path = self.dir.join(tile.to_string());
        if self.mending && std::fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        let new = path.with_extension("new");
        let create = || File::create(&new).and_then(|mut file| file.write_all(bytes));
        let written = create().or_else(|error| match (error.kind(), path.parent()) {
            (io::ErrorKind::NotFound, Some(folder)) => {
                std::fs::create_dir_all(folder).and_then(|()| create())
            }
            _ => Err(error),
        });
        let placed = written.and_then(|()| std::fs::rename(&new, &path));
        placed.map_err(LedgerError::io("write", path))
    }
}

/// The widths in which a partial tile is on disk, in order.
pub(crate) fn partial_widths(
    dir: &Path,
    kind: TileKind,
    number: u64,
) -> Result<Vec<u32>, LedgerError> {
    let mut folder = dir.join(Tile::full(kind, number).to_string()).into_os_string();
    folder.push(".p");
    let listed = match std::fs::read_dir(&folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LedgerError::io("list", folder)(error)),
    };
    let mut widths = Vec::new();
    for file in listed {
        let name = file.map_err(LedgerError::io("list", &folder))?.file_name();
        let width = name.to_str().and_then(|name| name.parse::<u32>().ok());
        widths.extend(width.filter(|width| (1..256).contains(width)));
    }
    widths.sort_unstable();
    Ok(widths)
}

/// The bytes of a bundle whose first entry is `first`, with what `replace` gives in the place of entries; none
/// where it gives nothing.
pub(crate) fn rewritten(first: u64, bundle: &[u8], replace: &mut Replace<'_>) -> Option<Vec<u8>> {
    let (mut bytes, mut changed) = (Vec::with_capacity(bundle.len()), false);
    let mut entries = tile::BundleEntries::new(bundle);
    for (index, stored) in (first..).zip(entries.by_ref()) {
        match replace(index, stored) {
            Some(mark) => {
                changed = true;
                files::push_framed(&mut bytes, &mark);
            }
            None => files::push_framed(&mut bytes, stored),
        }
    }
    bytes.extend_from_slice(entries.rest());
    changed.then_some(bytes)
}
