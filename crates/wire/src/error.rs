//! What can be wrong with a request: one that a client sent to us, or one of ours that a protocol
//! cannot carry.

use thiserror::Error;

use crate::partner_error::bounded;

/// Most bytes of a client's own words that an error quotes.
pub(crate) const LONGEST_QUOTE: usize = 64;

/// A request that cannot be read or cannot be written.
///
/// `Display` gives the English text; [`WireError::zh`] the Chinese one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The body is not JSON, or nested deeper than 128 levels: correct the body.
    #[error("the request body is not valid JSON: {detail}")]
    Json {
        /// What the parser met and where.
        detail: String,
    },
    /// A field this API does not know: remove it. Unknown fields are refused, not ignored, because
    /// a client that sends one expects it to matter.
    #[error("unknown field `{param}`")]
    UnknownField {
        /// Path of the field, such as `messages[2].colour`.
        param: String,
    },
    /// A field has a value of the wrong type or out of range: correct it.
    #[error("`{param}`: {detail}")]
    Invalid {
        /// Path of the field; empty for the body as a whole.
        param: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A known field or value that cannot be honoured here, and must not be dropped silently.
    #[error("`{param}`: {what} is not supported here")]
    Unsupported {
        /// Path of the field.
        param: String,
        /// The unsupported thing.
        what: String,
    },
    /// The partner's protocol has no way to say this: leave the parameter out, or choose another
    /// model.
    #[error("`{param}` cannot be expressed in the protocol {dialect}")]
    NotInProtocol {
        /// The parameter.
        param: &'static str,
        /// The dialect that lacks it, by name.
        dialect: String,
    },
    /// There is nothing to ask: give at least one message.
    #[error("the conversation has no messages")]
    NoMessages,
}

impl WireError {
    /// Stable code for clients.
    pub fn code(&self) -> &'static str {
        match self {
            WireError::Json { .. } => "invalid_json",
            WireError::UnknownField { .. } => "unknown_field",
            WireError::Invalid { .. } | WireError::NoMessages => "invalid_value",
            WireError::Unsupported { .. } => "unsupported_value",
            WireError::NotInProtocol { .. } => "unsupported_by_partner",
        }
    }

    /// The field at fault, when one is.
    pub fn param(&self) -> Option<&str> {
        match self {
            WireError::Json { .. } => None,
            WireError::UnknownField { param }
            | WireError::Invalid { param, .. }
            | WireError::Unsupported { param, .. } => (!param.is_empty()).then_some(param),
            WireError::NotInProtocol { param, .. } => Some(*param),
            WireError::NoMessages => Some("messages"),
        }
    }

    /// The error in Chinese; technical details stay as they are.
    pub fn zh(&self) -> String {
        match self {
            WireError::Json { detail } => format!("请求正文不是有效的 JSON：{detail}"),
            WireError::UnknownField { param } => format!("未知字段 `{param}`"),
            WireError::Invalid { param, detail } => format!("`{param}` 的值无效：{detail}"),
            WireError::Unsupported { param, what } => format!("`{param}`：此处不支持 {what}"),
            WireError::NotInProtocol { param, dialect } => {
                format!("协议 {dialect} 无法表达 `{param}`")
            }
            WireError::NoMessages => "对话中没有消息".to_owned(),
        }
    }

    /// An unknown field `name` of the object at `path`.
    pub(crate) fn unknown_field(path: &str, name: &str) -> Self {
        let name = bounded(name, LONGEST_QUOTE);
        let param = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        WireError::UnknownField { param }
    }

    pub(crate) fn invalid(param: impl Into<String>, detail: impl Into<String>) -> Self {
        WireError::Invalid { param: param.into(), detail: detail.into() }
    }

    pub(crate) fn unsupported(param: impl Into<String>, what: impl Into<String>) -> Self {
        WireError::Unsupported { param: param.into(), what: what.into() }
    }
}
