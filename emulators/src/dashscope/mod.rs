//! Alibaba's DashScope: the native text and multimodal endpoints and the OpenAI-compatible one, as
//! recorded traffic and the vendor's Python client show them.

mod compatible;
mod compatible_stream;
mod errors;
mod native;
mod native_stream;
mod question;

use std::time::SystemTime;

use http::{Method, StatusCode};

use crate::anthropic;
use crate::delivery::Delivery;
use crate::exchange::{Request, Response, Ticket};
use errors::Refusal;

const NATIVE: &str = "/api/v1/services/aigc/text-generation/generation";
const MULTIMODAL: &str = "/api/v1/services/aigc/multimodal-generation/generation";
const COMPATIBLE: &str = "/compatible-mode/v1/chat/completions";

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    if request.path.starts_with("/apps/anthropic/") {
        return anthropic::at(anthropic::House::DashScope, request);
    }
    let compatible = request.path.starts_with("/compatible-mode/");
    let checked = if ![NATIVE, MULTIMODAL, COMPATIBLE].contains(&request.path.as_str()) {
        Err(Refusal::no_such_url())
    } else if !request.has_good_bearer() {
        Err(Refusal::key(compatible))
    } else if request.method != Method::POST {
        Err(Refusal::method(&request.method))
    } else if !request.is_json() {
        Err(Refusal::content_type())
    } else {
        request.json().ok_or_else(Refusal::not_json)
    };
    match (checked, compatible) {
        (Ok(body), true) => compatible::answer(&body, request),
        (Ok(body), false) => native::answer(&body, wants_events(request), request),
        // What fails before the model is reached is plain JSON, even when events were asked for.
        (Err(refusal), true) => refusal.compatible(&request.ticket),
        (Err(refusal), false) => refusal.native(&request.ticket),
    }
}

/// Whether there is such a model.
pub(crate) fn knows(model: &str) -> bool {
    question::knows(model)
}

/// Events are asked for by either of two headers; the 1.x client sends both, 2.x only the first.
fn wants_events(request: &Request) -> bool {
    request.header("x-dashscope-sse").is_some_and(|value| value.eq_ignore_ascii_case("enable"))
        || request.header("accept").is_some_and(|value| value.contains("text/event-stream"))
}

/// The headers of every answer.
fn headers(ticket: &Ticket, content_type: &str, finished: bool) -> Vec<(&'static str, String)> {
    let cost = SystemTime::now().duration_since(ticket.arrived).unwrap_or_default().as_millis();
    let arrived = ticket.unix_millis();
    vec![
        ("content-type", content_type.to_owned()),
        ("req-arrive-time", arrived.to_string()),
        ("req-cost-time", cost.to_string()),
        ("resp-start-time", (arrived + cost).to_string()),
        ("server", "istio-envoy".to_owned()),
        ("vary", "Origin,Access-Control-Request-Method,Access-Control-Request-Headers".to_owned()),
        ("x-dashscope-call-gateway", "true".to_owned()),
        ("x-dashscope-finished", finished.to_string()),
        ("x-dashscope-timeout", "180".to_owned()),
        ("x-envoy-upstream-service-time", cost.to_string()),
        ("x-request-id", ticket.uuid()),
    ]
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream;charset=UTF-8";

/// An answer. Fields that the partner ignores without a word are named in a header of our own.
fn answered(
    ticket: &Ticket,
    content_type: &str,
    ignored: &[String],
    delivery: Delivery,
) -> Response {
    let mut headers = headers(ticket, content_type, content_type == JSON);
    if !ignored.is_empty() {
        headers.push(("x-emulator-ignored", ignored.join(", ")));
    }
    Response::Answer { status: StatusCode::OK, headers, delivery }
}
