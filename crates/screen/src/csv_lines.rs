//! The lines on which the rows of a CSV file stand, as an editor counts them: whatever ends a line, with blank lines between rows
//! and with cells of several lines.

use std::io::{self, Read};

/// Reads on with `\r\n` and `\r` as `\n`, and ends the last line too.
#[derive(Debug)]
pub struct LineFeeds<R> {
    from: R,
    after_return: bool,
    /// The last line has not ended.
    open: bool,
}

impl<R> LineFeeds<R> {
    /// Reads on from there.
    pub fn new(from: R) -> Self {
        Self { from, after_return: false, open: false }
    }
}

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let came = self.from.read(into)?;
            let mut kept = 0;
            for at in 0..came {
                let byte = into[at];
                let second = std::mem::replace(&mut self.after_return, byte == b'\r');
                if second && byte == b'\n' {
                    continue;
                }
                into[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
            if came == 0 && self.open && !into.is_empty() {
                into[0] = b'\n';
                kept = 1;
            }
            // Nothing would mean that it has ended.
            if kept > 0 || came == 0 {
                self.open = kept > 0 && into[kept - 1] != b'\n';
                return Ok(kept);
            }
        }
    }
}

/// A row that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The line, from 1, on which it begins.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads the next row, and gives the line, from 1, on which it begins; `None` after the last one. The reader's own position
/// of a row is that of the blank lines before it.
///
/// # Errors
/// A row with more or fewer cells than the headings, unless the reader takes these, and what cannot be read at all.
#[expect(clippy::naive_bytecount, reason = "a row is short")]
pub fn read_row<R: Read>(
    reader: &mut csv::Reader<LineFeeds<R>>,
    row: &mut csv::ByteRecord,
) -> Result<Option<u64>, BadRow> {
    let read = reader.read_byte_record(row);
    let breaks = row.as_slice().iter().filter(|byte| **byte == b'\n').count();
    let lines = u64::try_from(breaks + 1).unwrap_or(u64::MAX);
    let line = reader.position().line().saturating_sub(lines);
    match read {
        Ok(more) => Ok(more.then_some(line)),
        Err(error) => Err(BadRow { line, reason: reason(&error) }),
    }
}

/// What is wrong, without the place.
pub(crate) fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("there are {len} cells, and {expected_len} headings")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ends_of_lines_are_one_however_they_come() {
        for step in 1..5 {
            let mut read = LineFeeds::new(&b"a\r\n\r\nb\nc\r\r\nd\r"[..]);
            let (mut text, mut piece) = (Vec::new(), vec![0; step]);
            loop {
                match read.read(&mut piece).unwrap() {
                    0 => break,
                    length => text.extend_from_slice(&piece[..length]),
                }
            }
            assert_eq!(text, b"a\n\nb\nc\n\nd\n", "by {step}");
        }
    }

    #[test]
    fn a_row_is_on_the_line_where_it_begins() {
        let text = "head\r\n\r\na\r\n\r\n\r\n\"b\r\nb\"\r\nc\r\n\r\nd";
        let mut reader = csv::Reader::from_reader(LineFeeds::new(text.as_bytes()));
        let mut row = csv::ByteRecord::new();
        let mut lines = Vec::new();
        while let Some(line) = read_row(&mut reader, &mut row).unwrap() {
            lines.push((row[0].to_vec(), line));
        }
        let expected: [(&[u8], u64); 4] = [(b"a", 3), (b"b\nb", 6), (b"c", 8), (b"d", 10)];
        assert_eq!(lines, expected.map(|(cell, line)| (cell.to_vec(), line)));

        let text = "a,b\n1,2\n\n\n1,\"2\n\n\",3\n";
        let mut reader = csv::Reader::from_reader(LineFeeds::new(text.as_bytes()));
        assert_eq!(read_row(&mut reader, &mut row), Ok(Some(2)));
        let reason = "there are 3 cells, and 2 headings".to_owned();
        assert_eq!(read_row(&mut reader, &mut row), Err(BadRow { line: 5, reason }));
    }
}
