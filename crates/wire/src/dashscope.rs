//! Requests in DashScope's own shape.
//!
//! Source: `facts/partners/qwen-dashscope.md` (SDK 2.0.2 `v2/protocols/native.py`, recorded
//! traffic). Answers are asked for as `result_format: "message"` and, streamed, as
//! `incremental_output: true`: otherwise every event repeats the whole text. There is no `stream`
//! field; the header `X-DashScope-SSE` asks for a stream, and both SDK generations' ways are sent.

use serde::Serialize;

use crate::chat::{Chat, ToolChoice};
use crate::dialect::{Dialect, NoWords};
use crate::error::WireError;
use crate::protocol::Outgoing;
use crate::wire_chat::{Choice, Format, Messages, Tools, check_numbers, to_vec};

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: Input<'a>,
    parameters: Parameters<'a>,
}

#[derive(Serialize)]
struct Input<'a> {
    messages: Messages<'a>,
}

#[derive(Serialize)]
struct Parameters<'a> {
    result_format: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    incremental_output: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Tools::is_empty")]
    tools: Tools<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
}

pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let params = &chat.params;
    check_numbers(params)?;
    if params.frequency_penalty.is_some_and(|penalty| penalty != 0.0) {
        return Err(dialect.cannot("frequency_penalty"));
    }
    if params.tool_choice == Some(ToolChoice::Required) {
        return Err(dialect.cannot("tool_choice"));
    }
    let body = Body {
        model,
        input: Input { messages: Messages(&chat.messages, NoWords::Empty) },
        parameters: Parameters {
            result_format: "message",
            incremental_output: stream,
            max_tokens: params.max_tokens,
            temperature: params.temperature,
            top_p: params.top_p,
            stop: &params.stop,
            seed: params.seed,
            presence_penalty: params.presence_penalty,
            tools: Tools(&chat.tools),
            tool_choice: params.tool_choice.as_ref().map(Choice),
            parallel_tool_calls: params.parallel_tool_calls,
            response_format: params.response_format.as_ref().map(Format),
        },
    };
    let mut headers = vec![("content-type".into(), "application/json".into())];
    if stream {
        headers.extend([
            ("accept".into(), "text/event-stream".into()),
            ("x-dashscope-sse".into(), "enable".into()),
        ]);
    } else {
        headers.push(("accept".into(), "application/json".into()));
    }
    Ok(Outgoing { path: dialect.quirks().path.0.clone(), headers, body: to_vec(&body).into() })
}
