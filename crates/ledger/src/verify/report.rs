//! What a verification found: counts, and every problem with the file, tile and entry it is in.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};
use yumen_verify::{Cosignature, merkle::TreeHash};

/// How many problems are listed; more are only counted.
const LISTED: usize = 100;

/// What a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// Whole entries in the log, pruned ones included.
    pub entries: u64,
    /// Entries under the published checkpoint. Those above it are durable, and will be under the next.
    pub signed: u64,
    /// The root over the signed entries as they are on disk; none when there is no good checkpoint.
    pub root: Option<TreeHash>,
    /// Whether the checkpoint is signed by the given key and its root is that of the entries.
    pub checkpoint_ok: bool,
    /// Entries by kind and version.
    pub kinds: BTreeMap<String, u64>,
    /// Entries whose bytes were pruned; their leaf hashes were checked.
    pub pruned: u64,
    /// Entries that a pruning announced and has not yet pruned: it is running, or was interrupted.
    pub pruning: u64,
    /// Legal holds that hold.
    pub holds: u64,
    /// Entries under the last checkpoint that witnesses cosigned.
    pub anchored: Option<u64>,
    /// The cosignatures of the witnesses that were asked for.
    pub cosignatures: Vec<Cosignature>,
    /// Bytes of a record at the end that was being written, or cut off by a crash; never acknowledged.
    pub unfinished_bytes: u64,
    /// The first hundred things that are wrong.
    pub problems: Vec<Problem>,
    /// How many things are wrong in all.
    pub problem_count: u64,
}

