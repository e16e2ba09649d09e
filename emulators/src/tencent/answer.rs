//! The answer in one piece, and what both forms of an answer are made of.

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::errors::Refusal;
use super::question::{self, Question};
use super::{EVENTS, JSON, stream};
use crate::exchange::{Request, Response, Ticket};
use crate::persona::Persona;
use crate::reply::{Call, End, Reply};
use crate::turn::Turn;

/// What the law wants said of every answer.
pub(super) const NOTE: &str = "以上内容为AI生成，不代表开发者立场，请勿删除或修改本标记";

/// Token counts.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the names are the partner's")]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

impl Usage {
    pub(super) fn of(input: u64, output: u64) -> Self {
        Self { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ToolCall {
    pub(super) id: String,
    pub(super) r#type: &'static str,
    pub(super) function: Function,
    pub(super) index: usize,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) arguments: String,
}

/// What search found; emulated, so that one can be told.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SearchInfo {
    search_results: [SearchResult; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SearchResult {
    index: u32,
    title: &'static str,
    url: &'static str,
}

impl SearchInfo {
    pub(super) fn emulated() -> Self {
        let result =
            SearchResult {
                index: 1, title: "模拟搜索结果", url: "https://example.com/emulated"
            };
        Self { search_results: [result] }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a> {
    response: Body<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    request_id: &'a str,
    note: &'static str,
    choices: [Choice<'a>; 1],
    created: u64,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_info: Option<SearchInfo>,
    usage: Usage,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Choice<'a> {
    index: u32,
    message: Message<'a>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reasoning_content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
}

pub(super) fn answer(body: &Value, request: &Request) -> Result<Response, Refusal> {
    let question = question::read(body)?;
    let ticket = &request.ticket;
    let turn = Turn::begin(request, &question.ask, question.stream);
    let refuse = |why| Refusal::asked_for(why).response(ticket);
    if let Some(response) = turn.before(refuse) {
        return Ok(response);
    }
    let mut reply = turn.reply(Persona::Hunyuan);
    if let Some(word) = reply.stop_word(&question.ask, Persona::Hunyuan) {
        // Unlike elsewhere, the text stops after the word.
        reply.text.push_str(word);
    }
    if reply.end == End::Filtered && !question.moderated_on_the_way {
        return Err(Refusal::moderated());
    }
    let id = ticket.uuid();
    if question.stream {
        let delivery = turn.stream(stream::frames(&question, &reply, ticket));
        let headers = vec![("content-type", EVENTS.to_owned()), ("x-tc-requestid", id)];
        return Ok(Response::Answer { status: StatusCode::OK, headers, delivery });
    }
    let delivery = turn.whole(whole(&question, &reply, ticket, &id));
    let headers = vec![("content-type", JSON.to_owned())];
    Ok(Response::Answer { status: StatusCode::OK, headers, delivery })
}

fn whole(question: &Question, reply: &Reply, ticket: &Ticket, id: &str) -> Vec<u8> {
    let calls = reply.calls.iter().enumerate();
    let body = Body {
        request_id: id,
        note: NOTE,
        choices: [Choice {
            index: 0,
            message: Message {
                role: "assistant",
                content: &reply.text,
                reasoning_content: &reply.reasoning,
                tool_calls: calls.map(|(index, call)| tool_call(index, call, ticket)).collect(),
            },
            finish_reason: finish_reason(reply.end),
        }],
        created: ticket.unix_seconds(),
        id,
        search_info: question.tells_search().then(SearchInfo::emulated),
        usage: Usage::of(question.ask.input_tokens(), reply.output_tokens()),
    };
    // Serialising strings and numbers cannot fail.
    serde_json::to_vec(&Envelope { response: body }).unwrap_or_default()
}

pub(super) fn tool_call(index: usize, call: &Call, ticket: &Ticket) -> ToolCall {
    ToolCall {
        id: format!("call_{}", ticket.hex(16 + index as u64, 20)),
        r#type: "function",
        function: Function { name: call.name.clone(), arguments: call.arguments.clone() },
        index,
    }
}

/// The finish reason's name. A request cannot limit the tokens, so no answer is cut for them.
pub(super) fn finish_reason(end: End) -> &'static str {
    match end {
        End::Stop | End::Length => "stop",
        End::ToolCalls => "tool_calls",
        End::Filtered => "sensitive",
    }
}
