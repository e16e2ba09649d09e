//! DashScope's errors, in the form of each of its two protocols.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;

use super::{EVENTS, JSON, headers};
use crate::delivery::Delivery;
use crate::exchange::{Response, Ticket};
use crate::fault::Why;
use crate::fields::Problem;

/// A refusal to answer.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// The code of the native protocol.
    native: &'static str,
    /// The code of the compatible protocol.
    compatible: &'static str,
    /// The error type of the compatible protocol.
    kind: &'static str,
    message: String,
}

#[derive(Serialize)]
struct NativeBody<'a> {
    code: &'a str,
    message: &'a str,
    request_id: &'a str,
}

#[derive(Serialize)]
struct CompatibleBody<'a> {
    error: CompatibleError<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct CompatibleError<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<()>,
    code: &'a str,
}

const INVALID: &str = "invalid_request_error";

impl Refusal {
    fn new(
        status: StatusCode,
        (native, compatible, kind): (&'static str, &'static str, &'static str),
        message: impl Into<String>,
    ) -> Self {
        Self { status, native, compatible, kind, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        let names = ("InvalidParameter", "invalid_parameter_error", INVALID);
        Self::new(StatusCode::BAD_REQUEST, names, message)
    }

    pub(super) fn no_such_url() -> Self {
        let names = ("InvalidURL", "invalid_url", INVALID);
        Self::new(StatusCode::BAD_REQUEST, names, "The requested URL is not served here.")
    }

    pub(super) fn method(method: &Method) -> Self {
        let names = ("InvalidParameter", "method_not_allowed", INVALID);
        let message = format!("Request method '{method}' is not supported.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, names, message)
    }

    pub(super) fn key(compatible: bool) -> Self {
        let names = ("InvalidApiKey", "invalid_api_key", INVALID);
        let message =
            if compatible { "Incorrect API key provided." } else { "Invalid API-key provided." };
        Self::new(StatusCode::UNAUTHORIZED, names, message)
    }

    pub(super) fn content_type() -> Self {
        Self::invalid("The content type must be application/json.")
    }

    pub(super) fn not_json() -> Self {
        Self::invalid("Required body invalid, please check the request body format.")
    }

    pub(super) fn model(model: &str) -> Self {
        let names = ("Model.NotExist", "model_not_found", INVALID);
        let message =
            format!("The model `{model}` does not exist or you do not have access to it.");
        Self::new(StatusCode::NOT_FOUND, names, message)
    }

    fn moderation(side: &str) -> Self {
        let names = ("DataInspectionFailed", "data_inspection_failed", "data_inspection_failed");
        let message = format!("{side} data may contain inappropriate content.");
        Self::new(StatusCode::BAD_REQUEST, names, message)
    }

    /// Moderation stopped the answer.
    pub(super) fn moderated_output() -> Self {
        Self::moderation("Output")
    }

    /// An error inside the partner.
    pub(super) fn internal() -> Self {
        let names = ("InternalError", "internal_error", "internal_error");
        let message = "An internal error has occurred, please try again later.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, names, message)
    }

    /// The refusal that a fault asks for.
    pub(super) fn asked_for(why: Why) -> Self {
        match why {
            Why::RateLimit => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                ("Throttling.RateQuota", "limit_requests", "limit_requests"),
                "Requests rate limit exceeded, please try again later.",
            ),
            // The code of a spent quota is also seen for a passing throttle; arrears are only one.
            Why::Quota => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                ("Throttling.AllocationQuota", "insufficient_quota", "insufficient_quota"),
                "Allocated quota exceeded, please increase your quota limit.",
            ),
            Why::Overloaded => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ("ServiceUnavailable", "service_unavailable", "service_unavailable"),
                "Model serving is temporarily unavailable, please try again later.",
            ),
            Why::Key => Self::key(false),
            Why::Moderation => Self::moderation("Input (text)"),
            Why::ContextLength => Self::invalid("Range of input length should be [1, 129024]"),
            Why::Prefix => Self::invalid("The model does not support the 'partial' mode."),
            Why::Status(408) => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                ("RequestTimeOut", "request_timeout", "request_timeout"),
                "Request timed out, please try again later.",
            ),
            Why::Status(403) => Self::new(
                StatusCode::FORBIDDEN,
                ("AccessDenied", "access_denied", "access_denied"),
                "Access denied.",
            ),
            Why::Status(404) => Self::model("unknown"),
            Why::Status(504) => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                ("GatewayTimeout", "gateway_timeout", "gateway_timeout"),
                "The gateway waited too long for the model.",
            ),
            Why::Status(status) if status < 500 => {
                Self::invalid(format!("The request was refused with status {status}."))
            }
            Why::Server | Why::Under200 | Why::Status(_) => Self::internal(),
        }
    }

    fn native_json(&self, ticket: &Ticket) -> String {
        let request_id = ticket.uuid();
        let body =
            NativeBody { code: self.native, message: &self.message, request_id: &request_id };
        // Serialising strings cannot fail.
        serde_json::to_string(&body).unwrap_or_default()
    }

    fn compatible_json(&self, ticket: &Ticket) -> String {
        let request_id = ticket.uuid();
        let error = CompatibleError {
            message: &self.message,
            r#type: self.kind,
            param: None,
            code: self.compatible,
        };
        let body = CompatibleBody { error, request_id: &request_id };
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// The native answer in one piece.
    pub(super) fn native(&self, ticket: &Ticket) -> Response {
        self.plain(ticket, self.native_json(ticket))
    }

    /// The native answer to who asked for events: HTTP 200, the status within.
    pub(super) fn native_events(&self, ticket: &Ticket) -> Response {
        Response::Answer {
            status: StatusCode::OK,
            headers: headers(ticket, EVENTS, true),
            delivery: Delivery::single(self.native_event(1, ticket)),
        }
    }

    /// The native event with number `id`.
    pub(super) fn native_event(&self, id: usize, ticket: &Ticket) -> Bytes {
        let status = self.status.as_u16();
        let json = self.native_json(ticket);
        Bytes::from(format!("id:{id}\nevent:error\n:HTTP_STATUS/{status}\ndata:{json}\n\n"))
    }

    /// The compatible answer in one piece.
    pub(super) fn compatible(&self, ticket: &Ticket) -> Response {
        self.plain(ticket, self.compatible_json(ticket))
    }

    /// The compatible answer to who asked for a stream: an HTTP error with an event for a body.
    pub(super) fn compatible_events(&self, ticket: &Ticket) -> Response {
        let body = self.compatible_event(ticket).to_vec();
        Response::Answer {
            status: self.status,
            headers: headers(ticket, EVENTS, true),
            delivery: Delivery::whole(body, None),
        }
    }

    /// The compatible event.
    pub(super) fn compatible_event(&self, ticket: &Ticket) -> Bytes {
        Bytes::from(format!("data: {}\n\n", self.compatible_json(ticket)))
    }

    fn plain(&self, ticket: &Ticket, json: String) -> Response {
        Response::Answer {
            status: self.status,
            headers: headers(ticket, JSON, true),
            delivery: Delivery::whole(json.into_bytes(), None),
        }
    }

    /// Whether moderation refused the prompt.
    pub(super) fn is_moderation(&self) -> bool {
        self.native == "DataInspectionFailed"
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::invalid(problem.message)
    }
}
