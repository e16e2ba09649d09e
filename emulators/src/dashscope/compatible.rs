//! `POST /compatible-mode/v1/chat/completions`: OpenAI's chat completions as DashScope speaks them.

use serde::Serialize;
use serde_json::Value;

use super::errors::Refusal;
use super::question::{self, PARAMETERS};
use super::{EVENTS, JSON, answered, compatible_stream};
use crate::ask::Ask;
use crate::claims::Named;
use crate::conversation;
use crate::exchange::{Request, Response, Ticket};
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::reply::{End, Reply};
use crate::turn::Turn;

/// Names and dates of one answer.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    pub(super) created: u64,
    pub(super) named: Named,
    pub(super) ticket: Ticket,
}

impl Identity {
    /// The id of the `index`th tool call.
    pub(super) fn call_id(&self, index: usize) -> String {
        super::native::call_id(&self.ticket, index)
    }
}

/// Token counts.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
    prompt_tokens_details: PromptDetails,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

impl Usage {
    fn of(ask: &Ask, reply: &Reply) -> Self {
        let (input, output) = (ask.input_tokens(), reply.output_tokens());
        Self {
            prompt_tokens: input,
            completion_tokens: output,
            total_tokens: input + output,
            completion_tokens_details: ask
                .thinking
                .then(|| CompletionDetails { reasoning_tokens: reply.reasoning_tokens() }),
            prompt_tokens_details: PromptDetails { cached_tokens: 0 },
        }
    }
}

/// A checked request: the question, whether to stream, whether to tell the usage there, and the
/// fields that are ignored.
struct Checked {
    ask: Ask,
    stream: bool,
    include_usage: bool,
    ignored: Vec<String>,
}

pub(super) fn answer(body: &Value, request: &Request) -> Response {
    match check(body) {
        Ok(checked) => generate(&checked, request),
        Err(refusal) => refusal.compatible(&request.ticket),
    }
}

fn generate(checked: &Checked, request: &Request) -> Response {
    let ticket = &request.ticket;
    let Checked { ask, stream, include_usage, ignored } = checked;
    let turn = Turn::begin(request, ask, *stream);
    let refused = |why| {
        let refusal = Refusal::asked_for(why);
        if *stream && refusal.is_moderation() {
            refusal.compatible_events(ticket)
        } else {
            refusal.compatible(ticket)
        }
    };
    if let Some(response) = turn.before(refused) {
        return response;
    }
    let reply = turn.reply(Persona::Qwen);
    let usage = Usage::of(ask, &reply);
    let identity = Identity {
        id: format!("chatcmpl-{}", ticket.uuid()),
        created: ticket.unix_seconds(),
        named: turn.named(false),
        ticket: *ticket,
    };
    if *stream {
        let usage = include_usage.then_some(usage);
        let frames = compatible_stream::frames(&reply, usage, identity);
        return answered(ticket, EVENTS, ignored, turn.stream(frames));
    }
    if reply.end == End::Filtered {
        return Refusal::moderated_output().compatible(ticket);
    }
    let body = whole(&reply, usage, &identity);
    answered(ticket, JSON, ignored, turn.whole(body))
}

fn check(body: &Value) -> Result<Checked, Refusal> {
    let fields = Fields::of(body, "")?;
    let own = ["model", "messages", "stream", "stream_options", "user"];
    let known: Vec<&str> = PARAMETERS.into_iter().chain(own).collect();
    let mut ignored = fields.beyond(&known);
    let model = question::model(&fields)?;
    let Some(items) = fields.array("messages")? else {
        return Err(Problem::missing("messages").into());
    };
    let manner = question::manner(Parts::Typed(&["text", "image_url", "video_url", "input_audio"]));
    let conversation = conversation::messages(items, "messages", manner, &mut ignored)?;
    let ask = question::ask(model, conversation, &fields)?;
    let stream = fields.boolean("stream")?.unwrap_or(false);
    let include_usage = match fields.object("stream_options")? {
        None => false,
        Some(_) if !stream => {
            return Err(Refusal::invalid(
                "'stream_options' only set this when you set stream: true.",
            ));
        }
        Some(options) => options.boolean("include_usage")?.unwrap_or(false),
    };
    Ok(Checked { ask, stream, include_usage, ignored })
}

/// The name of the finish reason.
pub(super) fn finish_reason(end: End) -> &'static str {
    match end {
        End::Stop | End::Filtered => "stop",
        End::Length => "length",
        End::ToolCalls => "tool_calls",
    }
}

#[derive(Serialize)]
struct Completion<'a> {
    choices: Vec<Choice<'a>>,
    object: &'static str,
    usage: Usage,
    created: u64,
    system_fingerprint: Option<&'a str>,
    model: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Choice<'a> {
    message: Message<'a>,
    finish_reason: &'static str,
    index: u32,
    logprobs: Option<()>,
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
    index: usize,
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
    let calls = reply.calls.iter().enumerate().map(|(index, call)| Call {
        index,
        id: identity.call_id(index),
        r#type: "function",
        function: Function { name: &call.name, arguments: &call.arguments },
    });
    let finish_reason = finish_reason(reply.end);
    let message = Message {
        role: "assistant",
        content: &reply.text,
        reasoning_content: &reply.reasoning,
        tool_calls: calls.collect(),
    };
    let mut choices = vec![Choice { message, finish_reason, index: 0, logprobs: None }];
    choices.extend((1..).zip(&reply.others).map(|(index, content)| {
        let (role, reasoning_content, tool_calls) = ("assistant", "", Vec::new());
        let message = Message { role, content, reasoning_content, tool_calls };
        Choice { message, finish_reason, index, logprobs: None }
    }));
    let completion = Completion {
        choices,
        object: "chat.completion",
        usage,
        created: identity.created,
        system_fingerprint: identity.named.fingerprint.as_deref(),
        model: &identity.named.model,
        id: &identity.id,
    };
    // Serialising strings and numbers cannot fail.
    serde_json::to_vec(&completion).unwrap_or_default()
}
