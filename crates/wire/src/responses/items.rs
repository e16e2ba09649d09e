//! The items of an answer, whole or while they come.

use serde_json::value::RawValue;

use crate::answer::{Event, ToolCallDelta};
use crate::extra::Extra;
use crate::json::Json;
use crate::object::{Object, kept};
use crate::partner_error::PartnerError;

/// Most tool calls of one answer.
const MOST_CALLS: usize = 128;

/// The member of an answer, and of a turn sent back, that holds items as they came.
pub(super) const KEPT: &str = "output";

/// What is known of the items so far.
#[derive(Debug, Default)]
pub(super) struct Items {
    calls: Vec<Call>,
    /// Whether anything was said: words, reasoning, a call.
    pub(super) spoke: bool,
    /// Whether complete items came, so that what is kept of them was told.
    told: bool,
    /// Whether the model itself declined.
    pub(super) refused: bool,
    reasoning: Paragraph,
}

/// Where the reasoning stands: its parts are paragraphs.
#[derive(Debug, Default)]
enum Paragraph {
    /// Nothing came.
    #[default]
    First,
    /// Words came, and more of the same part may.
    Within,
    /// Words came, and the next are of another part.
    Between,
}

/// One call of a tool.
#[derive(Debug)]
struct Call {
    /// The partner's index of the item.
    item: u32,
    /// Whether any of its arguments came.
    spoken: bool,
}

impl Items {
    /// A piece of the answer.
    pub(super) fn text(&mut self, text: String, out: &mut Vec<Event>) {
        if !text.is_empty() {
            self.spoke = true;
            out.push(Event::Text(text));
        }
    }

    /// A piece of the model's own refusal: the person reads the partner's words.
    pub(super) fn refusal(&mut self, text: String, out: &mut Vec<Event>) {
        self.refused = true;
        self.text(text, out);
    }

    /// Another part of the reasoning begins.
    pub(super) fn part(&mut self) {
        if matches!(self.reasoning, Paragraph::Within) {
            self.reasoning = Paragraph::Between;
        }
    }

    /// A piece of the reasoning.
    pub(super) fn reasoning(&mut self, text: String, out: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        if matches!(self.reasoning, Paragraph::Between) {
            out.push(Event::Reasoning("\n\n".to_owned()));
        }
        self.spoke = true;
        self.reasoning = Paragraph::Within;
        out.push(Event::Reasoning(text));
    }

    /// A piece of a call's arguments.
    pub(super) fn arguments(
        &mut self,
        item: u32,
        arguments: String,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let Some(index) = self.calls.iter().rposition(|call| call.item == item) else {
            return Err(PartnerError::malformed(None, "arguments of a call that did not begin"));
        };
        if !arguments.is_empty() {
            self.calls[index].spoken = true;
            out.push(Event::ToolCall(ToolCallDelta {
                index: place(index),
                arguments,
                ..ToolCallDelta::default()
            }));
        }
        Ok(())
    }

    /// An item begins. Only calls say anything here that is not said again.
    pub(super) fn added(
        &mut self,
        item: u32,
        raw: &RawValue,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let mut members = Object::read("an item", raw.get())?;
        if members.required_text("type")? == "function_call" {
            self.call(item, &mut members, out)?;
            let arguments = members.text("arguments")?.unwrap_or_default();
            self.arguments(item, arguments, out)?;
        }
        Ok(())
    }

    /// An item of a stream is complete.
    pub(super) fn done(
        &mut self,
        item: u32,
        raw: &RawValue,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        self.told = true;
        let mut members = Object::read("an item", raw.get())?;
        match members.required_text("type")?.as_str() {
            "function_call" => {
                if !self.calls.iter().any(|call| call.item == item) {
                    self.call(item, &mut members, out)?;
                }
                let arguments = members.text("arguments")?.unwrap_or_default();
                self.whole_arguments(item, arguments, out)
            }
            "message" => {
                for part in members.list("content")?.unwrap_or_default() {
                    let mut part = Object::read("a part", part.get())?;
                    annotate(part.list("annotations")?.unwrap_or_default(), out);
                }
                Ok(())
            }
            "reasoning" => {
                keep_reasoning(members, raw, out);
                Ok(())
            }
            _ => {
                keep(raw, out);
                Ok(())
            }
        }
    }

