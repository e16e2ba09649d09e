//! Ledgers written before tiles: one file of all entries, and an index beside it.
//!
//! The records lie in the same form, so the old file becomes the first file of the tail, from which the tiles are
//! cut as from any other. A kill in between leaves one or the other.

use std::{fs::File, io::Read as _, path::Path};

use crate::{
    LedgerError,
    files::{self, HEADER},
    tail,
};

const ENTRIES: &str = "entries";
const INDEX: &str = "index";

/// Moves the files of an older ledger into place. How many entries its index knows of, 0 where there is none.
pub(crate) fn old_layout(dir: &Path) -> Result<u64, LedgerError> {
    let (entries, index) = (dir.join(ENTRIES), dir.join(INDEX));
    let known = match std::fs::metadata(&index) {
        Ok(file) if begins_well(&index)? => blocks(file.len()),
        _ => 0,
    };
    if entries.is_file() {
        let folder = tail::folder(dir);
        std::fs::create_dir_all(&folder).map_err(LedgerError::io("make", &folder))?;
        // One that was killed while it was made has no whole header; there is nothing in it.
        let length = std::fs::metadata(&entries).map_err(LedgerError::io("read", &entries))?.len();
        if length < HEADER && known == 0 {
            files::replace(&entries, files::RECORDS_MAGIC)?;
        }
        std::fs::rename(&entries, tail::path(dir, 0)).map_err(LedgerError::io("move", &entries))?;
        files::sync_folder(&folder)?;
        files::sync_folder(dir)?;
    }
    Ok(known)
}

/// Removes what is no longer needed once the ledger was opened.
pub(crate) fn forget_old_layout(dir: &Path) -> Result<(), LedgerError> {
    files::remove(&dir.join(INDEX))
}

fn begins_well(path: &Path) -> Result<bool, LedgerError> {
    let mut head = [0; 16];
    let count = File::open(path)
        .and_then(|mut file| file.read(&mut head))
        .map_err(LedgerError::io("read", path))?;
    Ok(head[..count] == b"yumen indexes 1\n"[..])
}

/// Where the block of entry `index` began in an index: behind 8 bytes for each entry before it, and 32 for each
/// of the `2n - ones(n)` tree nodes that these completed.
fn block(index: u64) -> u64 {
    HEADER + 8 * index + 32 * (2 * index - u64::from(index.count_ones()))
}

/// How many whole blocks an index of `length` bytes holds.
fn blocks(length: u64) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_of_an_index_are_counted() {
        let mut expected = HEADER;
        for index in 0..5000_u64 {
            assert_eq!(block(index), expected);
            assert_eq!(blocks(expected), index);
            assert_eq!(blocks(expected + 39), index);
            expected += 8 + 32 * u64::from(1 + (index + 1).trailing_zeros());
        }
    }
}
