//! The canonical conversation: what is asked of a model, free of any protocol.
//!
//! Everything a feature or a client may send to a model is a value of these types, and [`Passages`]
//! reaches every piece of free text in it. What has no field here cannot be sent, but as [`Extra`].

use std::borrow::Cow;

use crate::content::{Content, Media, Modalities};
use crate::extra::Extra;
use crate::json::{Json, visit_json_text};

/// Access to every piece of free text that can reach, or came from, a model.
///
/// The screen reads and masks through this trait, so an implementation that leaves a text out opens
/// a hole. Short identifiers checked at the border (tool names, call ids) are not free text.
pub trait Passages {
    /// Calls `visit` once for each text, in reading order. `visit` may replace the text.
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String));

    /// Calls `visit` once for each text that is material to work on: somebody wrote it who is not asking, so the model must not
    /// follow it. These are among the passages; where nobody says, there are none.
    fn material_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        let _ = visit;
    }

    /// Calls `visit` once for each picture. A picture's bytes are no text, and are looked at apart.
    fn pictures_mut(&mut self, visit: &mut dyn FnMut(&mut Media)) {
        let _ = visit;
    }
}

/// A value for a model that can be told that tokens stand in it for what it is not shown.
pub trait Tokens: Passages {
    /// Tells the model to copy tokens as they are.
    ///
    /// What this adds is not screened, so it adds nothing but words that stand in the program.
    fn explain_tokens(&mut self);
}

impl Passages for String {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        visit(self);
    }
}

/// One conversation, ready to be asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chat {
    /// The turns so far, oldest first. At least one when it is encoded.
    pub messages: Vec<Message>,
    /// The functions the model may ask the client to call.
    pub tools: Vec<Tool>,
    /// How the model should answer.
    pub params: Params,
    /// Members for the top of the request that a dialect takes and that have no field here. One that
    /// the dialect writes itself is refused.
    pub extra: Extra,
}

impl Chat {
    /// What the conversation has beside text.
    pub fn modalities(&self) -> Modalities {
        let mut found = Modalities::default();
        for message in &self.messages {
            if let Message::User { content } = message {
                found.add(content);
            }
        }
        found
    }

    /// The beginning of the answer that the model is to continue, when the last turn is one.
    pub fn prefix(&self) -> Option<&str> {
        match self.messages.last() {
            Some(Message::Assistant { content, prefix: true, .. }) => Some(content),
            _ => None,
        }
    }
}

/// Who speaks in a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator's instructions.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
}

impl Role {
    /// The role as all supported protocols spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The operator's instructions.
    System {
        /// The instructions.
        content: String,
    },
    /// What the person said.
    User {
        /// The words, and what came with them.
        content: Content,
    },
    /// What the model said or asked to have called.
    Assistant {
        /// The words; empty when the turn is only tool calls.
        content: String,
        /// The reasoning that led to them, given back to partners that want it in tool loops; empty
        /// when there is none, and left out where a dialect does not want it.
        reasoning: String,
        /// The calls the model asked for.
        tool_calls: Vec<ToolCall>,
        /// Whether the model is to go on from here; only in the last turn.
        prefix: bool,
        /// What the answer that this turn was held beyond these fields ([`crate::Completion::extra`]),
        /// for the partner it came from: signed reasoning goes back from here. What a dialect does
        /// not know as its own it leaves out.
        extra: Extra,
    },
    /// The result of one call.
    Tool {
        /// The [`ToolCall::id`] this answers.
        tool_call_id: String,
        /// The result, usually JSON in a string.
        content: String,
    },
}

impl Message {
    /// A system message.
    pub fn system(content: impl Into<String>) -> Self {
        Message::System { content: content.into() }
    }

    /// A user message.
    pub fn user(content: impl Into<Content>) -> Self {
        Message::User { content: content.into() }
    }

    /// An assistant message without tool calls.
    pub fn assistant(content: impl Into<String>) -> Self {
        Message::Assistant {
            content: content.into(),
            reasoning: String::new(),
            tool_calls: Vec::new(),
            prefix: false,
            extra: Extra::new(),
        }
    }

