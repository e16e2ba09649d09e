//! The chunks of the compatible protocol: OpenAI's, in DashScope's order of fields, with `""` for
//! the id of a call's later parts.

use std::iter;

use bytes::Bytes;
use serde::Serialize;

use super::compatible::{Identity, Usage, finish_reason};
use super::errors::Refusal;
use crate::delivery::Stream;
use crate::reply::{self, End, Reply};

/// Frames before the first one with thoughts or text.
const LEAD: usize = 1;

#[derive(Serialize)]
struct Chunk<'a> {
    choices: &'a [Choice],
    object: &'static str,
    usage: Option<Usage>,
    created: u64,
    system_fingerprint: Option<&'a str>,
    model: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct Choice {
    delta: Delta,
    finish_reason: Option<&'static str>,
    index: u32,
    logprobs: Option<()>,
}

#[derive(Clone, Default, Serialize)]
struct Delta {
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[CallDelta; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
}

impl Delta {
    fn text(content: impl Into<String>) -> Self {
        Self { content: Some(content.into()), ..Self::default() }
    }
}

#[derive(Clone, Serialize)]
struct CallDelta {
    index: usize,
    id: String,
    r#type: &'static str,
    function: FunctionDelta,
}

#[derive(Clone, Serialize)]
struct FunctionDelta {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    arguments: String,
}

/// The frames of `reply`; `usage` where it was asked for.
pub(super) fn frames(reply: &Reply, usage: Option<Usage>, identity: Identity) -> Stream {
    let moderated = reply.end == End::Filtered;
    let ticket = identity.ticket;
    let lead = LEAD + reply.reasoning_pieces().len();
    let end = (Delta::text(""), Some(finish_reason(reply.end)));
    let each = (0..=reply.others.len()).map(|choice| {
        let deltas = deltas(reply, choice, &identity).into_iter().map(|delta| (delta, None));
        deltas.chain((!moderated).then(|| end.clone())).collect()
    });
    let choices = side_by_side(each.collect()).into_iter().map(Some);
    // A chunk without choices carries the usage.
    let last = usage.filter(|_| !moderated).map(|_| None);
    let chunks = choices
        .chain(last)
        .enumerate()
        .map(move |(index, choice)| chunk(index, lead, choice.as_slice(), usage, &identity));
    let tail = if moderated {
        Refusal::moderated_output().compatible_event(&ticket)
    } else {
        Bytes::from_static(b"data: [DONE]\n\n")
    };
    Stream {
        frames: Box::new(chunks.chain(iter::once(tail))),
        lead,
        error: Refusal::internal().compatible_event(&ticket),
        broken: Bytes::from_static(b"data: {\"choices\":[{\"delta\":{\"conte\n\n"),
    }
}

/// The chunks of all choices, as they arrive: the first of each, the second of each.
fn side_by_side(all: Vec<Vec<(Delta, Option<&'static str>)>>) -> Vec<Choice> {
    let longest = all.iter().map(Vec::len).max().unwrap_or_default();
    let mut all: Vec<_> = all.into_iter().map(Vec::into_iter).collect();
    let mut chunks = Vec::new();
    for _ in 0..longest {
        for (index, deltas) in (0..).zip(&mut all) {
            chunks.extend(deltas.next().map(|(delta, finish_reason)| Choice {
                delta,
                finish_reason,
                index,
                logprobs: None,
            }));
        }
    }
    chunks
}

fn deltas(reply: &Reply, choice: usize, identity: &Identity) -> Vec<Delta> {
    let opening = Delta { role: Some("assistant"), ..Delta::text("") };
    let thought = reply
        .reasoning_pieces()
        .into_iter()
        .map(|piece| Delta { reasoning_content: Some(piece), ..Delta::default() });
    let said = reply.pieces_of(choice).into_iter().map(Delta::text);
    let called = reply.calls.iter().enumerate().flat_map(|(index, call)| {
        let parts = reply::pieces(&call.arguments).into_iter().enumerate();
        parts.map(move |(at, arguments)| {
            let first = at == 0;
            let call = CallDelta {
                index,
                id: if first { identity.call_id(index) } else { String::new() },
                r#type: "function",
                function: FunctionDelta { name: first.then(|| call.name.clone()), arguments },
            };
            Delta { tool_calls: Some([call]), ..Delta::default() }
        })
    });
    iter::once(opening).chain(thought).chain(said).chain(called).collect()
}

fn chunk(
    index: usize,
    lead: usize,
    choices: &[Choice],
    usage: Option<Usage>,
    identity: &Identity,
) -> Bytes {
    let chunk = Chunk {
        choices,
        object: "chat.completion.chunk",
        usage: usage.filter(|_| choices.is_empty()),
        created: identity.created,
        system_fingerprint: identity.named.fingerprint.as_deref(),
        model: identity.named.model_in(index, lead),
        id: &identity.id,
    };
    // Serialising strings and numbers cannot fail.
    let json = serde_json::to_string(&chunk).unwrap_or_default();
    Bytes::from(format!("data: {json}\n\n"))
}
