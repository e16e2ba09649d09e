//! The chunks of a streamed answer: `data:` lines without an envelope, token counts in each, no
//! `[DONE]`.

use bytes::Bytes;
use serde::Serialize;

use super::answer::{Function, NOTE, SearchInfo, ToolCall, Usage, finish_reason, tool_call};
use super::question::Question;
use crate::delivery::Stream;
use crate::exchange::Ticket;
use crate::reply::{self, Reply};
use crate::tokens::Tally;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Chunk<'a> {
    note: &'static str,
    choices: [Choice; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_info: Option<SearchInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<ErrorMsg>,
    created: u64,
    id: &'a str,
    usage: Usage,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Choice {
    finish_reason: &'static str,
    delta: Delta,
    index: u32,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Delta {
    role: &'static str,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[ToolCall; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorMsg {
    msg: &'static str,
    code: u32,
}

/// The frames of `reply`.
pub(super) fn frames(question: &Question, reply: &Reply, ticket: &Ticket) -> Stream {
    let input = question.ask.input_tokens();
    let id = ticket.uuid();
    let frame = |delta: Delta, finish_reason, tally: Tally, last: bool, error_msg| {
        let chunk = Chunk {
            note: NOTE,
            choices: [Choice {
                finish_reason,
                delta: Delta { role: "assistant", ..delta },
                index: 0,
            }],
            moderation_level: (finish_reason == "sensitive").then_some("1"),
            search_info: (last && question.tells_search()).then(SearchInfo::emulated),
            error_msg,
            created: ticket.unix_seconds(),
            id: &id,
            usage: Usage::of(input, if last { reply.output_tokens() } else { tally.count() }),
        };
        // Serialising strings and numbers cannot fail.
        let json = serde_json::to_string(&chunk).unwrap_or_default();
        Bytes::from(format!("data: {json}\n\n"))
    };
    let mut tally = Tally::default();
    let mut frames = Vec::new();
    for piece in reply.reasoning_pieces() {
        tally.add(&piece);
        let delta = Delta { reasoning_content: Some(piece), ..Delta::default() };
        frames.push(frame(delta, "", tally, false, None));
    }
    let lead = frames.len();
    for piece in reply.pieces() {
        tally.add(&piece);
        frames.push(frame(Delta { content: piece, ..Delta::default() }, "", tally, false, None));
    }
    for (index, call) in reply.calls.iter().enumerate() {
        let whole = tool_call(index, call, ticket);
        for (at, arguments) in reply::pieces(&call.arguments).into_iter().enumerate() {
            tally.add(&arguments);
            // What follows the first part is told by the id; the name is not said again.
            let name = if at == 0 { call.name.clone() } else { String::new() };
            let part = ToolCall { function: Function { name, arguments }, ..whole.clone() };
            let delta = Delta { tool_calls: Some([part]), ..Delta::default() };
            frames.push(frame(delta, "", tally, false, None));
        }
    }
    frames.push(frame(Delta::default(), finish_reason(reply.end), tally, true, None));
    let error = ErrorMsg { msg: "服务内部异常", code: 4000 };
    Stream {
        error: frame(Delta::default(), "", Tally::default(), false, Some(error)),
        frames: Box::new(frames.into_iter()),
        lead,
        broken: Bytes::from_static(b"data: {\"Note\":\"\",\"Choices\":[{\"Finish\n\n"),
    }
}
