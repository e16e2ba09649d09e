//! An Ollama server: NDJSON at `/api/chat`.

use http::StatusCode;

use crate::delivery::Delivery;
use crate::exchange::{Request, Response};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    let body = format!("404 page not found: {}", request.path);
    Response::Answer {
        status: StatusCode::NOT_FOUND,
        headers: vec![("content-type", "text/plain".to_owned())],
        delivery: Delivery::whole(body.into_bytes(), None),
    }
}
