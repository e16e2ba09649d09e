//! The turns of a conversation as Anthropic's messages write them.

use std::borrow::Cow;

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::blocks::KEPT;
use crate::chat::{Message, ToolCall};
use crate::content::{Media, MediaSource, Part};
use crate::extra::Extra;
use crate::json::Json;

/// The input of a call: its arguments, if they are an object; no arguments are an empty one.
pub(super) fn input(call: &ToolCall) -> Option<&RawValue> {
    let arguments = call.arguments.trim_ascii();
    let arguments = if arguments.is_empty() { "{}" } else { arguments };
    if !arguments.starts_with('{') {
        return None;
    }
    serde_json::from_str(arguments).ok()
}

/// Instructions: one as a text, several as blocks.
pub(super) struct System<'a>(pub(super) &'a [Message]);

impl Serialize for System<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [one] = self.0 {
            return serializer.serialize_str(&one.text());
        }
        serializer.collect_seq(self.0.iter().map(|turn| Text::new(turn.text())))
    }
}

#[derive(Serialize)]
struct Text<'a> {
    r#type: &'static str,
    text: Cow<'a, str>,
}

impl<'a> Text<'a> {
    fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { r#type: "text", text: text.into() }
    }
}

/// All turns after the opening instructions.
pub(super) struct Turns<'a> {
    pub(super) turns: &'a [Message],
    /// Whether reasoning goes back in turns that call tools.
    pub(super) echo: bool,
}

/// Who a turn counts as.
#[derive(PartialEq)]
enum Side {
    System,
    User,
    Assistant,
}

fn side(turn: &Message) -> Side {
    match turn {
        Message::System { .. } => Side::System,
        Message::User { .. } | Message::Tool { .. } => Side::User,
        Message::Assistant { .. } => Side::Assistant,
    }
}

impl Serialize for Turns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_result = |turn: &Message| matches!(turn, Message::Tool { .. });
        let runs = self.turns.chunk_by(|a, b| side(a) == side(b)).flat_map(|run| {
            // Results belong together; everything else that was said twice stays said twice.
            let is_whole = side(&run[0]) == Side::System || run.iter().any(is_result);
            run.chunks(if is_whole { run.len() } else { 1 })
        });
        serializer.collect_seq(runs.map(|run| Turn { run, echo: self.echo }))
    }
}

/// One turn on the wire, made of one or more of ours.
struct Turn<'a> {
    run: &'a [Message],
    echo: bool,
}

impl Serialize for Turn<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self.run {
            [Message::User { content }] if content.as_text().is_some() => {
                map.serialize_entry("role", "user")?;
                map.serialize_entry("content", &content.text())?;
            }
            [Message::Assistant { content, reasoning, tool_calls, extra, .. }] => {
                map.serialize_entry("role", "assistant")?;
                let reasoning = (self.echo && !tool_calls.is_empty()).then_some(reasoning.as_str());
                let said = Said { content, reasoning: reasoning.unwrap_or(""), tool_calls, extra };
                map.serialize_entry("content", &said)?;
            }
            [Message::System { .. }, ..] => {
                map.serialize_entry("role", "system")?;
                map.serialize_entry("content", &System(self.run))?;
            }
            run => {
                map.serialize_entry("role", "user")?;
                map.serialize_entry("content", &UserBlocks(run))?;
            }
        }
        map.end()
    }
}

/// What the model said: first what it is to get back as it was, then its words, then its calls.
struct Said<'a> {
    content: &'a str,
    reasoning: &'a str,
    tool_calls: &'a [ToolCall],
    extra: &'a Extra,
}

impl Serialize for Said<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lists = self.extra.iter().filter(|(name, _)| *name == KEPT);
        let kept = lists.filter_map(|(_, value)| match value {
            Json::Array(blocks) => Some(blocks),
            _ => None,
        });
        let mut kept = kept.flatten().peekable();
        let no_kept = kept.peek().is_none();
        if no_kept && self.tool_calls.is_empty() {
            return serializer.serialize_str(self.content);
        }
        let mut blocks = serializer.serialize_seq(None)?;
        if no_kept && !self.reasoning.is_empty() {
            blocks.serialize_element(&Thinking {
                r#type: "thinking",
                text: self.reasoning,
                signature: "",
            })?;
        }
        for block in kept {
            blocks.serialize_element(block)?;
        }
        if !self.content.is_empty() {
            blocks.serialize_element(&Text::new(self.content))?;
        }
        for call in self.tool_calls {
            let input = input(call).ok_or_else(|| S::Error::custom("arguments are no object"))?;
            blocks.serialize_element(&ToolUse {
                r#type: "tool_use",
                id: &call.id,
                name: &call.name,
                input,
            })?;
        }
        blocks.end()
    }
}

#[derive(Serialize)]
struct Thinking<'a> {
    r#type: &'static str,
    #[serde(rename = "thinking")]
    text: &'a str,
    signature: &'static str,
}

#[derive(Serialize)]
struct ToolUse<'a> {
    r#type: &'static str,
    id: &'a str,
    name: &'a str,
    input: &'a RawValue,
}

/// Results of tools and what the person said, in order.
struct UserBlocks<'a>(&'a [Message]);

impl Serialize for UserBlocks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut blocks = serializer.serialize_seq(None)?;
        for turn in self.0 {
            match turn {
                Message::Tool { tool_call_id, content } => {
                    blocks.serialize_element(&ToolResult {
                        r#type: "tool_result",
                        tool_use_id: tool_call_id,
                        content,
                    })?;
                }
                Message::User { content } => {
                    for part in content.parts() {
                        blocks.serialize_element(&UserBlock(part))?;
                    }
                }
                Message::System { .. } | Message::Assistant { .. } => {}
            }
        }
        blocks.end()
    }
}

#[derive(Serialize)]
struct ToolResult<'a> {
    r#type: &'static str,
    tool_use_id: &'a str,
    content: &'a str,
}

struct UserBlock<'a>(&'a Part);

impl Serialize for UserBlock<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Block<'a> {
            r#type: &'static str,
            source: Source<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            title: Option<&'a str>,
        }
        match self.0 {
            Part::Text(text) => Text::new(text).serialize(serializer),
            Part::Image(image) => {
                Block { r#type: "image", source: Source(image), title: None }.serialize(serializer)
            }
            Part::File(file) => {
                let title = file.format.as_deref();
                Block { r#type: "document", source: Source(file), title }.serialize(serializer)
            }
            Part::Audio(_) | Part::Video(_) => {
                Err(S::Error::custom("sounds and films cannot be said"))
            }
        }
    }
}

struct Source<'a>(&'a Media);

impl Serialize for Source<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.0.source {
            MediaSource::Url(url) => {
                map.serialize_entry("type", "url")?;
                map.serialize_entry("url", url)?;
            }
            MediaSource::Base64 { media_type, data } => {
                map.serialize_entry("type", "base64")?;
                map.serialize_entry("media_type", media_type)?;
                map.serialize_entry("data", data)?;
            }
        }
        map.end()
    }
}
