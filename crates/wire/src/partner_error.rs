//! What can go wrong with a partner: kinds, whose fault, and whether another try helps.
//!
//! How an error is read off the wire is in `classify.rs`.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use crate::answer::{Moderation, ModerationAt};
use crate::classify::classify;
use crate::dialect::Dialect;
use crate::head::Head;
use crate::sse::{Frame, SseDecoder};

pub(crate) use crate::classify::{Symptoms, squash};

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
    /// Whether asking this model again can help.
    pub retry: Retry,
    /// What the partner's moderation said, when it declined.
    pub moderation: Option<Box<Moderation>>,
}

/// Whether asking the same model again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It cannot: the same request meets the same end.
    No,
    /// It can, after the time the partner gave, if it gave one.
    After(Option<Duration>),
}

/// Who has to do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Whoever wrote the request: another model may take it.
    Caller,
    /// The operator: the key is wrong or may not do this.
    Key,
    /// The account: its money, its quota, or its rate for the moment.
    Quota,
    /// The partner.
    Partner,
    /// What was said: the partner's moderation declined it.
    Content,
}

/// The kinds of failure that call for different behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartnerErrorKind {
    /// The partner's moderation declined. Final: never asked again elsewhere (design, rule 3).
    Refused,
    /// The request itself is wrong.
    BadRequest,
    /// The conversation is longer than the model takes.
    ContextLength,
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
            | Self::ContextLength
            | Self::Auth
            | Self::Permission
            | Self::Billing
            | Self::ModelNotFound
            | Self::Malformed => false,
        }
    }

    /// Who has to do something about it.
    pub fn fault(self) -> Fault {
        match self {
            Self::Refused => Fault::Content,
            Self::BadRequest | Self::ContextLength => Fault::Caller,
            Self::Auth | Self::Permission | Self::ModelNotFound => Fault::Key,
            Self::Billing | Self::RateLimited => Fault::Quota,
            Self::Overloaded | Self::Server | Self::Timeout | Self::Malformed | Self::Truncated => {
                Fault::Partner
            }
        }
    }

    /// The kind of a [`code`](Self::code), with or without `partner_` before it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.strip_prefix("partner_").unwrap_or(name);
        Self::ALL.into_iter().find(|kind| kind.code().strip_prefix("partner_") == Some(name))
    }

    const ALL: [Self; 13] = [
        Self::Refused,
        Self::BadRequest,
        Self::ContextLength,
        Self::Auth,
        Self::Permission,
        Self::Billing,
        Self::ModelNotFound,
        Self::RateLimited,
        Self::Overloaded,
        Self::Server,
        Self::Timeout,
        Self::Malformed,
        Self::Truncated,
    ];

    /// Stable code for logs, metrics and clients.
    pub fn code(self) -> &'static str {
        match self {
            Self::Refused => "partner_refused",
            Self::BadRequest => "partner_bad_request",
            Self::ContextLength => "partner_context_length",
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

impl<'de> Deserialize<'de> for PartnerErrorKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("unknown kind of error `{name}`")))
    }
}

impl PartnerError {
    /// An error of ours about an answer.
    pub(crate) fn new(
        kind: PartnerErrorKind,
        status: Option<u16>,
        message: impl Into<String>,
    ) -> Self {
        let retry = if kind.is_retryable() { Retry::After(None) } else { Retry::No };
        let moderation = (kind == PartnerErrorKind::Refused).then(|| {
            Box::new(Moderation { at: ModerationAt::Output, categories: Vec::new(), message: None })
        });
        Self {
            kind,
            status,
            code: None,
            message: message.into(),
            request_id: None,
            retry,
            moderation,
        }
    }

    /// An answer that does not follow the protocol.
    pub fn malformed(status: Option<u16>, message: impl Into<String>) -> Self {
        Self::new(PartnerErrorKind::Malformed, status, message)
    }