    /// The beginning of an answer that the model is to continue.
    pub fn prefix(content: impl Into<String>) -> Self {
        Message::Assistant {
            content: content.into(),
            reasoning: String::new(),
            tool_calls: Vec::new(),
            prefix: true,
            extra: Extra::new(),
        }
    }

    /// Who speaks.
    pub fn role(&self) -> Role {
        match self {
            Message::System { .. } => Role::System,
            Message::User { .. } => Role::User,
            Message::Assistant { .. } => Role::Assistant,
            Message::Tool { .. } => Role::Tool,
        }
    }

    /// The words of the turn.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Message::User { content } => content.text(),
            Message::System { content }
            | Message::Assistant { content, .. }
            | Message::Tool { content, .. } => Cow::Borrowed(content),
        }
    }
}

/// A call the model asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// The partner's id of the call; the result is sent back under it.
    pub id: String,
    /// The [`Tool::name`] to call.
    pub name: String,
    /// The arguments as the model wrote them: meant to be a JSON object, not checked.
    pub arguments: String,
}

/// A function the model may ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name: ASCII letters, digits, `_` and `-`, at most 64 (the rule of OpenAI's function names).
    pub name: String,
    /// What it does, in words for the model.
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    pub parameters: Option<Json>,
    /// Whether the arguments must follow the schema exactly.
    pub strict: Option<bool>,
}

/// How the model should answer. Everything unset is left to the partner.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// Sampling temperature, 0 to 2.
    pub temperature: Option<f64>,
    /// Nucleus sampling mass, 0 to 1.
    pub top_p: Option<f64>,
    /// Most tokens the answer may have, reasoning included.
    pub max_tokens: Option<u32>,
    /// Texts at which the answer ends; at most 4.
    pub stop: Vec<String>,
    /// Seed for repeatable sampling, best effort.
    pub seed: Option<i64>,
    /// Penalty for tokens already present, -2 to 2.
    pub presence_penalty: Option<f64>,
    /// Penalty growing with a token's frequency, -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// Which tool to call, if any.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several calls may be asked for in one turn.
    pub parallel_tool_calls: Option<bool>,
    /// The form of the answer.
    pub response_format: Option<ResponseFormat>,
    /// From how many of the likeliest tokens the next one is chosen.
    pub top_k: Option<u32>,
    /// How many answers are asked for (OpenAI's `n`).
    pub choices: Option<u32>,
    /// Whether and how much the model reasons before it answers.
    pub reasoning: Option<Reasoning>,
    /// Whether the partner searches the web.
    pub search: Option<Search>,
    /// That the beginning of the conversation comes again.
    pub cache: Option<CacheHint>,
}

/// Whether and how much a model reasons before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// Not at all.
    Off,
    /// It does.
    On {
        /// How much, in the partner's steps; unset is the partner's choice.
        effort: Option<Effort>,
        /// Most tokens it may spend on it.
        budget_tokens: Option<u32>,
    },
}

/// How much a model reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As little as it can.
    Minimal,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

impl Effort {
    /// The word nearly all partners use.
    pub fn as_str(self) -> &'static str {
        match self {
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
        }
    }
}

/// That the partner may look things up on the web.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Whether it must.
    pub forced: bool,
}

/// That the beginning of the conversation comes again and is worth keeping at the partner.
///
/// A hint: it does not change the answer, so a dialect without a word for it leaves it out; most
/// partners keep beginnings without being told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheHint {
    /// The same for conversations that begin alike; names nobody. At most 64 bytes are sent.
    pub key: Option<String>,
    /// Whether it is worth keeping for an hour rather than minutes, at a higher price.
    pub hour: bool,
}

/// Whether and which tool the model calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// Never.
    None,
    /// As the model sees fit.
    Auto,
    /// At least one.
    Required,
    /// This one, by [`Tool::name`].
    Function(String),
}

