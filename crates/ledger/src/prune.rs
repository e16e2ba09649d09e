//! Pruning: the bytes of entries past their time give way to marks that keep their leaf hashes.
//!
//! Every proof and the root stay as they were. What is pruned is recorded first, as a `deletion.v1` entry with a
//! digest over exactly these entries; a plan on disk lets an interrupted pruning be finished when the ledger is
//! next opened. Entries under a legal hold are left, as are those that record deletions and holds: they name no
//! one, and the marks refer to them.

use std::{collections::BTreeMap, io, path::Path};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use yumen_verify::{
    Entry, Pruned,
    merkle::TreeHash,
    tile::{TILE_WIDTH, Tile, TileKind},
};

use crate::{
    LedgerError,
    files::{self, Found},
    hold::Hold,
    read::Reader,
    tail, tiles,
};

const MAGIC: &[u8; 16] = b"yumen pruning 1\n";

/// Kinds that are kept for ever.
const KEPT: [&str; 2] = ["deletion.v1", "hold.v1"];

/// How long entries are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// What the operator says. Where several fit an entry, the longest holds.
    pub rules: Vec<RetentionRule>,
    /// What a law asks for at least. It lengthens what the operator says, and alone lets nothing be pruned.
    #[serde(default)]
    pub at_least: Vec<RetentionRule>,
    /// For entries that no rule fits, in days; none keeps them for ever.
    pub default_days: Option<u32>,
}

/// How long entries of one kind and market are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRule {
    /// The kind, with or without its version (`admission`, `admission.v1`); none for every kind.
    pub kind: Option<String>,
    /// The market; none for every market, and for entries of no market.
    pub market: Option<String>,
    /// For how many days from its time.
    pub days: u32,
}

impl Retention {
    /// For how many days an entry is kept; none for ever.
    pub fn days(&self, entry: &Entry<'_>) -> Option<u32> {
        if KEPT.contains(&entry.kind()) {
            return None;
        }
        let fits = |rule: &&RetentionRule| {
            rule.kind.as_deref().is_none_or(|kind| is_kind(entry, kind))
                && rule.market.as_deref().is_none_or(|market| entry.market() == Some(market))
        };
        let longest =
            |rules: &[RetentionRule]| rules.iter().filter(fits).map(|rule| rule.days).max();
        let days = longest(&self.rules).or(self.default_days)?;
        Some(days.max(longest(&self.at_least).unwrap_or(0)))
    }

    /// Whether the time of an entry is over.
    pub fn is_over(&self, entry: &Entry<'_>, now: Timestamp) -> bool {
        self.days(entry).is_some_and(|days| {
            let kept = SignedDuration::from_hours(24 * i64::from(days));
            entry.time().checked_add(kept).is_ok_and(|end| end <= now)
        })
    }
}

/// Whether an entry is of a kind that is named with or without its version.
pub(crate) fn is_kind(entry: &Entry<'_>, kind: &str) -> bool {
    let own = entry.kind();
    own == kind || own.split_once(".v").is_some_and(|(name, _)| name == kind)
}

/// What a pruning did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PruneReport {
    /// Index of the `deletion.v1` entry; none when nothing was pruned.
    pub deletion: Option<u64>,
    /// How many entries were pruned, or would be.
    pub pruned: u64,
    /// How many entries past their time a legal hold keeps.
    pub held: u64,
    /// How many entries are not yet past their time, or kept for ever.
    pub kept: u64,
    /// How many had been pruned before.
    pub pruned_before: u64,
    /// What was pruned, by kind.
    pub kinds: BTreeMap<&'static str, u64>,
}

/// What is to be pruned: found by [`select`], not yet recorded.
pub(crate) struct Selection {
    pub(crate) indices: Vec<u64>,
    /// In the form that `deletion.v1` names it.
    pub(crate) digest: String,
    pub(crate) report: PruneReport,
}

/// Looks through every entry under the published checkpoint.
pub(crate) fn select(
    reader: &mut Reader,
    retention: &Retention,
    holds: &[Hold],
    now: Timestamp,
) -> Result<Selection, LedgerError> {
    let (mut indices, mut report) = (Vec::new(), PruneReport::default());
    let mut set = PrunedSet::default();
    let size = reader.checkpoint().size();
    reader.stored(0..size, &mut |index, stored| {
        if Pruned::read(stored)?.is_some() {
            report.pruned_before += 1;
            return Ok(());
        }
        let text = str::from_utf8(stored)
            .map_err(|_| LedgerError::malformed("ledger entry", "it is not UTF-8"))?;
        let entry = Entry::parse(text)?;
        if !retention.is_over(&entry, now) {
            report.kept += 1;
        } else if holds.iter().any(|hold| hold.keeps(&entry)) {
            report.held += 1;
        } else {
            report.pruned += 1;
            *report.kinds.entry(entry.kind()).or_default() += 1;
            set.add(index, TreeHash::of_leaf(stored));
            indices.push(index);
        }
        Ok(())
    })?;
    Ok(Selection { indices, digest: set.digest(), report })
}

