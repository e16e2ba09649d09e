//! Streamed answers.
//!
//! An answer is complete at `response.completed` or `response.incomplete`; without one of them it
//! was cut. There is no `[DONE]`. Unknown events are skipped: what
//! they held is read from the whole answer at the end.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Ending, error, is_error, output, rest, usage, who};
use super::items::Items;
use crate::answer::{Event, Usage};
use crate::dialect::Dialect;
use crate::object::{Loose, Object};
use crate::partner_error::PartnerError;
use crate::sse::Frame;
use crate::wire_answer::Str;

/// What is known of one streamed answer. Cutting bytes into frames, keeping a failure, and giving
/// out the usage of a failed answer are the caller's ([`crate::StreamDecoder`]).
#[derive(Debug, Default)]
pub(crate) struct StreamState {
    started: bool,
    done: bool,
    /// The model that was named.
    model: Option<String>,
    items: Items,
    usage: Option<Usage>,
}

/// What nearly all events have.
#[derive(Debug, Deserialize)]
struct Step<'a> {
    #[serde(borrow)]
    r#type: Option<Str<'a>>,
    output_index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Loose<'a>>,
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
        let delta = || {
            if let Some(Loose::Text(text)) = step.delta {
                return Ok(text.0.into_owned());
            }
            Err(PartnerError::malformed(None, "a piece of the answer without its `delta`"))
        };
        let item = || {
            step.output_index.ok_or_else(|| {
                PartnerError::malformed(None, "an event of an item without its `output_index`")
            })
        };
        match word {
            "response.output_text.delta" => {
                self.start(out);
                self.items.text(delta()?, out);
                Ok(())
            }
            "response.refusal.delta" => {
                self.start(out);
                self.items.refusal(delta()?, out);
                Ok(())
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.start(out);
                self.items.reasoning(delta()?, out);
                Ok(())
            }
            "response.reasoning_summary_part.added" => {
                self.items.part();
                Ok(())
            }
            "response.content_part.added" => {
                let part = Object::read("an event of the stream", data)?
                    .object("part", "a part")?
                    .map(|mut part| part.text("type"))
                    .transpose()?;
                if part.flatten().as_deref() == Some("reasoning_text") {
                    self.items.part();
                }
                Ok(())
            }
            "response.function_call_arguments.delta" => {
                self.items.arguments(item()?, delta()?, out)
            }
            "response.function_call_arguments.done" => {
                let mut event = Object::read("an event of the stream", data)?;
                let arguments = event.required_text("arguments")?;
                self.items.whole_arguments(item()?, arguments, out)
            }
            "response.output_item.added" => {
                self.start(out);
                let item = item()?;
                self.items.added(item, item_of(data)?, out)
            }
            "response.output_item.done" => {
                self.start(out);
                let item = item()?;
                self.items.done(item, item_of(data)?, out)
            }
            "response.created" | "response.queued" | "response.in_progress" => {
                let mut response = response_of(data)?;
                self.name(&mut response, out)
            }
            "response.completed" | "response.incomplete" => {
                let status = word.strip_prefix("response.");
                self.complete(status, response_of(data)?, out)
            }
            "response.failed" => {
                let mut response = response_of(data)?;
                self.usage = usage(&mut response, &mut Vec::new())?;
                let failed = response.take("error").map_or("{}", RawValue::get);
                Err(error(dialect, None, failed))
            }
            _ => {
                let event = Object::read("an event of the stream", data)?;
                if word == "error" || is_error(&event) {
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
        self.usage.take()
    }

    /// An answer that begins without `response.created` is one of nobody in particular.
    fn start(&mut self, out: &mut Vec<Event>) {
        if !self.started {
            self.started = true;
            out.push(Event::Start { id: None, model: None, fingerprint: None, request_id: None });
        }
    }

    /// Says who answers, if that is new.
    fn name(
        &mut self,
        response: &mut Object<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let (id, model) = who(response)?;
        if !self.started {
            self.started = true;
            self.model.clone_from(&model);
            out.push(Event::Start { id, model, fingerprint: None, request_id: None });
        } else if model.is_some() && model != self.model {
            self.model.clone_from(&model);
            out.push(Event::Identity { model, fingerprint: None });
        }
        Ok(())
    }

    fn complete(
        &mut self,
        status: Option<&str>,
        mut response: Object<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        self.name(&mut response, out)?;
        if self.items.spoke {
            response.take("output");
        } else {
            // Nothing was said in pieces that are known, so it is said now.
            output(&mut response, &mut self.items, out)?;
        }
        for known in ["status", "error"] {
            response.take(known);
        }
        let ending = Ending::read(status, &mut response, &self.items)?;
        let usage = usage(&mut response, out)?;
        rest(response, out);
        ending.tell(usage, out);
        self.done = true;
        Ok(())
    }
}

fn response_of(data: &str) -> Result<Object<'_>, PartnerError> {
    let response =
        Object::read("an event of the stream", data)?.object("response", "the response")?;
    response.ok_or_else(|| PartnerError::malformed(None, "an event without its response"))
}

fn item_of(data: &str) -> Result<&RawValue, PartnerError> {
    let item = Object::read("an event of the stream", data)?.take("item");
    item.ok_or_else(|| PartnerError::malformed(None, "an event of an item without the item"))
}
