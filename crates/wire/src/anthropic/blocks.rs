//! The content blocks of an answer, whole or while they come.

use serde_json::value::RawValue;

use crate::answer::{Event, ToolCallDelta};
use crate::extra::Extra;
use crate::json::Json;
use crate::object::{Object, kept};
use crate::partner_error::PartnerError;
use crate::wire_answer::Str;

/// Most tool calls of one answer, and most blocks that may be open at once.
const MOST: usize = 128;

/// Most bytes kept of blocks that are not complete yet: 4 MiB.
const LONGEST_KEPT: usize = 4 << 20;

/// The member of an answer, and of a turn sent back, that holds blocks as they came.
pub(super) const KEPT: &str = "content";

/// The blocks of one answer, given out as events while they come.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// Those that began and did not end, by the partner's index.
    open: Vec<(u32, Open)>,
    /// Bytes kept in them.
    kept: usize,
    /// Tool calls so far.
    calls: u32,
    /// Whether anything was said: words, reasoning, a call, a block without a field.
    spoke: bool,
    /// Whether a piece of an unknown kind was skipped.
    skipped: bool,
    /// Whether the input of a call was lost that way.
    lost: bool,
}

/// A block that is not complete.
#[derive(Debug)]
enum Open {
    /// Nothing of it is kept.
    Text,
    /// Kept whole, because a signature at its end binds every byte of it.
    Thinking { text: String, signature: String },
    /// A call of a tool of ours.
    Call {
        /// Its place among the calls.
        call: u32,
        /// The input it began with, in case none follows.
        input: String,
        /// Whether a piece of an unknown kind was skipped.
        skipped: bool,
    },
    /// A block without a field, of so many bytes.
    Other { members: Vec<(String, Json)>, input: String, bytes: usize },
}

