//! Dialects: how each partner speaks its family's protocol, as data.
//!
//! A dialect is a family ([`Protocol`]) and its quirks. The built-in ones are the files of
//! `crates/wire/dialects`, each quirk with its source; a partner that is not among them is one
//! table more, in its card or in the configuration:
//!
//! ```toml
//! dialect = { name = "example", like = "openai-chat", request = { token_limit = "max_tokens" } }
//! ```

mod errors;
mod quirks;
mod table;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use toml::Table;

use crate::answer::Completion;
use crate::auth::Scheme;
use crate::chat::Chat;
use crate::error::WireError;
use crate::head::Head;
use crate::partner_error::PartnerError;
use crate::protocol::{Outgoing, Protocol};
use crate::stream::StreamDecoder;
use crate::{anthropic, dashscope, ollama, openai, responses, tencent};

pub(crate) use quirks::{
    AudioForm, Companion, Counted, Done, Echo, Ending, FileForm, ImageForm, Members, ModerationRow,
    Multimodal, NoWords, Parts, Pieces, Quirks, Range, SearchForm,
};

/// How a partner speaks: a family of protocols and what the partner does differently.
///
/// Cheap to clone. Serialised as its name when built in, as its table otherwise.
#[derive(Clone)]
pub struct Dialect(Arc<Inner>);

struct Inner {
    name: String,
    /// The table it was read from; none when built in.
    table: Option<Table>,
    quirks: Quirks,
}

/// A name that is not a built-in [`Dialect`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("unknown protocol `{0}`; known: {known}", known = NAMES.join(", "))]
pub struct UnknownDialect(pub(crate) String);

/// How a dialect continues an answer from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// The last turn is marked as one to be continued; what it does with another is an error.
    Marked,
    /// The model goes on from any assistant turn that comes last.
    Trailing,
}

macro_rules! built_in {
    ($($name:literal)*) => {
        const NAMES: &[&str] = &[$($name),*];
        /// The files of the built-in dialects, by name.
        const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../dialects/", $name, ".toml")))),*];
    };
}

built_in! {
    "openai-chat" "openai-responses" "anthropic-messages" "anthropic-messages-2026-10-21"
    "dashscope-native" "dashscope-compatible" "dashscope-anthropic"
    "qianfan" "ark" "minimax" "minimax-anthropic" "zhipu" "deepseek" "moonshot"
    "tokenhub" "tencent-native" "huawei-maas" "vllm" "llama-cpp" "ollama"
}

static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(|| {
    let read = |(name, text): &(&str, &str)| {
        // The files are part of the program, and a test reads each of them.
        let table: Table = text.parse().expect("a built-in dialect is TOML");
        let quirks = table::quirks(&table).expect("a built-in dialect is one");
        Dialect(Arc::new(Inner { name: (*name).to_owned(), table: None, quirks }))
    };
    BUILT_IN.iter().map(read).collect()
});

impl Dialect {
    /// A built-in dialect.
    pub fn named(name: &str) -> Option<Self> {
        let at = NAMES.iter().position(|known| *known == name)?;
        DIALECTS.get(at).cloned()
    }

