//! Partner protocols, sans-I/O: a canonical conversation in, request bytes out; response bytes in,
//! typed events out. No sockets, no clock, no market, no policy.
//!
//! Four things live here:
//!
//! - the canonical [`Chat`] and its answer ([`Event`]s or one [`Completion`]), free of any protocol;
//! - [`Dialect`]: how a partner writes them on the wire: a family of protocols ([`Protocol`]) and the
//!   partner's quirks as data, its errors among them, which become a [`PartnerError`];
//! - [`auth`]: how a request proves who sends it;
//! - [`serve`]: our own side, the chat-completions API that existing OpenAI clients speak.
//!
//! Promises: decoders never panic on any bytes, hold a bounded amount of memory, and give the same
//! events however the bytes were cut into chunks. Errors of our own never repeat what a person or a
//! model wrote (field names and type words excepted, cut to 64 bytes); a partner's error message is
//! kept in its words, cut to size, with keys taken out.

mod answer;
mod anthropic;
pub mod auth;
mod body;
mod chat;
mod classify;
mod collect;
mod content;
mod dashscope;
mod dialect;
mod error;
mod extra;
mod head;
mod http_date;
mod json;
mod lines;
mod members;
mod object;
mod ollama;
mod openai;
mod params;
mod partner_error;
mod parts;
mod protocol;
mod responses;
pub mod serve;
pub mod sse;
mod stream;
mod tencent;
mod told;
mod wire_answer;
mod wire_chat;
mod written;

pub use answer::{
    Alternative, Completion, Event, FinishReason, Moderation, ModerationAt, ToolCallDelta, Usage,
};
pub use chat::{
    CacheHint, Chat, Effort, Message, Params, Passages, Reasoning, ResponseFormat, Role, Search,
    Tokens, Tool, ToolCall, ToolChoice,
};
pub use collect::Collector;
pub use content::{Content, Media, MediaSource, Modalities, Part};
pub use dialect::{Dialect, Prefix, UnknownDialect};
pub use error::WireError;
pub use extra::Extra;
pub use head::Head;
pub use json::Json;
pub use partner_error::{Fault, PartnerError, PartnerErrorKind, Retry};
pub use protocol::{Outgoing, Protocol};
pub use stream::StreamDecoder;
