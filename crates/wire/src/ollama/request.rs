//! Requests to Ollama's `/api/chat`.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::chat::{Chat, Effort, Message, Params, Reasoning, ResponseFormat, ToolChoice};
use crate::content::{Content, Media, MediaSource, Part};
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::extra::Extra;
use crate::json::Json;
use crate::protocol::Outgoing;
use crate::wire_chat::{Tools, check_numbers, to_vec};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    /// Always written, because the partner streams when nothing is said.
    stream: bool,
    #[serde(skip_serializing_if = "Tools::is_empty")]
    tools: Tools<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
    #[serde(flatten)]
    extra: &'a Extra,
}

/// The names [`Body`] writes. More options are given as the extra member `options`, when none is set
/// otherwise.
const WRITTEN: [&str; 6] = ["model", "messages", "stream", "tools", "format", "think"];

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
}

impl<'a> Options<'a> {
    fn of(params: &'a Params) -> Self {
        Self {
            num_predict: params.max_tokens,
            temperature: params.temperature,
            top_k: params.top_k,
            top_p: params.top_p,
            seed: params.seed,
            presence_penalty: params.presence_penalty,
            frequency_penalty: params.frequency_penalty,
            stop: &params.stop,
        }
    }

    fn is_empty(&self) -> bool {
        let numbers = [self.temperature, self.top_p, self.presence_penalty, self.frequency_penalty];
        self.num_predict.is_none()
            && self.top_k.is_none()
            && self.seed.is_none()
            && numbers.iter().all(Option::is_none)
            && self.stop.is_empty()
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Format<'a> {
    Free,
    Word(&'static str),
    Schema(&'a Json),
}

impl Format<'_> {
    /// Whether there is anything to say: free text is what comes anyhow.
    fn binds(&self) -> bool {
        !matches!(self, Format::Free)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Think {
    Whether(bool),
    HowMuch(&'static str),
}

/// Writes a request.
pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let params = &chat.params;
    check_numbers(params)?;
    if let Some(param) = unspeakable(chat) {
        return Err(dialect.cannot(param));
    }
    let options = Options::of(params);
    let written = |name: &str| WRITTEN.contains(&name) || name == "options" && !options.is_empty();
    if let Some((name, _)) = chat.extra.iter().find(|(name, _)| written(name)) {
        return Err(WireError::unsupported(name, "a member that the protocol writes itself"));
    }
    let body = Body {
        model,
        messages: messages(&chat.messages)?,
        stream,
        tools: Tools(&chat.tools),
        format: params.response_format.as_ref().and_then(format).filter(Format::binds),
        think: params.reasoning.and_then(think),
        options,
        extra: &chat.extra,
    };
    let accept = if stream { "application/x-ndjson" } else { "application/json" };
    let mut headers: Vec<(Cow<'static, str>, Cow<'static, str>)> =
        vec![("content-type".into(), "application/json".into()), ("accept".into(), accept.into())];
    let own = dialect.quirks().headers.iter();
    headers.extend(own.map(|(name, value)| (name.clone().into(), value.clone().into())));
    Ok(Outgoing { path: dialect.quirks().path.0.clone(), headers, body: to_vec(&body).into() })
}

/// The first thing in a conversation that this protocol has no word for.
fn unspeakable(chat: &Chat) -> Option<&'static str> {
    let params = &chat.params;
    let refused = [
        ("n", params.choices.is_some_and(|choices| choices != 1)),
        ("search", params.search.is_some()),
        ("reasoning", params.reasoning.is_some_and(|reasoning| think(reasoning).is_none())),
        ("parallel_tool_calls", params.parallel_tool_calls == Some(false)),
        ("tool_choice", !matches!(params.tool_choice, None | Some(ToolChoice::Auto))),
        (
            "response_format",
            params.response_format.as_ref().is_some_and(|wished| format(wished).is_none()),
        ),
        ("tools[].function.strict", chat.tools.iter().any(|tool| tool.strict == Some(true))),
    ];
    refused
        .into_iter()
        .find(|(_, refused)| *refused)
        .map(|(name, _)| name)
        .or_else(|| chat.messages.iter().find_map(in_message))
}

fn in_message(message: &Message) -> Option<&'static str> {
    match message {
        Message::User { content } => content.parts().iter().find_map(|part| match part {
            Part::Text(_) => None,
            Part::Image(Media { source: MediaSource::Url(_), .. }) => {
                Some("messages[].content[].image_url")
            }
            Part::Image(Media { detail, .. }) => {
                let wished = detail.as_deref().is_some_and(|detail| detail != "auto");
                wished.then_some("messages[].content[].detail")
            }
            Part::Audio(_) => Some("messages[].content[].audio"),
            Part::Video(_) => Some("messages[].content[].video"),
            Part::File(_) => Some("messages[].content[].file"),
        }),
        Message::Assistant { prefix: true, .. } => Some("messages[].prefix"),
        Message::System { .. } | Message::Assistant { .. } | Message::Tool { .. } => None,
    }
}

/// The wish in the partner's words, if it has them.
fn think(reasoning: Reasoning) -> Option<Think> {
    match reasoning {
        Reasoning::Off => Some(Think::Whether(false)),
        Reasoning::On { effort: None, budget_tokens: None } => Some(Think::Whether(true)),
        Reasoning::On { effort: Some(Effort::Minimal), .. }
        | Reasoning::On { budget_tokens: Some(_), .. } => None,
        Reasoning::On { effort: Some(effort), .. } => Some(Think::HowMuch(effort.as_str())),
    }
}

/// The form in the partner's words, if it has them.
fn format(format: &ResponseFormat) -> Option<Format<'_>> {
    match format {
        ResponseFormat::Text => Some(Format::Free),
        ResponseFormat::JsonObject => Some(Format::Word("json")),
        // Its name tells a model nothing, and here a schema always binds.
        ResponseFormat::JsonSchema { schema: Some(schema), description: None, .. } => {
            Some(Format::Schema(schema))
        }
        ResponseFormat::JsonSchema { .. } => None,
    }
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    thinking: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
}

/// `{"function": {"name", "arguments": {...}}}`
struct WireCall<'a> {
    name: &'a str,
    arguments: Json,
}

