//! The reasoning of a response: an item of its own before all others. Its text shows only as a
//! summary, where one is wanted; the whole of it comes encrypted, where that is wanted, to be sent
//! back in the next turn.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::errors::Refusal;
use crate::exchange::Ticket;
use crate::fields::{Fields, Problem};
use crate::reply::{self, Reply};

/// What of the reasoning is wanted in the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    summary: bool,
    encrypted: bool,
}

impl Wanted {
    /// Reads `include` and `reasoning.summary`.
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, Refusal> {
        let mut wanted = Self::default();
        for (index, item) in fields.array("include")?.unwrap_or_default().iter().enumerate() {
            if item != "reasoning.encrypted_content" {
                return Err(Problem::beyond_the_emulator(format!("include[{index}]")).into());
            }
            wanted.encrypted = true;
        }
        if let Some(reasoning) = fields.object("reasoning")? {
            reasoning.only(&["effort", "summary"])?;
            let summaries = ["auto", "concise", "detailed"];
            wanted.summary = reasoning.one_of("summary", &summaries)?.is_some();
        }
        Ok(wanted)
    }
}

/// The reasoning item of one response.
#[derive(Clone, Debug)]
pub(super) struct Thought {
    id: String,
    wanted: Wanted,
    text: String,
}

/// Events of a stream: the type, and what comes with it.
pub(super) type Events = Vec<(&'static str, Value)>;

impl Thought {
    /// The item of `reply`, if there was any reasoning.
    pub(super) fn of(reply: &Reply, wanted: Wanted, ticket: &Ticket) -> Option<Self> {
        (!reply.reasoning.is_empty()).then(|| Self {
            id: format!("rs_{}", ticket.hex(31, 48)),
            wanted,
            text: reply.reasoning.clone(),
        })
    }

    /// The item at its end.
    pub(super) fn item(&self) -> Value {
        let summary = if self.wanted.summary { vec![part(&self.text)] } else { Vec::new() };
        self.with(&summary)
    }

    fn with(&self, summary: &[Value]) -> Value {
        let mut item = json!({"id": self.id, "type": "reasoning", "summary": summary});
        if self.wanted.encrypted {
            item["encrypted_content"] = encrypted(&self.id).into();
        }
        item
    }

    /// The events of a stream that tell it; the item is always the first.
    pub(super) fn tell(&self, events: &mut Events) {
        let begun = json!({"output_index": 0, "item": self.with(&[])});
        events.push(("response.output_item.added", begun));
        if self.wanted.summary {
            let at = |name: &str, value: Value| {
                let mut event = json!({"item_id": self.id, "output_index": 0, "summary_index": 0});
                event[name] = value;
                event
            };
            let kinds = [
                "response.reasoning_summary_part.added",
                "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.done",
                "response.reasoning_summary_part.done",
            ];
            events.push((kinds[0], at("part", part(""))));
            let pieces = reply::pieces(&self.text).into_iter();
            events.extend(pieces.map(|piece| (kinds[1], at("delta", piece.into()))));
            events.push((kinds[2], at("text", self.text.as_str().into())));
            events.push((kinds[3], at("part", part(&self.text))));
        }
        let done = json!({"output_index": 0, "item": self.item()});
        events.push(("response.output_item.done", done));
    }
}

fn part(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}

/// Checks a reasoning item that came back: what is encrypted in it must be ours, unchanged.
pub(super) fn check(item: &Fields<'_>) -> Result<(), Problem> {
    item.only(&["type", "id", "summary", "content", "encrypted_content", "status"])?;
    let id = item.required_string("id")?;
    if item.array("summary")?.is_none() {
        return Err(Problem::missing(item.at("summary")));
    }
    match item.string("encrypted_content")? {
        Some(content) if content != encrypted(id) => {
            let message = format!("The encrypted content for item {id} could not be verified.");
            Err(Problem::new("input", Some("invalid_encrypted_content"), message))
        }
        Some(_) => Ok(()),
        None => {
            // Nothing is stored here, so the id alone leads to nothing.
            let message = format!("Item with id '{id}' not found.");
            Err(Problem::new("input", None, message))
        }
    }
}

/// What stands for the reasoning of an item.
fn encrypted(id: &str) -> String {
    let mut content = "gAAAAAEmulated".to_owned();
    for byte in Sha256::digest(id).iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(content, "{byte:02x}");
    }
    content
}
