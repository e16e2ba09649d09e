//! Partner protocols, sans-I/O: a canonical conversation in, request bytes out; response bytes in,
//! typed events out. No sockets, no clock, no market, no policy.
//!
//! Four things live here:
//!
//! - the canonical [`Chat`] and its answer ([`Event`]s or one [`Completion`]), free of any protocol;
//! - [`Protocol`]: how a partner writes them on the wire, with one table that turns every partner's
//!   errors into a [`PartnerError`];
//! - [`auth`]: how a request proves who sends it;
//! - [`serve`]: our own side, the chat-completions API that existing OpenAI clients speak.
//!
//! Promises: decoders never panic on any bytes, hold a bounded amount of memory, and give the same
//! events however the bytes were cut into chunks. Errors of our own never repeat what a person or a
//! model wrote (field names and type words excepted, cut to 64 bytes); a partner's error message is
//! kept in its words, cut to size, with keys taken out.

mod answer;
pub mod auth;
mod chat;
mod dashscope;
mod error;
mod json;
mod openai;
mod partner_error;
mod protocol;
pub mod serve;
pub mod sse;
mod stream;
mod wire_answer;
mod wire_chat;

pub use answer::{Collector, Completion, Event, FinishReason, ToolCallDelta, Usage};
pub use chat::{Chat, Message, Params, Passages, ResponseFormat, Role, Tool, ToolCall, ToolChoice};
pub use error::WireError;
pub use json::Json;
pub use partner_error::{PartnerError, PartnerErrorKind};
pub use protocol::{Outgoing, Protocol, UnknownProtocol};
pub use stream::StreamDecoder;
