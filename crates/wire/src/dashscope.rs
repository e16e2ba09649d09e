//! Requests in DashScope's own shape.
//!
//! Source: `facts/partners/qwen-dashscope.md` (SDK 2.0.2 `v2/protocols/native.py`, recorded
//! traffic). Answers are asked for as `result_format: "message"` and, streamed, as
//! `incremental_output: true`: otherwise every event repeats the whole text. There is no `stream`
//! field; the header `X-DashScope-SSE` asks for a stream, and both SDK generations' ways are sent.
//! Extra members of a request go into its `parameters`. What is more than text is asked on another
//! path, in another form (`multimodal.rs`).

mod multimodal;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::body::Body;
use crate::chat::Chat;
use crate::dialect::{Dialect, Pieces};
use crate::error::WireError;
use crate::openai;
use crate::params::{self, Numbers};
use crate::protocol::Outgoing;
use crate::wire_chat::{Messages, Tools, to_vec};

#[derive(Serialize)]
struct Request<'a, M> {
    model: &'a str,
    input: Input<M>,
    parameters: Box<RawValue>,
}

#[derive(Serialize)]
struct Input<M> {
    messages: M,
}

pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let parameters = parameters(dialect, chat, stream)?;
    let (path, body) = if let Some(form) = multimodal::wanted(dialect, chat, model) {
        let messages = multimodal::Messages::of(dialect, &chat.messages)?;
        (&form.path, to_vec(&Request { model, input: Input { messages }, parameters }))
    } else {
        let input = Input { messages: Messages::of(dialect, &chat.messages)? };
        (&dialect.quirks().path, to_vec(&Request { model, input, parameters }))
    };
    let accept = if stream { "text/event-stream" } else { "application/json" };
    let mut headers = params::headers(dialect, accept);
    if stream {
        headers.push(("x-dashscope-sse".into(), "enable".into()));
    }
    Ok(Outgoing { path: path.0.clone(), headers, body: body.into() })
}

/// The `parameters` of a request.
pub(crate) fn parameters(
    dialect: &Dialect,
    chat: &Chat,
    stream: bool,
) -> Result<Box<RawValue>, WireError> {
    let numbers = Numbers::of(dialect, &chat.params)?;
    params::check(dialect, chat)?;
    let mut parameters = Body::new();
    parameters.member("result_format", "message");
    if stream {
        let incremental = dialect.quirks().answer.pieces == Pieces::Incremental;
        parameters.member("incremental_output", &incremental);
    }
    openai::parameters(dialect, &chat.params, &numbers, &mut parameters)?;
    if !chat.tools.is_empty() {
        parameters.member("tools", &Tools(&chat.tools));
    }
    params::members(dialect, chat, &mut parameters)?;
    Ok(parameters.into_raw())
}
