//! Decoding a streamed answer of any dialect.
//!
//! What all have in common stands here: telling a stream from one plain JSON body, cutting bytes
//! into frames (server-sent events, or lines), staying failed, and telling what a failed answer
//! cost. What a frame means is the family's.
//!
//! A streamed answer is complete only when the partner said so.

use crate::answer::{Event, Usage};
use crate::dialect::Dialect;
use crate::head::Head;
use crate::partner_error::{PartnerError, PartnerErrorKind, strip_bom};
use crate::protocol::Protocol;
use crate::sse::{Frame, SseDecoder, SseError};
use crate::{anthropic, lines::Lines, ollama, openai, responses, tencent};

/// Most bytes of an answer that came whole although a stream was asked for: 4 MiB.
const LONGEST_WHOLE: usize = 4 << 20;

/// Decoder of one streamed answer: [`push`](Self::push) bytes as they come, [`finish`](Self::finish)
/// when they end.
///
/// Also reads a server that answers a stream request with one plain JSON body, error or not.
#[derive(Debug)]
pub struct StreamDecoder {
    dialect: Dialect,
    status: u16,
    request_id: Option<String>,
    form: Form,
    state: State,
    failed: Option<PartnerError>,
    /// The answer came whole and was read.
    whole: bool,
}

/// What kind of body this turned out to be.
#[derive(Debug)]
enum Form {
    /// Nothing but white space and a byte order mark so far.
    Unknown(Vec<u8>),
    /// Server-sent events.
    Events(SseDecoder),
    /// One JSON object a line.
    Lines(Lines),
    /// One JSON body.
    Whole(Vec<u8>),
}

/// What the family knows of the answer so far.
#[derive(Debug)]
enum State {
    OpenAi(openai::StreamState),
    Responses(responses::StreamState),
    Anthropic(anthropic::StreamState),
    Tencent(tencent::StreamState),
    Ollama(ollama::StreamState),
}

impl State {
    fn new(dialect: &Dialect) -> Self {
        match dialect.protocol() {
            Protocol::OpenAiChat | Protocol::DashScopeNative => {
                Self::OpenAi(openai::StreamState::default())
            }
            Protocol::OpenAiResponses => Self::Responses(responses::StreamState::default()),
            Protocol::AnthropicMessages => Self::Anthropic(anthropic::StreamState::default()),
            Protocol::TencentNative => Self::Tencent(tencent::StreamState::default()),
            Protocol::OllamaChat => Self::Ollama(ollama::StreamState::default()),
        }
    }

    fn frame(
        &mut self,
        dialect: &Dialect,
        frame: Frame<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        match self {
            Self::OpenAi(state) => state.frame(dialect, frame, out),
            Self::Responses(state) => state.frame(dialect, frame, out),
            Self::Anthropic(state) => state.frame(dialect, frame, out),
            Self::Tencent(state) => state.frame(dialect, frame, out),
            Self::Ollama(state) => state.frame(dialect, frame, out),
        }
    }

    /// The body ended before the answer said that it is complete.
    fn end(&mut self, dialect: &Dialect, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        match self {
            Self::OpenAi(state) => state.end(dialect, out),
            Self::Responses(state) => state.end(out),
            Self::Anthropic(state) => state.end(out),
            Self::Tencent(state) => state.end(out),
            Self::Ollama(state) => state.end(out),
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::OpenAi(state) => state.is_done(),
            Self::Responses(state) => state.is_done(),
            Self::Anthropic(state) => state.is_done(),
            Self::Tencent(state) => state.is_done(),
            Self::Ollama(state) => state.is_done(),
        }
    }

    fn spent(&mut self) -> Option<Usage> {
        match self {
            Self::OpenAi(state) => state.spent(),
            Self::Responses(state) => state.spent(),
            Self::Anthropic(state) => state.spent(),
            Self::Tencent(state) => state.spent(),
            Self::Ollama(state) => state.spent(),
        }
    }
}

impl StreamDecoder {
    pub(crate) fn new(dialect: Dialect, head: &Head<'_>) -> Self {
        let form = match dialect.protocol() {
            Protocol::OllamaChat => Form::Lines(Lines::default()),
            _ => Form::Unknown(Vec::new()),
        };
        let state = State::new(&dialect);
        let request_id = head.request_id.map(str::to_owned);
        Self { dialect, status: head.status, request_id, form, state, failed: None, whole: false }
    }

