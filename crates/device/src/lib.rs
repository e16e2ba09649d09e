//! Yumen's on-device engine: what runs without any partner, on the device itself.
//!
//! Three pieces of work, for English and Chinese: proofreading (edits that never change the
//! meaning), a summary and key points (sentences taken verbatim, so nothing false can appear).
//! The engine is deterministic, reads no clock, no file and no network, and keeps nothing of a
//! text once it has answered. Dictionaries are loaded on first use.
//!
//! [`Engine::run`] is a plain blocking call; an async caller gives it a blocking thread.

mod chinese;
mod engine;
mod english;
mod error;
mod extract;
mod language;
mod output;
mod rank;
mod review;
mod sentences;
mod span;
mod terms;

pub use engine::Engine;
pub use error::DeviceError;
pub use extract::{MAX_GRAPH_SENTENCES, MAX_SENTENCE_CHARS};
pub use language::detect;
pub use output::{Edit, Output, Point, Proofread, Remark};
pub use span::{Range, Span};
