//! The canonical answer of a model: a stream of [`Event`]s, or one [`Completion`].

use serde::{Deserialize, Serialize, Serializer};

use crate::chat::{Passages, ToolCall};
use crate::extra::Extra;
use crate::partner_error::bounded;

/// One step of a streamed answer.
///
/// Order, kept by every [`crate::StreamDecoder`]: one `Start`; any number of `Identity`, `Choice`,
/// `Text`, `Reasoning`, `ToolCall`, `Moderation` and `Extra`; at most one `Usage`; then one `Finish` for
/// each choice, always last (with a `Choice` before it where it is another's than what came before).
/// A stream that fails ends without `Finish`, but may have told its `Usage` so far.
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
        /// The partner's id of the request, for asking its support.
        request_id: Option<String>,
    },
    /// A later piece of the answer names another model or fingerprint than was named before; comes
    /// before what that piece holds. What is not named anew is `None`.
    Identity {
        /// The model the partner now says it uses.
        model: Option<String>,
        /// The configuration that now answers.
        fingerprint: Option<String>,
    },
    /// What follows belongs to this choice, counted from 0; before the first of these, to choice 0.
    /// Comes only where more than one choice was asked for.
    Choice(u32),
    /// A piece of the answer, never empty.
    Text(String),
    /// A piece of the model's reasoning, never empty.
    Reasoning(String),
    /// A piece of a tool call.
    ToolCall(ToolCallDelta),
    /// The partner's moderation has something to say. What it declines ends in
    /// [`FinishReason::ContentFilter`] or in an error; text already shown is then withdrawn.
    Moderation(Moderation),
    /// What the partner said beyond the fields of these events; each value once, until it changes.
    Extra(Extra),
    /// What the answer cost.
    Usage(Usage),
    /// The choice is complete.
    Finish(FinishReason),
}

/// What a partner's moderation said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moderation {
    /// What it is about.
    pub at: ModerationAt,
    /// Its categories or levels, in the partner's words (each at most 64 bytes).
    pub categories: Vec<String>,
    /// Its words for people (at most 1,000 bytes).
    pub message: Option<String>,
}

/// What moderation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModerationAt {
    /// What was asked.
    Input,
    /// What was answered.
    Output,
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
    /// Of the input, tokens the partner put into its cache, at a price of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_input_tokens: Option<u64>,
    /// Searches the partner made, at a price of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_calls: Option<u64>,
}

impl Usage {
    /// That of two choices of one question, of what was told of each: the question counts once.
    pub(crate) fn with_choice(self, other: Self) -> Self {
        let both =
            |a: Option<u64>, b: Option<u64>| a.zip(b).map(|(a, b)| a.saturating_add(b)).or(a).or(b);
        Self {
            input_tokens: self.input_tokens.max(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cached_input_tokens: self.cached_input_tokens.max(other.cached_input_tokens),
            reasoning_tokens: both(self.reasoning_tokens, other.reasoning_tokens),
            cache_write_input_tokens: self
                .cache_write_input_tokens
                .max(other.cache_write_input_tokens),
            search_calls: self.search_calls.max(other.search_calls),
        }
    }
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
    /// The partner's id of the request, for asking its support.
    pub request_id: Option<String>,
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
    /// What the partner's moderation said last.
    pub moderation: Option<Moderation>,
    /// What the partner said beyond these fields.
    pub extra: Extra,
    /// The choices beyond the first, where more than one was asked for.
    pub others: Vec<Alternative>,
}

/// Another choice of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// The answer.
    pub text: String,
    /// The model's reasoning; empty when it gave none.
    pub reasoning: String,
    /// The tools the model wants called.
    pub tool_calls: Vec<ToolCall>,
    /// Why it ended.
    pub finish: FinishReason,
}

impl Completion {
    /// An answer of which nothing is known but why it ended.
    pub fn new(finish: FinishReason) -> Self {
        Self {
            id: None,
            model: None,
            fingerprint: None,
            request_id: None,
            text: String::new(),
            reasoning: String::new(),
            tool_calls: Vec::new(),
            usage: None,
            finish,
            moderation: None,
            extra: Extra::new(),
            others: Vec::new(),
        }
    }

    /// The same answer as the events of a stream.
    pub fn into_events(self, out: &mut Vec<Event>) {
        let Self { id, model, fingerprint, request_id, .. } = self;
        out.push(Event::Start { id, model, fingerprint, request_id });
        if !self.extra.is_empty() {
            out.push(Event::Extra(self.extra));
        }
        said(self.reasoning, self.text, self.tool_calls, out);
        let mut finishes = vec![self.finish];
        for (choice, other) in (1..).zip(self.others) {
            out.push(Event::Choice(choice));
            said(other.reasoning, other.text, other.tool_calls, out);
            finishes.push(other.finish);
        }
        out.extend(self.moderation.map(Event::Moderation));
        out.extend(self.usage.map(Event::Usage));
        let several = finishes.len() > 1;
        for (choice, finish) in (0..).zip(finishes) {
            out.extend(several.then_some(Event::Choice(choice)));
            out.push(Event::Finish(finish));
        }
    }
}

fn said(reasoning: String, text: String, calls: Vec<ToolCall>, out: &mut Vec<Event>) {
    if !reasoning.is_empty() {
        out.push(Event::Reasoning(reasoning));
    }
    if !text.is_empty() {
        out.push(Event::Text(text));
    }
    for (index, call) in (0..).zip(calls) {
        out.push(Event::ToolCall(ToolCallDelta {
            index,
            id: (!call.id.is_empty()).then_some(call.id),
            name: (!call.name.is_empty()).then_some(call.name),
            arguments: call.arguments,
        }));
    }
}

impl Passages for Completion {
    /// Shows what a person may read: reasoning, text and calls of every choice, and what the
    /// partner's moderation says to people. [`Completion::extra`] is not shown to anybody, so it
    /// is not shown here.
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        pass(&mut self.reasoning, &mut self.text, &mut self.tool_calls, visit);
        for other in &mut self.others {
            other.passages_mut(visit);
        }
        if let Some(Moderation { message: Some(message), .. }) = &mut self.moderation {
            visit(message);
        }
    }
}

impl Passages for Alternative {
    /// Shows what a person may read of it: reasoning, text and calls.
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        pass(&mut self.reasoning, &mut self.text, &mut self.tool_calls, visit);
    }
}

fn pass(
    reasoning: &mut String,
    text: &mut String,
    calls: &mut [ToolCall],
    visit: &mut dyn FnMut(&mut String),
) {
    for text in [reasoning, text] {
        if !text.is_empty() {
            visit(text);
        }
    }
    for call in calls {
        call.passages_mut(visit);
    }
}
