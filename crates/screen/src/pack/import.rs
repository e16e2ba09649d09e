//! From somebody's list to a file of terms: everything a candidate, nothing twice, and what was left out is said.

use std::collections::HashSet;

use jiff::civil::Date;
use serde::Serialize;

use super::entry::canonical;
use super::limits::{MAX_TERM, MAX_TERMS};
use super::sheet::{COLUMNS, Sheet, at, bad_row, check_term};
use crate::csv_lines::{LineFeeds, read_row, reason};
use crate::error::ScreenError;

/// How a list is taken in.
#[derive(Clone, Debug)]
pub struct Import<'i> {
    /// Where the list is from; it is written beside every term.
    pub source: &'i str,
    /// The category of terms that name none.
    pub category: &'i str,
    /// The day it is taken in.
    pub on: Date,
    /// Whether the list is CSV with headings, the column `term` among them, or has a term on each line.
    pub csv: bool,
}

/// What became of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Imported {
    /// Terms that were taken in, as candidates.
    pub candidates: usize,
    /// What was left out, by why.
    pub left_out: LeftOut,
}

/// What was left out of a list: on which lines, never what stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LeftOut {
    /// Variants of what is there already, in the file or before in the list.
    pub duplicates: Vec<u64>,
    /// Web addresses: a screen finds addresses by their form.
    pub addresses: Vec<u64>,
    /// Single characters, which stand in innocent words.
    pub single: Vec<u64>,
    /// More characters than a term may have.
    pub too_long: Vec<u64>,
    /// Nothing with a letter or digit.
    pub empty: Vec<u64>,
    /// Not UTF-8.
    pub unreadable: Vec<u64>,
}

impl Import<'_> {
    /// Adds a list to a file of terms, which may be empty; gives the file as it is then.
    ///
    /// # Errors
    /// A file or list that cannot be read, and where.
    pub fn add(
        &self,
        file: &str,
        before: &[u8],
        list: &[u8],
    ) -> Result<(Vec<u8>, Imported), ScreenError> {
        let mut done = Imported::default();
        let mut known: HashSet<String> = HashSet::new();
        if !before.is_empty() {
            let sheet = Sheet::read(file, before)?;
            known.extend(sheet.rows().map(|(term, _)| canonical(term)));
        }
        let mut rows = Rows::after(file, before)?;
        let mut take = |line: u64, term: &str, category: &str| -> Result<(), ScreenError> {
            let form = canonical(term);
            let left = &mut done.left_out;
            if is_address(term) {
                left.addresses.push(line);
            } else if form.is_empty() {
                left.empty.push(line);
            } else if form.chars().count() == 1 {
                left.single.push(line);
            } else if check_term(term).is_err() || form.chars().count() > MAX_TERM {
                left.too_long.push(line);
            } else if known.contains(&form) {
                left.duplicates.push(line);
            } else if known.len() == MAX_TERMS {
                return Err(at(file, line, format!("more than {MAX_TERMS} terms")));
            } else {
                let category = if category.is_empty() { self.category } else { category };
                rows.add(term, category, self.source, self.on)?;
                known.insert(form);
                done.candidates += 1;
            }
            Ok(())
        };
        let mut unread = Vec::new();
        if self.csv {
            each_row(list, &mut take, &mut unread)?;
        } else {
            let lines = list.strip_prefix("\u{feff}".as_bytes()).unwrap_or(list);
            for (line, text) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
                match std::str::from_utf8(text).map(str::trim) {
                    Ok("") => {}
                    Ok(term) => take(line, term, "")?,
                    Err(_) => unread.push(line),
                }
            }
        }
        done.left_out.unreadable = unread;
        Ok((rows.finish()?, done))
    }
}

/// The terms of a list that is CSV; only the columns `term` and `category` are read.
fn each_row(
    list: &[u8],
    take: &mut impl FnMut(u64, &str, &str) -> Result<(), ScreenError>,
    unread: &mut Vec<u64>,
) -> Result<(), ScreenError> {
    const LIST: &str = "the list";
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(LineFeeds::new(list));
    let headings = reader.byte_headers().map_err(|error| at(LIST, 1, reason(&error)))?;
    let place = |name: &[u8]| {
        let mut headings = headings.iter().map(|heading| {
            heading.strip_prefix("\u{feff}".as_bytes()).unwrap_or(heading).trim_ascii()
        });
        headings.position(|heading| heading.eq_ignore_ascii_case(name))
    };
    let term = place(b"term")
        .ok_or_else(|| at(LIST, 1, "CSV has headings, and one of them is `term`".into()))?;
    let category = place(b"category");
    let mut record = csv::ByteRecord::new();
    while let Some(line) = read_row(&mut reader, &mut record).map_err(bad_row(LIST))? {
        let cell = |place: Option<usize>| {
            std::str::from_utf8(place.and_then(|place| record.get(place)).unwrap_or_default())
        };
        match (cell(Some(term)), cell(category)) {
            (Ok(term), Ok(category)) => take(line, term.trim(), category.trim())?,
            _ => unread.push(line),
        }
    }
    Ok(())
}

/// Whether it is a web address, or the name of a host.
fn is_address(term: &str) -> bool {
    let term = term.to_ascii_lowercase();
    if term.contains("://") || term.starts_with("www.") {
        return true;
    }
    let host = term.split('/').next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = labels.last().copied().unwrap_or_default();
    labels.len() >= 2
        && labels.iter().all(is_label)
        && last.len() >= 2
        && last.bytes().all(|b| b.is_ascii_alphabetic())
}

/// A file of terms that rows are added to.
struct Rows {
    writer: csv::Writer<Vec<u8>>,
    /// What stands in each column of the file, by its place in [`COLUMNS`].
    columns: Vec<usize>,
}

impl Rows {
    /// Goes on after what is there, in its columns.
    fn after(file: &str, before: &[u8]) -> Result<Self, ScreenError> {
        let mut out = before.to_vec();
        let columns = if before.is_empty() {
            out.extend_from_slice(COLUMNS.join(",").as_bytes());
            (0..COLUMNS.len()).collect()
        } else {
            super::accept::columns(file, before)?
        };
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        for needed in ["category", "source", "added"] {
            if !columns.iter().any(|column| COLUMNS[*column] == needed) {
                return Err(at(file, 1, format!("there is no column `{needed}` to write into")));
            }
        }
        let writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
        Ok(Self { writer, columns })
    }

    fn add(
        &mut self,
        term: &str,
        category: &str,
        source: &str,
        on: Date,
    ) -> Result<(), ScreenError> {
        let on = on.to_string();
        let cell = |column: &usize| match COLUMNS[*column] {
            "term" => term,
            "category" => category,
            "status" => "candidate",
            "source" => source,
            "added" => &on,
            _ => "",
        };
        self.writer.write_record(self.columns.iter().map(cell)).map_err(|error| failed(&error))
    }

    fn finish(mut self) -> Result<Vec<u8>, ScreenError> {
        self.writer.flush().map_err(|error| failed(&error.into()))?;
        self.writer.into_inner().map_err(|error| ScreenError::Pack(error.to_string()))
    }
}

fn failed(error: &csv::Error) -> ScreenError {
    ScreenError::Pack(error.to_string())
}
