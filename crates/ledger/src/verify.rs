//! Proving a whole ledger: every byte of every file is read and must be what the signed checkpoint covers.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, BufReader, Read, Seek as _, SeekFrom},
    path::Path,
};

use serde::{Serialize, Serializer};

use crate::{
    LedgerError,
    checkpoint::{Checkpoint, LogKey},
    entry::Entry,
    files::{self, Found, Index, Records},
    merkle::{Frontier, Growth, TreeHash},
};

/// How many problems are listed; more are only counted.
const LISTED: usize = 100;

/// How many entries are checked between two reports of progress.
const STRIDE: usize = 4096;

/// What a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// Whole entries in the log.
    pub entries: u64,
    /// Entries under the published checkpoint. Those above it are durable, and will be under the next.
    pub signed: u64,
    /// The root over the signed entries as they are on disk; none when fewer can be read.
    pub root: Option<TreeHash>,
    /// Whether the checkpoint is signed by the given key and its root is that of the entries.
    pub checkpoint_ok: bool,
    /// Entries by kind and version.
    pub kinds: BTreeMap<String, u64>,
    /// Bytes of a record at the end that was being written, or cut off by a crash; never acknowledged.
    pub unfinished_bytes: u64,
    /// The first hundred things that are wrong.
    pub problems: Vec<Problem>,
    /// How many things are wrong in all.
    pub problem_count: u64,
}

impl Report {
    /// Whether the log is whole, unaltered and signed.
    pub fn is_ok(&self) -> bool {
        self.checkpoint_ok && self.problem_count == 0
    }

    fn add(&mut self, problem: Problem) {
        self.problem_count += 1;
        if self.problems.len() < LISTED {
            self.problems.push(problem);
        }
    }
}

/// One thing that is wrong with a ledger. Displays in English; [`Problem::zh`] says it in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The folder is claimed for another key.
    Key,
    /// A file does not begin as it must.
    Header {
        /// The file's name.
        file: &'static str,
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
    /// Signed entries are missing at the end.
    Missing {
        /// Whole entries found.
        found: u64,
        /// Entries signed.
        signed: u64,
    },
    /// The bytes of an entry were changed.
    Damaged {
        /// Its place, from 0.
        index: u64,
        /// Where its record begins in `entries`.
        offset: u64,
    },
    /// The bytes of an entry are intact but not of a canonical entry of its kind.
    NotCanonical {
        /// Its place, from 0.
        index: u64,
        /// Why.
        why: String,
    },
    /// The index disagrees with the entries; it is rebuilt when the ledger is next opened with the file removed.
    Index {
        /// The first entry whose block is wrong.
        index: u64,
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
            Self::Index { .. } => "index_differs",
        }
    }

    /// What is wrong, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Key => "此账本属于另一把密钥".into(),
            Self::Header { file } => format!("文件 {file} 的开头不正确"),
            Self::Checkpoint { why } => format!("检查点无效：{why}"),
            Self::Root { size } => format!("前 {size} 条记录的根与签名检查点不一致"),
            Self::Missing { found, signed } => {
                format!("已签名 {signed} 条记录，但只能读出 {found} 条")
            }
            Self::Damaged { index, offset } => {
                format!("第 {index} 条记录（字节偏移 {offset}）的内容已被改动")
            }
            Self::NotCanonical { index, why } => format!("第 {index} 条记录不是规范形式：{why}"),
            Self::Index { index } => format!("索引自第 {index} 条记录起与记录不一致"),
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
            Self::Missing { found, signed } => {
                write!(f, "{signed} entries are signed, but only {found} can be read")
            }
            Self::Damaged { index, offset } => {
                write!(f, "entry {index}, at byte {offset}, was changed")
            }
            Self::NotCanonical { index, why } => {
                write!(f, "entry {index} is not in canonical form: {why}")
            }
            Self::Index { index } => {
                write!(f, "the index disagrees with the entries from entry {index} on")
            }
        }
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("code", self.code())?;
        map.serialize_entry("en", &self.to_string())?;
        map.serialize_entry("zh", &self.zh())?;
        map.end()
    }
}