/// The digest over pruned entries, in order of their indices.
#[derive(Default, Clone)]
pub(crate) struct PrunedSet {
    hash: Sha256,
    pub(crate) count: u64,
}

impl PrunedSet {
    pub(crate) fn add(&mut self, index: u64, leaf: TreeHash) {
        self.hash.update(index.to_be_bytes());
        self.hash.update(leaf.0);
        self.count += 1;
    }

    pub(crate) fn digest(self) -> String {
        use std::fmt::Write as _;

        self.hash.finalize().iter().fold(String::from("sha256:"), |mut text, byte| {
            // Writing into a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// What is being pruned, once it was recorded.
pub(crate) struct Plan {
    deletion: u64,
    /// In order.
    indices: Vec<u64>,
}

impl Plan {
    pub(crate) fn new(deletion: u64, indices: Vec<u64>) -> Self {
        Self { deletion, indices }
    }

    /// Index of the entry that records it.
    pub(crate) fn deletion(&self) -> u64 {
        self.deletion
    }

    /// The mark for an entry of the plan that still has its bytes.
    pub(crate) fn mark(&self, index: u64, stored: &[u8]) -> Option<Vec<u8>> {
        self.indices.binary_search(&index).ok()?;
        let is_marked = Pruned::read(stored).is_ok_and(|mark| mark.is_some());
        let mark = Pruned { deletion: self.deletion, leaf: TreeHash::of_leaf(stored) };
        (!is_marked).then(|| mark.mark())
    }

    /// Whether an entry from `first` up to, not including, `end` is in the plan.
    fn touches(&self, first: u64, end: u64) -> bool {
        let at = self.indices.partition_point(|index| *index < first);
        self.indices.get(at).is_some_and(|index| *index < end)
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), LedgerError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.deletion.to_be_bytes());
        self.indices.iter().for_each(|index| bytes.extend_from_slice(&index.to_be_bytes()));
        let hash = TreeHash::of_leaf(&bytes);
        bytes.extend_from_slice(&hash.0);
        files::replace(&dir.join(files::PRUNING), &bytes)?;
        files::sync_folder(dir)
    }

    /// The plan of a pruning that was interrupted.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, LedgerError> {
        let path = dir.join(files::PRUNING);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::io("read", path)(error)),
        };
        let odd = || LedgerError::malformed("pruning plan", "its bytes do not fit its hash");
        let (body, hash) = bytes.split_last_chunk::<32>().ok_or_else(odd)?;
        let numbers = body.strip_prefix(MAGIC).ok_or_else(odd)?;
        let (numbers, rest) = numbers.as_chunks::<8>();
        if TreeHash::of_leaf(body).0 != *hash || !rest.is_empty() {
            return Err(odd());
        }
        let mut numbers = numbers.iter().map(|number| u64::from_be_bytes(*number));
        let deletion = numbers.next().ok_or_else(odd)?;
        Ok(Some(Self { deletion, indices: numbers.collect() }))
    }
}

/// Puts marks into the files of the tail, but for the last, which is being written and holds nothing of the plan.
pub(crate) fn rewrite_tail(dir: &Path, plan: &Plan) -> Result<(), LedgerError> {
    for pair in tail::segments(dir)?.windows(2) {
        let (first, end) = (pair[0], pair[1]);
        if !plan.touches(first, end) {
            continue;
        }
        let path = tail::path(dir, first);
        let (mut records, _) = tail::open(&path)?;
        let mut bytes = files::RECORDS_MAGIC.to_vec();
        for index in first..end {
            let found = records.advance().map_err(LedgerError::io("read", &path))?;
            let Found::Entry(leaf) = found else {
                let dir = dir.to_path_buf();
                return Err(LedgerError::Damaged { dir, readable: index, recorded: end });
            };
            let mark = plan.mark(index, records.entry());
            files::push_record(&mut bytes, mark.as_deref().unwrap_or(records.entry()), leaf);
        }
        files::replace(&path, &bytes)?;
    }
    Ok(())
}

/// Puts marks into the full bundles of a log of `size` entries.
pub(crate) fn rewrite_bundles(dir: &Path, plan: &Plan, size: u64) -> Result<(), LedgerError> {
    let mut last = None;
    for number in plan.indices.iter().map(|index| index / TILE_WIDTH) {
        if last.replace(number) == Some(number) || number >= size / TILE_WIDTH {
            continue;
        }
        let tile = Tile::full(TileKind::Entries, number);
        let bundle = tiles::read(dir, tile)?;
        let mut mark = |index, stored: &[u8]| plan.mark(index, stored);
        if let Some(bytes) = tiles::rewritten(number * TILE_WIDTH, &bundle, &mut mark) {
            files::replace(&dir.join(tile.to_string()), &bytes)?;
        }
    }
    Ok(())
}
