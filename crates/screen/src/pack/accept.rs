//! A person accepts candidates: from then on they are looked for, and the file says who let them in, and when.

use std::collections::{BTreeSet, HashSet};

use jiff::civil::Date;
use serde::Serialize;
use yumen_policy::Digest;

use super::entry::canonical;
use super::sheet::{COLUMNS, NOTE, OWNER, STATUS, TERM, at, bad_row, headings, reader};
use crate::csv_lines::read_row;
use crate::error::ScreenError;

/// Which candidates a person accepts.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// All of them.
    All,
    /// Those of a category.
    Category(String),
    /// Those with these ids, as [`candidates`] gives them.
    Ids(BTreeSet<String>),
    /// Those that stand in a list, a term on each line; variants of them too.
    Listed(String),
}

/// Who accepts what.
#[derive(Clone, Debug)]
pub struct Acceptance<'a> {
    /// The person.
    pub by: &'a str,
    /// The day.
    pub on: Date,
    /// The candidates.
    pub wanted: Wanted,
}

/// What was accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Accepted {
    /// How many candidates are looked for now.
    pub accepted: usize,
    /// How many candidates are left.
    pub left: usize,
    /// What was named and is no candidate of the file: ids, or how many lines of the list.
    pub unknown: Vec<String>,
}

/// A term that waits for somebody to accept it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Candidate {
    /// Its id: the same in every file, for every variant of the term.
    pub id: String,
    /// The line it stands on.
    pub line: u64,
    /// The term.
    pub term: String,
    /// Its category, if it has one.
    pub category: String,
    /// Where it is from.
    pub source: String,
}

/// The candidates of a file of terms.
///
/// # Errors
/// A file that cannot be read, and where.
pub fn candidates(file: &str, csv: &[u8]) -> Result<Vec<Candidate>, ScreenError> {
    let mut found = Vec::new();
    each(file, csv, |row| {
        if row.is_candidate() {
            let cell = |name| row.cell(name).to_owned();
            let (term, category, source) = (cell("term"), cell("category"), cell("source"));
            found.push(Candidate { id: row_id(&term), line: row.line, term, category, source });
        }
        Ok(())
    })?;
    Ok(found)
}

impl Acceptance<'_> {
    /// Accepts candidates of a file of terms; gives the file as it is then. All else in it stays as it was written.
    ///
    /// # Errors
    /// A file that cannot be read, and where; a person without a name.
    pub fn of(&self, file: &str, csv: &[u8]) -> Result<(Vec<u8>, Accepted), ScreenError> {
        let by = self.by.trim();
        if by.is_empty() || by.contains(['\n', '\r']) {
            return Err(ScreenError::Pack("whoever accepts a term has a name".to_owned()));
        }
        let listed: HashSet<String> = match &self.wanted {
            Wanted::Listed(list) => list.lines().map(canonical).collect(),
            _ => HashSet::new(),
        };
        let mut columns = columns(file, csv)?;
        for needed in [STATUS, OWNER, NOTE] {
            if !columns.contains(&needed) {
                columns.push(needed);
            }
        }
        let mut out = csv::Writer::from_writer(Vec::with_capacity(csv.len() + csv.len() / 4));
        let heading = columns.iter().map(|column| COLUMNS[*column]);
        out.write_record(heading).map_err(|error| failed(&error))?;
        let mut done = Accepted::default();
        let mut taken: HashSet<String> = HashSet::new();
        each(file, csv, |row| {
            let wanted = row.is_candidate() && self.wants(&row, &listed, &mut taken);
            done.accepted += usize::from(wanted);
            done.left += usize::from(row.is_candidate() && !wanted);
            let note = match row.cell("note") {
                "" => format!("accepted {} by {by}", self.on),
                note => format!("{note}; accepted {} by {by}", self.on),
            };
            let cells = columns.iter().map(|column| match COLUMNS[*column] {
                "status" if wanted => "active",
                "owner" if wanted && row.cell("owner").is_empty() => by,
                "note" if wanted => &note,
                name => row.raw(name),
            });
            out.write_record(cells).map_err(|error| failed(&error))
        })?;
        done.unknown = match &self.wanted {
            Wanted::Ids(ids) => ids.iter().filter(|id| !taken.contains(*id)).cloned().collect(),
            Wanted::Listed(_) => match listed.iter().filter(|form| !form.is_empty()).count() {
                named if named > taken.len() => {
                    vec![format!("{} of the list", named - taken.len())]
                }
                _ => Vec::new(),
            },
            Wanted::All | Wanted::Category(_) => Vec::new(),
        };
        out.flush().map_err(|error| failed(&error.into()))?;
        let csv = out.into_inner().map_err(|error| ScreenError::Pack(error.to_string()))?;
        Ok((csv, done))
    }

    fn wants(&self, row: &Row<'_>, listed: &HashSet<String>, taken: &mut HashSet<String>) -> bool {
        match &self.wanted {
            Wanted::All => true,
            Wanted::Category(category) => row.cell("category") == category,
            Wanted::Ids(ids) => {
                let id = row_id(row.cell("term"));
                let wanted = ids.contains(&id);
                if wanted {
                    taken.insert(id);
                }
                wanted
            }
            Wanted::Listed(_) => {
                let form = canonical(row.cell("term"));
                let wanted = listed.contains(&form);
                if wanted {
                    taken.insert(form);
                }
                wanted
            }
        }
    }
}

/// A row of a file, as it is written.
struct Row<'r> {
    line: u64,
    columns: &'r [usize],
    record: &'r csv::StringRecord,
}

impl Row<'_> {
    fn raw(&self, name: &str) -> &str {
        let place = self.columns.iter().position(|column| COLUMNS[*column] == name);
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    fn cell(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    fn is_candidate(&self) -> bool {
        matches!(self.cell("status"), "" | "candidate")
    }
}

fn each(
    file: &str,
    csv: &[u8],
    mut take: impl FnMut(Row<'_>) -> Result<(), ScreenError>,
) -> Result<(), ScreenError> {
    let columns = columns(file, csv)?;
    let mut reader = reader(csv);
    let mut record = csv::ByteRecord::new();
    while let Some(line) = read_row(&mut reader, &mut record).map_err(bad_row(file))? {
        let text = csv::StringRecord::from_byte_record(std::mem::take(&mut record));
        let text = text.map_err(|error| at(file, line, format!("is not UTF-8: {error}")))?;
        take(Row { line, columns: &columns, record: &text })?;
        record = text.into_byte_record();
    }
    Ok(())
}

/// What stands in each column of a file of terms, by its place in [`COLUMNS`].
pub(super) fn columns(file: &str, csv: &[u8]) -> Result<Vec<usize>, ScreenError> {
    let headings = headings(file, &mut reader(csv))?;
    let mut places: Vec<(usize, usize)> = (TERM..COLUMNS.len())
        .filter_map(|column| headings.place(column).map(|place| (place, column)))
        .collect();
    places.sort_unstable();
    if places.iter().enumerate().any(|(index, (place, _))| index != *place) {
        return Err(at(file, 1, "a column has no name".into()));
    }
    Ok(places.into_iter().map(|(_, column)| column).collect())
}

/// The id of a term: from its canonical form.
fn row_id(term: &str) -> String {
    let digest = Digest::of(canonical(term).as_bytes()).to_string();
    format!("t{}", &digest["sha256:".len()..][..12])
}

fn failed(error: &csv::Error) -> ScreenError {
    ScreenError::Pack(error.to_string())
}
