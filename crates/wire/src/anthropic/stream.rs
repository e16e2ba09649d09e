//! Streamed answers.
//!
//! An answer is complete at `message_stop`; a reason to stop without it is a cut. Event names in
//! front of the data are not needed, since the data has a `type`. Unknown events and pings are
//! skipped, as Anthropic's versioning asks of every client.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Counts, Ending, begin, error, is_error, rest};
use super::blocks::{Blocks, Piece, cite};
use crate::answer::{Event, Usage};
use crate::dialect::Dialect;
use crate::members::Told;
use crate::object::Object;
use crate::partner_error::PartnerError;
use crate::sse::Frame;
use crate::wire_answer::Str;

/// What is known of one streamed answer. Cutting bytes into frames, keeping a failure, and giving
/// out the usage of a failed answer are the caller's ([`crate::StreamDecoder`]).
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    started: bool,
    done: bool,
    blocks: Blocks,
    counts: Counts,
    told: Told,
    ending: Option<Ending>,
}

/// What nearly all events have.
#[derive(Debug, Deserialize)]
struct Step<'a> {
    #[serde(borrow)]
    r#type: Option<Str<'a>>,
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
}

#[derive(Debug, Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    r#type: Option<Str<'a>>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    thinking: Option<Str<'a>>,
    #[serde(borrow)]
    signature: Option<Str<'a>>,
    #[serde(borrow)]
    partial_json: Option<Str<'a>>,
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
}

impl StreamState {
    /// Takes the next frame.
    pub(crate) fn frame(
        &mut self,
        dialect: &Dialect,
        frame: Frame<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let data = frame.data.trim_ascii();
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        if frame.event == "error" {
            return Err(PartnerError::from_frame(dialect, frame));
        }
        let step: Step<'_> = serde_json::from_str(data)
            .map_err(|error| PartnerError::broken_frame("an event of the stream", &error))?;
        let word = step.r#type.as_ref().map_or(frame.event, |word| &word.0);
        match word {
            "content_block_delta" => {
                let (Some(index), Some(delta)) = (step.index, step.delta) else {
                    let message = "a piece of a block without its index or delta";
                    return Err(PartnerError::malformed(None, message));
                };
                self.start(out);
                self.piece(index, delta, out)
            }
            "content_block_start" => {
                let mut event = Object::read("an event of the stream", data)?;
                let (Some(index), Some(block)) = (step.index, event.take("content_block")) else {
                    let message = "a block without its index or content";
                    return Err(PartnerError::malformed(None, message));
                };
                self.start(out);
                self.blocks.start(index, block, out)
            }
            "content_block_stop" => {
                if let Some(index) = step.index {
                    self.blocks.stop(index, out);
                }
                Ok(())
            }
            "message_start" => self.message(data, out),
            "message_delta" => self.message_delta(dialect, data, out),
            "message_stop" => {
                if !self.started {
                    return Err(PartnerError::malformed(None, "the stream has no answer in it"));
                }
                self.blocks.stop_all(out);
                let ending = self.ending.take().unwrap_or_default();
                if self.blocks.is_unreadable() && !ending.is_declined() {
                    let message = "the answer's words are not where they were";
                    return Err(PartnerError::malformed(None, message));
                }
                let usage = std::mem::take(&mut self.counts).canonical();
                ending.tell(out, usage);
                self.done = true;
                Ok(())
            }
            _ => {
                let event = Object::read("an event of the stream", data)?;
                if is_error(&event) {
                    return Err(error(dialect, None, data));
                }
                if word.is_empty() {
                    return Err(PartnerError::malformed(
                        None,
                        "an event of the stream has no type",
                    ));
                }
                Ok(())
            }
        }
    }

    /// The body ended before [`is_done`](Self::is_done).
    pub(crate) fn end(&mut self, _out: &mut Vec<Event>) -> Result<(), PartnerError> {
        let message = if self.started {
            "the stream ended before the answer did"
        } else {
            "the stream ended before the answer began"
        };
        Err(PartnerError::truncated(message, None))
    }

    /// Whether the answer is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The usage told so far and not yet given out, when the answer failed.
    pub(crate) fn spent(&mut self) -> Option<Usage> {
        std::mem::take(&mut self.counts).canonical()
    }

    /// An answer that begins without `message_start` is one of nobody in particular.
    fn start(&mut self, out: &mut Vec<Event>) {
        if !self.started {
            self.started = true;
            out.push(Event::Start { id: None, model: None, fingerprint: None, request_id: None });
        }
    }

    fn message(&mut self, data: &str, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        if self.started {
            return Err(PartnerError::malformed(None, "the answer begins a second time"));
        }
        let mut event = Object::read("an event of the stream", data)?;
        let Some(mut message) = event.object("message", "the message")? else {
            return Err(PartnerError::malformed(None, "a `message_start` without a message"));
        };
        begin(&mut message, &mut self.counts, &mut self.told, out)?;
        self.started = true;
        for later in ["content", "stop_reason", "stop_sequence", "stop_details"] {
            message.take(later);
        }
        rest(message, &mut self.told, out);
        Ok(())
    }

    fn message_delta(
        &mut self,
        dialect: &Dialect,
        data: &str,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let mut event = Object::read("an event of the stream", data)?;
        self.start(out);
        if let Some(usage) = event.object("usage", "the usage")? {
            self.counts.read(usage, &mut self.told, out)?;
        }
        if let Some(mut delta) = event.object("delta", "the end of the message")? {
            if let Some(ending) = Ending::read(dialect, &mut delta)? {
                self.ending = Some(ending);
            }
            rest(delta, &mut self.told, out);
        }
        Ok(())
    }

    fn piece(
        &mut self,
        index: u32,
        delta: Delta<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let word = delta.r#type.as_ref().map_or("", |word| &word.0);
        let piece = match word {
            "text_delta" => delta.text.map(Piece::Text),
            "thinking_delta" => delta.thinking.map(Piece::Thinking),
            "signature_delta" => delta.signature.map(Piece::Signature),
            "input_json_delta" => delta.partial_json.map(Piece::Input),
            "citations_delta" => {
                if let Some(citation) = delta.citation {
                    cite(citation, out);
                }
                return Ok(());
            }
            "" => return Err(PartnerError::malformed(None, "a piece of a block has no type")),
            _ => {
                self.blocks.skip(index);
                return Ok(());
            }
        };
        let Some(piece) = piece else {
            let message = format!("a `{word}` without what it is a piece of");
            return Err(PartnerError::malformed(None, message));
        };
        self.blocks.piece(index, piece, out)
    }
}
