//! The canonical answer of a model: a stream of [`Event`]s, or one [`Completion`].

use serde::{Serialize, Serializer};

use crate::chat::{Passages, ToolCall};
use crate::partner_error::bounded;

/// One step of a streamed answer.
///
/// Order, kept by every [`crate::StreamDecoder`]: one `Start`; any number of `Identity`, `Text`,
/// `Reasoning` and `ToolCall`; at most one `Usage`; one `Finish`, always last. A stream that fails ends without
/// `Finish`, but may have told its `Usage` so far.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The partner began to answer.
    Start {
        /// The partner's id of the answer.
        id: Option<String>,
        /// The model the partner says it used.
        model: Option<String>,
        /// The partner's name for the configuration that answered (OpenAI's `system_fingerprint`).
        fingerprint: Option<String>,
    },
    /// A later piece of the answer names another model or fingerprint than was named before; comes
    /// before what that piece holds. What is not named anew is `None`.
    Identity {
        /// The model the partner now says it uses.
        model: Option<String>,
        /// The configuration that now answers.
        fingerprint: Option<String>,
    },
    /// A piece of the answer, never empty.
    Text(String),
    /// A piece of the model's reasoning, never empty.
    Reasoning(String),
    /// A piece of a tool call.
    ToolCall(ToolCallDelta),
    /// What the answer cost.
    Usage(Usage),
    /// The answer is complete.
    Finish(FinishReason),
}

/// A piece of a tool call. The first piece of an index carries the id and the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCallDelta {
    /// Which call of this answer, from 0.
    pub index: u32,
    /// The partner's id of the call.
    pub id: Option<String>,
    /// The tool to call.
    pub name: Option<String>,
    /// The next piece of the arguments.
    pub arguments: String,
}

/// Tokens, as the partner counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Tokens of the question.
    pub input_tokens: u64,
    /// Tokens of the answer, reasoning included.
    pub output_tokens: u64,
    /// Of the input, tokens the partner had cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_input_tokens: Option<u64>,
    /// Of the output, tokens spent on reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done.
    Stop,
    /// The token limit was reached.
    Length,
    /// The model wants tools called.
    ToolCalls,
    /// The partner's safety filter, or the model itself, declined; final (rule 3 of the design).
    ContentFilter,
    /// A reason this crate does not know, as the partner wrote it (at most 64 bytes), or
    /// [`FinishReason::UNSTATED`].
    Other(String),
}

impl FinishReason {
    /// What [`FinishReason::Other`] holds when the partner ended properly but gave no reason.
    pub const UNSTATED: &'static str = "unstated";

    /// The reason in OpenAI's spelling.
    pub fn as_str(&self) -> &str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Other(other) => other,
        }
    }

    /// Reads a partner's spelling. DashScope writes the string `"null"` while it is still going.
    pub(crate) fn from_wire(reason: &str) -> Option<Self> {
        const LONGEST: usize = 64;
        match reason {
            "" | "null" => None,
            "stop" => Some(FinishReason::Stop),
            "length" => Some(FinishReason::Length),
            "tool_calls" | "function_call" => Some(FinishReason::ToolCalls),
            "content_filter" => Some(FinishReason::ContentFilter),
            other => Some(FinishReason::Other(bounded(other, LONGEST).to_owned())),
        }
    }

    pub(crate) fn unstated() -> Self {
        FinishReason::Other(Self::UNSTATED.to_owned())
    }
}

impl Serialize for FinishReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// The partner's id of the answer.
    pub id: Option<String>,
    /// The model the partner says it used.
    pub model: Option<String>,
    /// The partner's name for the configuration that answered (OpenAI's `system_fingerprint`).
    pub fingerprint: Option<String>,
    /// The answer.
    pub text: String,
    /// The model's reasoning; empty when it gave none.
    pub reasoning: String,
    /// The tools the model wants called.
    pub tool_calls: Vec<ToolCall>,
    /// What it cost, when the partner said so.
    pub usage: Option<Usage>,
    /// Why it ended.
    pub finish: FinishReason,
}

