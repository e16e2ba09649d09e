//! Proving a whole ledger: every byte of every file is read and must be what the signed checkpoint covers.
//!
//! Hashes are computed upwards from the entries and compared with those in the tiles. Where the two differ, the
//! hash above them, or the signed root, says which of them was changed.

mod bundle;
mod judge;
mod report;
mod tail;
mod tree;

use std::path::Path;

use yumen_verify::{
    Checkpoint, LogKey, WitnessKey,
    tile::{TILE_WIDTH, Tile, TileKind},
};

pub use report::{Problem, Report};

use crate::{
    LedgerError, anchor,
    files::{self, Acknowledged},
};

/// Verifies the ledger in `dir`, which may be in use, against the log's public key; and that each of `witnesses`
/// cosigned its last anchored checkpoint. `progress` is told how many entries of how many are done.
///
/// # Errors
/// [`LedgerError::Io`] when a file cannot be read. Whatever is wrong inside the files is in the report instead.
pub fn verify_log(
    dir: &Path,
    key: &LogKey,
    witnesses: &[WitnessKey],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, LedgerError> {
    let mut report = Report::new(key.origin());
    if files::read_key(dir).ok().as_ref() != Some(key) {
        report.add(Problem::Key);
    }
    // First, so that whatever it speaks of is in the files that are opened next.
    let acknowledged = match files::read_acknowledged(dir)? {
        Acknowledged::Size(size) => size,
        Acknowledged::Unknown => 0,
        Acknowledged::Wrong => {
            let why = "its number does not fit its checksum".into();
            report.add(Problem::Beside { file: files::ACKNOWLEDGED, why });
            0
        }
    };
    // Opened before the checkpoint is read, so that whatever it does not cover is there; and looked for again
    // afterwards, since there may be a new file by then.
    let mut segments = tail::Segments::open(dir)?;
    let checkpoint = match files::read_checkpoint(dir, key) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            report.add(Problem::Checkpoint { why: error.to_string() });
            None
        }
    };
    segments.reopen(dir)?;
    report.signed = checkpoint.as_ref().map_or(0, Checkpoint::size);
    // Without a good checkpoint the tiles are compared as far as there are any.
    let size = match &checkpoint {
        Some(checkpoint) => checkpoint.size(),
        None => published_without_checkpoint(dir)?,
    };
    let mut judge = judge::Judge::default();
    let mut tree = tree::Tree::new(dir, size, checkpoint.as_ref().map(Checkpoint::root));
    for number in 0..size.div_ceil(TILE_WIDTH) {
        if let Some(tile) = Tile::of(TileKind::Entries, number, size) {
            bundle::check(dir, tile, &mut tree, &mut judge, &mut report)?;
        }
        progress((number + 1) * TILE_WIDTH, size);
    }
    let root = tree.finish(&mut report)?;
    report.entries = size;
    tail::check(dir, segments, size, acknowledged, &mut judge, &mut report)?;
    judge.finish(dir, &mut report)?;
    if let Some(checkpoint) = &checkpoint {
        report.root = Some(root);
        report.checkpoint_ok = root == checkpoint.root();
        if !report.checkpoint_ok {
            report.add(Problem::Root { size });
        }
        anchored(dir, key, checkpoint, witnesses, &mut report)?;
    }
    Ok(report)
}

/// How many entries the widest tiles at the right edge say that there are.
fn published_without_checkpoint(dir: &Path) -> Result<u64, LedgerError> {
    let kind = TileKind::Entries;
    let mut full = 0;
    while dir.join(Tile::full(kind, full).to_string()).is_file() {
        full += 1;
    }
    let widths = crate::tiles::partial_widths(dir, kind, full)?;
    Ok(full * TILE_WIDTH + widths.last().map_or(0, |width| u64::from(*width)))
}

/// Checks the anchored checkpoint: that the log continues it, and who cosigned it.
fn anchored(
    dir: &Path,
    key: &LogKey,
    published: &Checkpoint,
    witnesses: &[WitnessKey],
    report: &mut Report,
) -> Result<(), LedgerError> {
    let before = report.problem_count;
    let beside =
        |error: LedgerError| Problem::Beside { file: files::ANCHORED, why: error.to_string() };
    let anchored = match anchor::read_anchored(dir, key) {
        Ok(anchored) => anchored,
        Err(error @ LedgerError::Io { .. }) => return Err(error),
        Err(error) => {
            report.add(beside(error));
            return Ok(());
        }
    };
    report.anchored = anchored.as_ref().map(Checkpoint::size);
    let plain = published.note() == published.alone().note();
    let Some(anchored) = anchored else {
        if !plain {
            report.add(foreign_line());
        }
        for witness in witnesses {
            let why = format!("nothing was cosigned yet, by {} or others", witness.name());
            report.add(Problem::Witness { why });
        }
        return Ok(());
    };
    if let Err(error) = crate::Reader::open(dir, key).and_then(|reader| reader.under(&anchored)) {
        report.add(beside(error));
    }
    for witness in witnesses {
        match witness.verify(&anchored) {
            Ok(cosignature) => report.cosignatures.push(cosignature),
            Err(error) => report.add(Problem::Witness { why: error.to_string() }),
        }
    }
    // Only cosignatures that were anchored are ever published.
    if !plain && published.note() != anchored.note() && report.problem_count == before {
        report.add(foreign_line());
    }
    Ok(())
}

fn foreign_line() -> Problem {
    Problem::Checkpoint { why: "it has a signature line that was not anchored".into() }
}
