//! OpenAI's responses, which newer models need for tools with reasoning.
//!
//! Source: `facts/partners/openai.md` (openai-openapi @f85dbe2, SDK 3.54.0 and its captures).
//!
//! Nothing is asked to be stored: each request carries the whole conversation. Items of an answer
//! that have no field in [`crate::Completion`] (reasoning in its encrypted form, the partner's own
//! tools) are the member `output` of its [`crate::Extra`], each as it came, and go back to the
//! partner in front of the turn they led to.

mod answer;
mod encode;
mod input;
mod items;
mod stream;

pub(crate) use answer::decode;
pub(crate) use encode::encode;
pub(crate) use stream::StreamState;
