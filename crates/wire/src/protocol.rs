//! The families of partner protocols, and the request they all end in.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A family of protocols: how requests and answers are shaped and framed. What differs inside a
/// family is a [`crate::Dialect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// OpenAI's chat completions, spoken by most.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
    /// OpenAI's responses.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// Anthropic's messages.
    #[serde(rename = "anthropic-messages")]
    AnthropicMessages,
    /// Alibaba's own generation.
    #[serde(rename = "dashscope-native")]
    DashScopeNative,
    /// Tencent Cloud's own `ChatCompletions`.
    #[serde(rename = "tencent-native")]
    TencentNative,
    /// Ollama's chat: one JSON object a line.
    #[serde(rename = "ollama-chat")]
    OllamaChat,
}

impl Protocol {
    /// All families.
    pub const ALL: [Protocol; 6] = [
        Protocol::OpenAiChat,
        Protocol::OpenAiResponses,
        Protocol::AnthropicMessages,
        Protocol::DashScopeNative,
        Protocol::TencentNative,
        Protocol::OllamaChat,
    ];

    /// The name used in dialects.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::OpenAiChat => "openai-chat",
            Protocol::OpenAiResponses => "openai-responses",
            Protocol::AnthropicMessages => "anthropic-messages",
            Protocol::DashScopeNative => "dashscope-native",
            Protocol::TencentNative => "tencent-native",
            Protocol::OllamaChat => "ollama-chat",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request ready to be sent, except for its authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Path to append to the partner's base URL; starts with `/`. The method is always POST.
    pub path: Cow<'static, str>,
    /// Headers, names in lower case.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The JSON body.
    pub body: Bytes,
}

impl Outgoing {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }
}
