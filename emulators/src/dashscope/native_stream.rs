//! The events of the native protocol: `id:`, `event:`, a comment with the status, `data:`; no space
//! after a colon, a usage that grows, `"null"` for a finish reason until the end, no `[DONE]`. Of several choices an event
//! has one, and what that one cost so far.

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

/// What has been said so far of one choice, and how to say it.
#[derive(Clone)]
struct Teller {
    choice: u64,
    /// Whether it is one of several.
    several: bool,
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
}

/// The frames of `reply`.
pub(super) fn frames(ask: &Ask, reply: Reply, format: Format, ticket: &Ticket) -> Stream {
    let moderated = reply.end == End::Filtered;
    let choices = 1 + reply.others.len();
    let steps = side_by_side((0..choices).map(|choice| steps(&reply, choice, format)).collect());
    let lead = steps.iter().take_while(|told| matches!(told.step, Step::Reasoning(_))).count();
    let teller = Teller {
        choice: 0,
        several: choices > 1,
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
    };
    let mut tellers: Vec<Teller> =
        (0..).map(|choice| Teller { choice, ..teller.clone() }).take(choices).collect();
    let steps: Vec<Told> = steps.into_iter().filter(|told| !(moderated && told.last)).collect();
    let tail = moderated.then(|| Refusal::moderated_output().native_event(steps.len() + 1, ticket));
    let told = (1..).zip(steps).map(move |(number, Told { choice, step, last })| {
        tellers[choice].tell(number, &step, last)
    });
    Stream {
        frames: Box::new(told.chain(tail)),
        lead,
        error: Refusal::internal().native_event(4, ticket),
        broken: Bytes::from_static(
            b"id:4\nevent:result\n:HTTP_STATUS/200\ndata:{\"output\":{\"choi\n\n",
        ),
    }
}

/// A step of one of the choices.
struct Told {
    choice: usize,
    step: Step,
    /// Nothing comes of this choice afterwards.
    last: bool,
}

/// The steps of all choices, as they arrive: the first of each, the second of each.
fn side_by_side(all: Vec<Vec<Step>>) -> Vec<Told> {
    let longest = all.iter().map(Vec::len).max().unwrap_or_default();
    let mut all: Vec<_> = all.into_iter().map(|steps| steps.into_iter().peekable()).collect();
    let mut told = Vec::new();
    for _ in 0..longest {
        for (choice, steps) in all.iter_mut().enumerate() {
            let Some(step) = steps.next() else { continue };
            told.push(Told { choice, step, last: steps.peek().is_none() });
        }
    }
    told
}

fn steps(reply: &Reply, choice: usize, format: Format) -> Vec<Step> {
    let mut steps: Vec<Step> = reply.reasoning_pieces().into_iter().map(Step::Reasoning).collect();
    if reply.calls.is_empty() {
        steps.extend(reply.pieces_of(choice).into_iter().map(Step::Text));
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
    fn tell(&mut self, number: usize, step: &Step, last: bool) -> Bytes {
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
            let index = (self.several || !tool_calls.is_empty()).then_some(self.choice);
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
        let json = event.json();
        Bytes::from(format!("id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{json}\n\n"))
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
