//! What can go wrong with a partner, and the one table that reads it off the wire.
//!
//! Sources: `facts/partners/openai.md` and `facts/partners/qwen-dashscope.md` of the project, which
//! cite OpenAI's error guide, Alibaba's error-code page, both vendors' SDKs and recorded traffic.
//! Codes are compared without case and separators, because the same refusal arrives as
//! `DataInspectionFailed`, `data_inspection_failed` and inside longer codes.

use std::borrow::Cow;

use serde_json::Value;
use thiserror::Error;

use crate::protocol::Protocol;
use crate::sse::SseDecoder;

/// A partner did not answer as asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{}: {message}", .kind.code(), .code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
pub struct PartnerError {
    /// What it means for us.
    pub kind: PartnerErrorKind,
    /// The HTTP status, or the status a DashScope error event names.
    pub status: Option<u16>,
    /// The partner's own code, as written (at most 128 bytes).
    pub code: Option<String>,
    /// The partner's words (at most 1,000 bytes, echoed keys taken out), or ours.
    pub message: String,
    /// The partner's id of the request, for asking its support.
    pub request_id: Option<String>,
}

/// The kinds of failure that call for different behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartnerErrorKind {
    /// The partner's moderation declined. Final: never asked again elsewhere (design, rule 3).
    Refused,
    /// The request itself is wrong.
    BadRequest,
    /// The key is missing or wrong.
    Auth,
    /// The key may not do this, or not from here.
    Permission,
    /// The account has no money or no quota left.
    Billing,
    /// The model, or the address, does not exist.
    ModelNotFound,
    /// Too many requests or tokens for the moment.
    RateLimited,
    /// The partner is overloaded or the model is down for the moment.
    Overloaded,
    /// The partner failed inside.
    Server,
    /// The partner took too long.
    Timeout,
    /// The answer does not follow the protocol.
    Malformed,
    /// The answer ended before it was complete.
    Truncated,
}

impl PartnerErrorKind {
    /// Whether asking again, the same partner or another eligible one, can help. Whether it is
    /// still possible depends on what the person has already seen.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::RateLimited
            | Self::Overloaded
            | Self::Server
            | Self::Timeout
            | Self::Truncated => true,
            Self::Refused
            | Self::BadRequest
            | Self::Auth
            | Self::Permission
            | Self::Billing
            | Self::ModelNotFound
            | Self::Malformed => false,
        }
    }

    /// Stable code for logs, metrics and clients.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "partner_refused",
            Self::BadRequest => "partner_bad_request",
            Self::Auth => "partner_auth",
            Self::Permission => "partner_permission",
            Self::Billing => "partner_billing",
            Self::ModelNotFound => "partner_model_not_found",
            Self::RateLimited => "partner_rate_limited",
            Self::Overloaded => "partner_overloaded",
            Self::Server => "partner_server",
            Self::Timeout => "partner_timeout",
            Self::Malformed => "partner_malformed",
            Self::Truncated => "partner_truncated",
        }
    }
}

/// The parts of a partner's error that the table looks at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Symptoms<'a> {
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<&'a str>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) message: &'a str,
}

impl PartnerError {
    pub(crate) fn malformed(status: Option<u16>, message: impl Into<String>) -> Self {
        Self {
            kind: PartnerErrorKind::Malformed,
            status,
            code: None,
            message: message.into(),
            request_id: None,
        }
    }

    pub(crate) fn truncated(message: &str, request_id: Option<String>) -> Self {
        Self {
            kind: PartnerErrorKind::Truncated,
            status: None,
            code: None,
            message: message.to_owned(),
            request_id,
        }
    }

    /// The error for bytes that are not the JSON expected: says where, never what stood there.
    pub(crate) fn unreadable(status: Option<u16>, what: &str, error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        let fault = match error.classify() {
            Category::Eof => {
                let message = format!("{what} ends in the middle of its JSON");
                return Self { status, ..Self::truncated(&message, None) };
            }
            Category::Data => "has a field of an unexpected type",
            Category::Syntax | Category::Io => "is not JSON",
        };
        let (line, column) = (error.line(), error.column());
        Self::malformed(status, format!("{what} {fault} (line {line}, column {column})"))
    }

    /// Reads the body of an answer that is an error: JSON, or (DashScope's compatible mode) an SSE
    /// frame with a status that is not 200, or anything a proxy may put in its place.
    pub(crate) fn from_body(protocol: Protocol, status: u16, body: &[u8]) -> Self {
        let body = strip_bom(body);
        let json = serde_json::from_slice::<Value>(body).ok().or_else(|| json_in_sse(body));
        if let Some(json) = json {
            return Self::from_json(protocol, Some(status), &json);
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST_MESSAGE)]);
        let symptoms = Symptoms { status: Some(status), message: &text, ..Symptoms::default() };
        Self {
            kind: classify(protocol, symptoms),
            status: Some(status),
            code: None,
            message: if text.trim().is_empty() {
                format!("HTTP {status} without a body")
            } else {
                presentable(text.trim())
            },
            request_id: None,
        }
    }

    /// Reads an error object: `{"error": {...}}`, `{"error": "..."}`, or DashScope's
    /// `{"code", "message", "request_id"}`.
    pub(crate) fn from_json(protocol: Protocol, status: Option<u16>, json: &Value) -> Self {
        let error = json.get("error").filter(|error| !error.is_null()).unwrap_or(json);
        let scalar = |value: &Value| match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let field = |name: &str| {
            error.get(name).and_then(scalar).or_else(|| json.get(name).and_then(scalar))
        };
        let code = field("code");
        let kind = field("type");
        let message = field("message")
            .or_else(|| scalar(error))
            .or_else(|| field("detail"))
            .unwrap_or_default();
        Self {
            kind: classify(
                protocol,
                Symptoms {
                    status,
                    code: code.as_deref(),
                    kind: kind.as_deref(),
                    message: &message,
                },
            ),
            status,
            message: if message.is_empty() {
                "the partner gave an error without a message".to_owned()
            } else {
                presentable(&message)
            },
            code: code.or(kind).map(|code| bounded(&code, 128).to_owned()),
            request_id: field("request_id").map(|id| bounded(&id, 128).to_owned()),
        }
    }
}

