//! Terms in rows: the CSV file beside a pack, and the table it becomes.
//!
//! ```csv
//! term,category,severity,action,status,owner,source,added,note
//! lost parcel,parcels,2,,active,Ana Li,invented,2026-11-22,
//! ```
//!
//! Only `term` must be there; the columns may stand in any order. A row without a status is a candidate: it is never looked
//! for. An active row names its owner, so nothing is looked for that nobody answers for. `action` is one word, for every
//! border at which the rule looks, or one for each: `to_partner=mask from_partner=refuse`. What a cell leaves empty, the
//! rule says.

use std::collections::HashMap;
use std::io::Read;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::category::{Severity, Status};
use super::limits::{MAX_TERM, MAX_TERMS};
use crate::csv_lines::{BadRow, LineFeeds, read_row, reason};
use crate::error::ScreenError;
use crate::normal::folded;

/// The columns of a file of terms.
pub(crate) const COLUMNS: [&str; 10] = [
    "term", "category", "severity", "action", "views", "status", "owner", "source", "added", "note",
];

/// What rows have in common; an empty text says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Traits {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<Severity>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) action: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) views: String,
    pub(crate) status: Status,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) owner: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) added: Option<Date>,
    /// The line of the first row that has them; 0 where the table came out of a built pack.
    #[serde(skip)]
    pub(crate) line: u64,
}

/// Terms in rows: their letters in one text, and which traits each has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(super) traits: Vec<Traits>,
    pub(super) letters: String,
    /// Where in the letters each term ends.
    pub(super) ends: Vec<u32>,
    /// The place of each term's traits.
    pub(super) of: Vec<u32>,
}

impl Sheet {
    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// What rows have in common.
    pub(crate) fn traits(&self) -> &[Traits] {
        &self.traits
    }

    /// The terms, each with the place of its traits.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, usize)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let places = starts.zip(&self.ends).map(|(start, end)| start as usize..*end as usize);
        places.map(|place| &self.letters[place]).zip(self.of.iter().map(|of| *of as usize))
    }

    /// Without the candidates, and without the traits that then nothing has.
    pub(crate) fn active(&self) -> Self {
        let mut kept = Self::default();
        let mut places = vec![None; self.traits.len()];
        for (term, of) in self.rows() {
            if self.traits[of].status == Status::Candidate {
                continue;
            }
            let place = *places[of].get_or_insert_with(|| {
                kept.traits.push(self.traits[of].clone());
                kept.traits.len() - 1
            });
            kept.push(term, place);
        }
        kept
    }

    /// Adds a row; there are never more than [`MAX_TERMS`], each at most a few hundred bytes, so 32 bits hold every place.
    fn push(&mut self, term: &str, traits: usize) {
        self.letters.push_str(term);
        self.ends.push(u32::try_from(self.letters.len()).unwrap_or(u32::MAX));
        self.of.push(u32::try_from(traits).unwrap_or(u32::MAX));
    }

    /// Reads a file of terms, row by row.
    pub(crate) fn read(file: &str, from: impl Read) -> Result<Self, ScreenError> {
        let mut reader = reader(from);
        let headings = headings(file, &mut reader)?;
        let mut sheet = Self::default();
        let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut record = csv::ByteRecord::new();
        let mut key = Vec::new();
        let mut last: (Vec<u8>, usize) = (Vec::new(), usize::MAX);
        while let Some(line) = read_row(&mut reader, &mut record).map_err(bad_row(file))? {
            let wrong = |reason: String| at(file, line, reason);
            if sheet.len() == MAX_TERMS {
                return Err(wrong(format!("more than {MAX_TERMS} terms: make another pack")));
            }
            let term = headings.cell(&record, TERM).map_err(wrong)?;
            check_term(term).map_err(wrong)?;
            key.clear();
            for column in TERM + 1..NOTE {
                key.extend_from_slice(headings.bytes(&record, column));
                key.push(0x1f);
            }
            if last.1 == usize::MAX || last.0 != key {
                let place = if let Some(place) = known.get(&key) {
                    *place
                } else {
                    sheet.traits.push(headings.traits(&record, line).map_err(wrong)?);
                    known.insert(key.clone(), sheet.traits.len() - 1);
                    sheet.traits.len() - 1
                };
                last.0.clone_from(&key);
                last.1 = place;
            }
            sheet.push(term, last.1);
        }
        Ok(sheet)
    }
}

