//! `POST /v1/chat/completions`: the request's checks and the answer in one piece.

use serde::Serialize;

use super::errors::Refusal;
use super::{EFFORTS, answered, chat_stream, metadata, models, reasoning_rules};
use crate::ask::Ask;
use crate::claims::Named;
use crate::conversation::{self, Manner, Prefix};
use crate::exchange::{Request, Response, Ticket};
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::reply::{End, Reply};
use crate::tools;
use crate::turn::Turn;

/// Every field of a request, after the `OpenAPI` description and the client 3.54.0.
const FIELDS: [&str; 38] = [
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
    "include",
];

/// Fields that ask for what the emulator does not have.
const NOT_OFFERED: [&str; 9] = [
    "audio",
    "function_call",
    "functions",
    "include",
    "logprobs",
    "moderation",
    "prediction",
    "top_logprobs",
    "web_search_options",
];

/// More choices are valid with the real partner, up to 128.
const MOST_CHOICES: u64 = 8;

const MANNER: Manner = Manner {
    roles: &["system", "assistant", "user", "tool", "developer"],
    // The last three stand in answers, which clients send back whole.
    fields: &[
        "role",
        "content",
        "name",
        "refusal",
        "tool_calls",
        "tool_call_id",
        "annotations",
        "audio",
        "function_call",
    ],
    strict: true,
    parts: Parts::Typed(&["text", "image_url"]),
    prefix: Prefix::No,
};

/// What a stream should contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamOptions {
    pub(super) usage: bool,
    pub(super) obfuscation: bool,
}

/// Names and dates of one answer.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) named: Named,
    ticket: Ticket,
}

impl Identity {
    fn new(ticket: &Ticket, named: Named) -> Self {
        Self {
            id: format!("chatcmpl-{}", ticket.hex(2, 29)),
            created: ticket.unix_seconds(),
            named,
            ticket: *ticket,
        }
    }

    /// The id of the `index`th tool call.
    pub(super) fn call_id(&self, index: usize) -> String {
        format!("call_{}", self.ticket.hex(16 + index as u64, 24))
    }
}

/// Token counts as the chat API gives them.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    audio_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the partner's")]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl Usage {
    fn of(ask: &Ask, reply: &Reply) -> Self {
        let (input, output) = (ask.input_tokens(), reply.output_tokens());
        Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: input + output,
            prompt_tokens_details: PromptDetails { cached_tokens: 0, audio_tokens: 0 },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: reply.reasoning_tokens(),
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}

pub(super) fn answer(fields: &Fields<'_>, request: &Request) -> Result<Response, Refusal> {
    let ticket = &request.ticket;
    let (ask, stream) = read(fields)?;
    let turn = Turn::begin(request, &ask, stream.is_some());
    if let Some(response) = turn.before(|why| Refusal::asked_for(why, &ask.model).response(ticket))
    {
        return Ok(response);
    }
    let reply = turn.reply(Persona::ChatGpt);
    let usage = Usage::of(&ask, &reply);
    let identity = Identity::new(ticket, turn.named(true));
    if let Some(options) = stream {
        let frames = chat_stream::frames(&reply, usage, identity, options);
        let delivery = turn.stream(frames);
        return Ok(answered(ticket, "text/event-stream; charset=utf-8", delivery));
    }
    let body = whole(&reply, usage, &identity);
    Ok(answered(ticket, "application/json", turn.whole(body)))
}

/// Checks every field; gives the question and, when a stream is wanted, its options.
fn read(fields: &Fields<'_>) -> Result<(Ask, Option<StreamOptions>), Refusal> {
    fields.only(&FIELDS)?;
    let model = fields.required_string("model")?;
    let Some(items) = fields.array("messages")? else {
        return Err(Problem::missing("messages").into());
    };
    if !models::exists(model) {
        return Err(Refusal::model(model));
    }
    let conversation = conversation::messages(items, "messages", MANNER, &mut Vec::new())?;
    if let Some(name) = NOT_OFFERED
        .into_iter()
        .find(|name| !matches!(fields.get(name), None | Some(serde_json::Value::Bool(false))))
    {
        return Err(Problem::beyond_the_emulator(name).into());
    }
    let choices = fields.integer("n", 1)?.unwrap_or(1).unsigned_abs();
    if choices > MOST_CHOICES {
        return Err(Problem::beyond_the_emulator("n").into());
    }
    simple_fields(fields)?;
    let effort = fields.one_of("reasoning_effort", &EFFORTS)?;
    reasoning_rules(fields, model, effort, "reasoning_effort")?;
    let tools = tools::read(fields)?;
    if !tools.is_empty() && model.starts_with("gpt-6") && effort != Some("none") {
        let message = "Function tools with reasoning_effort are not supported for this model in \
                       /v1/chat/completions. Use /v1/responses.";
        return Err(Refusal::rule("reasoning_effort", message));
    }
    let words = ["none", "auto", "required"];
    let choice = tools::choice(fields, &tools, &words, Some("function"))?;
    let parallel = fields.boolean("parallel_tool_calls")?;
    if parallel.is_some() && tools.is_empty() {
        let message = "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only \
                       allowed when 'tools' are specified.";
        return Err(Refusal::rule("parallel_tool_calls", message));
    }
    let shape =
        conversation::shape(fields.object("response_format")?.as_ref(), &conversation, false)?;
    let ask = Ask {
        model: model.to_owned(),
        conversation,
        tools,
        choice,
        parallel: parallel.unwrap_or(true),
        max_tokens: token_limit(fields, model)?,
        stop: conversation::stop(fields, 4, false)?,
        shape,
        choices,
        ..Ask::default()
    };
    Ok((ask, stream_options(fields)?))
}

