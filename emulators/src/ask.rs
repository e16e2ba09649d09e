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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Auto,
    None,
    Required,
    Named(String),
}

/// The shape the text of the answer must have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Text,
    JsonObject,
    JsonSchema(Value),
}

/// A checked request.
#[derive(Clone, Debug)]
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
}

impl Ask {
    /// The fault asked for in the last user message.
    pub(crate) fn trigger(&self) -> Option<Trigger> {
        Trigger::find(&self.conversation.user)
    }

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

/// A fault on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// Refused: too many requests.
    RateLimit,
    /// Refused: nothing left to spend.
    Quota,
    /// Refused: the partner is overloaded.
    Overloaded,
    /// Refused: an error inside the partner.
    Error500,
    /// Refused before generation by the partner's moderation.
    ModerationInput,
    /// Stopped by the partner's moderation after some text.
    ModerationOutput,
    /// The model itself refuses (OpenAI only; elsewhere an ordinary answer).
    Refusal,
    /// An error event after good ones.
    ErrorMidStream,
    /// The connection drops in the middle.
    CutStream,
    /// The body ends in the middle, cleanly as far as HTTP can tell.
    EndEarly,
    /// Headers and the first text, then nothing.
    Stall,
    /// Headers, then nothing.
    StallHeaders,
    /// Forty parts, 50 ms apart.
    Slow,
    /// Not even headers.
    NoHeaders,
    /// Bytes that are not what the protocol says.
    Malformed,
    /// The answer names a model nobody asked for.
    OtherModel,
    /// The answer names another configuration of the model.
    OtherFingerprint,
    /// The answer begins under the model asked for and goes on under another.
    ModelMidway,
}

impl Trigger {
    const WORDS: [(&'static str, Self); 18] = [
        ("[[rate_limit]]", Self::RateLimit),
        ("[[quota]]", Self::Quota),
        ("[[overloaded]]", Self::Overloaded),
        ("[[error_500]]", Self::Error500),
        ("[[moderation_input]]", Self::ModerationInput),
        ("[[moderation_output]]", Self::ModerationOutput),
        ("[[refusal]]", Self::Refusal),
        ("[[error_mid_stream]]", Self::ErrorMidStream),
        ("[[cut_stream]]", Self::CutStream),
        ("[[end_early]]", Self::EndEarly),
        ("[[stall]]", Self::Stall),
        ("[[stall_headers]]", Self::StallHeaders),
        ("[[slow]]", Self::Slow),
        ("[[no_headers]]", Self::NoHeaders),
        ("[[malformed]]", Self::Malformed),
        ("[[other_model]]", Self::OtherModel),
        ("[[other_fingerprint]]", Self::OtherFingerprint),
        ("[[model_midway]]", Self::ModelMidway),
    ];

    /// The first trigger word in `text`.
    fn find(text: &str) -> Option<Self> {
        let start = text.find("[[")?;
        Self::WORDS
            .iter()
            .filter_map(|(word, trigger)| Some((text[start..].find(word)?, *trigger)))
            .min_by_key(|(at, _)| *at)
            .map(|(_, trigger)| trigger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_trigger_in_a_text_counts() {
        assert_eq!(Trigger::find("please [[slow]] then [[stall]]"), Some(Trigger::Slow));
        assert_eq!(Trigger::find("[[stall_headers]]"), Some(Trigger::StallHeaders));
        assert_eq!(Trigger::find("[[a wiki link]]"), None);
        assert_eq!(Trigger::find("plain"), None);
    }
}
