//! The tail against the tiles that were cut from it; and the entries that are not yet in any.

use std::{collections::BTreeMap, fs::File, io::BufReader, path::Path};

use yumen_verify::{
    merkle::TreeHash,
    stored_leaf,
    tile::{BundleEntries, TILE_WIDTH, Tile, TileKind},
};

use super::{
    judge::Judge,
    report::{Problem, Report},
};
use crate::{
    LedgerError,
    files::{self, Found, HEADER, Records},
    tail, tiles,
};

/// How often the files are looked for again when one was removed in between.
const TRIES: usize = 20;

/// The files of the tail, open, by their first entry; with whether each begins as it must.
pub(super) struct Segments {
    files: BTreeMap<u64, (Records<BufReader<File>>, bool)>,
}

impl Segments {
    pub(super) fn open(dir: &Path) -> Result<Self, LedgerError> {
        let mut segments = Self { files: BTreeMap::new() };
        segments.reopen(dir)?;
        Ok(segments)
    }

    /// Opens those that are new.
    pub(super) fn reopen(&mut self, dir: &Path) -> Result<(), LedgerError> {
        let mut tries = 0;
        'again: loop {
            for first in tail::segments(dir)? {
                if self.files.contains_key(&first) {
                    continue;
                }
                match tail::open(&tail::path(dir, first)) {
                    Ok(opened) => drop(self.files.insert(first, opened)),
                    // Its entries have all got into tiles since it was listed.
                    Err(_) if tries < TRIES => {
                        tries += 1;
                        continue 'again;
                    }
                    Err(error) => return Err(error),
                }
            }
            return Ok(());
        }
    }
}

/// What the bundles hold, one at a time.
struct Published<'a> {
    dir: &'a Path,
    size: u64,
    kept: Option<Kept>,
}

/// One bundle with the tile of its hashes, which is empty when it cannot be read.
struct Kept {
    number: u64,
    entries: Vec<Vec<u8>>,
    hashes: Vec<TreeHash>,
}

impl Published<'_> {
    /// What is stored of a published entry, where it fits its hash.
    fn stored(&mut self, index: u64) -> Option<&[u8]> {
        let number = index / TILE_WIDTH;
        if self.kept.as_ref().is_none_or(|kept| kept.number != number) {
            let tile = Tile::of(TileKind::Entries, number, self.size)?;
            let bytes = tiles::read(self.dir, tile).unwrap_or_default();
            let entries = BundleEntries::new(&bytes).map(<[u8]>::to_vec).collect();
            let hashes = Tile { kind: TileKind::Hashes(0), ..tile };
            let hashes = tiles::read_hashes(self.dir, hashes).unwrap_or_default();
            self.kept = Some(Kept { number, entries, hashes });
        }
        let Kept { entries, hashes, .. } = self.kept.as_ref()?;
        let place = usize::try_from(index % TILE_WIDTH).ok()?;
        let (entry, leaf) = (entries.get(place)?, hashes.get(place)?);
        (stored_leaf(entry) == *leaf).then_some(entry)
    }
}

/// Checks every record of the tail. `size` entries are in tiles; the rest is judged here.
pub(super) fn check(
    dir: &Path,
    segments: Segments,
    size: u64,
    acknowledged: u64,
    judge: &mut Judge,
    report: &mut Report,
) -> Result<(), LedgerError> {
    let mut published = Published { dir, size, kept: None };
    let last = segments.files.keys().next_back().copied();
    let mut next = segments.files.keys().next().copied();
    if next.is_none_or(|first| first > size - size % TILE_WIDTH) {
        let index = size - size % TILE_WIDTH;
        report.add(Problem::Missing { file: tail::name(next.unwrap_or(index)), index });
    }
    for (first, (mut records, begins_well)) in segments.files {
        let file = tail::name(first);
        if !begins_well {
            report.add(Problem::Header { file: file.clone() });
        }
        let mut index = next.unwrap_or(first);
        if index != first {
            report.add(Problem::Missing { file: file.clone(), index });
            index = first;
        }
        loop {
            let start = records.end();
            match records.advance().map_err(LedgerError::io("read", dir.join(&file)))? {
                Found::End => break,
                Found::Entry(_) if index < size => {
                    // A pruning that is under way has been at one of the two and not yet at the other.
                    let differs = published.stored(index).is_some_and(|stored| {
                        stored != records.entry() && !dir.join(files::PRUNING).exists()
                    });
                    if differs {
                        report.add(Problem::Copy { file: file.clone(), index });
                    }
                }
                Found::Entry(_) => {
                    judge.entry(&file, index, records.entry(), report);
                    report.entries = index + 1;
                }
                Found::Short | Found::Wrong => {
                    let unfinished = Some(first) == last && index >= acknowledged.max(size);
                    if unfinished {
                        let length =
                            std::fs::metadata(dir.join(&file)).map_or(start, |file| file.len());
                        report.unfinished_bytes = length.saturating_sub(start);
                        break;
                    }
                    report.add(Problem::Damaged { file: file.clone(), index, offset: start });
                    // The next record begins where the entry that the bundle holds would have ended.
                    let Some(length) = published.stored(index).map(files::record_length) else {
                        // What follows cannot be told apart any more.
                        break;
                    };
                    records = again(&dir.join(&file), start + length)?;
                }
            }
            index += 1;
        }
        next = Some(index);
    }
    if let Some(next) = next
        && next < acknowledged.max(size)
        && report.problem_count == 0
    {
        report.add(Problem::Missing { file: tail::name(last.unwrap_or(0)), index: next });
    }
    Ok(())
}

/// The records of a file from `offset` on.
fn again(path: &Path, offset: u64) -> Result<Records<BufReader<File>>, LedgerError> {
    use std::io::{Seek as _, SeekFrom};

    debug_assert!(offset >= HEADER);
    let mut file = File::open(path).map_err(LedgerError::io("open", path))?;
    file.seek(SeekFrom::Start(offset)).map_err(LedgerError::io("read", path))?;
    Ok(Records::new(BufReader::new(file), offset))
}
