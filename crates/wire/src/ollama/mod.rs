//! Ollama's own chat, as a server of one's own speaks it.
//!
//! Source: `facts/partners/llama.md`, part C (ollama-python 0.6.3 `_types.py` and `_client.py`, its
//! requests recorded; github.com/ollama/ollama `docs/api.md`). A stream is JSON, one object a line;
//! the last has `done: true`, and bytes that end without it were cut. Arguments of tools are objects
//! and calls have no ids, so the decoder numbers them.

mod answer;
mod request;

pub(crate) use answer::{StreamState, decode};
pub(crate) use request::encode;
