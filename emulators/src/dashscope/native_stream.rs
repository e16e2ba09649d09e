//! The events of the native protocol: `id:`, `event:`, a comment with the status, `data:`; no space
//! after a colon, a usage that grows, `"null"` for a finish reason until the end, no `[DONE]`.

use std::iter;

use bytes::Bytes;
use serde::Serialize;

use super::errors::Refusal;
use super::native::{Format, Usage, call_id, finish_reason};
use super::question;
use crate::ask::Ask;
use crate::delivery::Stream;
use crate::exchange::Ticket;
use crate::reply::{self, Call, End, Reply};
use crate::tokens::{self, Tally};

/// What one event adds.
#[derive(Clone, Debug)]
enum Step {
    Reasoning(String),
    Text(String),
    /// A part of a call's arguments; the first one of a call carries its name.
    Call {
        index: usize,
        first: bool,
        arguments: String,
    },
    /// Nothing: the event tells the end.
    End,
}

#[derive(Serialize)]
struct Event<'a> {
    output: Output<'a>,
    usage: Usage,
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Output<'a> {
    Message { choices: [Choice<'a>; 1] },
    Text { finish_reason: &'a str, text: &'a str },
}

#[derive(Serialize)]
struct Choice<'a> {
    message: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    finish_reason: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallPart<'a>>,
    role: &'static str,
}

#[derive(Serialize)]
struct CallPart<'a> {
    index: usize,
    id: &'a str,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

/// What has been said so far, and how to say it.
struct Teller {
    format: Format,
    thinking: bool,
    input: u64,
    finish: &'static str,
    request_id: String,
    calls: Vec<Call>,
    ids: Vec<String>,
    reasoning: String,
    reasoning_tally: Tally,
    text: String,
    text_tally: Tally,
    arguments: Vec<String>,
    number: usize,
}

/// The frames of `reply`.
pub(super) fn frames(ask: &Ask, reply: Reply, format: Format, ticket: &Ticket) -> Stream {
    let steps = steps(&reply);
    let moderated = reply.end == End::Filtered;
    let count = steps.len();
    let mut teller = Teller {
        format,
        thinking: ask.thinking,
        input: ask.input_tokens(),
        finish: finish_reason(reply.end, question::is_forced(ask)),
        request_id: ticket.uuid(),
        ids: (0..reply.calls.len()).map(|index| call_id(ticket, index)).collect(),
        arguments: vec![String::new(); reply.calls.len()],
        calls: reply.calls,
        reasoning: String::new(),
        reasoning_tally: Tally::default(),
        text: String::new(),
        text_tally: Tally::default(),
        number: 0,
    };
    let good = if moderated { count - 1 } else { count };
    let told = steps
        .into_iter()
        .take(good)
        .enumerate()
        .map(move |(at, step)| teller.tell(&step, at + 1 == count));
    let tail = moderated.then(|| Refusal::moderated_output().native_event(good + 1, ticket));
    Stream {
        frames: Box::new(told.chain(tail)),
        lead: 0,
        error: Refusal::internal().native_event(4, ticket),
        broken: Bytes::from_static(
            b"id:4\nevent:result\n:HTTP_STATUS/200\ndata:{\"output\":{\"choi\n\n",
        ),
    }
}

fn steps(reply: &Reply) -> Vec<Step> {
    let mut steps: Vec<Step> = reply.reasoning_pieces().into_iter().map(Step::Reasoning).collect();
    if reply.calls.is_empty() {
        steps.extend(reply.pieces().into_iter().map(Step::Text).chain(iter::once(Step::End)));
        return steps;
    }
    for (index, call) in reply.calls.iter().enumerate() {
        let parts = reply::pieces(&call.arguments).into_iter().enumerate();
        steps.extend(parts.map(|(at, arguments)| Step::Call { index, first: at == 0, arguments }));
    }
    steps
}

impl Teller {
    /// The event for `step`.
    fn tell(&mut self, step: &Step, last: bool) -> Bytes {
        self.number += 1;
        match step {
            Step::Reasoning(piece) => {
                self.reasoning.push_str(piece);
                self.reasoning_tally.add(piece);
            }
            Step::Text(piece) => {
                self.text.push_str(piece);
                self.text_tally.add(piece);
            }
            Step::Call { index, arguments, .. } => self.arguments[*index].push_str(arguments),
            Step::End => {}
        }
        let finish_reason = if last { self.finish } else { "null" };
        let (reasoning, text, tool_calls) =
            if self.format.incremental { self.new_only(step) } else { self.so_far() };
        let output = if self.format.message {
            let index = (!tool_calls.is_empty()).then_some(0);
            let message = Message {
                content: text,
                reasoning_content: self.thinking.then_some(reasoning),
                tool_calls,
                role: "assistant",
            };
            Output::Message { choices: [Choice { message, index, finish_reason }] }
        } else {
            Output::Text { finish_reason, text }
        };
        let event = Event { output, usage: self.usage(), request_id: &self.request_id };
        // Serialising strings and numbers cannot fail.
        let json = serde_json::to_string(&event).unwrap_or_default();
        let id = self.number;
        Bytes::from(format!("id:{id}\nevent:result\n:HTTP_STATUS/200\ndata:{json}\n\n"))
    }

    fn usage(&self) -> Usage {
        let reasoning = self.reasoning_tally.count();
        let calls: u64 = self
            .calls
            .iter()
            .zip(&self.arguments)
            .filter(|(_, arguments)| !arguments.is_empty())
            .map(|(call, arguments)| tokens::count(&call.name) + tokens::count(arguments))
            .sum();
        let output = reasoning + self.text_tally.count() + calls;
        Usage::of(self.input, output, self.thinking.then_some(reasoning))
    }

    fn new_only<'a>(&'a self, step: &'a Step) -> (&'a str, &'a str, Vec<CallPart<'a>>) {
        match step {
            Step::Reasoning(piece) => (piece, "", Vec::new()),
            Step::Text(piece) => ("", piece, Vec::new()),
            Step::Call { index, first, arguments } => {
                let part = CallPart {
                    index: *index,
                    id: if *first { &self.ids[*index] } else { "" },
                    r#type: "function",
                    function: Function {
                        name: first.then_some(self.calls[*index].name.as_str()),
                        arguments,
                    },
                };
                ("", "", vec![part])
            }
            Step::End => ("", "", Vec::new()),
        }
    }

    fn so_far(&self) -> (&str, &str, Vec<CallPart<'_>>) {
        let begun = self.arguments.iter().enumerate().filter(|(_, a)| !a.is_empty());
        let calls = begun.map(|(index, arguments)| CallPart {
            index,
            id: &self.ids[index],
            r#type: "function",
            function: Function { name: Some(&self.calls[index].name), arguments },
        });
        (&self.reasoning, &self.text, calls.collect())
    }
}
