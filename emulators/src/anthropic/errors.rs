//! Anthropic's errors: `{"type": "error", "error": {"type", "message"}, "request_id"}`.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use super::headers;
use super::house::House;
use crate::delivery::Delivery;
use crate::exchange::{Response, Ticket};
use crate::fault::Why;
use crate::fields::Problem;

/// A refusal to answer.
pub(super) struct Refusal {
    status: u16,
    kind: &'static str,
    message: String,
    /// Why a 429 must not be retried.
    code: Option<&'static str>,
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    error: Body<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

#[derive(Serialize)]
struct Details {
    error_code: &'static str,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), code: None, retry_after: None }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub(super) fn no_such_url() -> Self {
        Self::new(404, "not_found_error", "Not Found")
    }

    pub(super) fn method() -> Self {
        Self::new(405, "invalid_request_error", "Method Not Allowed")
    }

    pub(super) fn model(house: House, model: &str) -> Self {
        match house {
            House::MiniMax => {
                Self::invalid(format!("invalid params, unknown model '{model}' (2013)"))
            }
            House::Anthropic | House::DashScope => {
                Self::new(404, "not_found_error", format!("model: {model}"))
            }
        }
    }

    /// The key is wrong, or there is none.
    pub(super) fn key(house: House, given: bool) -> Self {
        let message = match (house, given) {
            // As seen in public reports of November 2025; the key was given and wrong.
            (House::MiniMax, _) => {
                "login fail: Please carry the API secret key in the 'Authorization' field of the \
                 request header"
            }
            (House::DashScope, _) => "Incorrect API key provided.",
            (House::Anthropic, true) => "invalid x-api-key",
            (House::Anthropic, false) => "x-api-key header is required",
        };
        Self::new(401, "authentication_error", message)
    }

    /// What the mainland route of `MiniMax` says to `x-api-key` (issue 59 of `MiniMax-AI/cli`).
    pub(super) fn wrong_key_header() -> Self {
        Self::new(500, "api_error", "internal error (1033)")
    }

    /// The refusal in `house` for `why`; `None` where it answers instead of refusing.
    pub(super) fn asked_for(house: House, why: Why) -> Option<Self> {
        Some(match (house, why) {
            (House::Anthropic, Why::Moderation) => return None,
            (House::Anthropic, Why::RateLimit) => Self {
                retry_after: Some(1),
                ..Self::new(
                    429,
                    "rate_limit_error",
                    "This request would exceed your organization's rate limit of 50 requests per \
                     minute.",
                )
            },
            (House::Anthropic, Why::Quota) => Self {
                code: Some("enforced_spend_limit_reached"),
                ..Self::new(
                    429,
                    "rate_limit_error",
                    "You have reached your specified API usage limits.",
                )
            },
            (House::Anthropic, Why::ContextLength) => {
                Self::invalid("prompt is too long: 1000001 tokens > 1000000 maximum")
            }
            // Alibaba's inspection, in the words of its compatible route.
            (House::DashScope, Why::Moderation) => Self::invalid(
                "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain \
                 inappropriate content.",
            ),
            (House::DashScope, Why::RateLimit) => Self::new(
                429,
                "rate_limit_error",
                "Requests rate limit exceeded, please try again later.",
            ),
            (House::DashScope, Why::Quota) => Self::new(
                429,
                "rate_limit_error",
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            (House::DashScope, Why::ContextLength) => Self::invalid(
                "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, \
                 1000000]",
            ),
            // MiniMax hides its own code in brackets; most of it under 500.
            (House::MiniMax, Why::Moderation) => {
                Self::new(500, "api_error", "input new_sensitive (1026)")
            }
            (House::MiniMax, Why::RateLimit) => {
                Self::new(429, "rate_limit_error", "rate limit exceeded (1002)")
            }
            (House::MiniMax, Why::Quota) => {
                Self::new(500, "api_error", "insufficient balance (1008)")
            }
            (House::MiniMax, Why::ContextLength) => {
                Self::invalid("invalid params, context window exceeds limit (2013)")
            }
            (_, Why::Overloaded) => Self::new(529, "overloaded_error", "Overloaded"),
            (_, Why::Server | Why::Under200) => Self::server(),
            (_, Why::Key) => Self::key(house, true),
            (_, Why::Prefix) => Self::prefix(),
            (_, Why::Status(status)) => Self::with_status(status),
        })
    }

    /// The model does not continue a turn.
    pub(super) fn prefix() -> Self {
        Self::invalid(
            "This model does not support assistant message prefill. The conversation must end \
             with a user message.",
        )
    }

    /// Moderation stopped an answer under way, and `house` says so with an error.
    pub(super) fn moderated_output(house: House) -> Self {
        match house {
            House::MiniMax => Self::new(500, "api_error", "output new_sensitive (1027)"),
            House::Anthropic | House::DashScope => Self::invalid(
                "<400> InternalError.Algo.DataInspectionFailed: Output text data may contain \
                 inappropriate content.",
            ),
        }
    }

    fn server() -> Self {
        Self::new(500, "api_error", "Internal server error")
    }

    /// The error type that belongs to an HTTP status.
    fn with_status(status: u16) -> Self {
        let (kind, message) = match status {
            402 => ("billing_error", "Payment required"),
            403 => ("permission_error", "Forbidden"),
            404 => ("not_found_error", "Not Found"),
            413 => ("request_too_large", "Request exceeds the maximum size"),
            504 => ("timeout_error", "Timed out"),
            400..=499 => ("invalid_request_error", "Refused on demand"),
            _ => ("api_error", "Internal server error"),
        };
        Self::new(status, kind, message)
    }

    fn json(&self, id: &str) -> Vec<u8> {
        let envelope = Envelope {
            r#type: "error",
            error: Body {
                r#type: self.kind,
                message: &self.message,
                details: self.code.map(|error_code| Details { error_code }),
            },
            request_id: id,
        };
        // Serialising strings and options cannot fail.
        serde_json::to_vec(&envelope).unwrap_or_default()
    }

    pub(super) fn response(&self, house: House, ticket: &Ticket) -> Response {
        let id = super::request_id(house, ticket);
        let mut headers = headers(house, ticket, "application/json");
        if house == House::Anthropic {
            let again = self.code.is_none() && (self.status == 429 || self.status >= 500);
            headers.push(("x-should-retry", again.to_string()));
        }
        if let Some(seconds) = self.retry_after {
            headers.push(("retry-after", seconds.to_string()));
        }
        Response::Answer {
            // Every status here is between 400 and 599.
            status: StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST),
            headers,
            delivery: Delivery::whole(self.json(&id), None),
        }
    }

    /// The event that reports it in a stream.
    pub(super) fn event(&self, id: &str) -> Bytes {
        [b"event: error\ndata: ", self.json(id).as_slice(), b"\n\n"].concat().into()
    }
}

/// The error of a stream that breaks down in the middle.
pub(super) fn mid_stream(id: &str) -> Bytes {
    Refusal::server().event(id)
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let path = problem.path.replace('[', ".").replace(']', "");
        let what = match problem.code {
            Some("missing_required_parameter") => "Field required",
            Some("unknown_parameter") => "Extra inputs are not permitted",
            _ => problem.message.as_str(),
        };
        Self::invalid(if path.is_empty() { what.to_owned() } else { format!("{path}: {what}") })
    }
}