    pub(crate) fn truncated(message: &str, request_id: Option<String>) -> Self {
        Self { request_id, ..Self::new(PartnerErrorKind::Truncated, None, message) }
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

    /// The error for a frame of a stream, which is whole, so that JSON that ends in the middle of it
    /// was broken by the partner and not by a cut.
    pub(crate) fn broken_frame(what: &str, error: &serde_json::Error) -> Self {
        let Self { message, .. } = Self::unreadable(None, what, error);
        Self::malformed(None, message)
    }

    /// Reads a frame that says it is an error. Its data need not be JSON; DashScope puts the status
    /// into a comment.
    pub(crate) fn from_frame(dialect: &Dialect, frame: Frame<'_>) -> Self {
        let status = frame.comment.trim().strip_prefix("HTTP_STATUS/").and_then(|s| s.parse().ok());
        let json = serde_json::from_str(frame.data)
            .unwrap_or_else(|_| serde_json::json!({ "message": frame.data }));
        Self::from_json(dialect, status, &json)
    }

    /// The same error under the head it came with, which may name the request, ask to wait, or say
    /// whether asking again helps.
    pub(crate) fn under(mut self, head: &Head<'_>) -> Self {
        if self.request_id.is_none() {
            self.request_id = head.request_id.map(str::to_owned);
        }
        match (&mut self.retry, head.should_retry) {
            (_, Some(false)) => self.retry = Retry::No,
            (Retry::After(wait), _) => *wait = head.retry_after.or(*wait),
            (Retry::No, _) => {}
        }
        self
    }

    /// Reads the body of an answer that is an error: JSON, or (DashScope's compatible mode) an SSE
    /// frame with a status that is not 200, or anything a proxy may put in its place.
    pub(crate) fn from_body(dialect: &Dialect, head: &Head<'_>, body: &[u8]) -> Self {
        let body = strip_bom(body);
        let json = serde_json::from_slice::<Value>(body).ok().or_else(|| json_in_sse(body));
        if let Some(json) = json {
            return Self::from_json(dialect, Some(head.status), &json).under(head);
        }
        let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST_MESSAGE)]);
        let status = Some(head.status);
        let symptoms = Symptoms { status, message: &text, ..Symptoms::default() };
        let message = if text.trim().is_empty() {
            format!("HTTP {} without a body", head.status)
        } else {
            presentable(text.trim())
        };
        Self { message, ..Self::judged(dialect, symptoms, None) }.under(head)
    }

    /// Reads an error object: `{"error": {...}}`, `{"error": "..."}`, DashScope's `{"code", "message",
    /// "request_id"}`, Huawei's `{"error_code", "error_msg"}`, MiniMax's `base_resp`, `{"detail"}`, or
    /// Tencent's `{"Response": {"Error": {"Code", "Message"}, "RequestId"}}` and `ErrorMsg`. Anthropic's
    /// finer code stands in the error's `details`.
    pub(crate) fn from_json(dialect: &Dialect, status: Option<u16>, json: &Value) -> Self {
        let json = json.get("Response").unwrap_or(json);
        let inner = ["error", "base_resp", "Error", "ErrorMsg"]
            .into_iter()
            .filter_map(|name| json.get(name));
        let error = inner.into_iter().find(|inner| !inner.is_null()).unwrap_or(json);
        let scalar = |value: &Value| match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let field = |names: &[&str]| {
            names.iter().find_map(|name| {
                error.get(name).and_then(scalar).or_else(|| json.get(name).and_then(scalar))
            })
        };
        let finer = error.get("details").and_then(|details| details.get("error_code"));
        let code = field(&["code", "error_code", "status_code", "Code"])
            .or_else(|| finer.and_then(scalar));
        let kind = field(&["type"]);
        let message = field(&["message", "error_msg", "status_msg", "Message", "Msg"])
            .or_else(|| scalar(error))
            .or_else(|| field(&["detail"]))
            .unwrap_or_default();
        let symptoms =
            Symptoms { status, code: code.as_deref(), kind: kind.as_deref(), message: &message };
        let judged = Self::judged(dialect, symptoms, Some(json));
        Self {
            message: if message.is_empty() {
                "the partner gave an error without a message".to_owned()
            } else {
                presentable(&message)
            },
            code: code.or(kind).map(|code| bounded(&code, 128).to_owned()),
            request_id: field(&["request_id", "RequestId"]).map(|id| bounded(&id, 128).to_owned()),
            ..judged
        }
    }

    /// What the dialect's table, or the one all share, makes of an error.
    fn judged(dialect: &Dialect, symptoms: Symptoms<'_>, json: Option<&Value>) -> Self {
        let verdict = classify(dialect, &symptoms);
        let moderation = (verdict.kind == PartnerErrorKind::Refused).then(|| {
            Box::new(Moderation {
                at: verdict.at,
                categories: json.map(categories).unwrap_or_default(),
                message: (!symptoms.message.is_empty()).then(|| presentable(symptoms.message)),
            })
        });
        Self {
            retry: verdict.retry,
            moderation,
            ..Self::new(verdict.kind, symptoms.status, String::new())
        }
    }
}

/// What an error says of its moderation beside code and message: Zhipu's
/// `contentFilter: [{"level", "role"}]`.
fn categories(json: &Value) -> Vec<String> {
    const MOST: usize = 16;
    let levels = ["contentFilter", "content_filter"].into_iter().find_map(|name| json.get(name));
    let levels = levels.and_then(Value::as_array).into_iter().flatten().take(MOST);
    let one = |level: &Value| {
        let role = level.get("role")?.as_str()?;
        Some(format!("{}:{}", bounded(role, 32), level.get("level")?.as_i64()?))
    };
    levels.filter_map(one).collect()
}

pub(crate) const LONGEST_MESSAGE: usize = 1_000;

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
pub(crate) fn presentable(message: &str) -> String {
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