impl Report {
    pub(super) fn new(origin: &str) -> Self {
        Self {
            origin: origin.into(),
            entries: 0,
            signed: 0,
            root: None,
            checkpoint_ok: false,
            kinds: BTreeMap::new(),
            pruned: 0,
            pruning: 0,
            holds: 0,
            anchored: None,
            cosignatures: Vec::new(),
            unfinished_bytes: 0,
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    /// Whether the log is whole, unaltered and signed.
    pub fn is_ok(&self) -> bool {
        self.checkpoint_ok && self.problem_count == 0
    }

    pub(super) fn add(&mut self, problem: Problem) {
        self.problem_count += 1;
        if self.problems.len() < LISTED {
            self.problems.push(problem);
        }
    }
}

/// One thing that is wrong with a ledger. Displays in English; [`Problem::zh`] says it in Chinese. Files are named
/// by their path in the ledger's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The folder is claimed for another key.
    Key,
    /// A file does not begin as it must.
    Header {
        /// The file.
        file: String,
    },
    /// The checkpoint is missing, malformed, or not signed by the key.
    Checkpoint {
        /// Why it was refused.
        why: String,
    },
    /// The signed root is not that of the entries.
    Root {
        /// How many entries it is signed over.
        size: u64,
    },
    /// Recorded entries are missing.
    Missing {
        /// The file they should be in.
        file: String,
        /// The first entry that is missing.
        index: u64,
    },
    /// The bytes of an entry were changed.
    Damaged {
        /// The file.
        file: String,
        /// The entry's place in the log, from 0.
        index: u64,
        /// Where it begins in the file.
        offset: u64,
    },
    /// The bytes of an entry are intact but not of a canonical entry of its kind.
    NotCanonical {
        /// The file.
        file: String,
        /// The entry's place in the log, from 0.
        index: u64,
        /// Why.
        why: String,
    },
    /// A hash in a tile was changed, or the tile is missing or of a wrong length.
    Tile {
        /// The tile.
        file: String,
        /// The place in the tile, from 0; none when it is the tile as a whole.
        place: Option<usize>,
        /// The first entry under that place.
        index: u64,
    },
    /// A copy in a narrower partial tile or in the tail is not what the log holds.
    Copy {
        /// The file.
        file: String,
        /// The first entry in which it differs, or that the file begins with.
        index: u64,
    },
    /// The bytes of an entry are gone, and the log does not say that they may be.
    Pruned {
        /// The entry; the first of them where a whole pruning is in question.
        index: u64,
        /// Why it is not accepted.
        why: String,
    },
    /// A file beside the log does not fit it.
    Beside {
        /// The file.
        file: &'static str,
        /// Why.
        why: String,
    },
    /// A witness that was asked for has not cosigned.
    Witness {
        /// Why it was not found.
        why: String,
    },
}

impl Problem {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key => "other_key",
            Self::Header { .. } => "header_wrong",
            Self::Checkpoint { .. } => "checkpoint_bad",
            Self::Root { .. } => "root_differs",
            Self::Missing { .. } => "entries_missing",
            Self::Damaged { .. } => "entry_damaged",
            Self::NotCanonical { .. } => "entry_not_canonical",
            Self::Tile { .. } => "tile_damaged",
            Self::Copy { .. } => "copy_differs",
            Self::Pruned { .. } => "pruned_without_record",
            Self::Beside { .. } => "file_differs",
            Self::Witness { .. } => "witness_missing",
        }
    }

    /// The file it is in, where it is in one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Header { file }
            | Self::Missing { file, .. }
            | Self::Damaged { file, .. }
            | Self::NotCanonical { file, .. }
            | Self::Tile { file, .. }
            | Self::Copy { file, .. } => Some(file),
            Self::Beside { file, .. } => Some(file),
            Self::Key => Some("key"),
            Self::Checkpoint { .. } | Self::Root { .. } => Some("checkpoint"),
            Self::Witness { .. } => Some("anchored"),
            Self::Pruned { .. } => None,
        }
    }

    /// The entry it concerns, where it concerns one.
    pub fn index(&self) -> Option<u64> {
        match self {
            Self::Missing { index, .. }
            | Self::Damaged { index, .. }
            | Self::NotCanonical { index, .. }
            | Self::Tile { index, .. }
            | Self::Copy { index, .. }
            | Self::Pruned { index, .. } => Some(*index),
            _ => None,
        }
    }

    /// What is wrong, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Key => "此账本属于另一把密钥".into(),
            Self::Header { file } => format!("文件 {file} 的开头不正确"),
            Self::Checkpoint { why } => format!("检查点无效：{why}"),
            Self::Root { size } => format!("前 {size} 条记录的根与签名检查点不一致"),
            Self::Missing { file, index } => format!("{file} 中自第 {index} 条起的记录缺失"),
            Self::Damaged { file, index, offset } => {
                format!("{file} 中第 {index} 条记录（字节偏移 {offset}）的内容已被改动")
            }
            Self::NotCanonical { file, index, why } => {
                format!("{file} 中第 {index} 条记录不是规范形式：{why}")
            }
            Self::Tile { file, place: Some(place), index } => {
                format!("哈希块 {file} 的第 {place} 个哈希（自第 {index} 条记录起）已被改动")
            }
            Self::Tile { file, place: None, index } => {
                format!("哈希块 {file}（自第 {index} 条记录起）缺失或长度不正确")
            }
            Self::Copy { file, index } => {
                format!("{file} 自第 {index} 条记录起与账本内容不一致")
            }
            Self::Pruned { index, why } => {
                format!("第 {index} 条记录的内容已删除，但无依据：{why}")
            }
            Self::Beside { file, why } => format!("文件 {file} 与账本不符：{why}"),
            Self::Witness { why } => format!("缺少见证：{why}"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("the ledger belongs to another key"),
            Self::Header { file } => write!(f, "the file {file} does not begin as it must"),
            Self::Checkpoint { why } => write!(f, "the checkpoint is not good: {why}"),
            Self::Root { size } => {
                write!(f, "the first {size} entries have another root than the signed checkpoint")
            }
            Self::Missing { file, index } => {
                write!(f, "in {file}, entries are missing from entry {index} on")
            }
            Self::Damaged { file, index, offset } => {
                write!(f, "in {file}, entry {index}, at byte {offset}, was changed")
            }
            Self::NotCanonical { file, index, why } => {
                write!(f, "in {file}, entry {index} is not in canonical form: {why}")
            }
            Self::Tile { file, place: Some(place), index } => {
                write!(f, "in tile {file}, hash {place}, over entry {index} and on, was changed")
            }
            Self::Tile { file, place: None, index } => {
                write!(f, "tile {file}, over entry {index} and on, is missing or of a wrong length")
            }
            Self::Copy { file, index } => {
                write!(f, "{file} is not what the log holds, from entry {index} on")
            }
            Self::Pruned { index, why } => {
                write!(f, "the bytes of entry {index} are gone without a record: {why}")
            }
            Self::Beside { file, why } => write!(f, "the file {file} does not fit the log: {why}"),
            Self::Witness { why } => write!(f, "a witness is missing: {why}"),
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code())?;
        map.serialize_entry("file", &self.file())?;
        map.serialize_entry("index", &self.index())?;
        map.serialize_entry("en", &self.to_string())?;
        map.serialize_entry("zh", &self.zh())?;
        map.end()
    }
}
