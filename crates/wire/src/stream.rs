//! Decoding a streamed answer of any supported protocol.
//!
//! A streamed answer is complete only when the partner said so: by `[DONE]`, or by a finish reason
//! before the bytes ended (DashScope's own protocol has no `[DONE]`). [`Event::Finish`] therefore
//! waits for the end of the stream: an error frame may still follow the last good chunk, and then
//! the answer must not count as finished.
//!
//! A model's own refusal (OpenAI's `refusal`) is given as text, so that the person reads the
//! partner's words, and the answer then ends in [`FinishReason::ContentFilter`].

use crate::answer::{Event, FinishReason, ToolCallDelta, Usage};
use crate::partner_error::{PartnerError, strip_bom};
use crate::protocol::Protocol;
use crate::sse::{Frame, SseDecoder, SseError};
use crate::wire_answer::{Answer, Said, Str, Turn, WireUsage, decode, given};

/// Most bytes of an answer that came whole although a stream was asked for: 4 MiB.
const LONGEST_WHOLE: usize = 4 << 20;

/// Most tool calls of one answer.
const MOST_CALLS: usize = 128;

/// Decoder of one streamed answer: [`push`](Self::push) bytes as they come, [`finish`](Self::finish)
/// when they end.
///
/// Also reads a server that answers a stream request with one plain JSON body, error or not.
#[derive(Debug)]
pub struct StreamDecoder {
    protocol: Protocol,
    form: Form,
    sse: SseDecoder,
    tally: Tally,
    failed: Option<PartnerError>,
}

/// What kind of body this turned out to be.
#[derive(Debug)]
enum Form {
    /// Nothing but white space and a byte order mark so far.
    Unknown(Vec<u8>),
    /// Server-sent events.
    Events,
    /// One JSON body.
    Whole(Vec<u8>),
}

/// What is known of the answer so far.
#[derive(Debug, Default)]
struct Tally {
    started: bool,
    done: bool,
    refused: bool,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    request_id: Option<String>,
    /// The model last named.
    model: Option<String>,
    /// The configuration last named.
    fingerprint: Option<String>,
    /// Indices of the tool calls so far.
    calls: Vec<u32>,
}

