//! Anthropic's Messages API: <https://api.anthropic.com>, and the partners' routes in its shape, as
//! Anthropic's Python clients and public recordings show it.

mod answer;
mod errors;
mod house;
mod question;
mod stream;
mod turns;

use http::Method;
use jiff::{SignedDuration, Timestamp};

use crate::exchange::{Request, Response, Ticket};
use errors::Refusal;
pub(crate) use house::House;

/// What is asked of Anthropic.
pub(crate) fn answer(request: &Request) -> Response {
    at(House::Anthropic, request)
}

/// What is asked of `house` by `request`.
pub(crate) fn at(house: House, request: &Request) -> Response {
    match route(house, request) {
        Ok(response) => response,
        Err(refusal) => refusal.response(house, &request.ticket),
    }
}

fn route(house: House, request: &Request) -> Result<Response, Refusal> {
    if request.path != house.path() {
        return Err(Refusal::no_such_url());
    }
    if request.method != Method::POST {
        return Err(Refusal::method());
    }
    house.admit(request)?;
    let version = house.version(request)?;
    if !request.is_json() {
        return Err(Refusal::invalid("content-type: must be application/json"));
    }
    let Some(body) = request.json() else {
        return Err(Refusal::invalid("The request body is not valid JSON"));
    };
    answer::answer(house, version, &body, request)
}

/// The id of the request, as the house writes it.
fn request_id(house: House, ticket: &Ticket) -> String {
    match house {
        House::Anthropic => format!("req_{}", ticket.hex(1, 24)),
        House::DashScope => ticket.uuid(),
        House::MiniMax => ticket.hex(1, 32),
    }
}

/// The headers of every answer.
fn headers(house: House, ticket: &Ticket, content_type: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", content_type.to_owned())];
    match house {
        House::Anthropic => {
            let minute = SignedDuration::from_mins(1);
            let reset = Timestamp::try_from(ticket.arrived)
                .and_then(|now| now.checked_add(minute))
                .map(|reset| reset.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
                .unwrap_or_default();
            headers.extend([
                ("anthropic-organization-id", "00000000-0000-4000-8000-000000000000".to_owned()),
                ("anthropic-ratelimit-requests-limit", "50".to_owned()),
                ("anthropic-ratelimit-requests-remaining", "49".to_owned()),
                ("anthropic-ratelimit-requests-reset", reset.clone()),
                ("anthropic-ratelimit-tokens-limit", "60000".to_owned()),
                ("anthropic-ratelimit-tokens-remaining", "59000".to_owned()),
                ("anthropic-ratelimit-tokens-reset", reset),
                ("request-id", request_id(house, ticket)),
            ]);
        }
        House::DashScope => headers.push(("x-request-id", request_id(house, ticket))),
        House::MiniMax => headers.push(("trace-id", request_id(house, ticket))),
    }
    headers
}
