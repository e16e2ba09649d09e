//! Requests to Tencent's `ChatCompletions`.

use std::borrow::Cow;

use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};

use crate::chat::{Chat, Message, Params, Reasoning, ResponseFormat, Tool, ToolCall, ToolChoice};
use crate::content::{Media, Part};
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::extra::Extra;
use crate::protocol::Outgoing;
use crate::wire_chat::{check_numbers, to_vec};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_excessive_bools, reason = "the partner's own switches")]
struct Body<'a> {
    model: &'a str,
    messages: Messages<'a>,
    stream: bool,
    /// The answer is checked piece by piece as it is written, which is also the partner's default;
    /// without it, the whole stream waits for the check.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream_moderation: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    /// Unlike elsewhere, the answer ends after the match, not before it.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_thinking: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    enable_enhancement: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    force_search_enhancement: bool,
    /// Asks for the sources of what was found.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    search_info: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_tool: Option<WireTool<'a>>,
    #[serde(flatten)]
    extra: &'a Extra,
}

/// The names [`Body`] writes.
const WRITTEN: [&str; 15] = [
    "Model",
    "Messages",
    "Stream",
    "StreamModeration",
    "Temperature",
    "TopP",
    "Seed",
    "Stop",
    "EnableThinking",
    "EnableEnhancement",
    "ForceSearchEnhancement",
    "SearchInfo",
    "Tools",
    "ToolChoice",
    "CustomTool",
];

/// Largest seed the partner takes; the smallest is 1.
const LARGEST_SEED: i64 = 10_000;

/// Writes a request.
pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    check_numbers(&chat.params)?;
    if let Some(param) = unspeakable(chat) {
        return Err(dialect.cannot(param));
    }
    if let Some((name, _)) = chat.extra.iter().find(|(name, _)| WRITTEN.contains(name)) {
        return Err(WireError::unsupported(name, "a member that the protocol writes itself"));
    }
    let params = &chat.params;
    let (tool_choice, custom_tool) = tool_choice(dialect, chat)?;
    let body = Body {
        model,
        messages: Messages(&chat.messages),
        stream,
        stream_moderation: stream,
        temperature: params.temperature,
        top_p: params.top_p,
        seed: params.seed,
        stop: &params.stop,
        enable_thinking: params.reasoning.map(|reasoning| reasoning != Reasoning::Off),
        enable_enhancement: params.search.is_some(),
        force_search_enhancement: params.search.is_some_and(|search| search.forced),
        search_info: params.search.is_some(),
        tools: chat.tools.iter().map(WireTool).collect(),
        tool_choice,
        custom_tool: custom_tool.map(WireTool),
        extra: &chat.extra,
    };
    let mut headers: Vec<(Cow<'static, str>, Cow<'static, str>)> = vec![
        ("content-type".into(), "application/json".into()),
        ("accept".into(), "*/*".into()),
        ("x-tc-action".into(), "ChatCompletions".into()),
        ("x-tc-language".into(), "zh-CN".into()),
    ];
    let own = dialect.quirks().headers.iter();
    headers.extend(own.map(|(name, value)| (name.clone().into(), value.clone().into())));
    Ok(Outgoing { path: dialect.quirks().path.0.clone(), headers, body: to_vec(&body).into() })
}

/// The first thing in a conversation that this protocol has no word for.
fn unspeakable(chat: &Chat) -> Option<&'static str> {
    let strict = chat.tools.iter().any(|tool| tool.strict == Some(true));
    in_params(&chat.params)
        .or_else(|| in_messages(&chat.messages))
        .or_else(|| strict.then_some("tools[].function.strict"))
}

fn in_params(params: &Params) -> Option<&'static str> {
    let asks = |penalty: Option<f64>| penalty.is_some_and(|penalty| penalty != 0.0);
    let refused = [
        ("max_tokens", params.max_tokens.is_some()),
        ("presence_penalty", asks(params.presence_penalty)),
        ("frequency_penalty", asks(params.frequency_penalty)),
        ("top_k", params.top_k.is_some()),
        ("n", params.choices.is_some_and(|choices| choices != 1)),
        ("seed", params.seed.is_some_and(|seed| !(1..=LARGEST_SEED).contains(&seed))),
        ("parallel_tool_calls", params.parallel_tool_calls == Some(false)),
        (
            "reasoning",
            !matches!(
                params.reasoning,
                None | Some(Reasoning::Off | Reasoning::On { effort: None, budget_tokens: None })
            ),
        ),
        ("response_format", !matches!(params.response_format, None | Some(ResponseFormat::Text))),
    ];
    refused.into_iter().find(|(_, refused)| *refused).map(|(name, _)| name)
}

