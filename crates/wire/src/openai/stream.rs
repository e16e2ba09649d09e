//! Streams in the shape of OpenAI's chat completions, and of DashScope's own generation.
//!
//! A streamed answer is complete when the partner said so: by `[DONE]`, or by a finish reason
//! before the bytes ended (DashScope's own protocol has no `[DONE]`). [`Event::Finish`] therefore
//! waits for the end of the stream: an error frame may still follow the last good chunk, and then
//! the answer must not count as finished.
//!
//! A model's own refusal (OpenAI's `refusal`) is given as text, so that the person reads the
//! partner's words, and the answer then ends in [`FinishReason::ContentFilter`].

use crate::answer::{Event, FinishReason, ToolCallDelta, Usage};
use crate::dialect::Dialect;
use crate::partner_error::PartnerError;
use crate::sse::Frame;
use crate::wire_answer::{Answer, Said, Str, Turn, WireUsage, given};

/// Most tool calls of one answer.
const MOST_CALLS: usize = 128;

/// What is known of the answer so far.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
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

impl StreamState {
    /// Takes the next server-sent event.
    pub(crate) fn frame(
        &mut self,
        dialect: &Dialect,
        frame: Frame<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let data = frame.data.trim_ascii();
        if data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            if !self.started {
                return Err(PartnerError::malformed(None, "the stream has no answer in it"));
            }
            let finish = self.finish.take().unwrap_or_else(FinishReason::unstated);
            self.complete(finish, out);
            return Ok(());
        }
        if frame.event == "error" {
            return Err(error_frame(dialect, self, frame));
        }
        let mut answer: Answer<'_> = serde_json::from_str(data)
            .map_err(|error| PartnerError::unreadable(None, "a chunk of the stream", &error))
            .map_err(|error| PartnerError { kind: crate::PartnerErrorKind::Malformed, ..error })?;
        if let Some(mut error) = answer.error(dialect, None, data) {
            error.request_id = error.request_id.or_else(|| self.request_id.take());
            return Err(error);
        }
        if let Some(usage) = answer.usage.and_then(WireUsage::canonical) {
            // Counts are of the whole answer so far, never of the chunk.
            self.usage = Some(usage);
        }
        let Some(Said { turn, finish }) = answer.said() else {
            return Ok(());
        };
        if self.started {
            let model = anew(&mut self.model, answer.model.take());
            let fingerprint = anew(&mut self.fingerprint, answer.system_fingerprint.take());
            if model.is_some() || fingerprint.is_some() {
                out.push(Event::Identity { model, fingerprint });
            }
        } else {
            self.started = true;
            let request_id = given(answer.request_id.take());
            let id = given(answer.id.take()).or_else(|| request_id.clone());
            self.request_id = request_id;
            self.model = given(answer.model.take());
            self.fingerprint = given(answer.system_fingerprint.take());
            let (model, fingerprint) = (self.model.clone(), self.fingerprint.clone());
            out.push(Event::Start { id, model, fingerprint, request_id: self.request_id.clone() });
        }
        self.turn(turn, out)?;
        if finish.is_some() {
            self.finish = finish;
        }
        Ok(())
    }

    /// The body ended without `[DONE]`.
    pub(crate) fn end(
        &mut self,
        _dialect: &Dialect,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let Some(finish) = self.finish.take() else {
            let message = if self.started {
                "the stream ended before the answer did"
            } else {
                "the stream ended before the answer began"
            };
            return Err(PartnerError::truncated(message, self.request_id.take()));
        };
        self.complete(finish, out);
        Ok(())
    }

    /// Whether the answer is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The usage told so far and not yet given out, when the answer failed.
    pub(crate) fn spent(&mut self) -> Option<Usage> {
        self.usage.take()
    }

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

    fn complete(&mut self, finish: FinishReason, out: &mut Vec<Event>) {
        let finish = if self.refused { FinishReason::ContentFilter } else { finish };
        out.extend(self.usage.take().map(Event::Usage));
        out.push(Event::Finish(finish));
        self.done = true;
    }
}

/// The name in `now` if it is another than the `known` one, which it then becomes.
fn anew(known: &mut Option<String>, now: Option<Str<'_>>) -> Option<String> {
    let differs = |name: &Str<'_>| !name.is_empty() && known.as_deref() != Some(&*name.0);
    let name = given(now.filter(differs))?;
    *known = Some(name.clone());
    Some(name)
}

/// DashScope's `event:error`, with its status in a comment. Its data need not be JSON.
fn error_frame(dialect: &Dialect, tally: &mut StreamState, frame: Frame<'_>) -> PartnerError {
    let status = frame.comment.trim().strip_prefix("HTTP_STATUS/").and_then(|s| s.parse().ok());
    let json = serde_json::from_str(frame.data)
        .unwrap_or_else(|_| serde_json::json!({ "message": frame.data }));
    let mut error = PartnerError::from_json(dialect, status, &json);
    error.request_id = error.request_id.or_else(|| tally.request_id.take());
    error
}
