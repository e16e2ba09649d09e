//! OpenAI: <https://api.openai.com/v1>, as its `OpenAPI` description, its Python client and public
//! recordings show it.

mod chat;
mod chat_stream;
mod errors;
mod models;
mod responses;
mod responses_reasoning;
mod responses_stream;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::delivery::Delivery;
use crate::exchange::{Request, Response, Ticket};
use crate::fields::Fields;
use errors::Refusal;

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    match route(request) {
        Ok(response) => response,
        Err(refusal) => refusal.response(&request.ticket),
    }
}

fn route(request: &Request) -> Result<Response, Refusal> {
    let path = request.path.as_str();
    let expected = match path {
        "/v1/chat/completions" | "/v1/responses" => Method::POST,
        "/v1/models" => Method::GET,
        _ if path.starts_with("/v1/models/") => Method::GET,
        _ => return Err(Refusal::no_such_url(&request.method, path)),
    };
    if !request.has_good_bearer() {
        return Err(Refusal::key(request.bearer()));
    }
    if request.method != expected {
        return Err(Refusal::method(&request.method, path));
    }
    if expected == Method::GET {
        return match path.strip_prefix("/v1/models/") {
            Some(id) => models::one(id, &request.ticket),
            None => Ok(models::all(&request.ticket)),
        };
    }
    if !request.is_json() {
        return Err(Refusal::content_type(request.header("content-type")));
    }
    let Some(body) = request.json() else { return Err(Refusal::not_json()) };
    let fields = Fields::of(&body, "")?;
    if path == "/v1/responses" {
        responses::answer(&fields, request)
    } else {
        chat::answer(&fields, request)
    }
}

/// The headers of every answer.
fn headers(ticket: &Ticket, content_type: &str) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", content_type.to_owned()),
        ("openai-organization", "emulated".to_owned()),
        ("openai-processing-ms", "7".to_owned()),
        ("openai-version", "2020-10-01".to_owned()),
        ("x-ratelimit-limit-requests", "500".to_owned()),
        ("x-ratelimit-limit-tokens", "200000".to_owned()),
        ("x-ratelimit-remaining-requests", "499".to_owned()),
        ("x-ratelimit-remaining-tokens", "199000".to_owned()),
        ("x-ratelimit-reset-requests", "120ms".to_owned()),
        ("x-ratelimit-reset-tokens", "1s".to_owned()),
        ("x-request-id", format!("req_{}", ticket.hex(1, 32))),
    ]
}

fn answered(ticket: &Ticket, content_type: &str, delivery: Delivery) -> Response {
    Response::Answer { status: StatusCode::OK, headers: headers(ticket, content_type), delivery }
}

/// The rules of the gpt-6 family: no sampling parameters unless `effort` is none, and for some
/// models no effort "none" or "minimal".
fn reasoning_rules(
    fields: &Fields<'_>,
    model: &str,
    effort: Option<&str>,
    effort_path: &str,
) -> Result<(), Refusal> {
    if !model.starts_with("gpt-6") {
        return Ok(());
    }
    let always_thinks = model.starts_with("gpt-6-astra") || model.starts_with("gpt-6.1-sol");
    if let (true, Some(asked @ ("none" | "minimal"))) = (always_thinks, effort) {
        return Err(Refusal::unsupported_value(effort_path, asked, model));
    }
    if effort != Some("none") {
        let sampling = ["temperature", "top_p", "logprobs", "top_logprobs"];
        if let Some(name) = sampling.into_iter().find(|name| fields.get(name).is_some()) {
            return Err(Refusal::unsupported_parameter(name));
        }
    }
    Ok(())
}

/// The values of `reasoning_effort`.
const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// The metadata field: strings by name.
fn metadata(fields: &Fields<'_>) -> Result<Value, Refusal> {
    fields.object("metadata")?;
    Ok(fields.get("metadata").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}
