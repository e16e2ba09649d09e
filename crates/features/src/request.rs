//! What a person asks of a feature, typed: the input shapes of the catalogue as Rust values.
//!
//! The JSON Schemas in `catalog/features` say the same to the outside; an end-to-end test holds
//! the two together.

use serde::{Deserialize, Serialize};

use crate::{Feature, FeatureError, Task, TextLanguage};

/// The most names of contacts that a request may bring.
const MOST_CONTACTS: usize = 1_000;

/// The most characters of such a name.
const LONGEST_CONTACT: usize = 64;

/// A request for one feature, parsed and within the feature's limits.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureRequest {
    input: FeatureInput,
    language: TextLanguage,
    contacts: Vec<String>,
}

/// The typed input of each feature.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureInput {
    /// A conversation.
    Chat(ChatInput),
    /// A text to rewrite.
    Rewrite {
        /// The person's text.
        text: String,
        /// How to rewrite it.
        style: RewriteStyle,
    },
    /// A text to proofread, summarise or list the points of.
    Text(String),
}

/// The turns of a conversation, the person's newest last.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatInput {
    /// Who said what, oldest first.
    pub messages: Vec<ChatTurn>,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatTurn {
    /// Who spoke.
    pub role: Role,
    /// What was said.
    pub content: String,
}

/// Who speaks in a conversation with the assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The assistant's earlier answer.
    Assistant,
    /// The person.
    User,
}

/// How a text is to be rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RewriteStyle {
    /// Shorter, nothing lost.
    Concise,
    /// By the person's own description.
    Described(String),
    /// Warmer.
    Friendly,
    /// For work.
    Professional,
}

impl RewriteStyle {
    /// The style's name in requests and prompts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Concise => "concise",
            Self::Described(_) => "described",
            Self::Friendly => "friendly",
            Self::Professional => "professional",
        }
    }
}

impl FeatureRequest {
    /// Parses the body of `POST /v1/features/{id}` for `feature`.
    ///
    /// `detect` tells the language a text is plainly written in, if it is plain; it is a
    /// parameter because detecting belongs to the on-device engine.
    pub fn parse(
        feature: &Feature,
        body: &[u8],
        detect: impl Fn(&str) -> Option<TextLanguage>,
    ) -> Result<Self, FeatureError> {
        let invalid =
            |message: String| FeatureError::Invalid { feature: feature.id().clone(), message };
        let raw: RawRequest = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() { invalid(error.to_string()) } else { FeatureError::NotJson(error) }
        })?;
        let contacts = raw.contacts;
        if contacts.len() > MOST_CONTACTS
            || contacts.iter().any(|name| name.chars().nth(LONGEST_CONTACT).is_some())
        {
            return Err(invalid(format!(
                "`contacts` are at most {MOST_CONTACTS} names of at most {LONGEST_CONTACT} characters"
            )));
        }
        let input = match feature.task() {
            Task::Device(_) => {
                let TextInput { text } = typed(raw.input.get()).map_err(invalid)?;
                FeatureInput::Text(text)
            }
            Task::Rewrite => {
                let RewriteInput { text, style, instruction } =
                    typed(raw.input.get()).map_err(invalid)?;
                let style = match (style, instruction) {
                    (StyleName::Described, Some(instruction)) if !instruction.trim().is_empty() => {
                        RewriteStyle::Described(instruction)
                    }
                    (StyleName::Described, _) => {
                        return Err(invalid(
                            "style \"described\" needs an `instruction`".to_owned(),
                        ));
                    }
                    (_, Some(_)) => {
                        return Err(invalid(
                            "`instruction` goes with style \"described\" only".to_owned(),
                        ));
                    }
                    (StyleName::Concise, None) => RewriteStyle::Concise,
                    (StyleName::Friendly, None) => RewriteStyle::Friendly,
                    (StyleName::Professional, None) => RewriteStyle::Professional,
                };
                FeatureInput::Rewrite { text, style }
            }
            Task::Chat => FeatureInput::Chat(typed(raw.input.get()).map_err(invalid)?),
        };
        let found = detect(input.latest());
        let language = match raw.language.as_deref() {
            Some(tag) => {
                let given = feature.language(tag)?;
                // A chat may quote another language; a text to work on must be what it says.
                if let (Some(found), false) = (found, matches!(input, FeatureInput::Chat(_)))
                    && found != given
                {
                    return Err(FeatureError::WrongLanguage { given, found });
                }
                given
            }
            None => match found {
                Some(found) => feature.language(found.as_str())?,
                None => {
                    return Err(invalid(
                        "`language` is missing and cannot be told from the text".to_owned(),
                    ));
                }
            },
        };
        let request = Self { input, language, contacts };
        request.check(feature)?;
        Ok(request)
    }

    /// The typed input.
    pub fn input(&self) -> &FeatureInput {
        &self.input
    }

    /// The language to answer in.
    pub fn language(&self) -> TextLanguage {
        self.language
    }

    /// The names of the person's contacts: to find them in the input with, and no part of it.
    pub fn contacts(&self) -> impl Iterator<Item = &str> {
        self.contacts.iter().map(String::as_str)
    }

    pub(crate) fn into_parts(self) -> (FeatureInput, TextLanguage) {
        (self.input, self.language)
    }

    fn check(&self, feature: &Feature) -> Result<(), FeatureError> {
        let (bytes, empty) = match &self.input {
            FeatureInput::Text(text) | FeatureInput::Rewrite { text, .. } => {
                (text.len() + self.instruction_len(), text.trim().is_empty())
            }
            FeatureInput::Chat(chat) => {
                match chat.messages.last() {
                    None => return Err(FeatureError::EmptyInput),
                    Some(turn) if turn.role != Role::User => {
                        return Err(FeatureError::Invalid {
                            feature: feature.id().clone(),
                            message: "the last of `messages` must be the person's".to_owned(),
                        });
                    }
                    Some(_) => {}
                }
                (
                    chat.messages.iter().map(|turn| turn.content.len()).sum(),
                    chat.messages.iter().any(|turn| turn.content.trim().is_empty()),
                )
            }
        };
        if empty {
            return Err(FeatureError::EmptyInput);
        }
        let limit = feature.limits().max_input_bytes;
        if bytes > limit {
            return Err(FeatureError::InputTooLarge {
                feature: feature.id().clone(),
                limit,
                actual: bytes,
            });
        }
        Ok(())
    }

    fn instruction_len(&self) -> usize {
        match &self.input {
            FeatureInput::Rewrite { style: RewriteStyle::Described(instruction), .. } => {
                instruction.len()
            }
            _ => 0,
        }
    }
}

impl FeatureInput {
    /// The text that shows which language the person writes.
    fn latest(&self) -> &str {
        match self {
            Self::Chat(chat) => chat.messages.last().map_or("", |turn| &turn.content),
            Self::Rewrite { text, .. } | Self::Text(text) => text,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequest<'a> {
    #[serde(borrow)]
    input: &'a serde_json::value::RawValue,
    language: Option<String>,
    #[serde(default)]
    contacts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextInput {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RewriteInput {
    text: String,
    style: StyleName,
    instruction: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum StyleName {
    Concise,
    Described,
    Friendly,
    Professional,
}

/// Parses one feature's input; the message of an error names the field.
fn typed<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| format!("in `input`: {error}"))
}