    /// The names of the built-in dialects.
    pub fn names() -> &'static [&'static str] {
        NAMES
    }

    /// All built-in dialects.
    pub fn all() -> impl Iterator<Item = Self> {
        DIALECTS.iter().cloned()
    }

    /// The name: of a built-in one as configured, of a table its `name`, or else the one it is like.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The family.
    pub fn protocol(&self) -> Protocol {
        self.0.quirks.family
    }

    /// How requests are authorised.
    pub fn auth(&self) -> &Scheme {
        &self.0.quirks.auth
    }

    /// Whether and how an answer can be continued from its beginning. Whether a model of the
    /// partner can is another question.
    pub fn prefix(&self) -> Option<Prefix> {
        let prefix = self.0.quirks.prefix.as_ref()?;
        Some(if prefix.mark.is_some() { Prefix::Marked } else { Prefix::Trailing })
    }

    /// Writes `chat` as a request for `model`; `stream` asks for a stream.
    ///
    /// # Errors
    /// [`WireError::NoMessages`]; [`WireError::NotInProtocol`] for anything this dialect cannot say,
    /// since dropping it would change the answer silently; [`WireError::Invalid`] for a number that
    /// JSON cannot carry, or an extra member that has its own field.
    pub fn encode(&self, chat: &Chat, model: &str, stream: bool) -> Result<Outgoing, WireError> {
        if chat.messages.is_empty() {
            return Err(WireError::NoMessages);
        }
        match self.protocol() {
            Protocol::OpenAiChat => openai::encode(self, chat, model, stream),
            Protocol::OpenAiResponses => responses::encode(self, chat, model, stream),
            Protocol::AnthropicMessages => anthropic::encode(self, chat, model, stream),
            Protocol::DashScopeNative => dashscope::encode(self, chat, model, stream),
            Protocol::TencentNative => tencent::encode(self, chat, model, stream),
            Protocol::OllamaChat => ollama::encode(self, chat, model, stream),
        }
    }

    /// Reads a whole answer: the answer to a request without `stream`, or any answer whose status
    /// is not 2xx.
    ///
    /// # Errors
    /// The partner's error, or [`crate::PartnerErrorKind::Malformed`] /
    /// [`crate::PartnerErrorKind::Truncated`] when the bytes are not a whole answer. A 200 whose
    /// body is an error is an error.
    pub fn decode(&self, head: &Head<'_>, body: &[u8]) -> Result<Completion, PartnerError> {
        if !head.is_success() {
            return Err(PartnerError::from_body(self, head, body));
        }
        let answer = match self.protocol() {
            Protocol::OpenAiChat | Protocol::DashScopeNative => openai::decode(self, head, body),
            Protocol::OpenAiResponses => responses::decode(self, head, body),
            Protocol::AnthropicMessages => anthropic::decode(self, head, body),
            Protocol::TencentNative => tencent::decode(self, head, body),
            Protocol::OllamaChat => ollama::decode(self, head, body),
        };
        match answer {
            Ok(mut answer) => {
                answer.request_id =
                    answer.request_id.or_else(|| head.request_id.map(str::to_owned));
                Ok(answer)
            }
            Err(error) => Err(error.under(head)),
        }
    }

    /// A decoder for one streamed answer with status 2xx.
    pub fn stream_decoder(&self, head: &Head<'_>) -> StreamDecoder {
        StreamDecoder::new(self.clone(), head)
    }

    pub(crate) fn quirks(&self) -> &Quirks {
        &self.0.quirks
    }

    pub(crate) fn cannot(&self, param: &'static str) -> WireError {
        WireError::NotInProtocol { param, dialect: self.0.name.clone() }
    }

    fn from_table(table: Table) -> Result<Self, String> {
        let quirks = table::quirks(&table)?;
        let word = |key: &str| table.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        let name = word("name").or_else(|| word("like")).ok_or("give `like` or `name`")?;
        Ok(Self(Arc::new(Inner { name, table: Some(table), quirks })))
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        let (this, other) = (&self.0, &other.0);
        Arc::ptr_eq(this, other) || this.name == other.name && this.quirks == other.quirks
    }
}

/// Numbers in a dialect are finite, so equality is reflexive.
impl Eq for Dialect {}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dialect").field(&self.0.name).finish()
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::named(name).ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}

impl Serialize for Dialect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.table {
            None => serializer.serialize_str(&self.0.name),
            Some(table) => table.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Dialect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DialectVisitor;

        impl<'de> Visitor<'de> for DialectVisitor {
            type Value = Dialect;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a protocol, or a table that says which one it is like")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Dialect, E> {
                name.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Dialect, A::Error> {
                let table = Table::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Dialect::from_table(table).map_err(serde::de::Error::custom)
            }
        }

        deserializer.deserialize_any(DialectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_dialect_is_read_under_its_name() {
        for (at, (name, text)) in BUILT_IN.iter().enumerate() {
            let table: Table = text.parse().expect("TOML");
            if let Err(error) = table::quirks(&table) {
                panic!("{name}: {error}");
            }
            assert_eq!(*name, NAMES[at]);
            assert_eq!(Dialect::named(name).expect("is built in").name(), *name);
        }
        assert!("openai".parse::<Dialect>().unwrap_err().to_string().contains("openai-chat"));
    }
}
