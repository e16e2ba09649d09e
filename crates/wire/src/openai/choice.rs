//! One choice of a streamed answer.

use std::borrow::Cow;

use crate::answer::{Event, FinishReason, ToolCallDelta, Usage};
use crate::dialect::Pieces;
use crate::extra::Extra;
use crate::json::Json;
use crate::partner_error::PartnerError;
use crate::told::read;
use crate::wire_answer::{Content, Turn, given};

/// Most tool calls of one choice.
const MOST_CALLS: usize = 128;

/// What is known of a choice so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four facts, each found by itself")]
pub(super) struct ChoiceState {
    /// The model itself declined, in words.
    pub(super) refused: bool,
    /// The partner's moderation declined.
    pub(super) declined: bool,
    pub(super) finish: Option<FinishReason>,
    /// What the question and this choice cost, where that is told of each.
    pub(super) usage: Option<Usage>,
    /// Something was said: words, reasoning, a call of a tool.
    spoke: bool,
    /// Something came that is not read here.
    unread: bool,
    /// Bytes of text and of reasoning so far, where each piece repeats what was before.
    text: usize,
    reasoning: usize,
    /// Index of each tool call so far, and the bytes of its arguments.
    calls: Vec<(u32, usize)>,
}

impl ChoiceState {
    /// Tells what one piece says.
    pub(super) fn turn(
        &mut self,
        mut turn: Turn<'_>,
        pieces: Pieces,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        // What came before this piece, and what of it says nothing.
        let mut before = out.len();
        self.unread |= !turn.unknown.is_empty();
        if let Some(reasoning) = turn.take_reasoning() {
            let news = news(reasoning, &mut self.reasoning, pieces)?;
            out.extend(news.map(Event::Reasoning));
        }
        if let Some(Content { text, beside, unread }) = turn.content {
            self.unread |= unread;
            if !beside.is_empty() {
                let parts = beside.into_iter().map(read).collect();
                out.push(extra("message.content", Json::Array(parts)));
                before += usize::from(unread);
            }
            if text.is_empty() {
                // A piece without words.
            } else if turn.role.is_some_and(|role| role.0 == "tool") {
                // What a tool of the partner's found is no part of the answer.
                out.push(extra("message.tool_content", Json::String(text.into_owned())));
            } else {
                out.extend(news(text, &mut self.text, pieces)?.map(Event::Text));
            }
        }
        if let Some(refusal) = given(turn.refusal) {
            self.refused = true;
            out.push(Event::Text(refusal));
        }
        for (place, piece) in (0..).zip(turn.tool_calls.unwrap_or_default()) {
            let index = piece.index.unwrap_or(place);
            let known = self.calls.iter().rposition(|(known, _)| *known == index);
            let at = match known {
                Some(at) => at,
                None if self.calls.len() == MOST_CALLS => {
                    let message = format!("the answer has more than {MOST_CALLS} tool calls");
                    return Err(PartnerError::malformed(None, message));
                }
                None => {
                    self.calls.push((index, 0));
                    self.calls.len() - 1
                }
            };
            let mut function = piece.function.unwrap_or_default();
            let arguments = function
                .take_arguments()
                .map_err(|error| PartnerError::unreadable(None, "a tool call", &error))?;
            let arguments = news(arguments, &mut self.calls[at].1, pieces)?.unwrap_or_default();
            out.push(Event::ToolCall(ToolCallDelta {
                index,
                id: given(piece.id),
                name: given(function.name),
                arguments,
            }));
        }
        self.spoke |= out.len() > before;
        Ok(())
    }

    /// Whether it ends as a good answer does with nothing in it but what is not read here: the
    /// partner has renamed what holds its words.
    pub(super) fn is_unreadable(&self) -> bool {
        self.unread && !self.spoke && self.finish == Some(FinishReason::Stop)
    }

    /// Why the choice ended.
    pub(super) fn ending(&mut self) -> FinishReason {
        if self.refused || self.declined {
            return FinishReason::ContentFilter;
        }
        self.finish.take().unwrap_or_else(FinishReason::unstated)
    }
}

fn extra(name: &str, value: Json) -> Event {
    Event::Extra([(name.to_owned(), value)].into_iter().collect::<Extra>())
}

/// What of a piece is new; `seen` counts the bytes that came before it.
fn news(
    piece: Cow<'_, str>,
    seen: &mut usize,
    pieces: Pieces,
) -> Result<Option<String>, PartnerError> {
    if pieces == Pieces::Incremental {
        return Ok((!piece.is_empty()).then(|| piece.into_owned()));
    }
    if piece.is_empty() {
        return Ok(None);
    }
    let Some(rest) = piece.get(*seen..) else {
        let message = "a piece of the stream does not repeat what came before it";
        return Err(PartnerError::malformed(None, message));
    };
    let news = (!rest.is_empty()).then(|| rest.to_owned());
    *seen = piece.len();
    Ok(news)
}