fn in_messages(messages: &[Message]) -> Option<&'static str> {
    messages.iter().find_map(|message| match message {
        Message::User { content } => content.parts().iter().find_map(|part| match part {
            Part::Text(_) => None,
            Part::Image(Media { detail, .. }) | Part::Video(Media { detail, .. }) => {
                let wished = detail.as_deref().is_some_and(|detail| detail != "auto");
                wished.then_some("messages[].content[].detail")
            }
            Part::Audio(_) => Some("messages[].content[].audio"),
            Part::File(_) => Some("messages[].content[].file"),
        }),
        Message::Assistant { prefix: true, .. } => Some("messages[].prefix"),
        Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => None,
    })
}

fn tool_choice<'a>(
    dialect: &Dialect,
    chat: &'a Chat,
) -> Result<(Option<&'static str>, Option<&'a Tool>), WireError> {
    match &chat.params.tool_choice {
        None => Ok((None, None)),
        Some(ToolChoice::None) => Ok((Some("none"), None)),
        Some(ToolChoice::Auto) => Ok((Some("auto"), None)),
        Some(ToolChoice::Required) => Err(dialect.cannot("tool_choice")),
        Some(ToolChoice::Function(name)) => {
            let tool = chat.tools.iter().find(|tool| tool.name == *name);
            let tool = tool.ok_or_else(|| {
                WireError::invalid("tool_choice", "names a tool that the request does not have")
            })?;
            Ok((Some("custom"), Some(tool)))
        }
    }
}

struct Messages<'a>(&'a [Message]);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(WireMessage))
    }
}

struct WireMessage<'a>(&'a Message);

impl Serialize for WireMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Role", self.0.role().as_str())?;
        match self.0 {
            Message::System { content } => map.serialize_entry("Content", content)?,
            Message::User { content } => match content.as_text() {
                Some(text) => map.serialize_entry("Content", text)?,
                None => map.serialize_entry("Contents", &Parts(content.parts()))?,
            },
            // The reasoning is not given back: the partner refuses a request that holds it.
            Message::Assistant { content, tool_calls, .. } => {
                map.serialize_entry("Content", content)?;
                if !tool_calls.is_empty() {
                    map.serialize_entry("ToolCalls", &ToolCalls(tool_calls))?;
                }
            }
            Message::Tool { tool_call_id, content } => {
                map.serialize_entry("Content", content)?;
                map.serialize_entry("ToolCallId", tool_call_id)?;
            }
        }
        map.end()
    }
}

struct Parts<'a>(&'a [Part]);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(WirePart))
    }
}

struct WirePart<'a>(&'a Part);

impl Serialize for WirePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Address<'a> {
            url: &'a str,
        }
        let mut map = serializer.serialize_map(Some(2))?;
        match self.0 {
            Part::Text(text) => {
                map.serialize_entry("Type", "text")?;
                map.serialize_entry("Text", text)?;
            }
            Part::Image(media) => {
                map.serialize_entry("Type", "image_url")?;
                map.serialize_entry("ImageUrl", &Address { url: &media.url() })?;
            }
            Part::Video(media) => {
                map.serialize_entry("Type", "video_url")?;
                map.serialize_entry("VideoUrl", &Address { url: &media.url() })?;
            }
            Part::Audio(_) | Part::File(_) => {
                return Err(S::Error::custom("sounds and files were refused before"));
            }
        }
        map.end()
    }
}

struct ToolCalls<'a>(&'a [ToolCall]);

impl Serialize for ToolCalls<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Call<'a> {
            id: &'a str,
            r#type: &'static str,
            function: Function<'a>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Function<'a> {
            name: &'a str,
            arguments: &'a str,
        }
        serializer.collect_seq(self.0.iter().map(|call| Call {
            id: &call.id,
            r#type: "function",
            function: Function { name: &call.name, arguments: &call.arguments },
        }))
    }
}

struct WireTool<'a>(&'a Tool);

impl Serialize for WireTool<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// A tool without arguments; the partner wants a schema of every tool.
        const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Function<'a> {
            name: &'a str,
            parameters: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: Option<&'a str>,
        }
        let parameters = match &self.0.parameters {
            Some(schema) => serde_json::to_string(schema).map_err(S::Error::custom)?,
            None => NO_ARGUMENTS.to_owned(),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Type", "function")?;
        let description = self.0.description.as_deref();
        map.serialize_entry("Function", &Function { name: &self.0.name, parameters, description })?;
        map.end()
    }
}
