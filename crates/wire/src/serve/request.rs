//! Reading a chat-completion request, by the rule and the table of the [`serve`](super) module.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::locate::locate;
use super::message::messages;
use super::shape::{
    RequestFormat, RequestMessage, RequestTool, RequestToolChoice, Stop, StreamOptions, Thinking,
};
use crate::chat::{Chat, Effort, Params, Reasoning, ResponseFormat, Tool, ToolChoice};
use crate::error::WireError;
use crate::extra::Extra;
use crate::json::Json;
use crate::partner_error::strip_bom;

/// Longest tool name, as in OpenAI's API.
const LONGEST_NAME: usize = 64;
/// Most tools of one request, as in OpenAI's API.
const MOST_TOOLS: usize = 128;
/// Most choices of one answer that a client may ask for.
const MOST_CHOICES: u64 = 8;
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
    /// What the client calls the conversation by (`prompt_cache_key`).
    pub conversation: Option<String>,
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
    prompt_cache_key: Option<String>,
    /// OpenAI's word for how much the model reasons.
    reasoning_effort: Option<String>,
    /// Alibaba's and Baidu's words for whether it does, and for how long at most.
    enable_thinking: Option<bool>,
    thinking_budget: Option<u32>,
    /// Zhipu's, Volcengine's and DeepSeek's.
    thinking: Option<Thinking>,
    // Dropped.
    #[serde(rename = "user")]
    _user: Option<IgnoredAny>,
    #[serde(rename = "safety_identifier")]
    _safety_identifier: Option<IgnoredAny>,
    n: Option<u64>,
    // Accepted only with the value that changes nothing.
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
    verbosity: Option<IgnoredAny>,
    web_search_options: Option<IgnoredAny>,
}

impl Request<'_> {
    fn check(self) -> Result<ChatCompletionRequest, WireError> {
        self.refuse_what_would_be_ignored()?;
        if self.model.is_empty() {
            return Err(WireError::invalid("model", "empty"));
        }
        let reasoning = self.reasoning()?;
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
            choices: choices(self.n)?,
            reasoning,
            ..Params::default()
        };
        let stream = self.stream.unwrap_or(false);
        let include_usage = self.stream_options.as_ref().and_then(|o| o.include_usage);
        if self.stream_options.is_some() && !stream {
            return Err(WireError::invalid("stream_options", "allowed only with `stream: true`"));
        }
        Ok(ChatCompletionRequest {
            model: self.model.into_owned(),
            chat: Chat { messages: messages(self.messages)?, tools, params, extra: Extra::new() },
            stream,
            include_usage: include_usage.unwrap_or(false),
            conversation: self.prompt_cache_key.filter(|key| !key.is_empty()),
        })
    }

    /// The one wish in whatever words it was said.
    fn reasoning(&self) -> Result<Option<Reasoning>, WireError> {
        let (effort, by_effort) = match self.reasoning_effort.as_deref() {
            None => (None, None),
            Some("none") => (None, Some(false)),
            Some(word) => (Some(effort(word)?), Some(true)),
        };
        let by_kind = match self.thinking.as_ref().map(|thinking| thinking.kind.as_str()) {
            None | Some("auto") => None,
            Some("enabled") => Some(true),
            Some("disabled") => Some(false),
            Some(_) => {
                let detail = "must be `enabled`, `disabled` or `auto`";
                return Err(WireError::invalid("thinking.type", detail));
            }
        };
        let nested = self.thinking.as_ref().and_then(|thinking| thinking.budget_tokens);
        let budget_tokens = self.thinking_budget.or(nested);
        let wishes = [
            ("reasoning_effort", by_effort),
            ("enable_thinking", self.enable_thinking),
            ("thinking", by_kind),
            ("thinking_budget", budget_tokens.map(|_| true)),
        ];
        let mut said = wishes.into_iter().filter_map(|(param, wish)| Some((param, wish?)));
        let Some((_, on)) = said.next() else { return Ok(None) };
        if let Some((param, _)) = said.find(|(_, wish)| *wish != on) {
            return Err(WireError::invalid(param, "contradicts another field about reasoning"));
        }
        Ok(Some(if on { Reasoning::On { effort, budget_tokens } } else { Reasoning::Off }))
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
            ("verbosity", &self.verbosity),
            ("web_search_options", &self.web_search_options),
        ];
        for (param, value) in refused {
            only(param, value.is_none(), "this parameter")?;
        }
        Ok(())
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

/// How many choices are asked for; one is what nobody has to ask for.
fn choices(n: Option<u64>) -> Result<Option<u32>, WireError> {
    match n {
        None | Some(1) => Ok(None),
        Some(n @ 2..=MOST_CHOICES) => Ok(u32::try_from(n).ok()),
        Some(_) => Err(WireError::invalid("n", format!("must be between 1 and {MOST_CHOICES}"))),
    }
}

fn effort(word: &str) -> Result<Effort, WireError> {
    let all = [Effort::Minimal, Effort::Low, Effort::Medium, Effort::High];
    all.into_iter().find(|effort| effort.as_str() == word).ok_or_else(|| {
        let what = "any effort but `none`, `minimal`, `low`, `medium` and `high`";
        WireError::unsupported("reasoning_effort", what)
    })
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

pub(super) fn check_kind(path: &str, kind: &str) -> Result<(), WireError> {
    if kind == "function" {
        Ok(())
    } else {
        Err(WireError::unsupported(path, "any type but `function`"))
    }
}

pub(super) fn check_name(path: &str, name: &str) -> Result<(), WireError> {
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if fits {
        return Ok(());
    }
    let detail = format!("must be 1 to {LONGEST_NAME} ASCII letters, digits, `_` or `-`");
    Err(WireError::invalid(path, detail))
}
