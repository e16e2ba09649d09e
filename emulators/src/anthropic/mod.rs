//! Anthropic: <https://api.anthropic.com>.

use http::StatusCode;
use serde_json::json;

use crate::delivery::Delivery;
use crate::exchange::{Request, Response};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    let id = format!("req_{}", request.ticket.hex(1, 24));
    let message = format!("Not found: {}", request.path);
    let error = json!({"type": "not_found_error", "message": message});
    let body = json!({"type": "error", "error": error, "request_id": id}).to_string();
    Response::Answer {
        status: StatusCode::NOT_FOUND,
        headers: vec![("content-type", "application/json".to_owned()), ("request-id", id)],
        delivery: Delivery::whole(body.into_bytes(), None),
    }
}
