//! The pieces of a request that OpenAI's shape and DashScope's own write alike: messages, tools, tool
//! choice and response format, serialised straight from the canonical types.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::chat::{Message, Params, ResponseFormat, Tool, ToolCall, ToolChoice};
use crate::dialect::{Dialect, Echo, NoWords, Quirks};
use crate::error::WireError;
use crate::json::Json;
use crate::parts::{self, Parts};
use crate::written::put_text;

/// The messages of a request, found to be sayable.
pub(crate) struct Messages<'a> {
    dialect: &'a Dialect,
    messages: &'a [Message],
}

impl<'a> Messages<'a> {
    /// Looks at what the dialect may be unable to say: content beside text, and a prefix.
    pub(crate) fn of(dialect: &'a Dialect, messages: &'a [Message]) -> Result<Self, WireError> {
        for (at, message) in messages.iter().enumerate() {
            match message {
                Message::User { content } => parts::check(dialect, content)?,
                Message::Assistant { prefix: true, tool_calls, .. } => {
                    if at + 1 < messages.len() || !tool_calls.is_empty() {
                        let what = "only the last turn, without tool calls, can be continued";
                        return Err(WireError::invalid(format!("messages[{at}].prefix"), what));
                    }
                    if dialect.prefix().is_none() {
                        return Err(dialect.cannot("prefix"));
                    }
                }
                Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => {}
            }
        }
        Ok(Self { dialect, messages })
    }
}

impl Messages<'_> {
    /// Writes them as they are serialised. One that is all text is put together by hand: text is most of a request.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, message) in self.messages.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            match message {
                Message::System { content } => put_text_message(out, message, content),
                Message::User { content } if content.is_text_only() => {
                    put_text_message(out, message, &content.text());
                }
                Message::User { .. } | Message::Assistant { .. } | Message::Tool { .. } => {
                    let message = WireMessage { quirks: self.dialect.quirks(), message };
                    // A Vec takes every write, and every key of a message is a string.
                    serde_json::to_writer(&mut *out, &message).expect("messages serialise");
                }
            }
        }
        out.push(b']');
    }
}

fn put_text_message(out: &mut Vec<u8>, message: &Message, content: &str) {
    out.reserve(48 + content.len() + content.len() / 16);
    out.extend_from_slice(b"{\"role\":");
    put_text(out, message.role().as_str());
    out.extend_from_slice(b",\"content\":");
    put_text(out, content);
    out.push(b'}');
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let one = |message| WireMessage { quirks: self.dialect.quirks(), message };
        serializer.collect_seq(self.messages.iter().map(one))
    }
}

struct WireMessage<'a> {
    quirks: &'a Quirks,
    message: &'a Message,
}

impl Serialize for WireMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", self.message.role().as_str())?;
        match self.message {
            Message::System { content } => map.serialize_entry("content", content)?,
            Message::User { content } if content.is_text_only() => {
                map.serialize_entry("content", &content.text())?;
            }
            Message::User { content } => {
                map.serialize_entry("content", &Parts { form: self.quirks.parts, content })?;
            }
            Message::Assistant { content, reasoning, tool_calls, prefix, extra: _ } => {
                let no_words = content.is_empty() && !tool_calls.is_empty();
                if no_words && self.quirks.request.no_words == NoWords::Null {
                    map.serialize_entry("content", &())?;
                } else {
                    map.serialize_entry("content", content)?;
                }
                let echo = self.quirks.reasoning.echo == Echo::ToolTurns && !tool_calls.is_empty();
                if echo && !reasoning.is_empty() {
                    map.serialize_entry("reasoning_content", reasoning)?;
                }
                if !tool_calls.is_empty() {
                    map.serialize_entry("tool_calls", &ToolCalls(tool_calls))?;
                }
                let mark = self.quirks.prefix.as_ref().filter(|_| *prefix);
                if let Some(mark) = mark.and_then(|prefix| prefix.mark.as_ref()) {
                    map.serialize_entry(mark, &true)?;
                }
            }
            Message::Tool { tool_call_id, content } => {
                map.serialize_entry("tool_call_id", tool_call_id)?;
                map.serialize_entry("content", content)?;
            }
        }
        map.end()
    }
}

