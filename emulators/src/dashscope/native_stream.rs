//! The events of the native protocol: `id:`, `event:`, a comment with the status, `data:`; no space
//! after a colon, a usage that grows, `"null"` for a finish reason until the end, no `[DONE]`.

use bytes::Bytes;

use super::errors::Refusal;
use super::native::{Counts, Format, call_id, content, finish_reason, found};
use super::question;
use crate::ask::Ask;
use crate::delivery::Stream;
use crate::exchange::Ticket;
use crate::reply::{self, Call, End, Reply};
use crate::tokens::{self, Tally};
use crate::tree::{Tree, object};

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

/// What has been said so far, and how to say it.
struct Teller {
    format: Format,
    thinking: bool,
    input: u64,
    images: u64,
    searched: bool,
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
    let steps = steps(&reply, format);
    let moderated = reply.end == End::Filtered;
    let count = steps.len();
    let lead = steps.iter().take_while(|step| matches!(step, Step::Reasoning(_))).count();
    let mut teller = Teller {
        format,
        thinking: ask.thinking,
        input: ask.input_tokens(),
        images: ask.conversation.media_tokens,
        searched: ask.search,
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
        lead,
        error: Refusal::internal().native_event(4, ticket),
        broken: Bytes::from_static(
            b"id:4\nevent:result\n:HTTP_STATUS/200\ndata:{\"output\":{\"choi\n\n",
        ),
    }
}

fn steps(reply: &Reply, format: Format) -> Vec<Step> {
    let mut steps: Vec<Step> = reply.reasoning_pieces().into_iter().map(Step::Reasoning).collect();
    if reply.calls.is_empty() {
        steps.extend(reply.pieces().into_iter().map(Step::Text));
        // With pictures the last text itself ends the answer.
        if !format.multimodal || steps.is_empty() {
            steps.push(Step::End);
        }
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
        let format = self.format;
        let output = if format.message {
            let index = (!tool_calls.is_empty()).then_some(0_u64);
            let message = object! {"content": content(text, format)}
                .maybe("reasoning_content", self.thinking.then_some(reasoning))
                .maybe("tool_calls", (!tool_calls.is_empty()).then_some(tool_calls))
                .with("role", "assistant");
            let choice = object! {"message": message}
                .maybe("index", index)
                .with("finish_reason", finish_reason);
            object! {"choices": vec![choice]}
        } else {
            object! {"finish_reason": finish_reason, "text": text}
        };
        let event = object! {
            "output": output.maybe("search_info", (last && format.sources).then(found)),
            "usage": self.usage(),
            "request_id": self.request_id.as_str(),
        };
        let (id, json) = (self.number, event.json());
        Bytes::from(format!("id:{id}\nevent:result\n:HTTP_STATUS/200\ndata:{json}\n\n"))
    }

    fn usage(&self) -> Tree {
        let reasoning = self.reasoning_tally.count();
        let calls: u64 = self
            .calls
            .iter()
            .zip(&self.arguments)
            .filter(|(_, arguments)| !arguments.is_empty())
            .map(|(call, arguments)| tokens::count(&call.name) + tokens::count(arguments))
            .sum();
        let output = reasoning + self.text_tally.count() + calls;
        let counts = Counts {
            input: self.input,
            output,
            reasoning: self.thinking.then_some(reasoning),
            images: self.images,
            searched: self.searched,
        };
        counts.usage(self.format)
    }

    fn new_only<'a>(&'a self, step: &'a Step) -> (&'a str, &'a str, Vec<Tree>) {
        match step {
            Step::Reasoning(piece) => (piece, "", Vec::new()),
            Step::Text(piece) => ("", piece, Vec::new()),
            Step::Call { index, first, arguments } => {
                ("", "", vec![self.call(*index, *first, arguments)])
            }
            Step::End => ("", "", Vec::new()),
        }
    }

    fn so_far(&self) -> (&str, &str, Vec<Tree>) {
        let begun = self.arguments.iter().enumerate().filter(|(_, a)| !a.is_empty());
        let calls = begun.map(|(index, arguments)| self.call(index, true, arguments));
        (&self.reasoning, &self.text, calls.collect())
    }

    /// A call or a part of one, with its name and id where it is `named`.
    fn call(&self, index: usize, named: bool, arguments: &str) -> Tree {
        let function = object! {}
            .maybe("name", named.then(|| self.calls[index].name.as_str()))
            .with("arguments", arguments);
        object! {
            "index": index,
            "id": if named { self.ids[index].as_str() } else { "" },
            "type": "function",
            "function": function,
        }
    }
}
