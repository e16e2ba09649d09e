//! The events of a streamed message: `event:` and `data:` lines, a ping, no `[DONE]`.
//!
//! As recorded, the JSON of most events has a few spaces before its last brace.

use bytes::Bytes;
use serde::Serialize;

use super::answer::{Block, Draft, Message, StopDetails, Usage};
use super::errors::{self, Refusal};
use crate::delivery::Stream;
use crate::reply;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event {
    MessageStart { message: Message },
    ContentBlockStart { index: usize, content_block: Block },
    ContentBlockDelta { index: usize, delta: Delta },
    ContentBlockStop { index: usize },
    MessageDelta { delta: Ending, usage: Usage },
    MessageStop,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Delta {
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: String },
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the partner's")]
struct Ending {
    stop_reason: Option<&'static str>,
    stop_sequence: Option<String>,
    stop_details: Option<StopDetails>,
}

impl Event {
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
        }
    }

    /// The event as the `number`th of its stream.
    fn frame(&self, number: usize) -> Bytes {
        // Serialising strings and numbers cannot fail.
        let mut json = serde_json::to_string(self).unwrap_or_default();
        json.insert_str(json.len().saturating_sub(1), &" ".repeat(number * 7 % 16));
        Bytes::from(format!("event: {}\ndata: {json}\n\n", self.name()))
    }
}

const PING: Bytes = Bytes::from_static(b"event: ping\ndata: {\"type\": \"ping\"}\n\n");

/// The frames of `draft`.
pub(super) fn frames(draft: &Draft) -> Stream {
    let message = &draft.message;
    let mut events = vec![Event::MessageStart {
        message: Message {
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            stop_details: None,
            usage: Usage { output_tokens: 1, output_tokens_details: None, ..message.usage },
            ..message.clone()
        },
    }];
    let mut lead = None;
    for (index, block) in message.content.iter().enumerate() {
        let (start, deltas) = parts(block, draft);
        events.push(Event::ContentBlockStart { index, content_block: start });
        if !matches!(block, Block::Thinking { .. }) {
            lead = lead.or(Some(events.len()));
        }
        events.extend(deltas.into_iter().map(|delta| Event::ContentBlockDelta { index, delta }));
        events.push(Event::ContentBlockStop { index });
    }
    if !draft.broken_off {
        let delta = Ending {
            stop_reason: message.stop_reason,
            stop_sequence: message.stop_sequence.clone(),
            stop_details: message.stop_details,
        };
        let usage = Usage { service_tier: None, ..message.usage };
        events.extend([Event::MessageDelta { delta, usage }, Event::MessageStop]);
    }
    let mut frames: Vec<Bytes> =
        events.iter().enumerate().map(|(number, event)| event.frame(number)).collect();
    if draft.broken_off {
        // Without the end of the block and of the message.
        frames.pop();
        frames.push(Refusal::moderated_output(draft.house).event(&draft.request_id));
    }
    // After the first block's start, as recorded; where there is none, after the message's.
    let ping = frames.len().min(2);
    frames.insert(ping, PING);
    Stream {
        frames: Box::new(frames.into_iter()),
        lead: lead.map_or(ping, |lead| lead + 1),
        error: errors::mid_stream(&draft.request_id),
        broken: Bytes::from_static(
            b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"del\n\n",
        ),
    }
}

/// A block before anything is in it, and what fills it.
fn parts(block: &Block, draft: &Draft) -> (Block, Vec<Delta>) {
    match block {
        Block::Thinking { signature, .. } => {
            let empty = Block::Thinking { thinking: String::new(), signature: String::new() };
            let thoughts = draft.reply.reasoning_pieces().into_iter();
            let signed = Delta::Signature { signature: signature.clone() };
            let deltas = thoughts.map(|thinking| Delta::Thinking { thinking }).chain([signed]);
            (empty, deltas.collect())
        }
        Block::Text { .. } => {
            let said = draft.reply.pieces().into_iter().map(|text| Delta::Text { text });
            (Block::Text { text: String::new() }, said.collect())
        }
        Block::ToolUse { id, name, input, caller } => {
            let empty = Block::ToolUse {
                id: id.clone(),
                name: name.clone(),
                input: super::answer::raw("{}"),
                caller: *caller,
            };
            // The first piece of the arguments is empty.
            let pieces = [String::new()].into_iter().chain(reply::pieces(input.get()));
            let deltas = pieces.map(|partial_json| Delta::Input { partial_json });
            (empty, deltas.collect())
        }
    }
}