    /// Takes the next bytes of the body and appends the events they complete to `out`.
    ///
    /// # Errors
    /// The partner's error, or one of ours about its bytes. Final: later calls give it again. Events
    /// already in `out` stand, but the answer they belong to failed.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<(), PartnerError> {
        self.guarded(out, |this, out| {
            match &mut this.form {
                Form::Events(sse) => sse.feed(bytes),
                Form::Lines(lines) => lines.feed(bytes),
                Form::Whole(body) => return gather(body, bytes),
                Form::Unknown(seen) => {
                    seen.extend_from_slice(bytes);
                    match first_byte(seen) {
                        None => return gather(seen, &[]),
                        Some(b'{') => {
                            let seen = std::mem::take(seen);
                            check_length(seen.len())?;
                            this.form = Form::Whole(seen);
                            return Ok(());
                        }
                        Some(_) => {
                            let mut sse = SseDecoder::lenient();
                            sse.feed(seen);
                            this.form = Form::Events(sse);
                        }
                    }
                }
            }
            this.drain(out)
        })
    }

    /// Says that the body ended, and appends the last events to `out`.
    ///
    /// # Errors
    /// As [`push`](Self::push), and [`crate::PartnerErrorKind::Truncated`] when the body ended before
    /// the answer did.
    pub fn finish(&mut self, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        self.guarded(out, |this, out| {
            if let Form::Whole(body) = &mut this.form {
                let body = std::mem::take(body);
                let mut head = Head::new(this.status);
                head.request_id = this.request_id.as_deref();
                this.dialect.decode(&head, &body)?.into_events(out);
                this.whole = true;
                return Ok(());
            }
            this.drain(out)?;
            if this.state.is_done() {
                return Ok(());
            }
            let Self { form, state, dialect, .. } = this;
            let last = match form {
                Form::Events(sse) => sse.finish(),
                Form::Lines(lines) => lines.finish(),
                Form::Unknown(_) | Form::Whole(_) => Ok(None),
            };
            let last = match last {
                // Bytes that end within a character were cut off.
                Err(SseError::NotUtf8) => None,
                other => other.map_err(broken)?,
            };
            if let Some(frame) = last {
                match state.frame(dialect, frame, out) {
                    // The last frame has no end of its own, so a broken one was cut off.
                    Err(error) if error.kind == PartnerErrorKind::Malformed => {}
                    other => other?,
                }
            }
            if state.is_done() { Ok(()) } else { state.end(dialect, out) }
        })
    }

    /// Whether the answer is complete; bytes after that are ignored.
    pub fn is_done(&self) -> bool {
        self.whole || self.state.is_done()
    }

    /// Runs one step; on failure, tells what the answer cost so far and stays failed.
    fn guarded(
        &mut self,
        out: &mut Vec<Event>,
        step: impl FnOnce(&mut Self, &mut Vec<Event>) -> Result<(), PartnerError>,
    ) -> Result<(), PartnerError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.is_done() {
            return Ok(());
        }
        let before = out.len();
        let result = step(self, out);
        if let Some(id) = &self.request_id
            && let Some(Event::Start { request_id, .. }) = out.get_mut(before)
        {
            request_id.get_or_insert_with(|| id.clone());
        }
        result.map_err(|mut error| {
            out.extend(self.state.spent().map(Event::Usage));
            error.request_id = error.request_id.or_else(|| self.request_id.clone());
            self.failed = Some(error.clone());
            error
        })
    }

    fn drain(&mut self, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        let Self { form, state, dialect, .. } = self;
        loop {
            let frame = match form {
                Form::Events(sse) => sse.next_frame(),
                Form::Lines(lines) => lines.next_frame(),
                Form::Unknown(_) | Form::Whole(_) => Ok(None),
            };
            let Some(frame) = frame.map_err(broken)? else { return Ok(()) };
            state.frame(dialect, frame, out)?;
            if state.is_done() {
                return Ok(());
            }
        }
    }
}

fn broken(error: SseError) -> PartnerError {
    PartnerError::malformed(None, error.to_string())
}

fn gather(body: &mut Vec<u8>, bytes: &[u8]) -> Result<(), PartnerError> {
    check_length(body.len() + bytes.len())?;
    body.extend_from_slice(bytes);
    Ok(())
}

fn check_length(length: usize) -> Result<(), PartnerError> {
    if length > LONGEST_WHOLE {
        let message = format!("the answer is longer than {LONGEST_WHOLE} bytes and no stream");
        return Err(PartnerError::malformed(None, message));
    }
    Ok(())
}

/// The first byte that is neither white space nor part of a byte order mark.
fn first_byte(bytes: &[u8]) -> Option<u8> {
    strip_bom(bytes).iter().copied().find(|byte| !byte.is_ascii_whitespace() && *byte < 0xBB)
}
