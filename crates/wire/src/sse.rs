//! Server-sent events, decoded from chunks of bytes (WHATWG HTML, section 9.2.6).
//!
//! Promises: the same frames however the bytes were cut; memory bounded by one frame; one search
//! over each byte; no allocation per line or frame once the buffer has grown.
//!
//! Beyond the standard, the lenient decoder also ends an event where some recorded DashScope
//! traffic leaves out the blank line: at a new `id:` line, and after a `data:` line that holds one
//! whole JSON object or `[DONE]`.

use std::ops::Range;

use memchr::{memchr, memchr2};
use thiserror::Error;

/// Most bytes one frame may have unless said otherwise: 1 MiB.
pub const DEFAULT_LIMIT: usize = 1 << 20;

/// One dispatched event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The event's name; empty when the stream gave none.
    pub event: &'a str,
    /// The data, lines joined by `\n`.
    pub data: &'a str,
    /// The last comment line before the end of the event, without its colon; empty when there is
    /// none. DashScope puts the status of an error there: `:HTTP_STATUS/400`.
    pub comment: &'a str,
}

/// Why a stream cannot be decoded any further.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SseError {
    /// One event is longer than the limit.
    #[error("a server-sent event is longer than the limit of {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// An event is not UTF-8.
    #[error("a server-sent event is not valid UTF-8")]
    NotUtf8,
}

/// A decoder of one stream: [`feed`](Self::feed) bytes, then take frames with
/// [`next_frame`](Self::next_frame) until there are none, and [`finish`](Self::finish) at the end of
/// the stream.
#[derive(Clone, Debug)]
pub struct SseDecoder {
    /// Bytes of the unfinished frame and all after it.
    buffer: Vec<u8>,
    /// Where the unfinished frame begins.
    frame: usize,
    /// Where the first unread line begins.
    line: usize,
    /// How far the first unread line was searched for its end.
    searched: usize,
    fields: Fields,
    /// Data of a frame with several data lines.
    joined: Vec<u8>,
    limit: usize,
    lenient: bool,
    /// Whether the first bytes were checked for a byte order mark.
    started: bool,
    /// Whether the last line ended in CR, so that a LF directly after it belongs to the same end.
    after_cr: bool,
    failed: Option<SseError>,
}

/// Where the fields of the unfinished frame stand, relative to its beginning.
#[derive(Clone, Debug, Default)]
struct Fields {
    event: Range<usize>,
    comment: Range<usize>,
    data: Data,
}

#[derive(Clone, Debug, Default)]
enum Data {
    #[default]
    None,
    One(Range<usize>),
    /// In [`SseDecoder::joined`].
    Many,
}

/// What a line means for the frame it stands in.
enum Step {
    Continue,
    /// The frame ends with this line.
    End,
    /// The frame ended before this line.
    EndBefore,
}

impl Default for SseDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl SseDecoder {
    /// A decoder that keeps to the standard.
    pub fn new() -> Self {
        Self {
            buffer: Vec::new(),
            frame: 0,
            line: 0,
            searched: 0,
            fields: Fields::default(),
            joined: Vec::new(),
            limit: DEFAULT_LIMIT,
            lenient: false,
            started: false,
            after_cr: false,
            failed: None,
        }
    }

    /// A decoder that also accepts streams without blank lines; see the module's text.
    pub fn lenient() -> Self {
        Self { lenient: true, ..Self::new() }
    }

