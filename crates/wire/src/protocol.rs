//! The protocols partners speak, and the way in to their encoders and decoders.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::answer::Completion;
use crate::chat::Chat;
use crate::error::WireError;
use crate::partner_error::PartnerError;
use crate::stream::StreamDecoder;
use crate::{dashscope, openai, wire_answer};

/// A protocol a partner speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// OpenAI's chat completions. Base URL such as `https://api.openai.com/v1`.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
    /// Alibaba's own text generation. Base URL such as `https://dashscope.aliyuncs.com/api/v1`.
    #[serde(rename = "dashscope-native")]
    DashScopeNative,
    /// Alibaba's chat completions in OpenAI's shape. Base URL such as
    /// `https://dashscope.aliyuncs.com/compatible-mode/v1`.
    #[serde(rename = "dashscope-compatible")]
    DashScopeCompatible,
}

/// A name that is not a [`Protocol`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown protocol `{0}`; known: openai-chat, dashscope-native, dashscope-compatible")]
pub struct UnknownProtocol(String);

/// A request ready to be sent, except for its authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Path to append to the partner's base URL; starts with `/`. The method is always POST.
    pub path: &'static str,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The JSON body.
    pub body: Bytes,
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Protocol; 3] =
        [Protocol::OpenAiChat, Protocol::DashScopeNative, Protocol::DashScopeCompatible];

    /// The name used in configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::OpenAiChat => "openai-chat",
            Protocol::DashScopeNative => "dashscope-native",
            Protocol::DashScopeCompatible => "dashscope-compatible",
        }
    }

    /// Writes `chat` as a request for `model`; `stream` asks for server-sent events.
    ///
    /// # Errors
    /// [`WireError::NoMessages`]; [`WireError::NotInProtocol`] for a parameter this protocol cannot
    /// say, since dropping it would change the answer silently; [`WireError::Invalid`] for a number
    /// that JSON cannot carry.
    pub fn encode(self, chat: &Chat, model: &str, stream: bool) -> Result<Outgoing, WireError> {
        match self {
            Protocol::OpenAiChat | Protocol::DashScopeCompatible => {
                openai::encode(self, chat, model, stream)
            }
            Protocol::DashScopeNative => dashscope::encode(chat, model, stream),
        }
    }

    /// Reads a whole answer: the answer to a request without `stream`, or any answer whose status
    /// is not 2xx.
    ///
    /// # Errors
    /// The partner's error, or [`crate::PartnerErrorKind::Malformed`] /
    /// [`crate::PartnerErrorKind::Truncated`] when the bytes are not a whole answer. A 200 whose
    /// body is an error is an error.
    pub fn decode(self, status: u16, body: &[u8]) -> Result<Completion, PartnerError> {
        wire_answer::decode(self, status, body)
    }

    /// A decoder for one streamed answer with status 200.
    pub fn stream_decoder(self) -> StreamDecoder {
        StreamDecoder::new(self)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Protocol::ALL
            .into_iter()
            .find(|protocol| protocol.as_str() == name)
            .ok_or_else(|| UnknownProtocol(name.to_owned()))
    }
}
