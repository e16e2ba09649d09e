//! One JSON object a line, decoded from chunks of bytes.
//!
//! Promises: the same lines however the bytes were cut; memory bounded by one line; one search over
//! each byte. LF, CRLF and CR end a line; empty lines are skipped.

use memchr::memchr2;

use crate::sse::{DEFAULT_LIMIT, Frame, SseError};

/// A decoder of one stream of lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// Where the first unread line begins.
    line: usize,
    /// How far it was searched for its end.
    searched: usize,
    failed: Option<SseError>,
}

impl Lines {
    /// Takes the next bytes of the stream.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.line > 0 {
            self.buffer.drain(..self.line);
            self.searched -= self.line;
            self.line = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line that is not empty, as the data of a frame.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SseError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        loop {
            let found = memchr2(b'\n', b'\r', &self.buffer[self.searched..]);
            let end = found.map_or(self.buffer.len(), |found| self.searched + found);
            if end - self.line > DEFAULT_LIMIT {
                self.buffer = Vec::new();
                return Err(*self.failed.insert(SseError::TooLong { limit: DEFAULT_LIMIT }));
            }
            if found.is_none() {
                self.searched = end;
                return Ok(None);
            }
            let line = self.line..end;
            self.line = end + 1;
            self.searched = self.line;
            if !self.buffer[line.clone()].trim_ascii().is_empty() {
                return self.frame(line).map(Some);
            }
        }
    }

    /// The line that the end of the stream completes, if any.
    pub(crate) fn finish(&mut self) -> Result<Option<Frame<'_>>, SseError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let line = self.line..self.buffer.len();
        self.line = line.end;
        self.searched = line.end;
        if self.buffer[line.clone()].trim_ascii().is_empty() {
            return Ok(None);
        }
        self.frame(line).map(Some)
    }

    fn frame(&mut self, line: std::ops::Range<usize>) -> Result<Frame<'_>, SseError> {
        match str::from_utf8(&self.buffer[line]) {
            Ok(data) => Ok(Frame { event: "", data, comment: "" }),
            Err(_) => Err(*self.failed.insert(SseError::NotUtf8)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_at_any_cut() {
        let body = "{\"a\":1}\n\r\n  \n{\"b\":\"门\"}\r\n{\"c\"";
        for cut in 0..=body.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for piece in [&body.as_bytes()[..cut], &body.as_bytes()[cut..]] {
                lines.feed(piece);
                while let Some(frame) = lines.next_frame().expect("lines") {
                    seen.push(frame.data.to_owned());
                }
            }
            seen.extend(lines.finish().expect("a line").map(|frame| frame.data.to_owned()));
            assert_eq!(seen, ["{\"a\":1}", "{\"b\":\"门\"}", "{\"c\""], "cut at {cut}");
        }
    }

    #[test]
    fn a_line_is_bounded_and_must_be_text() {
        let mut lines = Lines::default();
        lines.feed(&vec![b'x'; DEFAULT_LIMIT + 1]);
        assert_eq!(lines.next_frame(), Err(SseError::TooLong { limit: DEFAULT_LIMIT }));
        assert_eq!(lines.finish(), Err(SseError::TooLong { limit: DEFAULT_LIMIT }));
        let mut lines = Lines::default();
        lines.feed(b"\xFF\n");
        assert_eq!(lines.next_frame(), Err(SseError::NotUtf8));
    }
}