/// Whole tool calls, `[{"id","type":"function","function":{"name","arguments"}}]`.
pub(crate) struct ToolCalls<'a>(pub(crate) &'a [ToolCall]);

impl Serialize for ToolCalls<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|call| WireToolCall {
            id: &call.id,
            r#type: "function",
            function: WireFunctionCall { name: &call.name, arguments: &call.arguments },
        }))
    }
}

#[derive(Serialize)]
struct WireToolCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: WireFunctionCall<'a>,
}

#[derive(Serialize)]
struct WireFunctionCall<'a> {
    name: &'a str,
    arguments: &'a str,
}

pub(crate) struct Tools<'a>(pub(crate) &'a [Tool]);

impl Tools<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Tools<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(WireTool::from))
    }
}

/// Functions, and one tool of the partner's own beside them.
pub(crate) struct ToolsWith<'a>(pub(crate) &'a [Tool], pub(crate) Option<&'a Json>);

impl Serialize for ToolsWith<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        for tool in self.0 {
            seq.serialize_element(&WireTool::from(tool))?;
        }
        if let Some(own) = self.1 {
            seq.serialize_element(own)?;
        }
        seq.end()
    }
}

#[derive(Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    function: WireFunction<'a>,
}

impl<'a> From<&'a Tool> for WireTool<'a> {
    fn from(tool: &'a Tool) -> Self {
        Self {
            r#type: "function",
            function: WireFunction {
                name: &tool.name,
                description: tool.description.as_deref(),
                parameters: tool.parameters.as_ref(),
                strict: tool.strict,
            },
        }
    }
}

#[derive(Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

pub(crate) struct Choice<'a>(pub(crate) &'a ToolChoice);

impl Serialize for Choice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Named<'a> {
            name: &'a str,
        }
        let name = match self.0 {
            ToolChoice::None => return serializer.serialize_str("none"),
            ToolChoice::Auto => return serializer.serialize_str("auto"),
            ToolChoice::Required => return serializer.serialize_str("required"),
            ToolChoice::Function(name) => name,
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &Named { name })?;
        map.end()
    }
}

pub(crate) struct Format<'a>(pub(crate) &'a ResponseFormat);

impl Serialize for Format<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Schema<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none", rename = "schema")]
            definition: Option<&'a Json>,
            #[serde(skip_serializing_if = "Option::is_none")]
            strict: Option<bool>,
        }
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            ResponseFormat::Text => map.serialize_entry("type", "text")?,
            ResponseFormat::JsonObject => map.serialize_entry("type", "json_object")?,
            ResponseFormat::JsonSchema { name, description, schema, strict } => {
                map.serialize_entry("type", "json_schema")?;
                map.serialize_entry(
                    "json_schema",
                    &Schema {
                        name,
                        description: description.as_deref(),
                        definition: schema.as_ref(),
                        strict: *strict,
                    },
                )?;
            }
        }
        map.end()
    }
}

/// JSON has no infinities and no NaN; `serde_json` would write them as `null`.
pub(crate) fn check_numbers(params: &Params) -> Result<(), WireError> {
    let numbers = [
        ("temperature", params.temperature),
        ("top_p", params.top_p),
        ("presence_penalty", params.presence_penalty),
        ("frequency_penalty", params.frequency_penalty),
    ];
    for (name, number) in numbers {
        if number.is_some_and(|number| !number.is_finite()) {
            return Err(WireError::invalid(name, "not a finite number"));
        }
    }
    Ok(())
}

/// Serialises a body of this crate's own types.
pub(crate) fn to_vec(body: &impl Serialize) -> Vec<u8> {
    // A Vec takes every write, and every key these types write is a string.
    serde_json::to_vec(body).expect("bodies serialise")
}
