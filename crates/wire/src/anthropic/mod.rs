//! Anthropic's messages, also spoken by DashScope and `MiniMax` on routes of their own.
//!
//! Sources: `facts/partners/anthropic.md` (SDK 2.12.0 and 1.17.0, their captures, the versioning and
//! migration pages), `facts/partners/qwen-dashscope.md`, `facts/partners/minimax.md`. What the three
//! do differently, and the API's two versions, are dialects; answers and streams of both versions
//! have one shape.
//!
//! Blocks of an answer that have no field in [`crate::Completion`] (thinking with its signature,
//! redacted thinking, the partner's own tools and their results) are the member `content` of its
//! [`crate::Extra`], each as it came, and go back to the partner in front of the turn they began.

mod answer;
mod blocks;
mod encode;
mod stream;
mod turns;

pub(crate) use answer::decode;
pub(crate) use encode::encode;
pub(crate) use stream::StreamState;
