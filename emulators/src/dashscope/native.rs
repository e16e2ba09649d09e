//! `POST /api/v1/services/aigc/text-generation/generation`: the request's checks and the answer in
//! one piece.

use serde::Serialize;
use serde_json::{Map, Value};

use super::errors::Refusal;
use super::question::{self, PARAMETERS};
use super::{EVENTS, JSON, answered, native_stream};
use crate::ask::Ask;
use crate::conversation::{self, Conversation};
use crate::exchange::{Request, Response, Ticket};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::reply::{End, Persona, Reply};
use crate::turn::Turn;

/// How an answer is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// `choices` with a message, instead of a plain `text`.
    pub(super) message: bool,
    /// Events carry what is new, instead of all so far.
    pub(super) incremental: bool,
}

/// Token counts.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    total_tokens: u64,
    output_tokens: u64,
    input_tokens: u64,
    prompt_tokens_details: PromptDetails,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl Usage {
    /// `reasoning` is part of `output`, and named only where thinking was asked for.
    pub(super) fn of(input: u64, output: u64, reasoning: Option<u64>) -> Self {
        Self {
            total_tokens: input + output,
            output_tokens: output,
            input_tokens: input,
            prompt_tokens_details: PromptDetails { cached_tokens: 0 },
            output_tokens_details: reasoning
                .map(|reasoning_tokens| OutputDetails { reasoning_tokens }),
        }
    }
}

/// The name of the finish reason.
pub(super) fn finish_reason(end: End, forced: bool) -> &'static str {
    match end {
        End::ToolCalls if !forced => "tool_calls",
        End::Length => "length",
        End::Stop | End::ToolCalls | End::Filtered => "stop",
    }
}

/// The id of the `index`th tool call.
pub(super) fn call_id(ticket: &Ticket, index: usize) -> String {
    format!("call_{}", ticket.hex(16 + index as u64, 22))
}

pub(super) fn answer(body: &Value, events: bool, request: &Request) -> Response {
    match ask(body) {
        Ok((ask, format, ignored)) => generate(&ask, format, &ignored, events, request),
        Err(refusal) => refused(&refusal, events, &request.ticket),
    }
}

fn refused(refusal: &Refusal, events: bool, ticket: &Ticket) -> Response {
    if events { refusal.native_events(ticket) } else { refusal.native(ticket) }
}

fn generate(
    ask: &Ask,
    format: Format,
    ignored: &[String],
    events: bool,
    request: &Request,
) -> Response {
    let ticket = &request.ticket;
    let turn = Turn::begin(request, ask, events);
    // A fault of the gateway in front is an HTTP error even for events, as a wrong key is.
    let refuse = |why| match why {
        Why::Moderation | Why::ContextLength | Why::Prefix => {
            refused(&Refusal::asked_for(why), events, ticket)
        }
        _ => Refusal::asked_for(why).native(ticket),
    };
    if let Some(response) = turn.before(refuse) {
        return response;
    }
    let reply = turn.reply(Persona::Qwen);
    if events {
        let frames = native_stream::frames(ask, reply, format, ticket);
        return answered(ticket, EVENTS, ignored, turn.stream(frames));
    }
    if reply.end == End::Filtered {
        return Refusal::moderated_output().native(ticket);
    }
    let body = whole(ask, &reply, format, ticket);
    answered(ticket, JSON, ignored, turn.whole(body))
}

/// Checks every field; also gives the names of the fields that are ignored.
fn ask(body: &Value) -> Result<(Ask, Format, Vec<String>), Refusal> {
    let fields = Fields::of(body, "")?;
    let mut ignored = fields.beyond(&["model", "input", "parameters"]);
    let model = question::model(&fields)?;
    let Some(input) = fields.object("input")? else {
        return Err(Problem::missing("input").into());
    };
    ignored.extend(input.beyond(&["messages", "prompt"]));
    let empty = Map::new();
    let none = Value::Object(empty);
    let parameters = match fields.object("parameters")? {
        Some(parameters) => parameters,
        None => Fields::of(&none, "parameters")?,
    };
    let own = ["result_format", "incremental_output"];
    let known: Vec<&str> = PARAMETERS.into_iter().chain(own).collect();
    ignored.extend(parameters.beyond(&known));
    let conversation = conversation(&input, &mut ignored)?;
    // The older models still default to the older format.
    let message = match parameters.one_of("result_format", &["message", "text"])? {
        Some(format) => format == "message",
        None => model.starts_with("qwen3"),
    };
    let incremental = parameters.boolean("incremental_output")?.unwrap_or(false);
    let ask = question::ask(model, conversation, &parameters)?;
    if !ask.tools.is_empty() && !message {
        return Err(Refusal::invalid("'result_format' must be 'message' when 'tools' are given."));
    }
    Ok((ask, Format { message, incremental }, ignored))
}

fn conversation(input: &Fields<'_>, ignored: &mut Vec<String>) -> Result<Conversation, Refusal> {
    const EMPTY: &str = "Role must be user or assistant and Content length must be greater than 0";
    if let Some(messages) = input.array("messages")? {
        if messages.is_empty() {
            return Err(Refusal::invalid(EMPTY));
        }
        let path = input.at("messages");
        let manner = question::manner(Parts::None);
        let talk = conversation::messages(messages, &path, manner, ignored)?;
        if talk.turns > 0 && talk.user.is_empty() {
            return Err(Refusal::invalid(EMPTY));
        }
        return Ok(talk);
    }
    match input.string("prompt")? {
        Some(prompt) if !prompt.is_empty() => {
            let mut talk = Conversation::default();
            talk.weigh(prompt);
            talk.user_says(prompt.to_owned());
            Ok(talk)
        }
        _ => Err(Refusal::invalid(
            "Either \"prompt\" or \"messages\" must exist and cannot both be none",
        )),
    }
}

#[derive(Serialize)]
struct Generation<'a> {
    output: Output<'a>,
    usage: Usage,
    request_id: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Output<'a> {
    Message { choices: [Choice<'a>; 1] },
    Text { finish_reason: &'static str, text: &'a str },
}

#[derive(Serialize)]
struct Choice<'a> {
    finish_reason: &'static str,
    message: Message<'a>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reasoning_content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
}

#[derive(Serialize)]
struct Call<'a> {
    function: Function<'a>,
    index: usize,
    id: String,
    r#type: &'static str,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

fn whole(ask: &Ask, reply: &Reply, format: Format, ticket: &Ticket) -> Vec<u8> {
    let finish_reason = finish_reason(reply.end, question::is_forced(ask));
    let calls = reply.calls.iter().enumerate().map(|(index, call)| Call {
        function: Function { name: &call.name, arguments: &call.arguments },
        index,
        id: call_id(ticket, index),
        r#type: "function",
    });
    let output = if format.message {
        let message = Message {
            role: "assistant",
            content: &reply.text,
            reasoning_content: &reply.reasoning,
            tool_calls: calls.collect(),
        };
        Output::Message { choices: [Choice { finish_reason, message }] }
    } else {
        Output::Text { finish_reason, text: &reply.text }
    };
    let reasoning = ask.thinking.then(|| reply.reasoning_tokens());
    let usage = Usage::of(ask.input_tokens(), reply.output_tokens(), reasoning);
    let generation = Generation { output, usage, request_id: ticket.uuid() };
    // Serialising strings and numbers cannot fail.
    serde_json::to_vec(&generation).unwrap_or_default()
}
