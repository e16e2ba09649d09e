//! Requests.
//!
//! The first instructions are the member `instructions`, later ones items of the role `system`.
//! `store` is always false: what a person says is not to stay with a partner. Where reasoning is
//! asked for, so is its encrypted form, because a partner that keeps nothing needs it back.

use std::borrow::Cow;

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::items::KEPT;
use crate::chat::{Chat, Message, Params, Reasoning, ResponseFormat, Tool, ToolChoice};
use crate::content::{Content, Media, MediaSource, Part};
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::extra::Extra;
use crate::json::Json;
use crate::limits;
use crate::protocol::Outgoing;
use crate::wire_chat::to_vec;

/// The members this encoder may write.
const OWN: [&str; 14] = [
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "model",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "store",
    "stream",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
];

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: Input<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    store: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Tools::is_empty")]
    tools: Tools<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Effort<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(flatten)]
    extra: &'a Extra,
}

/// Writes a request.
pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let quirks = dialect.quirks();
    let params = &chat.params;
    limits::check(dialect, params)?;
    limits::check_extra(&chat.extra, &OWN)?;
    if chat.extra.get("text").is_some() && params.response_format.is_some() {
        return Err(WireError::invalid("text", "has a field of its own"));
    }
    let (instructions, items) = match chat.messages.split_first() {
        Some((Message::System { content }, items)) => (Some(content.as_str()), items),
        _ => (None, chat.messages.as_slice()),
    };
    check_items(dialect, items)?;
    let (search, choice) = search(dialect, params)?;
    let effort = effort(dialect, params)?;
    let cache_key = params.cache.as_ref().and_then(|hint| hint.key.as_deref());
    let body = Body {
        model,
        input: Input(items),
        instructions,
        stream,
        store: false,
        max_output_tokens: params.max_tokens,
        temperature: params.temperature,
        top_p: params.top_p,
        tools: Tools { tools: &chat.tools, search },
        tool_choice: choice,
        parallel_tool_calls: params.parallel_tool_calls,
        text: params.response_format.as_ref().map(Text),
        include: matches!(params.reasoning, Some(Reasoning::On { .. }))
            .then_some(["reasoning.encrypted_content"]),
        reasoning: effort,
        prompt_cache_key: cache_key
            .filter(|key| quirks.request.cache_key.is_some() && key.len() <= LONGEST_CACHE_KEY),
        extra: &chat.extra,
    };
    let accept = if stream { "text/event-stream" } else { "application/json" };
    let mut headers = vec![
        (Cow::Borrowed("content-type"), Cow::Borrowed("application/json")),
        (Cow::Borrowed("accept"), Cow::Borrowed(accept)),
    ];
    let own =
        quirks.headers.iter().map(|(name, value)| (name.clone().into(), value.clone().into()));
    headers.extend(own);
    Ok(Outgoing { path: quirks.path.0.clone(), headers, body: to_vec(&body).into() })
}

/// Longest key of the cache hint that is sent, in bytes.
const LONGEST_CACHE_KEY: usize = 64;

/// What cannot be said in items.
fn check_items(dialect: &Dialect, items: &[Message]) -> Result<(), WireError> {
    if items.is_empty() {
        return Err(dialect.cannot("messages"));
    }
    for item in items {
        match item {
            Message::Assistant { prefix: true, .. } => return Err(dialect.cannot("prefix")),
            Message::User { content } => check_parts(dialect, content)?,
            Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => {}
        }
    }
    Ok(())
}

fn check_parts(dialect: &Dialect, content: &Content) -> Result<(), WireError> {
    let parts = &dialect.quirks().parts;
    for part in content.parts() {
        let (allowed, name) = match part {
            Part::Text(_) => continue,
            Part::Image(_) => (parts.image.is_some(), "image_url"),
            Part::File(_) => (parts.file.is_some(), "file"),
            Part::Audio(sound) => {
                let is_here = matches!(sound.source, MediaSource::Base64 { .. });
                (parts.audio.is_some() && is_here && sound.format.is_some(), "input_audio")
            }
            Part::Video(_) => (false, "video_url"),
        };
        if !allowed {
            return Err(dialect.cannot(name));
        }
    }
    Ok(())
}