/// The form of the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum ResponseFormat {
    /// Free text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// A JSON value that follows a schema.
    JsonSchema {
        /// Name of the schema: same alphabet as [`Tool::name`].
        name: String,
        /// What the value is for, in words for the model.
        description: Option<String>,
        /// The schema.
        schema: Option<Json>,
        /// Whether the schema binds exactly.
        strict: Option<bool>,
    },
}

impl Passages for Chat {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        for message in &mut self.messages {
            message.passages_mut(visit);
        }
        for tool in &mut self.tools {
            tool.passages_mut(visit);
        }
        for stop in &mut self.params.stop {
            visit(stop);
        }
        if let Some(ResponseFormat::JsonSchema { description, schema, .. }) =
            &mut self.params.response_format
        {
            if let Some(description) = description {
                visit(description);
            }
            if let Some(schema) = schema {
                schema.visit(visit);
            }
        }
        self.extra.passages_mut(visit);
    }

    /// The results of tools.
    fn material_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        for message in &mut self.messages {
            if let Message::Tool { content, .. } = message {
                visit_json_text(content, visit);
            }
        }
    }

    fn pictures_mut(&mut self, visit: &mut dyn FnMut(&mut Media)) {
        for message in &mut self.messages {
            if let Message::User { content } = message {
                content.pictures_mut(visit);
            }
        }
    }
}

impl Passages for Message {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Message::System { content } => visit(content),
            Message::User { content } => content.passages_mut(visit),
            Message::Assistant { content, reasoning, tool_calls, prefix: _, extra } => {
                for text in [reasoning, content] {
                    if !text.is_empty() {
                        visit(text);
                    }
                }
                for call in tool_calls {
                    call.passages_mut(visit);
                }
                extra.passages_mut(visit);
            }
            Message::Tool { content, .. } => visit_json_text(content, visit),
        }
    }
}

impl Passages for ToolCall {
    /// Shows the texts inside the arguments decoded, so that JSON escapes hide nothing.
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        visit_json_text(&mut self.arguments, visit);
    }
}

impl Passages for Tool {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        if let Some(description) = &mut self.description {
            visit(description);
        }
        if let Some(parameters) = &mut self.parameters {
            parameters.visit(visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_visited() {
        let schema: Json = serde_json::from_str(
            r#"{"type":"object","properties":{"T6":{"description":"T7","enum":["T8"]}}}"#,
        )
        .unwrap();
        let mut chat = Chat {
            messages: vec![
                Message::system("T0"),
                Message::user("T1"),
                Message::Assistant {
                    content: "T2".into(),
                    reasoning: "T1r".into(),
                    prefix: false,
                    extra: [("T3x".to_owned(), Json::Null)].into_iter().collect(),
                    tool_calls: vec![ToolCall {
                        id: "c".into(),
                        name: "f".into(),
                        arguments: r#"{"q":"\u00543"}"#.into(),
                    }],
                },
                Message::Tool { tool_call_id: "c".into(), content: "T4".into() },
            ],
            tools: vec![Tool {
                name: "f".into(),
                description: Some("T5".into()),
                parameters: Some(schema.clone()),
                strict: None,
            }],
            params: Params {
                stop: vec!["T9".into()],
                response_format: Some(ResponseFormat::JsonSchema {
                    name: "s".into(),
                    description: Some("T10".into()),
                    schema: Some(schema),
                    strict: None,
                }),
                ..Params::default()
            },
            extra: [("T11".to_owned(), Json::String("T12".into()))].into_iter().collect(),
        };
        let mut seen = Vec::new();
        chat.passages_mut(&mut |text| {
            if text.starts_with('T') {
                seen.push(text.clone());
                text.make_ascii_lowercase();
            }
        });
        assert_eq!(
            seen,
            [
                "T0", "T1", "T1r", "T2", "T3", "T3x", "T4", "T5", "T6", "T7", "T8", "T9", "T10",
                "T6", "T7", "T8", "T11", "T12"
            ]
        );
        assert!(!format!("{chat:?}").contains("\"T"), "each text was replaced: {chat:?}");
    }
}