/// The place of a column in [`COLUMNS`].
pub(crate) const TERM: usize = 0;
const CATEGORY: usize = 1;
const SEVERITY: usize = 2;
const ACTION: usize = 3;
const VIEWS: usize = 4;
pub(crate) const STATUS: usize = 5;
pub(crate) const OWNER: usize = 6;
const SOURCE: usize = 7;
pub(crate) const ADDED: usize = 8;
pub(crate) const NOTE: usize = 9;

/// Where each column stands in a file.
pub(crate) struct Headings([Option<usize>; COLUMNS.len()]);

impl Headings {
    /// Where a column stands.
    pub(crate) fn place(&self, column: usize) -> Option<usize> {
        self.0[column]
    }

    fn bytes<'r>(&self, record: &'r csv::ByteRecord, column: usize) -> &'r [u8] {
        self.0[column].and_then(|place| record.get(place)).unwrap_or_default()
    }

    /// A cell as text without the spaces around it.
    fn cell<'r>(&self, record: &'r csv::ByteRecord, column: usize) -> Result<&'r str, String> {
        let text = std::str::from_utf8(self.bytes(record, column));
        Ok(text.map_err(|_| format!("the {} is not UTF-8", COLUMNS[column]))?.trim())
    }

    fn traits(&self, record: &csv::ByteRecord, line: u64) -> Result<Traits, String> {
        let text = |column| self.cell(record, column).map(str::to_owned);
        let severity = match self.cell(record, SEVERITY)? {
            "" => None,
            number => {
                let number = number.parse::<u8>().map_err(|_| "a severity is 1, 2, 3 or 4")?;
                Some(Severity::try_from(number)?)
            }
        };
        let status = match self.cell(record, STATUS)? {
            "active" => Status::Active,
            "candidate" | "" => Status::Candidate,
            other => return Err(format!("`{other}` is no status: `active` or `candidate`")),
        };
        let added = match self.cell(record, ADDED)? {
            "" => None,
            day => Some(day.parse().map_err(|_| format!("`{day}` is no day: write 2026-11-22"))?),
        };
        let traits = Traits {
            category: text(CATEGORY)?,
            severity,
            action: text(ACTION)?,
            views: text(VIEWS)?,
            status,
            owner: text(OWNER)?,
            source: text(SOURCE)?,
            added,
            line,
        };
        if traits.status == Status::Active && traits.owner.is_empty() {
            return Err(
                "an active term needs its owner; `yumen pack accept` writes who accepted it".into(),
            );
        }
        Ok(traits)
    }
}

/// A reader of a file of terms; a byte order mark before the headings is passed over.
pub(crate) fn reader<R: Read>(from: R) -> csv::Reader<LineFeeds<R>> {
    csv::ReaderBuilder::new().has_headers(true).from_reader(LineFeeds::new(from))
}

/// Reads the headings and where they stand.
pub(crate) fn headings<R: Read>(
    file: &str,
    reader: &mut csv::Reader<LineFeeds<R>>,
) -> Result<Headings, ScreenError> {
    let mut places = [None; COLUMNS.len()];
    let named = reader.byte_headers().map_err(|error| at(file, 1, reason(&error)))?;
    for (place, heading) in named.iter().enumerate() {
        let heading = String::from_utf8_lossy(heading);
        let heading = heading.trim_start_matches('\u{feff}').trim();
        let wrong = |reason: String| at(file, 1, reason);
        let column = COLUMNS.iter().position(|column| *column == heading).ok_or_else(|| {
            wrong(format!("`{heading}` is no column; there are {}", COLUMNS.join(", ")))
        })?;
        if places[column].replace(place).is_some() {
            return Err(wrong(format!("the column `{heading}` stands there twice")));
        }
    }
    if places[TERM].is_none() {
        return Err(at(file, 1, "there is no column `term`".into()));
    }
    Ok(Headings(places))
}

/// Whether something may be looked for.
pub(crate) fn check_term(term: &str) -> Result<(), String> {
    if term.len() > 16 * MAX_TERM {
        return Err(format!("a term has at most {MAX_TERM} characters"));
    }
    let length = folded(term).chars().filter(|c| c.is_alphanumeric()).count();
    match length {
        0 => Err("a term has at least one letter or digit".into()),
        length if length > MAX_TERM => Err(format!("a term has at most {MAX_TERM} characters")),
        _ => Ok(()),
    }
}

pub(crate) fn at(file: &str, line: u64, reason: String) -> ScreenError {
    ScreenError::Row { file: file.to_owned(), line, reason }
}

/// The error of a row in a file of that name.
pub(crate) fn bad_row(file: &str) -> impl Fn(BadRow) -> ScreenError {
    move |BadRow { line, reason }| at(file, line, reason)
}