/// Verifies the ledger in `dir`, which may be in use, against the log's public key. `progress` is told how many
/// bytes of how many are done.
///
/// # Errors
/// [`LedgerError::Io`] when a file cannot be read. Whatever is wrong inside the files is in the report instead.
pub fn verify_log(
    dir: &Path,
    key: &LogKey,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, LedgerError> {
    let mut report = Report {
        origin: key.origin().into(),
        entries: 0,
        signed: 0,
        root: None,
        checkpoint_ok: false,
        kinds: BTreeMap::new(),
        unfinished_bytes: 0,
        problems: Vec::new(),
        problem_count: 0,
    };
    if files::read_key(dir).ok().as_ref() != Some(key) {
        report.add(Problem::Key);
    }
    // Read before the entries, so that whatever it covers is there.
    let checkpoint = match files::read_checkpoint(dir, key) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            report.add(Problem::Checkpoint { why: error.to_string() });
            None
        }
    };
    report.signed = checkpoint.as_ref().map_or(0, Checkpoint::size);
    let mut tree = Tree::open(dir, report.signed, &mut report)?;
    tree.entries(dir, &mut report, progress)?;
    if let Some(checkpoint) = checkpoint {
        report.root = tree.signed_root;
        report.checkpoint_ok = report.root == Some(checkpoint.root());
        match report.root {
            None => {
                report.add(Problem::Missing { found: report.entries, signed: report.signed });
            }
            Some(root) if root != checkpoint.root() => {
                report.add(Problem::Root { size: report.signed });
            }
            Some(_) => {}
        }
    }
    Ok(report)
}

/// The tree over the entries as they are, compared with the index on the way.
struct Tree {
    index: BufReader<File>,
    /// Once the index has been found wrong, or to end, there is nothing more to say about it.
    compare: bool,
    offsets: Index,
    indexed: u64,
    frontier: Frontier,
    growth: Growth,
    leaves: Vec<TreeHash>,
    ends: Vec<u64>,
    signed: u64,
    signed_root: Option<TreeHash>,
}

impl Tree {
    fn open(dir: &Path, signed: u64, report: &mut Report) -> Result<Self, LedgerError> {
        let offsets = Index::read(dir)?;
        let read = || LedgerError::io("read", &offsets.path);
        let length = offsets.file.metadata().map_err(read())?.len();
        let mut index = BufReader::new(Index::read(dir)?.file);
        let mut head = Vec::new();
        index.by_ref().take(files::HEADER).read_to_end(&mut head).map_err(read())?;
        let compare = head == files::INDEX_MAGIC;
        if !compare {
            report.add(Problem::Header { file: files::INDEX });
        }
        let frontier = Frontier::default();
        let signed_root = (signed == 0).then(|| frontier.root());
        Ok(Self {
            index,
            compare,
            offsets,
            indexed: files::blocks(length),
            frontier,
            growth: Growth::default(),
            leaves: Vec::new(),
            ends: Vec::new(),
            signed,
            signed_root,
        })
    }