/// The next piece of a block.
pub(super) enum Piece<'a> {
    Text(Str<'a>),
    Thinking(Str<'a>),
    Signature(Str<'a>),
    Input(Str<'a>),
}

impl Blocks {
    /// A block begins (or, in a whole answer, is).
    pub(super) fn start(
        &mut self,
        index: u32,
        block: &RawValue,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        self.stop(index, out);
        let mut members = Object::read("a content block", block.get())?;
        let before = out.len();
        let open = match members.required_text("type")?.as_str() {
            "text" => {
                let text = members.required_text("text")?;
                if !text.is_empty() {
                    out.push(Event::Text(text));
                }
                for citation in members.list("citations")?.unwrap_or_default() {
                    cite(citation, out);
                }
                Open::Text
            }
            "thinking" => {
                let text = members.required_text("thinking")?;
                let signature = members.text("signature")?.unwrap_or_default();
                self.hold(text.len() + signature.len())?;
                if !text.is_empty() {
                    out.push(Event::Reasoning(text.clone()));
                }
                Open::Thinking { text, signature }
            }
            "tool_use" => {
                let call = self.calls;
                if call as usize == MOST {
                    let message = format!("the answer has more than {MOST} tool calls");
                    return Err(PartnerError::malformed(None, message));
                }
                self.calls += 1;
                let input = members.take("input").map_or("{}", RawValue::get).to_owned();
                self.hold(input.len())?;
                out.push(Event::ToolCall(ToolCallDelta {
                    index: call,
                    id: Some(members.required_text("id")?),
                    name: Some(members.required_text("name")?),
                    arguments: String::new(),
                }));
                Open::Call { call, input, skipped: false }
            }
            _ => {
                let bytes = block.get().len();
                match kept(block) {
                    Some(Json::Object(members)) => {
                        self.hold(bytes)?;
                        Open::Other { members, input: String::new(), bytes }
                    }
                    _ => Open::Text,
                }
            }
        };
        self.spoke |= out.len() > before || matches!(open, Open::Other { .. });
        self.open(index, open)
    }

    /// A piece of an unknown kind is skipped.
    pub(super) fn skip(&mut self, index: u32) {
        self.skipped = true;
        if let Some(Open::Call { skipped, .. }) = self.find(index) {
            *skipped = true;
        }
    }

    /// Whether what was said stood where it is not read: nothing came but what was skipped, or
    /// nothing else for the input of a call.
    pub(super) fn is_unreadable(&self) -> bool {
        self.lost || (self.skipped && !self.spoke)
    }

    /// A block goes on. Some servers never say that a block of words begins.
    pub(super) fn piece(
        &mut self,
        index: u32,
        piece: Piece<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let before = out.len();
        match piece {
            Piece::Text(text)
            | Piece::Thinking(text)
            | Piece::Signature(text)
            | Piece::Input(text)
                if text.is_empty() => {}
            // The usual case: nothing is kept of it.
            Piece::Text(text) => out.push(Event::Text(text.0.into_owned())),
            Piece::Thinking(more) => {
                if let Some(Open::Thinking { text, .. }) = self.thinking(index)? {
                    text.push_str(&more.0);
                    self.hold(more.0.len())?;
                }
                out.push(Event::Reasoning(more.0.into_owned()));
            }
            Piece::Signature(more) => {
                if let Some(Open::Thinking { signature, .. }) = self.thinking(index)? {
                    signature.push_str(&more.0);
                    self.hold(more.0.len())?;
                }
            }
            Piece::Input(more) => match self.find(index) {
                Some(Open::Call { call, input, .. }) => {
                    let begun_with = std::mem::take(input).len();
                    out.push(Event::ToolCall(ToolCallDelta {
                        index: *call,
                        arguments: more.0.into_owned(),
                        ..ToolCallDelta::default()
                    }));
                    self.kept = self.kept.saturating_sub(begun_with);
                }
                Some(Open::Other { input, .. }) => {
                    input.push_str(&more.0);
                    self.hold(more.0.len())?;
                }
                Some(Open::Text | Open::Thinking { .. }) => {}
                None => {
                    let message = "input for a block that did not begin";
                    return Err(PartnerError::malformed(None, message));
                }
            },
        }
        self.spoke |= out.len() > before;
        Ok(())
    }

    fn find(&mut self, index: u32) -> Option<&mut Open> {
        let mut open = self.open.iter_mut().rev();
        open.find(|(known, _)| *known == index).map(|(_, open)| open)
    }

    /// The block of thinking at `index`, which begins if nothing did there.
    fn thinking(&mut self, index: u32) -> Result<Option<&mut Open>, PartnerError> {
        if self.find(index).is_none() {
            self.open(index, Open::Thinking { text: String::new(), signature: String::new() })?;
        }
        Ok(self.find(index))
    }

    fn open(&mut self, index: u32, open: Open) -> Result<(), PartnerError> {
        if self.open.len() == MOST {
            return Err(PartnerError::malformed(None, format!("more than {MOST} blocks are open")));
        }
        self.open.push((index, open));
        Ok(())
    }

    /// A block ends: what was kept of it is given out.
    pub(super) fn stop(&mut self, index: u32, out: &mut Vec<Event>) {
        let Some(at) = self.open.iter().position(|(known, _)| *known == index) else { return };
        let (_, open) = self.open.remove(at);
        self.close(open, out);
    }

    /// The answer ends, and every block that is open with it.
    pub(super) fn stop_all(&mut self, out: &mut Vec<Event>) {
        for (_, open) in std::mem::take(&mut self.open) {
            self.close(open, out);
        }
    }

    fn close(&mut self, open: Open, out: &mut Vec<Event>) {
        match open {
            Open::Text => {}
            Open::Thinking { text, signature } => {
                self.kept = self.kept.saturating_sub(text.len() + signature.len());
                // Without a signature it says nothing that `Reasoning` did not say.
                if !signature.is_empty() {
                    let members = [("type", "thinking".into()), ("thinking", text)];
                    let members = members.into_iter().chain([("signature", signature)]);
                    out.push(keep(Json::Object(
                        members.map(|(name, text)| (name.into(), Json::String(text))).collect(),
                    )));
                }
            }
            Open::Call { call, input, skipped } => {
                self.kept = self.kept.saturating_sub(input.len());
                // No piece of input came, so it is the one the call began with, unless it came where it
                // is not read.
                self.lost |= skipped && !input.is_empty();
                if !input.is_empty() {
                    out.push(Event::ToolCall(ToolCallDelta {
                        index: call,
                        arguments: input,
                        ..ToolCallDelta::default()
                    }));
                }
            }
            Open::Other { mut members, input, bytes } => {
                self.kept = self.kept.saturating_sub(bytes + input.len());
                if !input.is_empty() {
                    let json = serde_json::from_str(&input).unwrap_or(Json::String(input));
                    members.retain(|(name, _)| name != "input");
                    members.push(("input".into(), json));
                }
                out.push(keep(Json::Object(members)));
            }
        }
    }

    fn hold(&mut self, bytes: usize) -> Result<(), PartnerError> {
        self.kept += bytes;
        if self.kept > LONGEST_KEPT {
            let message = format!("more than {LONGEST_KEPT} bytes of blocks that do not end");
            return Err(PartnerError::malformed(None, message));
        }
        Ok(())
    }
}

/// A citation of a text block.
pub(super) fn cite(citation: &RawValue, out: &mut Vec<Event>) {
    out.extend(kept(citation).map(|citation| extra("citations", citation)));
}

fn keep(block: Json) -> Event {
    extra(KEPT, block)
}

fn extra(name: &str, element: Json) -> Event {
    Event::Extra(Extra::from_iter([(name.to_owned(), Json::Array(vec![element]))]))
}