impl Serialize for WireCall<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Function<'a> {
            name: &'a str,
            arguments: &'a Json,
        }
        let mut map = serializer.serialize_map(Some(1))?;
        let function = Function { name: self.name, arguments: &self.arguments };
        map.serialize_entry("function", &function)?;
        map.end()
    }
}

fn messages(messages: &[Message]) -> Result<Vec<WireMessage<'_>>, WireError> {
    (0..messages.len()).map(|at| message(&messages[..=at])).collect()
}

/// The last of the messages; those before it tell which tool a result is of.
fn message(messages: &[Message]) -> Result<WireMessage<'_>, WireError> {
    let (message, before) = messages.split_last().ok_or(WireError::NoMessages)?;
    let mut wire = WireMessage {
        role: message.role().as_str(),
        content: message.text(),
        thinking: "",
        images: Vec::new(),
        tool_calls: Vec::new(),
        tool_name: None,
    };
    match message {
        Message::System { .. } => {}
        Message::User { content } => wire.images = images(content),
        Message::Assistant { reasoning, tool_calls, .. } => {
            wire.thinking = reasoning;
            for (place, call) in tool_calls.iter().enumerate() {
                let arguments = serde_json::from_str(&call.arguments).ok();
                let arguments = arguments.filter(Json::is_object).ok_or_else(|| {
                    let at = before.len();
                    WireError::invalid(
                        format!("messages[{at}].tool_calls[{place}].function.arguments"),
                        "not a JSON object, which this partner needs",
                    )
                })?;
                wire.tool_calls.push(WireCall { name: &call.name, arguments });
            }
        }
        Message::Tool { tool_call_id, .. } => wire.tool_name = tool_name(before, tool_call_id),
    }
    Ok(wire)
}

/// The name of the tool last called under an id.
fn tool_name<'a>(before: &'a [Message], id: &str) -> Option<&'a str> {
    before.iter().rev().find_map(|message| match message {
        Message::Assistant { tool_calls, .. } => {
            tool_calls.iter().find(|call| call.id == id).map(|call| call.name.as_str())
        }
        _ => None,
    })
}

/// Pictures go beside the words, as bytes; where among the words they stood cannot be said.
fn images(content: &Content) -> Vec<&str> {
    let mut images = Vec::new();
    for part in content.parts() {
        if let Part::Image(Media { source: MediaSource::Base64 { data, .. }, .. }) = part {
            images.push(data.as_str());
        }
    }
    images
}