/// How much to reason. On without a word for how much is `medium`, since some models reason only
/// when they are told how much.
fn effort<'a>(dialect: &'a Dialect, params: &Params) -> Result<Option<Effort<'a>>, WireError> {
    let efforts = &dialect.quirks().reasoning.efforts;
    let word = match params.reasoning {
        None => return Ok(None),
        Some(Reasoning::Off) => "none",
        Some(Reasoning::On { budget_tokens: Some(_), .. }) => {
            return Err(dialect.cannot("reasoning.budget_tokens"));
        }
        Some(Reasoning::On { effort, budget_tokens: None }) => {
            effort.unwrap_or(crate::chat::Effort::Medium).as_str()
        }
    };
    let effort = efforts.get(word).ok_or_else(|| dialect.cannot("reasoning.effort"))?;
    Ok(Some(Effort { effort }))
}

/// The tool that searches, and the choice of tools that goes with it.
fn search<'a>(
    dialect: &'a Dialect,
    params: &'a Params,
) -> Result<(Option<&'a Json>, Option<Choice<'a>>), WireError> {
    let choice = params.tool_choice.as_ref().map(Choice::Of);
    let Some(wanted) = params.search else { return Ok((None, choice)) };
    let tool = dialect.quirks().search.as_ref().and_then(|search| search.tool.as_ref());
    let tool = tool.ok_or_else(|| dialect.cannot("search"))?;
    match (wanted.forced, choice) {
        (true, None) => Ok((Some(tool), Some(Choice::Search(tool)))),
        (true, Some(_)) => Err(dialect.cannot("search.forced")),
        (false, choice) => Ok((Some(tool), choice)),
    }
}

#[derive(Serialize)]
struct Effort<'a> {
    effort: &'a str,
}

enum Choice<'a> {
    Of(&'a ToolChoice),
    /// That the partner must search.
    Search(&'a Json),
}

impl Serialize for Choice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = match self {
            Self::Of(ToolChoice::None) => return serializer.serialize_str("none"),
            Self::Of(ToolChoice::Auto) => return serializer.serialize_str("auto"),
            Self::Of(ToolChoice::Required) => return serializer.serialize_str("required"),
            Self::Of(ToolChoice::Function(_)) | Self::Search(_) => {
                serializer.serialize_map(None)?
            }
        };
        match self {
            Self::Of(ToolChoice::Function(name)) => {
                map.serialize_entry("type", "function")?;
                map.serialize_entry("name", name)?;
            }
            Self::Of(_) => {}
            Self::Search(tool) => {
                map.serialize_entry("type", "allowed_tools")?;
                map.serialize_entry("mode", "required")?;
                map.serialize_entry("tools", &[tool])?;
            }
        }
        map.end()
    }
}

/// The form of the answer: `{"format": {...}}`, a schema's members beside its type.
struct Text<'a>(&'a ResponseFormat);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Format<'a> {
            r#type: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            name: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            schema: Option<Cow<'a, Json>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            strict: Option<bool>,
        }
        let mut format =
            Format { r#type: "text", name: None, description: None, schema: None, strict: None };
        match self.0 {
            ResponseFormat::Text => {}
            ResponseFormat::JsonObject => format.r#type = "json_object",
            ResponseFormat::JsonSchema { name, description, schema, strict } => {
                // A schema must be there; an empty one allows everything, as none does.
                let schema = schema.as_ref().map(Cow::Borrowed);
                format = Format {
                    r#type: "json_schema",
                    name: Some(name),
                    description: description.as_deref(),
                    schema: Some(schema.unwrap_or(Cow::Owned(Json::Object(Vec::new())))),
                    strict: *strict,
                };
            }
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("format", &format)?;
        map.end()
    }
}

struct Tools<'a> {
    tools: &'a [Tool],
    search: Option<&'a Json>,
}

impl Tools<'_> {
    fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.search.is_none()
    }
}