    fn entries(
        &mut self,
        dir: &Path,
        report: &mut Report,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), LedgerError> {
        let path = dir.join(files::ENTRIES);
        let read = || LedgerError::io("read", &path);
        let file = File::open(&path).map_err(LedgerError::io("open", &path))?;
        let length = file.metadata().map_err(read())?.len();
        let mut head = Vec::new();
        (&file).take(files::HEADER).read_to_end(&mut head).map_err(read())?;
        if head != files::ENTRIES_MAGIC {
            report.add(Problem::Header { file: files::ENTRIES });
        }
        let mut records = records_from(&file, files::HEADER).map_err(read())?;
        loop {
            let start = records.end();
            let index = report.entries;
            let found =
                if start < length { records.advance().map_err(read())? } else { Found::End };
            match found {
                Found::Entry(leaf) => {
                    self.leaves.push(leaf);
                    self.ends.push(records.end());
                    report.entries += 1;
                    judge(index, records.entry(), report);
                }
                Found::End => break,
                Found::Short | Found::Wrong => {
                    let Some((leaf, end)) = self.skip(index, start, length) else {
                        if index < self.signed {
                            report.add(Problem::Damaged { index, offset: start });
                        } else {
                            report.unfinished_bytes = length - start;
                        }
                        break;
                    };
                    report.add(Problem::Damaged { index, offset: start });
                    report.entries += 1;
                    self.leaves.push(leaf);
                    self.ends.push(end);
                    records = records_from(&file, end).map_err(read())?;
                }
            }
            if self.leaves.len() == STRIDE {
                self.grow(report)?;
                progress(records.end(), length);
            }
        }
        self.grow(report)?;
        progress(length, length);
        Ok(())
    }

    /// The leaf hash and end that the index knows for a damaged entry, so that those after it can be checked.
    fn skip(&mut self, index: u64, start: u64, length: u64) -> Option<(TreeHash, u64)> {
        use crate::merkle::Nodes as _;

        if index >= self.indexed {
            return None;
        }
        let end = self.offsets.end(index).ok().filter(|end| (start + 1..=length).contains(end))?;
        Some((self.offsets.node(0, index).ok()?, end))
    }

    /// Folds the gathered leaves into the tree, stopping at the signed size to take its root.
    fn grow(&mut self, report: &mut Report) -> Result<(), LedgerError> {
        let mut done = 0;
        while done < self.leaves.len() {
            let left = self.signed.saturating_sub(self.frontier.size());
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            let rest = self.leaves.len() - done;
            let take = if left == 0 { rest } else { rest.min(left) };
            self.frontier.extend(&self.leaves[done..done + take], &mut self.growth);
            if self.growth.size() == self.signed {
                self.signed_root = Some(self.growth.root());
            }
            self.compare(done, report)?;
            done += take;
        }
        self.leaves.clear();
        self.ends.clear();
        Ok(())
    }

    fn compare(&mut self, done: usize, report: &mut Report) -> Result<(), LedgerError> {
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        for (index, end) in (self.growth.first()..self.growth.size()).zip(&self.ends[done..]) {
            if !self.compare {
                break;
            }
            expected.clear();
            files::push_block(&mut expected, *end, self.growth.completed(index));
            found.resize(expected.len(), 0);
            if index >= self.indexed {
                // The index may trail behind the checkpoint only while it is being written.
                self.compare = false;
                if index < self.signed {
                    report.add(Problem::Index { index });
                }
                break;
            }
            self.index
                .read_exact(&mut found)
                .map_err(LedgerError::io("read", &self.offsets.path))?;
            if found != expected {
                self.compare = false;
                report.add(Problem::Index { index });
            }
        }
        Ok(())
    }
}

fn records_from(mut file: &File, offset: u64) -> io::Result<Records<BufReader<&File>>> {
    file.seek(SeekFrom::Start(offset))?;
    Ok(Records::new(BufReader::with_capacity(1 << 18, file), offset))
}

/// Checks what an intact record says.
fn judge(index: u64, bytes: &[u8], report: &mut Report) {
    let entry = str::from_utf8(bytes).map_err(|error| error.to_string());
    let kind = entry.as_ref().ok().and_then(|json| json.split('"').nth(1)).unwrap_or("?");
    match report.kinds.get_mut(kind) {
        Some(count) => *count += 1,
        None => {
            report.kinds.insert(kind.into(), 1);
        }
    }
    let parsed = entry.and_then(|json| Entry::parse(json).map(drop).map_err(|e| e.to_string()));
    if let Err(why) = parsed {
        report.add(Problem::NotCanonical { index, why });
    }
}
