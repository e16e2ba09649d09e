//! The chunks of a streamed chat completion: `data: {…}` frames, the last one `data: [DONE]`.

use std::iter;

use bytes::Bytes;
use serde::Serialize;

use super::chat::{Identity, StreamOptions, Usage, finish_reason};
use super::errors;
use crate::delivery::Stream;
use crate::reply::{self, Reply};

/// Frames before the first one with text.
const LEAD: usize = 1;

/// A field that may be left out, or be there and null.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(untagged)]
enum Field<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<T> Field<T> {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    service_tier: &'static str,
    system_fingerprint: Option<&'a str>,
    choices: &'a [Choice],
    /// Absent unless usage was asked for; then null until the last chunk.
    #[serde(skip_serializing_if = "Field::is_absent")]
    usage: Field<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obfuscation: Option<&'a str>,
}

#[derive(Serialize)]
struct Choice {
    index: u32,
    delta: Delta,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// Present and null where a tool call or a refusal takes its place.
    #[serde(skip_serializing_if = "Field::is_absent")]
    content: Field<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[CallDelta; 1]>,
    #[serde(skip_serializing_if = "Field::is_absent")]
    refusal: Field<String>,
}

#[derive(Serialize)]
struct CallDelta {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    function: FunctionDelta,
}

#[derive(Serialize)]
struct FunctionDelta {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    arguments: String,
}

/// The frames of `reply`.
pub(super) fn frames(
    reply: &Reply,
    usage: Usage,
    identity: Identity,
    options: StreamOptions,
) -> Stream {
    let end = finish_reason(reply.end);
    let said: Vec<Vec<Delta>> =
        (0..=reply.others.len()).map(|choice| deltas(reply, choice, &identity)).collect();
    let choices = side_by_side(said, end).into_iter().map(Some);
    // A chunk without choices carries the usage.
    let last = options.usage.then_some(None);
    let frames = choices
        .chain(last)
        .enumerate()
        .map(move |(index, choice)| chunk(index, choice.as_slice(), usage, &identity, options))
        .chain(iter::once(Bytes::from_static(b"data: [DONE]\n\n")));
    Stream {
        frames: Box::new(frames),
        lead: LEAD,
        error: errors::mid_stream_event(),
        broken: Bytes::from_static(b"data: {\"id\":\"chatcmpl-broken\",\"choices\":[{\n\n"),
    }
}

/// The chunks of all choices, as they arrive: the first of each, the second of each.
fn side_by_side(all: Vec<Vec<Delta>>, end: &'static str) -> Vec<Choice> {
    let longest = all.iter().map(Vec::len).max().unwrap_or_default();
    let mut all: Vec<_> = all.into_iter().map(Vec::into_iter).collect();
    let mut chunks = Vec::new();
    for _ in 0..longest {
        for (index, deltas) in (0..).zip(&mut all) {
            let delta = deltas.next();
            chunks.extend(delta.map(|delta| Choice {
                index,
                delta,
                logprobs: None,
                finish_reason: None,
            }));
        }
    }
    let ends = (0..).zip(&all).map(|(index, _)| Choice {
        index,
        delta: Delta::default(),
        logprobs: None,
        finish_reason: Some(end),
    });
    chunks.extend(ends);
    chunks
}

/// What the chunks of the choice `choice` add.
fn deltas(reply: &Reply, choice: usize, identity: &Identity) -> Vec<Delta> {
    if reply.calls.is_empty() {
        let opening = if reply.refusal {
            Delta { content: Field::Null, refusal: Field::Value(String::new()), ..Delta::default() }
        } else {
            Delta { content: Field::Value(String::new()), refusal: Field::Null, ..Delta::default() }
        };
        let opening = Delta { role: Some("assistant"), ..opening };
        let said = reply.pieces_of(choice).into_iter().map(|piece| {
            if reply.refusal {
                Delta { refusal: Field::Value(piece), ..Delta::default() }
            } else {
                Delta { content: Field::Value(piece), ..Delta::default() }
            }
        });
        return iter::once(opening).chain(said).collect();
    }
    let opening = Delta {
        role: Some("assistant"),
        content: Field::Null,
        refusal: Field::Null,
        ..Delta::default()
    };
    let mut deltas = vec![opening];
    for (index, call) in reply.calls.iter().enumerate() {
        let begin = CallDelta {
            index,
            id: Some(identity.call_id(index)),
            r#type: Some("function"),
            function: FunctionDelta { name: Some(call.name.clone()), arguments: String::new() },
        };
        let parts = reply::pieces(&call.arguments).into_iter().map(|arguments| CallDelta {
            index,
            id: None,
            r#type: None,
            function: FunctionDelta { name: None, arguments },
        });
        deltas.extend(
            iter::once(begin)
                .chain(parts)
                .map(|call| Delta { tool_calls: Some([call]), ..Delta::default() }),
        );
    }
    deltas
}

/// The `index`th frame; without a choice, the one that carries the usage.
fn chunk(
    index: usize,
    choices: &[Choice],
    usage: Usage,
    identity: &Identity,
    options: StreamOptions,
) -> Bytes {
    let usage = match (options.usage, choices.is_empty()) {
        (false, _) => Field::Absent,
        (true, false) => Field::Null,
        (true, true) => Field::Value(usage),
    };
    let mut chunk = Chunk {
        id: &identity.id,
        object: "chat.completion.chunk",
        created: identity.created,
        model: identity.named.model_in(index, LEAD),
        service_tier: "default",
        system_fingerprint: identity.named.fingerprint.as_deref(),
        choices,
        usage,
        obfuscation: None,
    };
    // Serialising strings and numbers cannot fail.
    let mut json = serde_json::to_string(&chunk).unwrap_or_default();
    if options.obfuscation {
        // Padding, so that the length of a frame does not tell the length of its text.
        let padding = padding(&identity.id, json.len());
        chunk.obfuscation = Some(padding);
        json = serde_json::to_string(&chunk).unwrap_or_default();
    }
    Bytes::from(format!("data: {json}\n\n"))
}

/// Between 1 and 16 letters out of `id`, which bring `length` to a multiple of 16.
fn padding(id: &str, length: usize) -> &str {
    let letters = id.strip_prefix("chatcmpl-").unwrap_or(id);
    letters.get(..16 - length % 16).unwrap_or(letters)
}