const LONGEST_MESSAGE: usize = 1_000;

fn json_in_sse(body: &[u8]) -> Option<Value> {
    let mut sse = SseDecoder::lenient();
    sse.feed(body);
    loop {
        let found = match sse.next_frame() {
            Ok(Some(frame)) => serde_json::from_str(frame.data),
            Ok(None) => return serde_json::from_str(sse.finish().ok()??.data).ok(),
            Err(_) => return None,
        };
        if let Ok(json) = found {
            return Some(json);
        }
    }
}

pub(crate) fn strip_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// The beginning of a text, at most `longest` bytes.
pub(crate) fn bounded(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

/// Cuts a partner's message to size and takes out keys that some servers echo
/// ("Incorrect API key provided: sk-...").
fn presentable(message: &str) -> String {
    const KEY_PREFIX: &str = "sk-";
    let message = bounded(message, LONGEST_MESSAGE);
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find(KEY_PREFIX) {
        let (before, from_key) = rest.split_at(at + KEY_PREFIX.len());
        out.push_str(before);
        let in_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*');
        let end = from_key.find(|c| !in_key(c)).unwrap_or(from_key.len());
        out.push_str(if end >= 8 { "…" } else { &from_key[..end] });
        rest = &from_key[end..];
    }
    out.push_str(rest);
    out
}

/// Lower-case letters and digits only.
fn squash(code: &str) -> Cow<'_, str> {
    if code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Cow::Borrowed(code);
    }
    Cow::Owned(
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect(),
    )
}

pub(crate) fn classify(protocol: Protocol, symptoms: Symptoms<'_>) -> PartnerErrorKind {
    let code = symptoms.code.map(squash).unwrap_or_default();
    let kind = symptoms.kind.map(squash).unwrap_or_default();
    let message = squash(bounded(symptoms.message, LONGEST_MESSAGE));
    if is_moderation_code(&code) || is_moderation_code(&kind) || is_moderation_message(&message) {
        return PartnerErrorKind::Refused;
    }
    by_code(protocol, &code)
        .or_else(|| by_code(protocol, &kind))
        .unwrap_or_else(|| by_status(symptoms.status))
}

fn is_moderation_code(code: &str) -> bool {
    code.contains("datainspection")
        || matches!(
            code,
            "invalidprompt"
                | "biopolicy"
                | "misalignmentpolicyviolation"
                | "contentfilter"
                | "contentpolicyviolation"
        )
}

fn is_moderation_message(message: &str) -> bool {
    // "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate
    // content." and its older forms with or without the words in between.
    message.contains("datainspectionfailed") || message.contains("maycontaininappropriatecontent")
}

fn by_code(protocol: Protocol, code: &str) -> Option<PartnerErrorKind> {
    use PartnerErrorKind as Kind;
    let kind = match code {
        // The same code means a spent account at OpenAI and mostly a passing token-rate limit at
        // Alibaba.
        "insufficientquota" => match protocol {
            Protocol::OpenAiChat => Kind::Billing,
            Protocol::DashScopeNative | Protocol::DashScopeCompatible => Kind::RateLimited,
        },
        "arrearage"
        | "commoditynotpurchased"
        | "prepaidbilloverdue"
        | "postpaidbilloverdue"
        | "creditbalanceexhausted"
        | "organizationspendlimitexceeded"
        | "projectspendlimitexceeded"
        | "organizationusagelimitexceeded" => Kind::Billing,
        "invalidapikey" | "authenticationerror" => Kind::Auth,
        "unsupportedcountryregionterritory" | "permissiondenied" | "permissionerror" => {
            Kind::Permission
        }
        "modelnotexist" | "modelnotfound" => Kind::ModelNotFound,
        "limitrequests" | "limitburstrate" | "ratelimitexceeded" | "ratelimiterror"
        | "slowdown" => Kind::RateLimited,
        "modelunavailable"
        | "serviceunavailable"
        | "serviceunavailableerror"
        | "serverisoverloaded" => Kind::Overloaded,
        "requesttimeout" | "gatewaytimeout" => Kind::Timeout,
        "systemerror" | "servererror" => Kind::Server,
        "invalidurl" | "contextlengthexceeded" | "unsupportedvalue" => Kind::BadRequest,
        _ if code.starts_with("throttling") => Kind::RateLimited,
        _ if code.starts_with("accessdenied") => Kind::Permission,
        _ if code.starts_with("badrequest") || code.contains("invalidparameter") => {
            Kind::BadRequest
        }
        _ if code.starts_with("internalerror") => Kind::Server,
        _ => return None,
    };
    Some(kind)
}

fn by_status(status: Option<u16>) -> PartnerErrorKind {
    use PartnerErrorKind as Kind;
    match status {
        Some(401) => Kind::Auth,
        Some(402) => Kind::Billing,
        Some(403) => Kind::Permission,
        Some(404) => Kind::ModelNotFound,
        Some(408 | 504) => Kind::Timeout,
        Some(409 | 503 | 529) => Kind::Overloaded,
        Some(429) => Kind::RateLimited,
        Some(400..=499) => Kind::BadRequest,
        _ => Kind::Server,
    }
}
