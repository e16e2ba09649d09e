//! Reading a chat-completion request.
//!
//! The rule: a field is honoured, refused, or (only where dropping it changes nothing about the
//! answer) accepted and dropped. Nothing a client relies on is ignored silently.
//!
//! | field | what happens |
//! |---|---|
//! | `model`, `messages`, `stream`, `stream_options.include_usage`, `tools`, `tool_choice`, `parallel_tool_calls`, `response_format`, `temperature`, `top_p`, `max_tokens`, `max_completion_tokens`, `stop`, `seed`, `presence_penalty`, `frequency_penalty` | honoured |
//! | `user`, `safety_identifier` | dropped: they name a person, and no name goes to a partner |
//! | `prompt_cache_key`, `stream_options.include_obfuscation` | dropped: they do not change the answer |
//! | `n` | only 1 |
//! | `store`, `logprobs` | only `false` |
//! | `metadata`, `logit_bias` | only empty |
//! | `service_tier` | only `auto` and `default` |
//! | `modalities` | only `["text"]` |
//! | any of them as `null` | as if absent |
//! | other known fields of the API (`reasoning_effort`, `web_search_options`, `functions`, ...) | refused by name |
//! | every other field, at any depth | refused by name |
//!
//! In messages: `developer` is `system`; content is a string or a list of `text` parts (joined with
//! line feeds); other parts are refused by type. What a client echoes back from our answers
//! (`refusal`, `reasoning_content`, `annotations`, `audio: null`, `function_call: null`,
//! `tool_calls[].index`) is accepted: a refusal counts as the words of that turn, reasoning is not
//! sent again. Nesting is bounded to 128 levels by the JSON parser.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::chat::{Chat, Message, Params, ResponseFormat, Tool, ToolCall, ToolChoice};
use crate::error::WireError;
use crate::json::Json;
use crate::partner_error::strip_bom;

/// Longest tool name, as in OpenAI's API.
const LONGEST_NAME: usize = 64;
/// Longest call id; partners use about 30 bytes.
const LONGEST_ID: usize = 256;
/// Most tools of one request, as in OpenAI's API.
const MOST_TOOLS: usize = 128;
/// Most stop texts, as in OpenAI's API.
const MOST_STOPS: usize = 4;

/// A chat-completion request, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatCompletionRequest {
    /// The name the client gave as model: a feature or an alias.
    pub model: String,
    /// What is asked.
    pub chat: Chat,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether a streamed answer ends with a usage chunk.
    pub include_usage: bool,
}

