//! Meta's Llama API, which was switched off on 2026-07-06: `/v1/chat/completions` in a shape of its
//! own, as Meta's Python client 0.6.0 shows it. Kept so that this client has something to talk to.

mod stream;

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ask::Ask;
use crate::conversation::{self, Manner, Prefix};
use crate::delivery::Delivery;
use crate::exchange::{Request, Response, Ticket};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::reply::{End, Reply};
use crate::tools;
use crate::turn::Turn;

const MODELS: [&str; 4] = [
    "Llama-3.3-70B-Instruct",
    "Llama-3.3-8B-Instruct",
    "Llama-4-Maverick-17B-128E-Instruct-FP8",
    "Llama-4-Scout-17B-16E-Instruct-FP8",
];

/// A refusal to answer: `{"title", "detail", "status"}`.
struct Refusal {
    status: u16,
    title: &'static str,
    detail: String,
}

impl Refusal {
    fn new(status: u16, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into() }
    }

    fn invalid(detail: impl Into<String>) -> Self {
        Self::new(400, "Bad Request", detail)
    }

    fn key() -> Self {
        Self::new(401, "Unauthorized", "The API key is not valid.")
    }

    fn server() -> Self {
        Self::new(500, "Internal Server Error", "Something went wrong.")
    }

    /// The refusal for `why`. Nothing is known of moderation inside; `/v1/moderations` stood apart.
    fn asked_for(why: Why) -> Self {
        match why {
            Why::RateLimit | Why::Quota => {
                Self::new(429, "Too Many Requests", "Rate limit exceeded.")
            }
            Why::Overloaded => Self::new(503, "Service Unavailable", "Try again later."),
            Why::Server | Why::Under200 => Self::server(),
            Why::Key => Self::key(),
            Why::Moderation => Self::invalid("The input was refused."),
            Why::ContextLength => Self::invalid("The input is longer than the context window."),
            Why::Prefix => Self::invalid("The last message must not be the assistant's."),
            Why::Status(status) => Self::new(status, "Refused", "Refused on demand."),
        }
    }

    fn json(&self) -> Value {
        json!({"title": self.title, "detail": self.detail, "status": self.status})
    }

    fn response(&self) -> Response {
        Response::Answer {
            // Every status here is between 400 and 599.
            status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST),
            headers: vec![("content-type", "application/json".to_owned())],
            delivery: Delivery::whole(self.json().to_string().into_bytes(), None),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::invalid(problem.message)
    }
}

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    match route(request) {
        Ok(response) => response,
        Err(refusal) => refusal.response(),
    }
}

fn route(request: &Request) -> Result<Response, Refusal> {
    if request.path != "/v1/chat/completions" || request.method != Method::POST {
        return Err(Refusal::new(404, "Not Found", "There is nothing at this address."));
    }
    if !request.has_good_bearer() {
        return Err(Refusal::key());
    }
    let Some(body) = request.json() else {
        return Err(Refusal::invalid("The body is not valid JSON."));
    };
    let (ask, stream) = read(&body)?;
    let turn = Turn::begin(request, &ask, stream);
    if let Some(response) = turn.before(|why| Refusal::asked_for(why).response()) {
        return Ok(response);
    }
    let reply = turn.reply(Persona::Llama);
    let ticket = &request.ticket;
    let (content_type, delivery) = if stream {
        ("text/event-stream", turn.stream(stream::frames(&ask, &reply, ticket)))
    } else {
        ("application/json", turn.whole(whole(&ask, &reply, ticket)))
    };
    let headers = vec![("content-type", content_type.to_owned()), ("x-request-id", ticket.uuid())];
    Ok(Response::Answer { status: StatusCode::OK, headers, delivery })
}

const MANNER: Manner = Manner {
    roles: &["system", "user", "assistant", "tool"],
    fields: &["role", "content", "tool_calls", "tool_call_id", "stop_reason"],
    strict: false,
    parts: Parts::Typed(&["text", "image_url"]),
    prefix: Prefix::No,
};

fn read(body: &Value) -> Result<(Ask, bool), Refusal> {
    let fields = Fields::of(body, "")?;
    let model = fields.required_string("model")?;
    if !MODELS.contains(&model) {
        return Err(Refusal::invalid(format!("There is no model {model}.")));
    }
    let Some(items) = fields.array("messages")? else {
        return Err(Problem::missing("messages").into());
    };
    let conversation = conversation::messages(items, "messages", MANNER, &mut Vec::new())?;
    fields.number("temperature", 0.0, 1.0)?;
    fields.number("top_p", 0.0, 1.0)?;
    let tools = tools::read(&fields)?;
    let words = ["none", "auto", "required"];
    let choice = tools::choice(&fields, &tools, &words, Some("function"))?;
    let format = fields.object("response_format")?;
    let shape = conversation::shape(format.as_ref(), &conversation, false)?;
    let ask = Ask {
        model: model.to_owned(),
        conversation,
        tools,
        choice,
        parallel: true,
        max_tokens: fields.limit("max_completion_tokens", 1)?,
        shape,
        ..Ask::default()
    };
    Ok((ask, fields.boolean("stream")?.unwrap_or(false)))
}

/// One count.
#[derive(Clone, Copy, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the partner's")]
struct Metric {
    metric: &'static str,
    value: u64,
    unit: &'static str,
}

fn metrics(ask: &Ask, reply: &Reply) -> [Metric; 3] {
    let (input, output) = (ask.input_tokens(), reply.output_tokens());
    let metric = |metric, value| Metric { metric, value, unit: "tokens" };
    [
        metric("num_completion_tokens", output),
        metric("num_prompt_tokens", input),
        metric("num_total_tokens", input + output),
    ]
}

/// The id of the answer.
fn id(ticket: &Ticket) -> String {
    ticket.hex(2, 24)
}

/// The id of the `index`th call of a tool.
fn call_id(ticket: &Ticket, index: usize) -> String {
    format!("call_{}", ticket.hex(16 + index as u64, 24))
}

fn stop_reason(end: End) -> &'static str {
    match end {
        End::Stop | End::Filtered => "stop",
        End::Length => "length",
        End::ToolCalls => "tool_calls",
    }
}

fn whole(ask: &Ask, reply: &Reply, ticket: &Ticket) -> Vec<u8> {
    let calls = reply.calls.iter().enumerate().map(|(index, call)| {
        let function = json!({"name": call.name, "arguments": call.arguments});
        json!({"id": call_id(ticket, index), "function": function})
    });
    let body = json!({
        "id": id(ticket),
        "completion_message": {
            "role": "assistant",
            "stop_reason": stop_reason(reply.end),
            "content": {"type": "text", "text": reply.text},
            "tool_calls": calls.collect::<Vec<_>>(),
        },
        "metrics": metrics(ask, reply),
    });
    body.to_string().into_bytes()
}
