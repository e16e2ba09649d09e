//! The answer in one piece, and what both forms of an answer are made of.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::errors::Refusal;
use super::house::{House, Version};
use super::question::{self, Question};
use super::{headers, request_id, stream, turns};
use crate::delivery::Delivery;
use crate::exchange::{Request, Response, Ticket};
use crate::reply::{End, Reply};
use crate::turn::Turn;

/// Token counts. `input_tokens` are those that neither came from the cache nor went into it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    pub(super) input_tokens: u64,
    pub(super) cache_creation_input_tokens: u64,
    pub(super) cache_read_input_tokens: u64,
    pub(super) output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_tokens_details: Option<OutputDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct OutputDetails {
    thinking_tokens: u64,
}

/// A part of the answer's content.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Thinking {
        thinking: String,
        signature: String,
    },
    Text {
        text: String,
    },
    ToolUse {
        id: String,
        name: String,
        input: Box<RawValue>,
        /// The model itself called, and no program of its.
        caller: Caller,
    },
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Caller {
    Direct,
}

/// Why the model refused, beside `stop_reason: "refusal"`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct StopDetails {
    r#type: &'static str,
    category: &'static str,
    explanation: &'static str,
}

/// The body of an answer, with as much in it as is known when it is written.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Message {
    pub(super) model: String,
    pub(super) id: String,
    pub(super) r#type: &'static str,
    pub(super) role: &'static str,
    pub(super) content: Vec<Block>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<String>,
    pub(super) stop_details: Option<StopDetails>,
    pub(super) usage: Usage,
}

/// An answer that is complete, whichever way it leaves.
pub(super) struct Draft {
    pub(super) house: House,
    pub(super) reply: Reply,
    pub(super) message: Message,
    pub(super) request_id: String,
    /// Moderation ends it with an error; Anthropic's own says `refusal` instead.
    pub(super) broken_off: bool,
}

pub(super) fn answer(
    house: House,
    version: Version,
    body: &Value,
    request: &Request,
) -> Result<Response, Refusal> {
    let question = question::read(house, version, body)?;
    let ticket = &request.ticket;
    let turn = Turn::begin(request, &question.ask, question.stream);
    let refuse = |why| match Refusal::asked_for(house, why) {
        Some(refusal) => refusal.response(house, ticket),
        None => leave(house, ticket, &question, &refused(&question, ticket, house), |stream| {
            Delivery::stream(stream, None)
        }),
    };
    if let Some(response) = turn.before(refuse) {
        return Ok(response);
    }
    let reply = turn.reply(house.persona());
    let draft = drafted(house, ticket, &question, reply, turn.named(false).model);
    if draft.broken_off && !question.stream {
        return Err(Refusal::moderated_output(house));
    }
    if question.stream {
        return Ok(leave(house, ticket, &question, &draft, |stream| turn.stream(stream)));
    }
    // Serialising strings and numbers cannot fail.
    let whole = serde_json::to_vec(&draft.message).unwrap_or_default();
    Ok(answered(house, ticket, &question, JSON, turn.whole(whole)))
}

const JSON: &str = "application/json";

/// Sends `draft` in the form asked for, untouched by any fault but what `deliver` does.
fn leave(
    house: House,
    ticket: &Ticket,
    question: &Question,
    draft: &Draft,
    deliver: impl FnOnce(crate::delivery::Stream) -> Delivery,
) -> Response {
    if question.stream {
        let delivery = deliver(stream::frames(draft));
        return answered(house, ticket, question, "text/event-stream; charset=utf-8", delivery);
    }
    // Serialising strings and numbers cannot fail.
    let whole = serde_json::to_vec(&draft.message).unwrap_or_default();
    answered(house, ticket, question, JSON, Delivery::whole(whole, None))
}

fn answered(
    house: House,
    ticket: &Ticket,
    question: &Question,
    content_type: &str,
    delivery: Delivery,
) -> Response {
    let mut headers = headers(house, ticket, content_type);
    if !question.ignored.is_empty() {
        headers.push(("x-emulator-ignored", question.ignored.join(", ")));
    }
    Response::Answer { status: StatusCode::OK, headers, delivery }
}

fn drafted(
    house: House,
    ticket: &Ticket,
    question: &Question,
    reply: Reply,
    model: String,
) -> Draft {
    let filtered = reply.end == End::Filtered;
    let broken_off = filtered && house != House::Anthropic;
    let stop_sequence = reply.stop_word(&question.ask, house.persona()).map(str::to_owned);
    let stop_reason = match reply.end {
        End::Stop if stop_sequence.is_some() => "stop_sequence",
        End::Stop => "end_turn",
        End::Length => "max_tokens",
        End::ToolCalls => "tool_use",
        End::Filtered => "refusal",
    };
    let message = Message {
        model,
        id: format!("msg_{}", ticket.hex(2, 24)),
        r#type: "message",
        role: "assistant",
        content: blocks(&reply, ticket),
        stop_reason: Some(stop_reason),
        stop_sequence,
        stop_details: filtered.then_some(StopDetails {
            r#type: "refusal",
            category: "general_harms",
            explanation: "This emulated answer was stopped on demand.",
        }),
        usage: usage(question, &reply),
    };
    Draft { house, reply, message, request_id: request_id(house, ticket), broken_off }
}

/// An answer refused before its first word, which Anthropic gives under HTTP 200.
fn refused(question: &Question, ticket: &Ticket, house: House) -> Draft {
    let mut reply = Reply::to(&question.ask, house.persona(), None);
    reply.reasoning.clear();
    reply.text.clear();
    reply.calls.clear();
    reply.end = End::Filtered;
    drafted(house, ticket, question, reply, question.ask.model.clone())
}

fn usage(question: &Question, reply: &Reply) -> Usage {
    let cached = question.cached_tokens;
    Usage {
        input_tokens: question.ask.input_tokens().saturating_sub(cached),
        cache_creation_input_tokens: cached,
        cache_read_input_tokens: 0,
        output_tokens: reply.output_tokens(),
        output_tokens_details: (!reply.reasoning.is_empty())
            .then(|| OutputDetails { thinking_tokens: reply.reasoning_tokens() }),
        service_tier: Some("standard"),
    }
}

fn blocks(reply: &Reply, ticket: &Ticket) -> Vec<Block> {
    let mut blocks = Vec::new();
    if !reply.reasoning.is_empty() {
        let signature = turns::signature(&reply.reasoning);
        blocks.push(Block::Thinking { thinking: reply.reasoning.clone(), signature });
    }
    if !reply.text.is_empty() {
        blocks.push(Block::Text { text: reply.text.clone() });
    }
    blocks.extend(reply.calls.iter().enumerate().map(|(index, call)| Block::ToolUse {
        id: format!("toolu_{}", ticket.hex(16 + index as u64, 24)),
        name: call.name.clone(),
        input: raw(&call.arguments),
        caller: Caller::Direct,
    }));
    blocks
}

/// The arguments of a call, which are an object here and not a string.
pub(super) fn raw(arguments: &str) -> Box<RawValue> {
    // The reply makes its arguments by serialising an object.
    RawValue::from_string(arguments.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
