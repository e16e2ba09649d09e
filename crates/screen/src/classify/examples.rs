//! Labelled examples, and reading them from CSV and from lines of JSON.

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::Value;

use crate::csv_lines::{BadRow, LineFeeds, read_row, reason};
use crate::error::ScreenError;

/// The most bytes of one field or line.
const MOST_FIELD: usize = 1 << 20;

/// A text of which it is known what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text.
    pub text: String,
    /// The labels that hold for it; none of them where it is empty.
    pub labels: Vec<String>,
}

/// Where text and labels stand in a file, and what the labels are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The column, or the member of a JSON object, with the text.
    pub text: String,
    /// The one with the label. Several labels of one text are divided by `|`, or are an array in JSON.
    pub label: String,
    /// Values of it that are no label: nothing of what is looked for is in the text.
    pub none: Vec<String>,
    /// Names to give to values: `1` may be called `offensive`.
    pub names: BTreeMap<String, String>,
}

impl Default for Columns {
    /// `text` and `label`; nothing, `0`, `false`, `no`, `none` and `safe` are no label.
    fn default() -> Self {
        Self {
            text: "text".to_owned(),
            label: "label".to_owned(),
            none: ["", "0", "false", "no", "none", "safe"].map(str::to_owned).into(),
            names: BTreeMap::new(),
        }
    }
}

impl Columns {
    /// Reads a CSV file with a head line (RFC 4180; a byte order mark is skipped).
    ///
    /// # Errors
    /// [`ScreenError::Examples`] with the line.
    pub fn read_csv(&self, file: impl Read) -> Result<Vec<Example>, ScreenError> {
        let wrong = |BadRow { line, reason }: BadRow| ScreenError::Examples { line, reason };
        let mut reader = csv::Reader::from_reader(LineFeeds::new(file));
        let head = reader
            .headers()
            .map_err(|error| ScreenError::Examples { line: 1, reason: reason(&error) })?;
        let column = |name: &str| {
            head.iter()
                .position(|known| known.trim_start_matches('\u{feff}').trim() == name)
                .ok_or_else(|| ScreenError::Examples {
                    line: 1,
                    reason: format!("there is no column {name:?}; there is {}", list(head.iter())),
                })
        };
        let (text, label) = (column(&self.text)?, column(&self.label)?);
        let (mut examples, mut row) = (Vec::new(), csv::ByteRecord::new());
        while let Some(line) = read_row(&mut reader, &mut row).map_err(wrong)? {
            let field = |at| {
                std::str::from_utf8(row.get(at).unwrap_or_default())
                    .map_err(|_| ScreenError::Examples { line, reason: "is not UTF-8".to_owned() })
            };
            let labels = field(label)?.split('|').map(str::to_owned);
            examples.extend(self.example(line, field(text)?, labels)?);
        }
        Ok(examples)
    }

    /// Reads lines of JSON objects.
    ///
    /// # Errors
    /// [`ScreenError::Examples`] with the line.
    pub fn read_jsonl(&self, text: &str) -> Result<Vec<Example>, ScreenError> {
        let mut examples = Vec::new();
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            if text.trim().is_empty() {
                continue;
            }
            let wrong = |reason: String| ScreenError::Examples { line, reason };
            let object: BTreeMap<String, Value> =
                serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            let member = |name: &str| {
                object.get(name).ok_or_else(|| {
                    wrong(format!(
                        "there is no {name:?}; there is {}",
                        list(object.keys().map(String::as_str))
                    ))
                })
            };
            let Value::String(said) = member(&self.text)? else {
                return Err(wrong(format!("{:?} is no text", self.text)));
            };
            let labels = labels(member(&self.label)?).ok_or_else(|| {
                wrong(format!("{:?} is neither a label nor an array of labels", self.label))
            })?;
            examples.extend(self.example(line, said, labels.into_iter())?);
        }
        Ok(examples)
    }

    /// `None` for a text with nothing in it.
    fn example(
        &self,
        line: u64,
        text: &str,
        labels: impl Iterator<Item = String>,
    ) -> Result<Option<Example>, ScreenError> {
        if text.len() > MOST_FIELD {
            let reason = format!("the text has {} bytes; the most is {MOST_FIELD}", text.len());
            return Err(ScreenError::Examples { line, reason });
        }
        if text.trim().is_empty() {
            return Ok(None);
        }
        let mut known: Vec<String> = Vec::new();
        for label in labels {
            let label = label.trim();
            if self.none.iter().any(|none| none.eq_ignore_ascii_case(label)) {
                continue;
            }
            let name = self.names.get(label).map_or(label, String::as_str);
            if !known.iter().any(|known| known == name) {
                known.push(name.to_owned());
            }
        }
        Ok(Some(Example { text: text.to_owned(), labels: known }))
    }
}

/// A label as JSON may write it.
fn labels(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Bool(holds) => Some(vec![holds.to_string()]),
        Value::Number(number) => Some(vec![number.to_string()]),
        Value::String(text) => Some(text.split('|').map(str::to_owned).collect()),
        Value::Array(values) => {
            values.iter().map(labels).collect::<Option<Vec<_>>>().map(|labels| labels.concat())
        }
        Value::Object(_) => None,
    }
}

fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}
