//! Requests in the shape of OpenAI's chat completions, also spoken by DashScope's compatible mode.
//!
//! Source: `facts/partners/openai.md` (openai-openapi @f85dbe2, SDK 3.54.0 captures) and
//! `facts/partners/qwen-dashscope.md`. The two differ in the name of the token limit: OpenAI's
//! reasoning models refuse `max_tokens`, DashScope knows only `max_tokens`.

mod stream;

use serde::Serialize;

use crate::chat::Chat;
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::protocol::Outgoing;
use crate::wire_chat::{Choice, Format, Messages, Tools, check_numbers, to_vec};
pub(crate) use stream::StreamState;

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Messages<'a>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Tools::is_empty")]
    tools: Tools<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let params = &chat.params;
    check_numbers(params)?;
    let request = &dialect.quirks().request;
    let is_openai = request.token_limit == "max_completion_tokens";
    let body = Body {
        model,
        messages: Messages(&chat.messages, request.no_words),
        stream,
        stream_options: stream.then_some(StreamOptions { include_usage: true }),
        max_completion_tokens: params.max_tokens.filter(|_| is_openai),
        max_tokens: params.max_tokens.filter(|_| !is_openai),
        temperature: params.temperature,
        top_p: params.top_p,
        stop: &params.stop,
        seed: params.seed,
        presence_penalty: params.presence_penalty,
        frequency_penalty: params.frequency_penalty,
        tools: Tools(&chat.tools),
        tool_choice: params.tool_choice.as_ref().map(Choice),
        parallel_tool_calls: params.parallel_tool_calls,
        response_format: params.response_format.as_ref().map(Format),
    };
    Ok(Outgoing {
        path: dialect.quirks().path.0.clone(),
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("accept".into(), if stream { "text/event-stream" } else { "application/json" }.into()),
        ],
        body: to_vec(&body).into(),
    })
}
