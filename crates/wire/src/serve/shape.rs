//! The parts of a chat-completion request as JSON writes them. Unknown fields are errors everywhere.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::json::Json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamOptions {
    pub(super) include_usage: Option<bool>,
    #[serde(rename = "include_obfuscation")]
    pub(super) _include_obfuscation: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestMessage {
    pub(super) role: RequestRole,
    pub(super) content: Option<RequestContent>,
    pub(super) tool_calls: Option<Vec<RequestToolCall>>,
    pub(super) tool_call_id: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) reasoning_content: Option<String>,
    pub(super) prefix: Option<bool>,
    pub(super) partial: Option<bool>,
    #[serde(rename = "annotations")]
    pub(super) _annotations: Option<IgnoredAny>,
    pub(super) audio: Option<IgnoredAny>,
    pub(super) function_call: Option<IgnoredAny>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum RequestRole {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

/// A message's content: the text, parts with pictures among them, or the first part that is neither.
pub(super) enum RequestContent {
    Text(String),
    Parts(Vec<RequestPart>),
    Unsupported { part: usize, kind: String },
    UnknownField { part: usize, field: String },
    Missing { part: usize, field: &'static str },
}

/// A part that can be honoured.
pub(super) enum RequestPart {
    Text(String),
    Image(ImageUrl),
}

/// A picture: its address, or the address and how closely to look.
pub(super) struct ImageUrl {
    pub(super) url: String,
    pub(super) detail: Option<String>,
}

/// `thinking`, as Zhipu, Volcengine and DeepSeek have it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Thinking {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) budget_tokens: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestToolCall {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(rename = "index")]
    pub(super) _index: Option<IgnoredAny>,
    pub(super) function: RequestFunctionCall,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFunctionCall {
    pub(super) name: String,
    pub(super) arguments: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestTool {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) function: RequestFunction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFunction {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) parameters: Option<Json>,
    pub(super) strict: Option<bool>,
}

pub(super) enum RequestToolChoice {
    Word(String),
    Named(NamedChoice),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedChoice {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) function: NamedFunction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedFunction {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFormat {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) json_schema: Option<RequestSchema>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestSchema {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) schema: Option<Json>,
    pub(super) strict: Option<bool>,
}

/// One text or several.
pub(super) struct Stop(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for RequestContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;

        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = RequestContent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of content parts")
            }

            fn visit_str<E>(self, text: &str) -> Result<RequestContent, E> {
                Ok(RequestContent::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<RequestContent, E> {
                Ok(RequestContent::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RequestContent, A::Error> {
                let mut parts = Vec::new();
                let mut fault = None;
                let mut at = 0;
                while let Some(part) = seq.next_element::<Part>()? {
                    match part.check(at) {
                        Ok(part) => parts.push(part),
                        Err(found) => fault = fault.or(Some(found)),
                    }
                    at += 1;
                }
                Ok(fault.unwrap_or_else(|| RequestContent::joined(parts)))
            }
        }

        deserializer.deserialize_any(ContentVisitor)
    }
}

impl RequestContent {
    /// Pieces of text alone are one text, joined with line feeds.
    fn joined(parts: Vec<RequestPart>) -> Self {
        let mut texts = Vec::with_capacity(parts.len());
        for part in &parts {
            match part {
                RequestPart::Text(text) => texts.push(text.as_str()),
                RequestPart::Image(_) => return Self::Parts(parts),
            }
        }
        Self::Text(texts.join("\n"))
    }
}

/// One content part, read without knowing its type yet.
#[derive(Default)]
struct Part {
    kind: Option<String>,
    text: Option<String>,
    image: Option<ImageUrl>,
    other_field: Option<String>,
}

impl Part {
    fn check(mut self, part: usize) -> Result<RequestPart, RequestContent> {
        let kind = self.kind.unwrap_or_else(|| "none".to_owned());
        match kind.as_str() {
            "text" if self.image.is_some() => {
                self.other_field.get_or_insert_with(|| "image_url".to_owned());
            }
            "image_url" if self.text.is_some() => {
                self.other_field.get_or_insert_with(|| "text".to_owned());
            }
            "text" | "image_url" => {}
            _ => return Err(RequestContent::Unsupported { part, kind }),
        }
        if let Some(field) = self.other_field {
            return Err(RequestContent::UnknownField { part, field });
        }
        let (known, field) = if kind == "text" {
            (self.text.map(RequestPart::Text), "text")
        } else {
            (self.image.map(RequestPart::Image), "image_url")
        };
        known.ok_or(RequestContent::Missing { part, field })
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor;

        impl<'de> Visitor<'de> for PartVisitor {
            type Value = Part;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a content part")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
                let mut part = Part::default();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    match name.as_ref() {
                        "type" => part.kind = Some(map.next_value()?),
                        "text" => part.text = map.next_value()?,
                        "image_url" => part.image = map.next_value()?,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            part.other_field.get_or_insert_with(|| name.into_owned());
                        }
                    }
                }
                Ok(part)
            }
        }

        deserializer.deserialize_map(PartVisitor)
    }
}

impl<'de> Deserialize<'de> for ImageUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ImageVisitor;

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Described {
            url: String,
            detail: Option<String>,
        }

        impl<'de> Visitor<'de> for ImageVisitor {
            type Value = ImageUrl;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address, or an object with one")
            }

            fn visit_str<E>(self, url: &str) -> Result<ImageUrl, E> {
                Ok(ImageUrl { url: url.to_owned(), detail: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImageUrl, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                let Described { url, detail } = Described::deserialize(map)?;
                Ok(ImageUrl { url, detail })
            }
        }

        deserializer.deserialize_any(ImageVisitor)
    }
}

impl<'de> Deserialize<'de> for RequestToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceVisitor;

        impl<'de> Visitor<'de> for ChoiceVisitor {
            type Value = RequestToolChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a function to call")
            }

            fn visit_str<E>(self, word: &str) -> Result<RequestToolChoice, E> {
                Ok(RequestToolChoice::Word(word.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RequestToolChoice, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                NamedChoice::deserialize(map).map(RequestToolChoice::Named)
            }
        }

        deserializer.deserialize_any(ChoiceVisitor)
    }
}

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StopVisitor;

        impl<'de> Visitor<'de> for StopVisitor {
            type Value = Stop;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E>(self, text: &str) -> Result<Stop, E> {
                Ok(Stop(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Stop, A::Error> {
                let mut stops = Vec::new();
                while let Some(stop) = seq.next_element()? {
                    stops.push(stop);
                }
                Ok(Stop(stops))
            }
        }

        deserializer.deserialize_any(StopVisitor)
    }
}