    /// All arguments of a call, which count if none came in pieces.
    pub(super) fn whole_arguments(
        &mut self,
        item: u32,
        arguments: String,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let already = self.calls.iter().any(|call| call.item == item && call.spoken);
        if already { Ok(()) } else { self.arguments(item, arguments, out) }
    }

    /// An item of a whole answer, or of the end of a stream in whose pieces nothing was said.
    pub(super) fn whole(
        &mut self,
        item: u32,
        raw: &RawValue,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let mut members = Object::read("an item", raw.get())?;
        match members.required_text("type")?.as_str() {
            "message" => {
                let parts = members.list("content")?.ok_or_else(|| {
                    PartnerError::malformed(None, "a message of the answer has no content")
                })?;
                for part in parts {
                    let mut part = Object::read("a part", part.get())?;
                    match part.required_text("type")?.as_str() {
                        "output_text" => self.text(part.required_text("text")?, out),
                        "refusal" => self.refusal(part.required_text("refusal")?, out),
                        _ => {}
                    }
                    if !self.told {
                        annotate(part.list("annotations")?.unwrap_or_default(), out);
                    }
                }
                Ok(())
            }
            "reasoning" => {
                for list in ["content", "summary"] {
                    for part in members.list(list)?.unwrap_or_default() {
                        let mut part = Object::read("a part of the reasoning", part.get())?;
                        self.part();
                        self.reasoning(part.required_text("text")?, out);
                    }
                }
                if !self.told {
                    keep_reasoning(members, raw, out);
                }
                Ok(())
            }
            "function_call" => {
                self.call(item, &mut members, out)?;
                let arguments = members.text("arguments")?.unwrap_or_default();
                self.arguments(item, arguments, out)
            }
            _ => {
                if !self.told {
                    keep(raw, out);
                }
                Ok(())
            }
        }
    }

    fn call(
        &mut self,
        item: u32,
        members: &mut Object<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let index = self.calls.len();
        if index == MOST_CALLS {
            let message = format!("the answer has more than {MOST_CALLS} tool calls");
            return Err(PartnerError::malformed(None, message));
        }
        out.push(Event::ToolCall(ToolCallDelta {
            index: place(index),
            id: Some(members.required_text("call_id")?),
            name: Some(members.required_text("name")?),
            arguments: String::new(),
        }));
        self.calls.push(Call { item, spoken: false });
        self.spoke = true;
        Ok(())
    }

    /// Whether the model wants tools called.
    pub(super) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }
}

/// The place of a call, of which there are at most [`MOST_CALLS`].
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn annotate(annotations: Vec<&RawValue>, out: &mut Vec<Event>) {
    let annotations: Vec<Json> = annotations.into_iter().filter_map(kept).collect();
    if !annotations.is_empty() {
        tell("annotations", annotations, out);
    }
}

/// Keeps reasoning that can be sent back: without its encrypted form it says nothing more.
fn keep_reasoning(mut reasoning: Object<'_>, raw: &RawValue, out: &mut Vec<Event>) {
    if reasoning.take("encrypted_content").is_some() {
        keep(raw, out);
    }
}

fn keep(raw: &RawValue, out: &mut Vec<Event>) {
    if let Some(item) = kept(raw) {
        tell(KEPT, vec![item], out);
    }
}

fn tell(name: &str, elements: Vec<Json>, out: &mut Vec<Event>) {
    out.push(Event::Extra(Extra::from_iter([(name.to_owned(), Json::Array(elements))])));
}
