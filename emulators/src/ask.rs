//! What a request asks for, whichever protocol it came in by.

use serde_json::Value;

use crate::conversation::Conversation;
use crate::tokens;

/// A function the caller offers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// The JSON Schema of its arguments.
    pub(crate) parameters: Value,
}

/// Whether a tool may or must be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    #[default]
    Auto,
    None,
    Required,
    Named(String),
}

/// The shape the text of the answer must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Shape {
    #[default]
    Text,
    JsonObject,
    JsonSchema(Value),
}

/// A checked request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) conversation: Conversation,
    pub(crate) tools: Vec<Tool>,
    pub(crate) choice: Choice,
    /// Several calls in one answer are allowed.
    pub(crate) parallel: bool,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) stop: Vec<String>,
    /// The reasoning is wanted in the answer.
    pub(crate) thinking: bool,
    pub(crate) shape: Shape,
    /// How many answers are wanted; 0 counts as one.
    pub(crate) choices: u64,
    /// A search of the web is wanted first.
    pub(crate) search: bool,
}

impl Ask {
    /// An estimate of what the request costs.
    pub(crate) fn input_tokens(&self) -> u64 {
        let tools: u64 = self
            .tools
            .iter()
            .map(|t| tokens::count(&t.name) + tokens::count(&t.parameters.to_string()))
            .sum();
        self.conversation.tokens + tools
    }
}
