//! Tencent's Hunyuan, the native interface: one path, signed with TC3, errors under HTTP 200.
//!
//! Tencent switched the platform off on 2026-09-30; what it was like is known from its Python
//! client and documents. Content types are exactly as here: the client compares them as they are.
//! The key is `id:secret`, `AKIDtest:SECRETtest` where none is named.

mod answer;
mod errors;
mod question;
mod sign;
mod stream;

use http::Method;

use crate::exchange::{Request, Response};
use errors::Refusal;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    match route(request) {
        Ok(response) => response,
        Err(refusal) => refusal.response(&request.ticket),
    }
}

fn route(request: &Request) -> Result<Response, Refusal> {
    if request.path != "/" || request.method != Method::POST {
        let message = format!("{} {} is not served here.", request.method, request.path);
        return Err(Refusal::new("UnsupportedProtocol", message));
    }
    let action = request.header("x-tc-action").ok_or_else(|| Refusal::missing("X-TC-Action"))?;
    sign::check(request, request.ticket.unix_seconds())?;
    if request.header("x-tc-version") != Some("2023-09-01") {
        return Err(Refusal::new("NoSuchVersion", "The version does not exist."));
    }
    if action != "ChatCompletions" {
        let message = format!("The action `{action}` is not offered by this emulator.");
        return Err(Refusal::new("InvalidAction", message));
    }
    if request.header("content-type") != Some(JSON) {
        return Err(Refusal::new("UnsupportedProtocol", "The content type is not supported."));
    }
    let Some(body) = request.json() else {
        return Err(Refusal::new("InvalidParameter", "The request body is not valid JSON."));
    };
    answer::answer(&body, request)
}
