//! The tail: the entries that are not yet in full, synced tiles, in files of some thousand each.
//!
//! An append is durable once it is here. A file is removed when every entry in it is in a full bundle that was
//! synced; so whatever tiles a loss of power takes away can be cut again from here.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Write as _},
    path::{Path, PathBuf},
};

use yumen_verify::merkle::TreeHash;

use crate::{
    LedgerError,
    files::{self, Found, HEADER, RECORDS_MAGIC, Records},
};

/// How many entries a file of the tail takes.
pub(crate) const SEGMENT: u64 = 8192;

const TAIL: &str = "tail";

/// The folder of the tail.
pub(crate) fn folder(dir: &Path) -> PathBuf {
    dir.join(TAIL)
}

/// The name, within the ledger's folder, of the file whose first entry is `first`.
pub(crate) fn name(first: u64) -> String {
    format!("{TAIL}/{first:020}")
}

/// Where the file whose first entry is `first` lies.
pub(crate) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(name(first))
}

/// The first entries of the files there are, in order.
pub(crate) fn segments(dir: &Path) -> Result<Vec<u64>, LedgerError> {
    let folder = folder(dir);
    let listed = match std::fs::read_dir(&folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(LedgerError::io("list", folder)(error)),
    };
    let mut firsts = Vec::new();
    for file in listed {
        let name = file.map_err(LedgerError::io("list", &folder))?.file_name();
        // Twenty digits; others are left from an interrupted replacement.
        let digits = name.to_str().filter(|name| name.len() == 20);
        firsts.extend(digits.and_then(|name| name.parse::<u64>().ok()));
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Makes an empty file whose first entry will be `first`, durable with its name.
pub(crate) fn create(dir: &Path, first: u64) -> Result<File, LedgerError> {
    let folder = folder(dir);
    if !folder.is_dir() {
        std::fs::create_dir(&folder).map_err(LedgerError::io("make", &folder))?;
        files::sync_folder(dir)?;
    }
    let path = path(dir, first);
    let made = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path);
    let made = made.and_then(|mut file| {
        file.write_all(RECORDS_MAGIC)?;
        file.sync_all()?;
        Ok(file)
    });
    let made = made.map_err(LedgerError::io("write", &path))?;
    files::sync_folder(&folder)?;
    Ok(made)
}

/// The records of one file, and whether it begins as it must.
pub(crate) fn open(path: &Path) -> Result<(Records<BufReader<File>>, bool), LedgerError> {
    let file = File::open(path).map_err(LedgerError::io("open", path))?;
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut head = [0; 16];
    let count = files::fill(&mut reader, &mut head).map_err(LedgerError::io("read", path))?;
    // One that was being made when the process was killed may have a part of it, and nothing else.
    Ok((Records::new(reader, HEADER), head[..count] == RECORDS_MAGIC[..count]))
}

/// Reads the tail on and on, as far as is known to be durable.
pub(crate) struct Tail {
    dir: PathBuf,
    next: u64,
    records: Option<Records<BufReader<File>>>,
}

impl Tail {
    /// Stands before entry `at`, which is in the tail or will be the next one.
    pub(crate) fn at(dir: &Path, at: u64) -> Result<Self, LedgerError> {
        let first = segments(dir)?.into_iter().rfind(|first| *first <= at).unwrap_or(at);
        let mut tail = Self { dir: dir.into(), next: first, records: None };
        while tail.next < at {
            tail.advance()?;
        }
        Ok(tail)
    }

    /// The next entry, which must have been acknowledged; its bytes and leaf hash.
    pub(crate) fn advance(&mut self) -> Result<(&[u8], TreeHash), LedgerError> {
        let mut fresh = false;
        let leaf = loop {
            if self.records.is_none() {
                self.records = Some(open(&path(&self.dir, self.next))?.0);
                fresh = true;
            }
            let Some(records) = &mut self.records else { continue };
            let found = records.advance().map_err(LedgerError::io("read", folder(&self.dir)))?;
            match found {
                Found::Entry(leaf) => break leaf,
                Found::End if !fresh => self.records = None,
                Found::End | Found::Short | Found::Wrong => {
                    let (readable, recorded) = (self.next, self.next + 1);
                    let dir = self.dir.clone();
                    return Err(LedgerError::Damaged { dir, readable, recorded });
                }
            }
        };
        self.next += 1;
        let entry = self.records.as_ref().map_or(&[][..], Records::entry);
        Ok((entry, leaf))
    }
}