impl StreamDecoder {
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            form: Form::Unknown(Vec::new()),
            sse: SseDecoder::lenient(),
            tally: Tally::default(),
            failed: None,
        }
    }

    /// Takes the next bytes of the body and appends the events they complete to `out`.
    ///
    /// # Errors
    /// The partner's error, or one of ours about its bytes. Final: later calls give it again. Events
    /// already in `out` stand, but the answer they belong to failed.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Event>) -> Result<(), PartnerError> {
        self.guarded(out, |this, out| {
            match &mut this.form {
                Form::Events => this.sse.feed(bytes),
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
                            this.sse.feed(seen);
                            this.form = Form::Events;
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
            if this.tally.done {
                return Ok(());
            }
            if let Form::Whole(body) = &mut this.form {
                let body = std::mem::take(body);
                decode(this.protocol, 200, &body)?.into_events(out);
                this.tally.done = true;
                return Ok(());
            }
            this.drain(out)?;
            if this.tally.done {
                return Ok(());
            }
            match this.sse.finish() {
                Ok(Some(frame)) => match read(this.protocol, &mut this.tally, frame, out) {
                    // The last frame has no end of its own, so a broken one was cut off.
                    Err(error) if error.kind == crate::PartnerErrorKind::Malformed => {}
                    other => other?,
                },
                Ok(None) => {}
                Err(error) => return Err(broken(error)),
            }
            if this.tally.done {
                return Ok(());
            }
            let Some(finish) = this.tally.finish.take() else {
                let message = if this.tally.started {
                    "the stream ended before the answer did"
                } else {
                    "the stream ended before the answer began"
                };
                return Err(PartnerError::truncated(message, this.tally.request_id.take()));
            };
            this.tally.end(finish, out);
            Ok(())
        })
    }

    /// Whether the answer is complete; bytes after that are ignored.
    pub fn is_done(&self) -> bool {
        self.tally.done
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
        if self.tally.done {
            return Ok(());
        }
        step(self, out).inspect_err(|error| {
            out.extend(self.tally.usage.take().map(Event::Usage));
            self.failed = Some(error.clone());
        })
    }

    fn drain(&mut self, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        while let Some(frame) = self.sse.next_frame().map_err(broken)? {
            read(self.protocol, &mut self.tally, frame, out)?;
            if self.tally.done {
                break;
            }
        }
        Ok(())
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

/// Reads one frame of either protocol.
fn read(
    protocol: Protocol,
    tally: &mut Tally,
    frame: Frame<'_>,
    out: &mut Vec<Event>,
) -> Result<(), PartnerError> {
    let data = frame.data.trim_ascii();
    if data.is_empty() {
        return Ok(());
    }
    if data == "[DONE]" {
        if !tally.started {
            return Err(PartnerError::malformed(None, "the stream has no answer in it"));
        }
        let finish = tally.finish.take().unwrap_or_else(FinishReason::unstated);
        tally.end(finish, out);
        return Ok(());
    }
    if frame.event == "error" {
        return Err(error_frame(protocol, tally, frame));
    }
    let mut answer: Answer<'_> = serde_json::from_str(data)
        .map_err(|error| PartnerError::unreadable(None, "a chunk of the stream", &error))
        .map_err(|error| PartnerError { kind: crate::PartnerErrorKind::Malformed, ..error })?;
    if let Some(mut error) = answer.error(protocol, None, data) {
        error.request_id = error.request_id.or_else(|| tally.request_id.take());
        return Err(error);
    }
    if let Some(usage) = answer.usage.and_then(WireUsage::canonical) {
        // Counts are of the whole answer so far, never of the chunk.
        tally.usage = Some(usage);
    }
    let Some(Said { turn, finish }) = answer.said() else {
        return Ok(());
    };
    if tally.started {
        let model = anew(&mut tally.model, answer.model.take());
        let fingerprint = anew(&mut tally.fingerprint, answer.system_fingerprint.take());
        if model.is_some() || fingerprint.is_some() {
            out.push(Event::Identity { model, fingerprint });
        }
    } else {
        tally.started = true;
        let request_id = given(answer.request_id.take());
        let id = given(answer.id.take()).or_else(|| request_id.clone());
        tally.request_id = request_id;
        tally.model = given(answer.model.take());
        tally.fingerprint = given(answer.system_fingerprint.take());
        let (model, fingerprint) = (tally.model.clone(), tally.fingerprint.clone());
        out.push(Event::Start { id, model, fingerprint });
    }
    tally.turn(turn, out)?;
    if finish.is_some() {
        tally.finish = finish;
    }
    Ok(())
}

/// The name in `now` if it is another than the `known` one, which it then becomes.
fn anew(known: &mut Option<String>, now: Option<Str<'_>>) -> Option<String> {
    let differs = |name: &Str<'_>| !name.is_empty() && known.as_deref() != Some(&*name.0);
    let name = given(now.filter(differs))?;
    *known = Some(name.clone());
    Some(name)
}

/// DashScope's `event:error`, with its status in a comment. Its data need not be JSON.
fn error_frame(protocol: Protocol, tally: &mut Tally, frame: Frame<'_>) -> PartnerError {
    let status = frame.comment.trim().strip_prefix("HTTP_STATUS/").and_then(|s| s.parse().ok());
    let json = serde_json::from_str(frame.data)
        .unwrap_or_else(|_| serde_json::json!({ "message": frame.data }));
    let mut error = PartnerError::from_json(protocol, status, &json);
    error.request_id = error.request_id.or_else(|| tally.request_id.take());
    error
}

impl Tally {
    fn turn(&mut self, mut turn: Turn<'_>, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        if let Some(reasoning) = turn.take_reasoning() {
            out.push(Event::Reasoning(reasoning.0.into_owned()));
        }
        if let Some(content) = turn.content.filter(|content| !content.0.is_empty()) {
            out.push(Event::Text(content.0.into_owned()));
        }
        if let Some(refusal) = given(turn.refusal) {
            self.refused = true;
            out.push(Event::Text(refusal));
        }
        for (place, piece) in (0..).zip(turn.tool_calls.unwrap_or_default()) {
            let index = piece.index.unwrap_or(place);
            if !self.calls.contains(&index) {
                if self.calls.len() == MOST_CALLS {
                    let message = format!("the answer has more than {MOST_CALLS} tool calls");
                    return Err(PartnerError::malformed(None, message));
                }
                self.calls.push(index);
            }
            let function = piece.function.unwrap_or_default();
            out.push(Event::ToolCall(ToolCallDelta {
                index,
                id: given(piece.id),
                name: given(function.name),
                arguments: given(function.arguments).unwrap_or_default(),
            }));
        }
        Ok(())
    }

    fn end(&mut self, finish: FinishReason, out: &mut Vec<Event>) {
        let finish = if self.refused { FinishReason::ContentFilter } else { finish };
        out.extend(self.usage.take().map(Event::Usage));
        out.push(Event::Finish(finish));
        self.done = true;
    }
}