    /// Bounds one frame, its line ends included, to `limit` bytes.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.frame > 0 {
            self.buffer.drain(..self.frame);
            self.line -= self.frame;
            self.searched -= self.frame;
            self.frame = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// Final: every later call gives the same error.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SseError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if !self.started && !self.skip_byte_order_mark() {
            return Ok(None);
        }
        loop {
            if self.after_cr {
                match self.buffer.get(self.line) {
                    None => return Ok(None),
                    Some(b'\n') => {
                        self.line += 1;
                        self.searched = self.line;
                        if self.is_between_frames() {
                            self.frame = self.line;
                        }
                    }
                    Some(_) => {}
                }
                self.after_cr = false;
            }
            let Some(found) = memchr2(b'\n', b'\r', &self.buffer[self.searched..]) else {
                self.searched = self.buffer.len();
                self.check_length(self.searched)?;
                return Ok(None);
            };
            let end = self.searched + found;
            self.check_length(end)?;
            let step = self.read_line(self.line..end);
            if !matches!(step, Step::EndBefore) {
                self.after_cr = self.buffer[end] == b'\r';
                self.line = end + 1;
                self.searched = self.line;
            }
            match step {
                Step::Continue => {}
                Step::End | Step::EndBefore => {
                    if matches!(self.fields.data, Data::None) {
                        self.fields = Fields::default();
                        self.frame = self.line;
                    } else {
                        return self.dispatch().map(Some);
                    }
                }
            }
        }
    }

    /// The frame that the end of the stream completes, if any: the standard drops an event without
    /// its blank line, but partners leave it out at the end.
    ///
    /// # Errors
    /// As [`next_frame`](Self::next_frame).
    pub fn finish(&mut self) -> Result<Option<Frame<'_>>, SseError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let rest = self.line..self.buffer.len();
        self.line = rest.end;
        self.searched = rest.end;
        if !rest.is_empty() {
            self.read_line(rest);
        }
        if matches!(self.fields.data, Data::None) { Ok(None) } else { self.dispatch().map(Some) }
    }

    /// Whether the first bytes could be judged.
    fn skip_byte_order_mark(&mut self) -> bool {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        if self.buffer.starts_with(MARK) {
            self.frame = MARK.len();
            self.line = MARK.len();
            self.searched = MARK.len();
        } else if MARK.starts_with(&self.buffer) {
            return false;
        }
        self.started = true;
        true
    }

    fn is_between_frames(&self) -> bool {
        matches!(self.fields.data, Data::None)
            && self.fields.event.is_empty()
            && self.fields.comment.is_empty()
    }

    fn check_length(&mut self, end: usize) -> Result<(), SseError> {
        if end - self.frame > self.limit {
            let error = SseError::TooLong { limit: self.limit };
            self.failed = Some(error);
            self.buffer = Vec::new();
            return Err(error);
        }
        Ok(())
    }

    fn read_line(&mut self, line: Range<usize>) -> Step {
        let text = &self.buffer[line.clone()];
        if text.is_empty() {
            return Step::End;
        }
        let Some(colon) = memchr(b':', text) else {
            // A field without a value: an empty `data` line is a line of the data, the others say
            // nothing here.
            if text == b"data" {
                self.add_data(line.end..line.end);
            }
            return Step::Continue;
        };
        let (name, mut value) = (&text[..colon], line.start + colon + 1..line.end);
        if self.buffer[value.clone()].first() == Some(&b' ') {
            value.start += 1;
        }
        match name {
            b"data" => {
                let first = matches!(self.fields.data, Data::None);
                let whole = self.lenient && first && is_whole(&self.buffer[value.clone()]);
                self.add_data(value);
                if whole { Step::End } else { Step::Continue }
            }
            b"event" => {
                self.fields.event = self.relative(&value);
                Step::Continue
            }
            b"id" if self.lenient && !matches!(self.fields.data, Data::None) => Step::EndBefore,
            b"" => {
                if matches!(self.fields.data, Data::None) && self.fields.event.is_empty() {
                    // Comments that keep a silent stream alive must not add up to a long frame.
                    self.frame = line.start;
                }
                self.fields.comment = self.relative(&value);
                Step::Continue
            }
            _ => Step::Continue,
        }
    }

    /// Where a value stands in its frame. An empty one stands at the beginning: the frame may still
    /// be begun anew at a later line, as long as nothing in it says anything.
    fn relative(&self, at: &Range<usize>) -> Range<usize> {
        if at.is_empty() { 0..0 } else { at.start - self.frame..at.end - self.frame }
    }

    fn absolute(&self, at: &Range<usize>) -> Range<usize> {
        at.start + self.frame..at.end + self.frame
    }

    fn add_data(&mut self, value: Range<usize>) {
        match &self.fields.data {
            Data::None => self.fields.data = Data::One(self.relative(&value)),
            Data::One(first) => {
                let first = self.absolute(first);
                self.joined.clear();
                self.joined.extend_from_slice(&self.buffer[first]);
                self.joined.push(b'\n');
                self.joined.extend_from_slice(&self.buffer[value]);
                self.fields.data = Data::Many;
            }
            Data::Many => {
                self.joined.push(b'\n');
                self.joined.extend_from_slice(&self.buffer[value]);
            }
        }
    }

    /// Gives the frame out and begins the next one at the first unread line.
    fn dispatch(&mut self) -> Result<Frame<'_>, SseError> {
        let fields = std::mem::take(&mut self.fields);
        let (event, comment) = (self.absolute(&fields.event), self.absolute(&fields.comment));
        let data = match fields.data {
            Data::One(at) => &self.buffer[self.absolute(&at)],
            Data::Many => &self.joined,
            Data::None => &[],
        };
        self.frame = self.line;
        let text = |bytes| str::from_utf8(bytes).map_err(|_| SseError::NotUtf8);
        let frame = text(data).and_then(|data| {
            Ok(Frame {
                event: text(&self.buffer[event])?,
                data,
                comment: text(&self.buffer[comment])?,
            })
        });
        if let Err(error) = &frame {
            self.failed = Some(*error);
        }
        frame
    }
}

/// Whether a data line holds everything the event has to say.
fn is_whole(data: &[u8]) -> bool {
    let data = data.trim_ascii();
    (data.starts_with(b"{") && data.ends_with(b"}")) || data == b"[DONE]"
}