impl Serialize for Tools<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tools = serializer.serialize_seq(None)?;
        for tool in self.tools {
            tools.serialize_element(&WireTool {
                r#type: "function",
                name: &tool.name,
                description: tool.description.as_deref(),
                parameters: tool.parameters.as_ref(),
                // Unset means true here, and false everywhere else.
                strict: tool.strict.unwrap_or(false),
            })?;
        }
        if let Some(search) = self.search {
            tools.serialize_element(search)?;
        }
        tools.end()
    }
}

#[derive(Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Option<&'a Json>,
    strict: bool,
}

struct Input<'a>(&'a [Message]);

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [Message::User { content }] = self.0
            && let Some(text) = content.as_text()
        {
            return serializer.serialize_str(text);
        }
        let mut items = serializer.serialize_seq(None)?;
        for message in self.0 {
            match message {
                Message::System { content } => {
                    items.serialize_element(&Turn { role: "system", content })?;
                }
                Message::User { content } => match content.as_text() {
                    Some(content) => {
                        items.serialize_element(&Turn { role: "user", content })?;
                    }
                    None => {
                        items.serialize_element(&Turn { role: "user", content: Parts(content) })?;
                    }
                },
                Message::Assistant { content, tool_calls, extra, .. } => {
                    let kept = extra.iter().filter(|(name, _)| *name == KEPT);
                    for (_, list) in kept {
                        if let Json::Array(kept) = list {
                            for item in kept {
                                items.serialize_element(item)?;
                            }
                        }
                    }
                    if !content.is_empty() || tool_calls.is_empty() {
                        items.serialize_element(&Turn { role: "assistant", content })?;
                    }
                    for call in tool_calls {
                        items.serialize_element(&FunctionCall {
                            r#type: "function_call",
                            call_id: &call.id,
                            name: &call.name,
                            arguments: &call.arguments,
                        })?;
                    }
                }
                Message::Tool { tool_call_id, content } => {
                    items.serialize_element(&FunctionCallOutput {
                        r#type: "function_call_output",
                        call_id: tool_call_id,
                        output: content,
                    })?;
                }
            }
        }
        items.end()
    }
}

#[derive(Serialize)]
struct Turn<T> {
    role: &'static str,
    content: T,
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    r#type: &'static str,
    call_id: &'a str,
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct FunctionCallOutput<'a> {
    r#type: &'static str,
    call_id: &'a str,
    output: &'a str,
}

struct Parts<'a>(&'a Content);

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.parts().iter().map(WirePart))
    }
}

struct WirePart<'a>(&'a Part);

impl Serialize for WirePart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.0 {
            Part::Text(text) => {
                map.serialize_entry("type", "input_text")?;
                map.serialize_entry("text", text)?;
            }
            Part::Image(image) => {
                map.serialize_entry("type", "input_image")?;
                map.serialize_entry("image_url", &image.url())?;
                map.serialize_entry("detail", image.detail.as_deref().unwrap_or("auto"))?;
            }
            Part::File(file) => {
                map.serialize_entry("type", "input_file")?;
                write_file(file, &mut map)?;
            }
            Part::Audio(Media { source: MediaSource::Base64 { data, .. }, format, .. }) => {
                #[derive(Serialize)]
                struct Sound<'a> {
                    data: &'a str,
                    format: Option<&'a str>,
                }
                map.serialize_entry("type", "input_audio")?;
                map.serialize_entry("input_audio", &Sound { data, format: format.as_deref() })?;
            }
            Part::Audio(_) | Part::Video(_) => {
                return Err(S::Error::custom("films and addresses of sounds cannot be said"));
            }
        }
        map.end()
    }
}

fn write_file<M: SerializeMap>(file: &Media, map: &mut M) -> Result<(), M::Error> {
    match &file.source {
        MediaSource::Url(url) => map.serialize_entry("file_url", url),
        MediaSource::Base64 { .. } => {
            // The partner tells the kind of bytes by the name, so there must be one.
            map.serialize_entry("filename", file.format.as_deref().unwrap_or("file.pdf"))?;
            map.serialize_entry("file_data", &file.url())
        }
    }
}
