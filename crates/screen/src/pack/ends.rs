//! The ends of lines, however a system writes them, as one character: so that a row of a table is on the line that people see.

use std::io::{self, Read};

/// Reads on with `\r\n` and `\r` as `\n`.
#[derive(Debug)]
pub(crate) struct LineFeeds<R> {
    from: R,
    after_return: bool,
}

impl<R> LineFeeds<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, after_return: false }
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
            // Nothing would mean that it has ended.
            if kept > 0 || came == 0 {
                return Ok(kept);
            }
        }
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
}
