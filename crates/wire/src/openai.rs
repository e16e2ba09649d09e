//! The shape of OpenAI's chat completions, spoken by most partners, each with its own quirks.
//!
//! Sources: `facts/partners/openai.md` (openai-openapi @f85dbe2, SDK 3.54.0 captures) and the other
//! files of `facts/partners`; what differs stands in the files of `crates/wire/dialects`.

mod choice;
mod moderation;
mod stream;

use crate::body::Body;
use crate::chat::{Chat, Params};
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::params::{self, Numbers};
use crate::protocol::Outgoing;
use crate::wire_chat::{Choice, Format, Messages, ToolsWith};

pub(crate) use stream::{StreamState, decode};

/// Writes a request.
pub(crate) fn encode(
    dialect: &Dialect,
    chat: &Chat,
    model: &str,
    stream: bool,
) -> Result<Outgoing, WireError> {
    let quirks = dialect.quirks();
    let params = &chat.params;
    let numbers = Numbers::of(dialect, params)?;
    params::check(dialect, chat)?;
    let mut body = Body::new();
    body.member("model", model);
    let messages = Messages::of(dialect, &chat.messages)?;
    body.written("messages", |out| messages.put(out));
    if stream {
        body.member("stream", &true);
        if quirks.request.stream_options {
            body.member("stream_options", &IncludeUsage { include_usage: true });
        }
    }
    parameters(dialect, params, &numbers, &mut body)?;
    let search = params::search(dialect, params)?;
    let tool = search.and_then(|search| search.tool.as_ref());
    if !chat.tools.is_empty() || tool.is_some() {
        body.member("tools", &ToolsWith(&chat.tools, tool));
    }
    params::members(dialect, chat, &mut body)?;
    let path = match quirks.prefix.as_ref().filter(|_| chat.prefix().is_some()) {
        Some(prefix) => prefix.path.as_ref().unwrap_or(&quirks.path),
        None => &quirks.path,
    };
    let accept = if stream { "text/event-stream" } else { "application/json" };
    Ok(Outgoing {
        path: path.0.clone(),
        headers: params::headers(dialect, accept),
        body: body.finish().into(),
    })
}

#[derive(serde::Serialize)]
struct IncludeUsage {
    include_usage: bool,
}

/// The members that OpenAI and DashScope's own protocol name alike.
pub(crate) fn parameters<'a>(
    dialect: &'a Dialect,
    params: &'a Params,
    numbers: &Numbers,
    body: &mut Body<'a>,
) -> Result<(), WireError> {
    let request = &dialect.quirks().request;
    body.given(&request.token_limit, params.max_tokens.as_ref());
    body.given("temperature", numbers.temperature.as_ref());
    if let Some(greedy) = numbers.greedy.then_some(request.greedy.as_ref()).flatten() {
        body.member(greedy, &false);
    }
    body.given("top_p", numbers.top_p.as_ref());
    if let Some(top_k) = &params.top_k {
        let field = request.top_k.as_ref().ok_or_else(|| dialect.cannot("top_k"))?;
        body.member(field, top_k);
    }
    if !params.stop.is_empty() {
        body.member("stop", &params.stop);
    }
    body.given("seed", params.seed.as_ref());
    body.given("presence_penalty", numbers.presence_penalty.as_ref());
    body.given("frequency_penalty", numbers.frequency_penalty.as_ref());
    body.given("n", params.choices.filter(|choices| *choices != 1).as_ref());
    body.given("tool_choice", params.tool_choice.as_ref().map(Choice).as_ref());
    body.given("parallel_tool_calls", params.parallel_tool_calls.as_ref());
    body.given("response_format", params.response_format.as_ref().map(Format).as_ref());
    Ok(())
}
