//! Answers of Ollama's `/api/chat`, whole and as lines.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Completion, Event, FinishReason, ToolCallDelta, Usage};
use crate::collect::Collector;
use crate::dialect::Dialect;
use crate::extra::Extra;
use crate::head::Head;
use crate::members::{Members, Told};
use crate::partner_error::{PartnerError, PartnerErrorKind, strip_bom};
use crate::sse::Frame;
use crate::wire_answer::{Str, given};

/// Most tool calls of one answer.
const MOST_CALLS: usize = 128;

/// What is read of an answer's top; everything else travels along.
const READ: [&str; 8] = [
    "model",
    "message",
    "done",
    "done_reason",
    "error",
    "prompt_eval_count",
    "eval_count",
    "created_at",
];

/// The member of the top that changes with each line; only the last one travels along.
const MOMENT: &str = "created_at";

#[derive(Default, Deserialize)]
struct Turn<'a> {
    #[serde(borrow)]
    content: Option<Str<'a>>,
    #[serde(borrow)]
    thinking: Option<Str<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Default, Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The arguments as text: they come as an object, from servers that imitate Ollama also as a string.
fn arguments(raw: Option<&RawValue>) -> String {
    match raw.map(RawValue::get) {
        None | Some("null") => "{}".to_owned(),
        Some(json) => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
    }
}

/// Reads a whole answer with status 2xx: one object with `done: true`.
pub(crate) fn decode(
    dialect: &Dialect,
    head: &Head<'_>,
    body: &[u8],
) -> Result<Completion, PartnerError> {
    let status = Some(head.status);
    let text = str::from_utf8(strip_bom(body))
        .map_err(|_| PartnerError::malformed(status, "the answer is not UTF-8"))?;
    let mut state = StreamState::default();
    let mut events = Vec::new();
    let read = state.object(dialect, status, text, "the answer", &mut events);
    read.map_err(|error| PartnerError { status, ..error })?;
    let mut collector = Collector::default();
    for event in events {
        collector.push(event);
    }
    let cut = || PartnerError::truncated("the answer does not say that it is done", None);
    collector.finish().ok_or_else(|| PartnerError { status, ..cut() })
}

/// What is known of an answer so far.
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    started: bool,
    /// Whether a message had words, were they empty.
    spoke: bool,
    done: bool,
    calls: usize,
    model: Option<String>,
    told: Told,
}

impl StreamState {
    /// Takes the next line.
    pub(crate) fn frame(
        &mut self,
        dialect: &Dialect,
        frame: Frame<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let line = frame.data.trim_start_matches('\u{feff}');
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        self.object(dialect, None, line, "a line of the stream", out).map_err(|error| {
            // The line had its end, so what is missing from it was not cut off.
            match error.kind {
                PartnerErrorKind::Truncated => PartnerError::malformed(None, error.message),
                _ => error,
            }
        })
    }

    /// The bytes ended before [`is_done`](Self::is_done).
    pub(crate) fn end(&mut self, _out: &mut Vec<Event>) -> Result<(), PartnerError> {
        let message = if self.started {
            "the stream ended before the answer did"
        } else {
            "the stream ended before the answer began"
        };
        Err(PartnerError::truncated(message, None))
    }

    /// Whether the answer is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The usage told so far and not yet given out: none, because only the last line tells it.
    #[expect(clippy::unused_self, reason = "the signature the other families have")]
    pub(crate) fn spent(&mut self) -> Option<Usage> {
        None
    }

    /// Reads one object: a line of a stream, or a whole answer.
    fn object(
        &mut self,
        dialect: &Dialect,
        status: Option<u16>,
        json: &str,
        what: &str,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let unreadable = |error| PartnerError::unreadable(None, what, &error);
        let members: Members<'_> = serde_json::from_str(json).map_err(unreadable)?;
        if members.has("error") {
            // Read again in full: errors are rare.
            let json = serde_json::from_str(json).unwrap_or_default();
            return Err(PartnerError::from_json(dialect, status, &json));
        }
        let done = members.read::<bool>("done").map_err(unreadable)?.unwrap_or(false);
        let turn = members.read::<Turn<'_>>("message").map_err(unreadable)?;
        if turn.is_none() && !done {
            // Nothing this protocol knows: neither words nor their end.
            return Err(PartnerError::malformed(None, format!("{what} has no message in it")));
        }
        self.identify(given(members.read("model").map_err(unreadable)?), out);
        self.turn(turn.unwrap_or_default(), out)?;
        let mut news = Extra::new();
        for (name, value) in members.others(&READ) {
            self.told.tell(name, value, &mut news);
        }
        if done && let Some(moment) = members.read::<&RawValue>(MOMENT).map_err(unreadable)? {
            self.told.tell(MOMENT, moment, &mut news);
        }
        if !news.is_empty() {
            out.push(Event::Extra(news));
        }
        if done {
            self.complete(&members, out)?;
        }
        Ok(())
    }

    fn identify(&mut self, model: Option<String>, out: &mut Vec<Event>) {
        if !self.started {
            self.started = true;
            self.model.clone_from(&model);
            out.push(Event::Start { id: None, model, fingerprint: None, request_id: None });
        } else if model.is_some() && model != self.model {
            self.model.clone_from(&model);
            out.push(Event::Identity { model, fingerprint: None });
        }
    }

    fn turn(&mut self, turn: Turn<'_>, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        let Turn { content, thinking, tool_calls } = turn;
        self.spoke |= content.is_some() || thinking.is_some() || tool_calls.is_some();
        out.extend(given(thinking).map(Event::Reasoning));
        out.extend(given(content).map(Event::Text));
        for call in tool_calls.unwrap_or_default() {
            if self.calls == MOST_CALLS {
                let message = format!("the answer has more than {MOST_CALLS} tool calls");
                return Err(PartnerError::malformed(None, message));
            }
            // At most 128 calls. Each comes whole, so they are counted as they come.
            let index = u32::try_from(self.calls).unwrap_or(u32::MAX);
            self.calls += 1;
            let function = call.function.unwrap_or_default();
            out.push(Event::ToolCall(ToolCallDelta {
                index,
                id: given(call.id).or_else(|| Some(format!("call_{index}"))),
                name: given(function.name),
                arguments: arguments(function.arguments),
            }));
        }
        Ok(())
    }

    fn complete(
        &mut self,
        members: &Members<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let unreadable = |error| PartnerError::unreadable(None, "the end of the answer", &error);
        let reason = given(members.read("done_reason").map_err(unreadable)?);
        let input = members.read::<u64>("prompt_eval_count").map_err(unreadable)?;
        let output = members.read::<u64>("eval_count").map_err(unreadable)?;
        if !self.spoke {
            return Err(PartnerError::malformed(None, "the answer has no words in it"));
        }
        if input.is_some() || output.is_some() {
            out.push(Event::Usage(Usage {
                // Left out when all of the input was in the server's own cache.
                input_tokens: input.unwrap_or(0),
                output_tokens: output.unwrap_or(0),
                ..Usage::default()
            }));
        }
        let reason = reason.and_then(|reason| FinishReason::from_wire(&reason));
        let finish = match reason.unwrap_or_else(FinishReason::unstated) {
            // The protocol has no reason of its own for this.
            FinishReason::Stop if self.calls > 0 => FinishReason::ToolCalls,
            other => other,
        };
        out.push(Event::Finish(finish));
        self.done = true;
        Ok(())
    }
}
