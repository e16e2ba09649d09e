//! Tencent Cloud's errors: HTTP 200, `{"Response": {"Error": {"Code", "Message"}, "RequestId"}}`.

use http::StatusCode;
use serde::Serialize;

use super::JSON;
use crate::delivery::Delivery;
use crate::exchange::{Response, Ticket};
use crate::fault::Why;
use crate::fields::Problem;

/// A refusal to answer.
pub(super) struct Refusal {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "Response")]
    response: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    error: Error<'a>,
    request_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn missing(name: &str) -> Self {
        let message = format!("The request is missing a required parameter `{name}`.");
        Self::new("MissingParameter", message)
    }

    pub(super) fn invalid(name: &str) -> Self {
        Self::new("InvalidParameterValue", format!("The value of `{name}` is not valid."))
    }

    pub(super) fn unsigned() -> Self {
        Self::new("AuthFailure.InvalidAuthorization", "The authorization header is not valid.")
    }

    pub(super) fn expired() -> Self {
        let message = "The signature is expired: the timestamp differs from the server's time.";
        Self::new("AuthFailure.SignatureExpire", message)
    }

    pub(super) fn no_such_key() -> Self {
        Self::new("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    }

    pub(super) fn signature() -> Self {
        let message = "The provided credentials could not be validated. Please check your \
                       signature is correct.";
        Self::new("AuthFailure.SignatureFailure", message)
    }

    pub(super) fn model(model: &str) -> Self {
        Self::new("InvalidParameterValue.Model", format!("The model {model} does not exist."))
    }

    /// Moderation stopped it, before or after the answer was made.
    pub(super) fn moderated() -> Self {
        Self::new("OperationDenied.TextIllegalDetected", "文本包含违法违规信息，审核不通过。")
    }

    /// The refusal for `why`.
    pub(super) fn asked_for(why: Why) -> Self {
        match why {
            Why::RateLimit => Self::new(
                "RequestLimitExceeded",
                "Your current request times equals to `6` in a second, which exceeds the \
                 frequency limit `5` for a second. Please reduce the frequency of calls.",
            ),
            Why::Quota => Self::new("FailedOperation.ResourcePackExhausted", "资源包余量已用尽。"),
            Why::Overloaded => {
                Self::new("FailedOperation.EngineServerLimitExceeded", "引擎层请求超过限额。")
            }
            Why::Server | Why::Under200 | Why::Status(_) => {
                Self::new("InternalError", "An internal error has occurred.")
            }
            Why::Key => Self::no_such_key(),
            Why::Moderation => Self::moderated(),
            // The partner itself drops the oldest text instead; nothing else is documented.
            Why::ContextLength => {
                Self::new("InvalidParameter", "Messages 的输入长度超过模型上限。")
            }
            Why::Prefix => Self::new("InvalidParameter", "Messages 必须以 user 或 tool 结束。"),
        }
    }

    pub(super) fn response(&self, ticket: &Ticket) -> Response {
        let envelope = Envelope {
            response: Body {
                error: Error { code: self.code, message: &self.message },
                request_id: ticket.uuid(),
            },
        };
        // Serialising strings cannot fail.
        let body = serde_json::to_vec(&envelope).unwrap_or_default();
        Response::Answer {
            status: StatusCode::OK,
            headers: vec![("content-type", JSON.to_owned())],
            delivery: Delivery::whole(body, None),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let path = problem.path.replace('[', ".").replace(']', "");
        match problem.code {
            Some("missing_required_parameter") => Self::missing(&path),
            Some("unknown_parameter") => {
                Self::new("UnknownParameter", format!("The parameter `{path}` is not recognized."))
            }
            Some("invalid_type") => Self::new("InvalidParameter", problem.message),
            _ => Self::new("InvalidParameterValue", problem.message),
        }
    }
}