impl Completion {
    /// The same answer as the events of a stream.
    pub fn into_events(self, out: &mut Vec<Event>) {
        out.push(Event::Start { id: self.id, model: self.model, fingerprint: self.fingerprint });
        if !self.reasoning.is_empty() {
            out.push(Event::Reasoning(self.reasoning));
        }
        if !self.text.is_empty() {
            out.push(Event::Text(self.text));
        }
        for (index, call) in (0..).zip(self.tool_calls) {
            out.push(Event::ToolCall(ToolCallDelta {
                index,
                id: (!call.id.is_empty()).then_some(call.id),
                name: (!call.name.is_empty()).then_some(call.name),
                arguments: call.arguments,
            }));
        }
        if let Some(usage) = self.usage {
            out.push(Event::Usage(usage));
        }
        out.push(Event::Finish(self.finish));
    }
}

impl Passages for Completion {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        for text in [&mut self.reasoning, &mut self.text] {
            if !text.is_empty() {
                visit(text);
            }
        }
        for call in &mut self.tool_calls {
            call.passages_mut(visit);
        }
    }
}

/// Puts the events of a stream together again.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    id: Option<String>,
    model: Option<String>,
    fingerprint: Option<String>,
    text: String,
    reasoning: String,
    calls: Vec<(u32, ToolCall)>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
}

impl Collector {
    /// Takes the next event.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::Start { id, model, fingerprint } => {
                self.id = id;
                self.model = model;
                self.fingerprint = fingerprint;
            }
            Event::Identity { model, fingerprint } => {
                self.model = model.or(self.model.take());
                self.fingerprint = fingerprint.or(self.fingerprint.take());
            }
            Event::Text(text) => append(&mut self.text, text),
            Event::Reasoning(text) => append(&mut self.reasoning, text),
            Event::ToolCall(delta) => self.call(delta),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Finish(finish) => self.finish = Some(finish),
        }
    }

    /// The answer, once [`Event::Finish`] came; `None` before.
    pub fn finish(self) -> Option<Completion> {
        let finish = self.finish?;
        Some(Completion {
            id: self.id,
            model: self.model,
            fingerprint: self.fingerprint,
            text: self.text,
            reasoning: self.reasoning,
            tool_calls: self.calls.into_iter().map(|(_, call)| call).collect(),
            usage: self.usage,
            finish,
        })
    }

    fn call(&mut self, delta: ToolCallDelta) {
        // A stream fills its calls one after the other, so the wanted one is nearly always last.
        let found = self.calls.iter().rposition(|(index, _)| *index == delta.index);
        let at = found.unwrap_or_else(|| {
            self.calls.push((delta.index, ToolCall::default()));
            self.calls.len() - 1
        });
        let call = &mut self.calls[at].1;
        if let Some(id) = delta.id {
            call.id = id;
        }
        if let Some(name) = delta.name {
            call.name = name;
        }
        append(&mut call.arguments, delta.arguments);
    }
}

fn append(to: &mut String, piece: String) {
    if to.is_empty() {
        *to = piece;
    } else {
        to.push_str(&piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_survives_being_streamed() {
        let whole = Completion {
            id: Some("a".into()),
            model: Some("m".into()),
            fingerprint: Some("fp".into()),
            text: "hello".into(),
            reasoning: "hm".into(),
            tool_calls: vec![
                ToolCall { id: "1".into(), name: "f".into(), arguments: "{}".into() },
                ToolCall { id: "2".into(), name: "g".into(), arguments: "[]".into() },
            ],
            usage: Some(Usage { input_tokens: 3, output_tokens: 4, ..Usage::default() }),
            finish: FinishReason::ToolCalls,
        };
        let mut events = Vec::new();
        whole.clone().into_events(&mut events);
        let mut collector = Collector::default();
        for event in events {
            collector.push(event);
        }
        assert_eq!(collector.finish(), Some(whole));
    }

    #[test]
    fn without_finish_there_is_no_completion() {
        let mut collector = Collector::default();
        collector.push(Event::Text("half".into()));
        assert_eq!(collector.finish(), None);
    }
}
