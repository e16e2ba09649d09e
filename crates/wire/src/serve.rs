//! Our own side: the chat-completions API that existing OpenAI clients speak.
//!
//! [`ChatCompletionRequest::parse`] reads what a client sends; [`completion`], [`ChunkEncoder`] and
//! [`Failure`] write what it gets back. Beside the standard fields an answer may carry a `yumen`
//! object (receipt, label, notices), given here as ready JSON.

mod locate;
mod message;
mod request;
mod response;
mod shape;

pub use request::ChatCompletionRequest;
pub use response::{ChunkEncoder, Failure, completion};