/// Fields that are checked and have no effect on the answer.
fn simple_fields(fields: &Fields<'_>) -> Result<(), Refusal> {
    fields.number("temperature", 0.0, 2.0)?;
    fields.number("top_p", 0.0, 1.0)?;
    fields.number("presence_penalty", -2.0, 2.0)?;
    fields.number("frequency_penalty", -2.0, 2.0)?;
    fields.integer("seed", i64::MIN)?;
    fields.object("logit_bias")?;
    fields.boolean("store")?;
    fields.string("user")?;
    fields.string("safety_identifier")?;
    fields.string("prompt_cache_key")?;
    fields.object("prompt_cache_options")?;
    fields.one_of("prompt_cache_retention", &["in_memory", "in-memory", "24h"])?;
    fields.one_of("service_tier", &["auto", "default", "flex", "scale", "priority", "fast"])?;
    fields.one_of("verbosity", &["low", "medium", "high"])?;
    metadata(fields)?;
    Ok(())
}

fn token_limit(fields: &Fields<'_>, model: &str) -> Result<Option<u64>, Refusal> {
    let new = fields.limit("max_completion_tokens", 1)?;
    let old = fields.limit("max_tokens", 1)?;
    match (new, old) {
        (Some(_), Some(_)) => Err(Refusal::rule(
            "max_tokens",
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        )),
        // Reasoning models take only the newer name.
        (None, Some(_)) if !model.starts_with("gpt-4") => {
            Err(Refusal::unsupported_parameter("max_tokens"))
        }
        (new, old) => Ok(new.or(old)),
    }
}

fn stream_options(fields: &Fields<'_>) -> Result<Option<StreamOptions>, Refusal> {
    let options = fields.object("stream_options")?;
    if fields.boolean("stream")? != Some(true) {
        return match options {
            None => Ok(None),
            Some(_) => Err(Refusal::rule(
                "stream_options",
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            )),
        };
    }
    let Some(options) = options else {
        return Ok(Some(StreamOptions { usage: false, obfuscation: true }));
    };
    options.only(&["include_usage", "include_obfuscation"])?;
    Ok(Some(StreamOptions {
        usage: options.boolean("include_usage")?.unwrap_or(false),
        obfuscation: options.boolean("include_obfuscation")?.unwrap_or(true),
    }))
}

/// The finish reason's name.
pub(super) fn finish_reason(end: End) -> &'static str {
    match end {
        End::Stop => "stop",
        End::Length => "length",
        End::ToolCalls => "tool_calls",
        End::Filtered => "content_filter",
    }
}

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<WholeChoice<'a>>,
    usage: Usage,
    service_tier: &'static str,
    system_fingerprint: Option<&'a str>,
}

#[derive(Serialize)]
struct WholeChoice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WholeCall<'a>>,
    refusal: Option<&'a str>,
    annotations: [(); 0],
}

#[derive(Serialize)]
struct WholeCall<'a> {
    id: String,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

fn whole(reply: &Reply, usage: Usage, identity: &Identity) -> Vec<u8> {
    let choice = |(index, text)| {
        let calls = reply.calls.iter().enumerate().map(|(index, call)| WholeCall {
            id: identity.call_id(index),
            r#type: "function",
            function: Function { name: &call.name, arguments: &call.arguments },
        });
        let text = Some(text).filter(|_| reply.calls.is_empty());
        WholeChoice {
            index,
            message: Message {
                role: "assistant",
                content: text.filter(|_| !reply.refusal),
                tool_calls: calls.collect(),
                refusal: text.filter(|_| reply.refusal),
                annotations: [],
            },
            logprobs: None,
            finish_reason: finish_reason(reply.end),
        }
    };
    let texts = std::iter::once(&reply.text).chain(&reply.others).map(String::as_str);
    let completion = Completion {
        id: &identity.id,
        object: "chat.completion",
        created: identity.created,
        model: &identity.named.model,
        choices: (0..).zip(texts).map(choice).collect(),
        usage,
        service_tier: "default",
        system_fingerprint: identity.named.fingerprint.as_deref(),
    };
    // Serialising strings and numbers cannot fail.
    serde_json::to_vec(&completion).unwrap_or_default()
}
