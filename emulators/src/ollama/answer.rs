//! The answer, in one object or in lines of one each.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::question::{self, Question};
use super::{JSON, LINES, Refusal, created_at};
use crate::delivery::{Delivery, Stream};
use crate::exchange::{Request, Response};
use crate::persona::Persona;
use crate::reply::{End, Reply};
use crate::turn::Turn;

/// What a token takes, in nanoseconds.
const PER_TOKEN: u64 = 10_000_000;
/// What loading the model takes, in nanoseconds.
const LOADING: u64 = 50_000_000;

#[derive(Serialize)]
struct Part<'a> {
    model: &'a str,
    created_at: &'a str,
    message: Message,
    done: bool,
    #[serde(flatten)]
    end: Option<Ending>,
}

#[derive(Default, Serialize)]
struct Message {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    thinking: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call>,
}

#[derive(Clone, Serialize)]
struct Call {
    function: Function,
}

#[derive(Clone, Serialize)]
struct Function {
    index: usize,
    name: String,
    arguments: Box<RawValue>,
}

/// What the last part has and no other. Durations are in nanoseconds.
#[derive(Clone, Copy, Serialize)]
struct Ending {
    done_reason: &'static str,
    #[serde(flatten)]
    counts: Option<Counts>,
}

#[derive(Clone, Copy, Serialize)]
struct Counts {
    total_duration: u64,
    load_duration: u64,
    prompt_eval_count: u64,
    prompt_eval_duration: u64,
    eval_count: u64,
    eval_duration: u64,
}

pub(super) fn answer(body: &Value, request: &Request) -> Result<Response, Refusal> {
    let question = question::read(body)?;
    let created = created_at(&request.ticket);
    if question.loads {
        let end = Ending { done_reason: "load", counts: None };
        let model = question.ask.model.as_str();
        return Ok(answered(&question, Delivery::whole(last(model, &created, end), None)));
    }
    let turn = Turn::begin(request, &question.ask, question.stream);
    if let Some(response) = turn.before(|why| Refusal::asked_for(why).response()) {
        return Ok(response);
    }
    let reply = turn.reply(Persona::Llama);
    let model = turn.named(false).model;
    let filtered = reply.end == End::Filtered;
    let end = ending(&question, &reply);
    if question.stream {
        let mut stream = lines(&reply, &model, &created);
        let tail: Bytes = if filtered {
            Refusal::runner().line().into()
        } else {
            last(&model, &created, end).into()
        };
        stream.frames = Box::new(stream.frames.chain([tail]));
        return Ok(answered(&question, turn.stream(stream)));
    }
    if filtered {
        return Err(Refusal::runner());
    }
    let message = Message {
        role: "assistant",
        content: reply.text.clone(),
        thinking: reply.reasoning.clone(),
        tool_calls: calls(&reply),
    };
    let mut whole = part(&model, &created, message, Some(end));
    whole.pop(); // the end of the line
    Ok(answered(&question, turn.whole(whole)))
}

fn answered(question: &Question, delivery: Delivery) -> Response {
    let content_type = if question.stream { LINES } else { JSON };
    let mut headers = vec![("content-type", content_type.to_owned())];
    if !question.ignored.is_empty() {
        headers.push(("x-emulator-ignored", question.ignored.join(", ")));
    }
    Response::Answer { status: StatusCode::OK, headers, delivery }
}

fn ending(question: &Question, reply: &Reply) -> Ending {
    let (input, output) = (question.ask.input_tokens(), reply.output_tokens());
    Ending {
        // Calls of tools end with "stop", too.
        done_reason: if reply.end == End::Length { "length" } else { "stop" },
        counts: Some(Counts {
            total_duration: LOADING + (input + output) * PER_TOKEN,
            load_duration: LOADING,
            prompt_eval_count: input,
            prompt_eval_duration: input * PER_TOKEN,
            eval_count: output,
            eval_duration: output * PER_TOKEN,
        }),
    }
}

/// Everything but the last line.
fn lines(reply: &Reply, model: &str, created: &str) -> Stream {
    let thoughts = reply.reasoning_pieces().into_iter();
    let thoughts = thoughts.map(|thinking| Message { thinking, ..Message::default() });
    let lead = thoughts.len();
    let said = reply.pieces().into_iter().map(|content| Message { content, ..Message::default() });
    let called = calls(reply)
        .into_iter()
        .map(|call| Message { tool_calls: vec![call], ..Message::default() });
    let frames: Vec<Bytes> = thoughts
        .chain(said)
        .chain(called)
        .map(|message| part(model, created, Message { role: "assistant", ..message }, None).into())
        .collect();
    Stream {
        frames: Box::new(frames.into_iter()),
        lead,
        error: Refusal::runner().line().into(),
        broken: Bytes::from_static(b"{\"model\":\"\",\"message\":{\"role\":\"assist\n"),
    }
}

fn last(model: &str, created: &str, end: Ending) -> Vec<u8> {
    let empty = Message { role: "assistant", ..Message::default() };
    part(model, created, empty, Some(end))
}

/// One line, with its end.
fn part(model: &str, created_at: &str, message: Message, end: Option<Ending>) -> Vec<u8> {
    let part = Part { model, created_at, message, done: end.is_some(), end };
    // Serialising strings and numbers cannot fail.
    let mut line = serde_json::to_vec(&part).unwrap_or_default();
    line.push(b'\n');
    line
}

fn calls(reply: &Reply) -> Vec<Call> {
    let call = |(index, call): (usize, &crate::reply::Call)| Call {
        function: Function {
            index,
            name: call.name.clone(),
            // The reply makes its arguments by serialising an object.
            arguments: RawValue::from_string(call.arguments.clone())
                .unwrap_or_else(|_| RawValue::NULL.to_owned()),
        },
    };
    reply.calls.iter().enumerate().map(call).collect()
}
