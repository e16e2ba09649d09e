//! OpenAI's errors: `{"error": {"message", "type", "param", "code"}}`.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;

use super::headers;
use crate::delivery::Delivery;
use crate::exchange::{Response, Ticket};
use crate::fault::Why;
use crate::fields::Problem;

/// A refusal to answer.
pub(super) struct Refusal {
    status: StatusCode,
    body: Body,
    retry_after: Option<&'static str>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: &'a Body,
}

#[derive(Serialize)]
struct Body {
    message: String,
    r#type: &'static str,
    param: Option<String>,
    code: Option<&'static str>,
}

const INVALID: &str = "invalid_request_error";

impl Refusal {
    fn new(
        status: StatusCode,
        r#type: &'static str,
        param: Option<String>,
        code: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            body: Body { message: message.into(), r#type, param, code },
            retry_after: None,
        }
    }

    fn bad(param: Option<&str>, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID, param.map(str::to_owned), code, message)
    }

    pub(super) fn no_such_url(method: &Method, path: &str) -> Self {
        let message = format!("Invalid URL ({method} {path})");
        Self::new(StatusCode::NOT_FOUND, INVALID, None, None, message)
    }

    pub(super) fn method(method: &Method, path: &str) -> Self {
        let message = format!("Not allowed to {method} on {path}.");
        let code = Some("method_not_supported");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, INVALID, None, code, message)
    }

    pub(super) fn key(given: Option<&str>) -> Self {
        let (code, message) = match given {
            Some(key) => {
                (Some("invalid_api_key"), format!("Incorrect API key provided: {}.", masked(key)))
            }
            None => (None, "You didn't provide an API key.".to_owned()),
        };
        Self::new(StatusCode::UNAUTHORIZED, INVALID, None, code, message)
    }

    pub(super) fn content_type(given: Option<&str>) -> Self {
        let message = format!(
            "Unsupported content type: '{}'. This API method only accepts 'application/json' requests.",
            given.unwrap_or_default()
        );
        Self::bad(None, Some("unsupported_content_type"), message)
    }

    pub(super) fn not_json() -> Self {
        Self::bad(None, None, "We could not parse the JSON body of your request.")
    }

    pub(super) fn model(model: &str) -> Self {
        let message =
            format!("The model `{model}` does not exist or you do not have access to it.");
        Self::new(StatusCode::NOT_FOUND, INVALID, None, Some("model_not_found"), message)
    }

    pub(super) fn previous_response(id: &str) -> Self {
        let message = format!("Previous response with id '{id}' not found.");
        let param = Some("previous_response_id");
        Self::bad(param, Some("previous_response_not_found"), message)
    }

    pub(super) fn unsupported_parameter(name: &str) -> Self {
        let message = format!("Unsupported parameter: '{name}' is not supported with this model.");
        Self::bad(Some(name), Some("unsupported_parameter"), message)
    }

    pub(super) fn unsupported_value(name: &str, value: &str, model: &str) -> Self {
        let message =
            format!("Unsupported value: '{name}' does not support '{value}' with {model}.");
        Self::bad(Some(name), Some("unsupported_value"), message)
    }

    pub(super) fn rule(param: &str, message: impl Into<String>) -> Self {
        Self::bad(Some(param), None, message)
    }

    /// The refusal that a fault asks for.
    pub(super) fn asked_for(why: Why, model: &str) -> Self {
        match why {
            Why::RateLimit => Self {
                retry_after: Some("1"),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "requests",
                    None,
                    Some("rate_limit_exceeded"),
                    format!(
                        "Rate limit reached for {model} on requests per min (RPM): Limit 500, Used \
                         500, Requested 1. Please try again in 120ms."
                    ),
                )
            },
            Why::Quota => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "insufficient_quota",
                None,
                Some("insufficient_quota"),
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Why::Overloaded => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "service_unavailable_error",
                None,
                Some("server_is_overloaded"),
                "The server is currently overloaded. Please try again later.",
            ),
            Why::Key => Self::new(
                StatusCode::UNAUTHORIZED,
                INVALID,
                None,
                Some("invalid_api_key"),
                "Incorrect API key provided.",
            ),
            Why::Moderation => Self::bad(
                None,
                Some("invalid_prompt"),
                "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
            ),
            Why::ContextLength => Self::bad(
                Some("messages"),
                Some("context_length_exceeded"),
                "This model's maximum context length is 128000 tokens. However, your messages \
                 resulted in 130000 tokens. Please reduce the length of the messages.",
            ),
            Why::Prefix => Self::bad(
                Some("messages"),
                Some("unsupported_value"),
                "This model does not support assistant message prefill. The conversation must end \
                 with a user message.",
            ),
            Why::Status(status) if status < 500 => {
                Self::bad(None, None, format!("The request was refused with status {status}."))
            }
            Why::Server | Why::Under200 | Why::Status(_) => Self::server_error(),
        }
    }

    fn server_error() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            None,
            None,
            "The server had an error while processing your request. Sorry about that!",
        )
    }

    pub(super) fn response(self, ticket: &Ticket) -> Response {
        let mut headers = headers(ticket, "application/json");
        if let Some(seconds) = self.retry_after {
            headers.push(("retry-after", seconds.to_owned()));
            headers.push(("retry-after-ms", "120".to_owned()));
        }
        // Serialising strings and options cannot fail.
        let body = serde_json::to_vec(&Envelope { error: &self.body }).unwrap_or_default();
        Response::Answer { status: self.status, headers, delivery: Delivery::whole(body, None) }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let param = Some(problem.path.as_str()).filter(|path| !path.is_empty());
        Self::bad(param, problem.code, problem.message)
    }
}

/// The event that reports an error in the middle of a chat stream.
pub(super) fn mid_stream_event() -> Bytes {
    let refusal = Refusal::server_error();
    let json = serde_json::to_string(&Envelope { error: &refusal.body }).unwrap_or_default();
    Bytes::from(format!("data: {json}\n\n"))
}

/// A key with its middle hidden, as OpenAI shows it.
fn masked(key: &str) -> String {
    match (key.get(..3), key.len().checked_sub(4).and_then(|at| key.get(at..))) {
        (Some(head), Some(tail)) if key.len() > 8 => format!("{head}***{tail}"),
        _ => key.to_owned(),
    }
}
