//! Requests.
//!
//! The first instructions are the member `instructions`, later ones items of the role `system`.
//! `store` is always false: what a person says is not to stay with a partner. Where reasoning is
//! asked for, so is its encrypted form, because a partner that keeps nothing needs it back.

use std::borrow::Cow;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::input::Input;
use crate::body::Body;
use crate::chat::{Chat, Message, Params, Reasoning, ResponseFormat, Tool, ToolChoice};
use crate::content::{Content, MediaSource, Part};
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::json::Json;
use crate::params::{self, Numbers};
use crate::protocol::Outgoing;

/// Members that mean something although a request does not write them.
const OWN: [&str; 4] = ["instructions", "stream", "tool_choice", "tools"];

/// Writes a request.
pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let quirks = dialect.quirks();
    let params = &chat.params;
    let numbers = Numbers::of(dialect, params)?;
    params::check(dialect, chat)?;
    let (instructions, items) = match chat.messages.split_first() {
        Some((Message::System { content }, items)) => (Some(content.as_str()), items),
        _ => (None, chat.messages.as_slice()),
    };
    check_items(dialect, items)?;
    if params.top_k.is_some() && quirks.request.top_k.is_none() {
        return Err(dialect.cannot("top_k"));
    }
    let (search, choice) = search(dialect, params)?;

    let mut body = Body::new();
    body.member("model", model);
    body.given("instructions", instructions);
    body.member("input", &Input(items));
    if stream {
        body.member("stream", &true);
    }
    body.member("store", &false);
    body.given(&quirks.request.token_limit, params.max_tokens.as_ref());
    body.given("temperature", numbers.temperature.as_ref());
    body.given("top_p", numbers.top_p.as_ref());
    if !chat.tools.is_empty() || search.is_some() {
        body.member("tools", &Tools { tools: &chat.tools, search });
    }
    body.given("tool_choice", choice.as_ref());
    body.given("parallel_tool_calls", params.parallel_tool_calls.as_ref());
    body.given("text", params.response_format.as_ref().map(Text).as_ref());
    if let Some(effort) = effort(dialect, params)? {
        body.member("reasoning", &effort);
        if params.reasoning != Some(Reasoning::Off) {
            body.member("include", &["reasoning.encrypted_content"]);
        }
    }
    let key = params.cache.as_ref().and_then(|hint| hint.key.as_deref());
    if let (Some(field), Some(key)) = (&quirks.request.cache_key, key) {
        body.member(field, &key[..key.floor_char_boundary(LONGEST_CACHE_KEY)]);
    }
    params::extras(dialect, chat, &OWN, &mut body)?;
    let accept = if stream { "text/event-stream" } else { "application/json" };
    Ok(Outgoing {
        path: quirks.path.0.clone(),
        headers: params::headers(dialect, accept),
        body: body.finish().into(),
    })
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
            return Err(dialect.cannot("thinking_budget"));
        }
        Some(Reasoning::On { effort, budget_tokens: None }) => {
            effort.unwrap_or(crate::chat::Effort::Medium).as_str()
        }
    };
    let effort = efforts.get(word).ok_or_else(|| dialect.cannot("reasoning_effort"))?;
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
        (true, Some(_)) => Err(dialect.cannot("search")),
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
