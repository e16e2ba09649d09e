//! One bundle of entries against the tile of their leaf hashes; and the narrower forms of it that are still there.

use std::path::Path;

use yumen_verify::{
    merkle::TreeHash,
    stored_leaf,
    tile::{BundleEntries, TILE_WIDTH, Tile, TileKind},
};

use super::{
    judge::Judge,
    report::{Problem, Report},
    tree::Tree,
};
use crate::{LedgerError, tiles};

/// Checks the entries of one bundle, and hands their leaf hashes up the tree.
pub(super) fn check(
    dir: &Path,
    tile: Tile,
    tree: &mut Tree<'_>,
    judge: &mut Judge,
    report: &mut Report,
) -> Result<(), LedgerError> {
    let first = tile.number * TILE_WIDTH;
    let file = tile.to_string();
    let bytes = match tiles::read(dir, tile) {
        Ok(bytes) => bytes,
        Err(LedgerError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            report.add(Problem::Missing { file, index: first });
            return tree.missing(tile, report);
        }
        Err(error) => return Err(error),
    };
    let stored = tree.stored(Tile { kind: TileKind::Hashes(0), ..tile })?;
    let entries = split(&bytes, tile.width as usize, stored.as_deref());
    let leaves: Vec<TreeHash> = entries.iter().map(|found| stored_leaf(found.entry)).collect();
    let blamed = tree.leaves(tile, leaves, report)?;
    for (place, (index, found)) in (first..).zip(&entries).enumerate() {
        if found.reframed || blamed.get(place).copied().unwrap_or(false) {
            let (file, offset) = (file.clone(), found.offset as u64);
            report.add(Problem::Damaged { file, index, offset });
        } else {
            judge.entry(&file, index, found.entry, report);
        }
    }
    let end = entries.last().map_or(0, |found| found.offset + 2 + found.entry.len());
    if entries.len() < tile.width as usize {
        report.add(Problem::Missing { file, index: first + entries.len() as u64 });
    } else if end < bytes.len() {
        report.add(Problem::Copy { file, index: first + u64::from(tile.width) });
    }
    narrower(dir, tile, &bytes, report)
}

/// Compares the narrower forms of a partial tile with what it holds.
pub(super) fn narrower(
    dir: &Path,
    tile: Tile,
    bytes: &[u8],
    report: &mut Report,
) -> Result<(), LedgerError> {
    if tile.is_full() {
        return Ok(());
    }
    for width in tiles::partial_widths(dir, tile.kind, tile.number)? {
        let narrower = Tile { width, ..tile };
        // One that is wider belongs to a checkpoint that was published meanwhile.
        if width >= tile.width {
            continue;
        }
        let file = narrower.to_string();
        // It may have been removed meanwhile, once the tile was full.
        let Ok(there) = std::fs::read(dir.join(&file)) else { continue };
        if there != tiles::prefix(bytes.to_vec(), narrower) {
            let index = tile.number * TILE_WIDTH;
            report.add(Problem::Copy { file, index });
        }
    }
    Ok(())
}

/// An entry found in a bundle.
struct InBundle<'a> {
    offset: usize,
    entry: &'a [u8],
    /// Its length does not say where it ends: the next one was looked for.
    reframed: bool,
}

/// The entries of a bundle. Where one does not fit its hash, perhaps because its length was changed, the place is
/// looked for from which the rest can be read to the very end.
fn split<'a>(bytes: &'a [u8], count: usize, hashes: Option<&[TreeHash]>) -> Vec<InBundle<'a>> {
    let mut entries: Vec<InBundle<'a>> = Vec::with_capacity(count);
    let mut offset = 0;
    while entries.len() < count {
        let (place, rest) = (entries.len(), count - entries.len() - 1);
        let hash = |place: usize| hashes.and_then(|hashes| hashes.get(place));
        let fits = |entry: &[u8], place| hash(place).is_none_or(|leaf| stored_leaf(entry) == *leaf);
        let own = BundleEntries::new(&bytes[offset..]).next();
        if let Some(entry) = own
            && (fits(entry, place) || reaches_end(bytes, offset + 2 + entry.len(), rest))
        {
            entries.push(InBundle { offset, entry, reframed: false });
            offset += 2 + entry.len();
            continue;
        }
        let next = (offset + 2..=bytes.len()).find(|next| {
            reaches_end(bytes, *next, rest)
                && BundleEntries::new(&bytes[*next..])
                    .next()
                    .is_none_or(|entry| fits(entry, place + 1))
        });
        let Some(next) = next else { break };
        entries.push(InBundle { offset, entry: &bytes[offset + 2..next], reframed: true });
        offset = next;
    }
    entries
}

/// Whether exactly `count` entries lie between `offset` and the end.
fn reaches_end(bytes: &[u8], offset: usize, count: usize) -> bool {
    let mut entries = BundleEntries::new(&bytes[offset..]);
    entries.by_ref().take(count).count() == count && entries.rest().is_empty()
}
