//! Tencent's Hunyuan: the native interface, signed with TC3.

use http::StatusCode;
use serde_json::json;

use crate::delivery::Delivery;
use crate::exchange::{Request, Response};

/// What is asked of `request`.
pub(crate) fn answer(request: &Request) -> Response {
    let id = request.ticket.uuid();
    let error = json!({"Code": "InvalidAction", "Message": "The action does not exist."});
    let body = json!({"Response": {"Error": error, "RequestId": id}}).to_string();
    Response::Answer {
        status: StatusCode::NOT_FOUND,
        headers: vec![("content-type", "application/json".to_owned())],
        delivery: Delivery::whole(body.into_bytes(), None),
    }
}