impl ChatCompletionRequest {
    /// Reads the body of `POST /v1/chat/completions`.
    ///
    /// # Errors
    /// [`WireError`] naming the field at fault.
    pub fn parse(body: &[u8]) -> Result<Self, WireError> {
        let body = str::from_utf8(strip_bom(body)).map_err(|error| WireError::Json {
            detail: format!("not UTF-8 at byte {}", error.valid_up_to()),
        })?;
        let request: Request<'_> =
            serde_json::from_str(body).map_err(|error| locate(body, &error))?;
        request.check()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    messages: Vec<RequestMessage>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    tools: Option<Vec<RequestTool>>,
    tool_choice: Option<RequestToolChoice>,
    parallel_tool_calls: Option<bool>,
    response_format: Option<RequestFormat>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    stop: Option<Stop>,
    seed: Option<i64>,
    presence_penalty: Option<f64>,
    frequency_penalty: Option<f64>,
    // Dropped.
    #[serde(rename = "user")]
    _user: Option<IgnoredAny>,
    #[serde(rename = "safety_identifier")]
    _safety_identifier: Option<IgnoredAny>,
    #[serde(rename = "prompt_cache_key")]
    _prompt_cache_key: Option<IgnoredAny>,
    // Accepted only with the value that changes nothing.
    n: Option<u64>,
    store: Option<bool>,
    logprobs: Option<bool>,
    metadata: Option<Json>,
    logit_bias: Option<Json>,
    service_tier: Option<String>,
    modalities: Option<Vec<String>>,
    // Known, but not honoured.
    top_logprobs: Option<IgnoredAny>,
    audio: Option<IgnoredAny>,
    function_call: Option<IgnoredAny>,
    functions: Option<IgnoredAny>,
    moderation: Option<IgnoredAny>,
    prediction: Option<IgnoredAny>,
    prompt_cache_options: Option<IgnoredAny>,
    prompt_cache_retention: Option<IgnoredAny>,
    reasoning_effort: Option<IgnoredAny>,
    verbosity: Option<IgnoredAny>,
    web_search_options: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamOptions {
    include_usage: Option<bool>,
    #[serde(rename = "include_obfuscation")]
    _include_obfuscation: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestMessage {
    role: RequestRole,
    content: Option<RequestContent>,
    tool_calls: Option<Vec<RequestToolCall>>,
    tool_call_id: Option<String>,
    refusal: Option<String>,
    #[serde(rename = "reasoning_content")]
    _reasoning_content: Option<IgnoredAny>,
    #[serde(rename = "annotations")]
    _annotations: Option<IgnoredAny>,
    audio: Option<IgnoredAny>,
    function_call: Option<IgnoredAny>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RequestRole {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

/// A message's content: the text, or the first part that is not text.
enum RequestContent {
    Text(String),
    Unsupported { part: usize, kind: String },
    UnknownField { part: usize, field: String },
    NoText { part: usize },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestToolCall {
    id: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "index")]
    _index: Option<IgnoredAny>,
    function: RequestFunctionCall,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFunctionCall {
    name: String,
    arguments: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestTool {
    #[serde(rename = "type")]
    kind: String,
    function: RequestFunction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFunction {
    name: String,
    description: Option<String>,
    parameters: Option<Json>,
    strict: Option<bool>,
}

enum RequestToolChoice {
    Word(String),
    Named(NamedChoice),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedChoice {
    #[serde(rename = "type")]
    kind: String,
    function: NamedFunction,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedFunction {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFormat {
    #[serde(rename = "type")]
    kind: String,
    json_schema: Option<RequestSchema>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestSchema {
    name: String,
    description: Option<String>,
    schema: Option<Json>,
    strict: Option<bool>,
}

/// One text or several.
struct Stop(Vec<String>);

impl Request<'_> {
    fn check(self) -> Result<ChatCompletionRequest, WireError> {
        self.refuse_what_would_be_ignored()?;
        if self.model.is_empty() {
            return Err(WireError::invalid("model", "empty"));
        }
        let tools = tools(self.tools.unwrap_or_default())?;
        let params = Params {
            temperature: range("temperature", self.temperature, 0.0, 2.0)?,
            top_p: range("top_p", self.top_p, 0.0, 1.0)?,
            max_tokens: token_limit(self.max_completion_tokens, self.max_tokens)?,
            stop: stops(self.stop)?,
            seed: self.seed,
            presence_penalty: range("presence_penalty", self.presence_penalty, -2.0, 2.0)?,
            frequency_penalty: range("frequency_penalty", self.frequency_penalty, -2.0, 2.0)?,
            tool_choice: self.tool_choice.map(|choice| tool_choice(choice, &tools)).transpose()?,
            parallel_tool_calls: self.parallel_tool_calls,
            response_format: self.response_format.map(response_format).transpose()?,
        };
        let stream = self.stream.unwrap_or(false);
        let include_usage = self.stream_options.as_ref().and_then(|o| o.include_usage);
        if self.stream_options.is_some() && !stream {
            return Err(WireError::invalid("stream_options", "allowed only with `stream: true`"));
        }
        Ok(ChatCompletionRequest {
            model: self.model.into_owned(),
            chat: Chat { messages: messages(self.messages)?, tools, params },
            stream,
            include_usage: include_usage.unwrap_or(false),
        })
    }

    fn refuse_what_would_be_ignored(&self) -> Result<(), WireError> {
        let only = |param: &str, fine: bool, what: &str| {
            if fine { Ok(()) } else { Err(WireError::unsupported(param, what)) }
        };
        let is_empty = |json: &Option<Json>| match json {
            None => true,
            Some(Json::Object(members)) => members.is_empty(),
            Some(_) => false,
        };
        only("n", self.n.is_none_or(|n| n == 1), "any number of answers but 1")?;
        only("store", self.store != Some(true), "storing answers at the partner")?;
        only("logprobs", self.logprobs != Some(true), "asking for log probabilities")?;
        only("metadata", is_empty(&self.metadata), "metadata on answers, which are not stored,")?;
        only("logit_bias", is_empty(&self.logit_bias), "biasing tokens")?;
        let tier = self.service_tier.as_deref();
        only("service_tier", matches!(tier, None | Some("auto" | "default")), "choosing a tier")?;
        let modalities = self.modalities.as_deref().unwrap_or_default();
        only("modalities", modalities.iter().all(|m| m == "text"), "any modality but text")?;
        let refused = [
            ("top_logprobs", &self.top_logprobs),
            ("audio", &self.audio),
            ("function_call", &self.function_call),
            ("functions", &self.functions),
            ("moderation", &self.moderation),
            ("prediction", &self.prediction),
            ("prompt_cache_options", &self.prompt_cache_options),
            ("prompt_cache_retention", &self.prompt_cache_retention),
            ("reasoning_effort", &self.reasoning_effort),
            ("verbosity", &self.verbosity),
            ("web_search_options", &self.web_search_options),
        ];
        for (param, value) in refused {
            only(param, value.is_none(), "this parameter")?;
        }
        Ok(())
    }
}

fn messages(given: Vec<RequestMessage>) -> Result<Vec<Message>, WireError> {
    if given.is_empty() {
        return Err(WireError::NoMessages);
    }
    let mut asked = HashSet::new();
    let mut messages = Vec::with_capacity(given.len());
    for (at, message) in given.into_iter().enumerate() {
        let message = message.check(at)?;
        match &message {
            Message::Assistant { tool_calls, .. } => {
                asked.extend(tool_calls.iter().map(|call| call.id.clone()));
            }
            Message::Tool { tool_call_id, .. } if !asked.contains(tool_call_id) => {
                return Err(WireError::invalid(
                    format!("messages[{at}].tool_call_id"),
                    "answers no call of an earlier assistant message",
                ));
            }
            _ => {}
        }
        messages.push(message);
    }
    Ok(messages)
}

impl RequestMessage {
    fn check(self, at: usize) -> Result<Message, WireError> {
        let path = |field: &str| format!("messages[{at}].{field}");
        for (field, value) in [("audio", &self.audio), ("function_call", &self.function_call)] {
            if value.is_some() {
                return Err(WireError::unsupported(path(field), "this field"));
            }
        }
        let misplaced = [
            ("tool_calls", self.tool_calls.is_some(), RequestRole::Assistant),
            ("refusal", self.refusal.is_some(), RequestRole::Assistant),
            ("tool_call_id", self.tool_call_id.is_some(), RequestRole::Tool),
        ];
        for (field, present, role) in misplaced {
            if present && self.role != role {
                return Err(WireError::invalid(path(field), "does not belong to this role"));
            }
        }
        let content = self.content.map(|content| content.check(at)).transpose()?;
        let required = |content: Option<String>| {
            content.ok_or_else(|| WireError::invalid(path("content"), "missing"))
        };
        Ok(match self.role {
            RequestRole::System | RequestRole::Developer => {
                Message::System { content: required(content)? }
            }
            RequestRole::User => Message::User { content: required(content)? },
            RequestRole::Assistant => {
                let calls = self.tool_calls.unwrap_or_default().into_iter().enumerate();
                let tool_calls = calls
                    .map(|(call, given)| given.check(&path(&format!("tool_calls[{call}]"))))
                    .collect::<Result<Vec<_>, _>>()?;
                let words = match content {
                    Some(text) if !text.is_empty() => Some(text),
                    empty => self.refusal.or(empty),
                };
                let content = if tool_calls.is_empty() {
                    required(words)?
                } else {
                    words.unwrap_or_default()
                };
                Message::Assistant { content, tool_calls }
            }
            RequestRole::Tool => {
                let tool_call_id = self
                    .tool_call_id
                    .ok_or_else(|| WireError::invalid(path("tool_call_id"), "missing"))?;
                Message::Tool { tool_call_id, content: required(content)? }
            }
        })
    }
}

impl RequestContent {
    fn check(self, at: usize) -> Result<String, WireError> {
        let path = |part: usize| format!("messages[{at}].content[{part}]");
        match self {
            RequestContent::Text(text) => Ok(text),
            RequestContent::Unsupported { part, kind } => {
                Err(WireError::unsupported(path(part), format!("a content part of type `{kind}`")))
            }
            RequestContent::UnknownField { part, field } => {
                Err(WireError::UnknownField { param: format!("{}.{field}", path(part)) })
            }
            RequestContent::NoText { part } => {
                Err(WireError::invalid(format!("{}.text", path(part)), "missing"))
            }
        }
    }
}

impl RequestToolCall {
    fn check(self, path: &str) -> Result<ToolCall, WireError> {
        check_kind(&format!("{path}.type"), self.kind.as_deref().unwrap_or("function"))?;
        // Ids and names are not shown to the screen, so they must not be able to carry prose.
        let id_fits = self.id.len() <= LONGEST_ID && self.id.bytes().all(|b| b.is_ascii_graphic());
        if self.id.is_empty() || !id_fits {
            let detail = format!("must be 1 to {LONGEST_ID} printable ASCII characters, no spaces");
            return Err(WireError::invalid(format!("{path}.id"), detail));
        }
        check_name(&format!("{path}.function.name"), &self.function.name)?;
        Ok(ToolCall { id: self.id, name: self.function.name, arguments: self.function.arguments })
    }
}

fn tools(given: Vec<RequestTool>) -> Result<Vec<Tool>, WireError> {
    if given.len() > MOST_TOOLS {
        return Err(WireError::invalid("tools", format!("more than {MOST_TOOLS} tools")));
    }
    let mut names = HashSet::with_capacity(given.len());
    for (at, tool) in given.iter().enumerate() {
        let path = format!("tools[{at}].function.name");
        check_kind(&format!("tools[{at}].type"), &tool.kind)?;
        check_name(&path, &tool.function.name)?;
        if !names.insert(tool.function.name.as_str()) {
            return Err(WireError::invalid(path, "another tool has the same name"));
        }
        if tool.function.parameters.as_ref().is_some_and(|schema| !schema.is_object()) {
            let path = format!("tools[{at}].function.parameters");
            return Err(WireError::invalid(path, "must be a JSON Schema object"));
        }
    }
    drop(names);
    let tools = given.into_iter().map(|RequestTool { function, .. }| Tool {
        name: function.name,
        description: function.description,
        parameters: function.parameters,
        strict: function.strict,
    });
    Ok(tools.collect())
}

fn tool_choice(choice: RequestToolChoice, tools: &[Tool]) -> Result<ToolChoice, WireError> {
    let choice = match choice {
        RequestToolChoice::Word(word) => match word.as_str() {
            "none" => ToolChoice::None,
            "auto" => ToolChoice::Auto,
            "required" => ToolChoice::Required,
            _ => {
                let detail = "must be `none`, `auto`, `required` or one function";
                return Err(WireError::invalid("tool_choice", detail));
            }
        },
        RequestToolChoice::Named(named) => {
            check_kind("tool_choice.type", &named.kind)?;
            ToolChoice::Function(named.function.name)
        }
    };
    match &choice {
        ToolChoice::Required if tools.is_empty() => {
            Err(WireError::invalid("tool_choice", "`required` needs `tools`"))
        }
        ToolChoice::Function(name) if !tools.iter().any(|tool| tool.name == *name) => {
            Err(WireError::invalid("tool_choice.function.name", "names none of `tools`"))
        }
        _ => Ok(choice),
    }
}

fn response_format(format: RequestFormat) -> Result<ResponseFormat, WireError> {
    match (format.kind.as_str(), format.json_schema) {
        ("text", None) => Ok(ResponseFormat::Text),
        ("json_object", None) => Ok(ResponseFormat::JsonObject),
        ("json_schema", Some(schema)) => {
            check_name("response_format.json_schema.name", &schema.name)?;
            Ok(ResponseFormat::JsonSchema {
                name: schema.name,
                description: schema.description,
                schema: schema.schema,
                strict: schema.strict,
            })
        }
        ("json_schema", None) => Err(WireError::invalid("response_format.json_schema", "missing")),
        ("text" | "json_object", Some(_)) => Err(WireError::invalid(
            "response_format.json_schema",
            "belongs to the type `json_schema`",
        )),
        _ => Err(WireError::unsupported("response_format.type", "this type")),
    }
}

fn stops(stop: Option<Stop>) -> Result<Vec<String>, WireError> {
    let stops = stop.map(|stop| stop.0).unwrap_or_default();
    if stops.len() > MOST_STOPS {
        return Err(WireError::invalid("stop", format!("more than {MOST_STOPS} texts")));
    }
    if stops.iter().any(String::is_empty) {
        return Err(WireError::invalid("stop", "an empty text"));
    }
    Ok(stops)
}

fn token_limit(newer: Option<u32>, older: Option<u32>) -> Result<Option<u32>, WireError> {
    if let (Some(newer), Some(older)) = (newer, older)
        && newer != older
    {
        let detail = "differs from `max_completion_tokens`; give one of them";
        return Err(WireError::invalid("max_tokens", detail));
    }
    match newer.or(older) {
        Some(0) if newer.is_some() => {
            Err(WireError::invalid("max_completion_tokens", "must be at least 1"))
        }
        Some(0) => Err(WireError::invalid("max_tokens", "must be at least 1")),
        limit => Ok(limit),
    }
}

fn range(param: &str, value: Option<f64>, from: f64, to: f64) -> Result<Option<f64>, WireError> {
    match value {
        Some(number) if !(from..=to).contains(&number) => {
            Err(WireError::invalid(param, format!("must be between {from} and {to}")))
        }
        _ => Ok(value),
    }
}

fn check_kind(path: &str, kind: &str) -> Result<(), WireError> {
    if kind == "function" {
        Ok(())
    } else {
        Err(WireError::unsupported(path, "any type but `function`"))
    }
}

fn check_name(path: &str, name: &str) -> Result<(), WireError> {
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if fits {
        return Ok(());
    }
    let detail = format!("must be 1 to {LONGEST_NAME} ASCII letters, digits, `_` or `-`");
    Err(WireError::invalid(path, detail))
}

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
                let mut all: Option<String> = None;
                let mut fault = None;
                let mut parts = 0;
                while let Some(part) = seq.next_element::<Part>()? {
                    let at = parts;
                    parts += 1;
                    match part.text(at) {
                        Ok(text) => match &mut all {
                            None => all = Some(text),
                            Some(all) => {
                                all.push('\n');
                                all.push_str(&text);
                            }
                        },
                        Err(found) => fault = fault.or(Some(found)),
                    }
                }
                Ok(fault.unwrap_or_else(|| RequestContent::Text(all.unwrap_or_default())))
            }
        }

        deserializer.deserialize_any(ContentVisitor)
    }
}

/// One content part, read without knowing its type yet.
#[derive(Default)]
struct Part {
    kind: Option<String>,
    text: Option<String>,
    other_field: Option<String>,
}

impl Part {
    fn text(self, part: usize) -> Result<String, RequestContent> {
        match self.kind {
            Some(kind) if kind != "text" => Err(RequestContent::Unsupported { part, kind }),
            None => Err(RequestContent::Unsupported { part, kind: "none".to_owned() }),
            Some(_) => match (self.other_field, self.text) {
                (Some(field), _) => Err(RequestContent::UnknownField { part, field }),
                (None, Some(text)) => Ok(text),
                (None, None) => Err(RequestContent::NoText { part }),
            },
        }
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

/// Finds which field a parser error is about. Runs only for requests that are refused anyway, so it
/// may read them again, piece by piece.
fn locate(body: &str, error: &serde_json::Error) -> WireError {
    use serde_json::error::Category;
    if error.classify() != Category::Data {
        return WireError::Json { detail: error.to_string() };
    }
    let Ok(members) = serde_json::from_str::<Members<'_>>(body) else {
        return WireError::invalid("", "must be a JSON object with each field once");
    };
    for (name, value) in &members.0 {
        let found = match name.as_ref() {
            "messages" => in_list::<RequestMessage>("messages", value),
            "tools" => in_list::<RequestTool>("tools", value),
            "tool_choice" => in_value::<Option<RequestToolChoice>>(name, value),
            "stream_options" => in_value::<Option<StreamOptions>>(name, value),
            "response_format" => in_value::<Option<RequestFormat>>(name, value),
            "stop" => in_value::<Option<Stop>>(name, value),
            "model" | "service_tier" => in_value::<Option<String>>(name, value),
            "modalities" => in_value::<Option<Vec<String>>>(name, value),
            "stream" | "parallel_tool_calls" | "store" | "logprobs" => {
                in_value::<Option<bool>>(name, value)
            }
            "temperature" | "top_p" | "presence_penalty" | "frequency_penalty" => {
                in_value::<Option<f64>>(name, value)
            }
            "max_tokens" | "max_completion_tokens" => in_value::<Option<u32>>(name, value),
            "n" => in_value::<Option<u64>>(name, value),
            "seed" => in_value::<Option<i64>>(name, value),
            _ => None,
        };
        if let Some(found) = found {
            return found;
        }
    }
    describe("", error)
}

/// The members of an object, in order, values unread.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

fn in_value<T: DeserializeOwned>(path: &str, value: &RawValue) -> Option<WireError> {
    serde_json::from_str::<T>(value.get()).err().map(|error| describe(path, &error))
}

fn in_list<T: DeserializeOwned>(path: &str, value: &RawValue) -> Option<WireError> {
    let items = match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        Ok(items) => items,
        Err(error) => return Some(describe(path, &error)),
    };
    let mut items = items.iter().enumerate();
    items.find_map(|(at, item)| in_value::<T>(&format!("{path}[{at}]"), item))
}

/// Says what a parser error is about, in words for the person who wrote the request.
fn describe(path: &str, error: &serde_json::Error) -> WireError {
    let text = error.to_string();
    let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(detail, _)| detail);
    let unknown = detail
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.rsplit_once("`, ").map(|(name, _)| name))
        .map(|name| name.split_once("`, expected").map_or(name, |(name, _)| name));
    match unknown {
        Some(name) if path.is_empty() => WireError::UnknownField { param: name.to_owned() },
        Some(name) => WireError::UnknownField { param: format!("{path}.{name}") },
        None => WireError::invalid(path, detail),
    }
}
