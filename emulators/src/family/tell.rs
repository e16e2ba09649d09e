//! Telling an answer in the shape of chat completions: in one piece, or chunk by chunk.

use std::sync::Arc;

use bytes::Bytes;

use crate::claims::Named;
use crate::delivery::Stream;
use crate::exchange::{Request, Ticket};
use crate::family::{House, Question};
use crate::reply::{self, Reply};
use crate::tree::{Tree, object};

/// One answer about to be told.
pub(crate) struct Scene {
    pub(crate) question: Question,
    pub(crate) reply: Reply,
    pub(crate) named: Named,
    pub(crate) ticket: Ticket,
    pub(crate) created: u64,
    pub(crate) id: String,
    /// The ids of the tool calls.
    pub(crate) call_ids: Vec<String>,
    /// What the reason of the end is called.
    pub(crate) finish: &'static str,
}

impl Scene {
    pub(super) fn set(
        house: &dyn House,
        question: Question,
        mut reply: Reply,
        named: Named,
        request: &Request,
    ) -> Self {
        let ticket = request.ticket;
        if question.thinks_aloud {
            reply.think_aloud();
        }
        Self {
            call_ids: (0..reply.calls.len()).map(|index| house.call_id(&ticket, index)).collect(),
            finish: house.finish(reply.end),
            id: house.id(&ticket),
            created: ticket.unix_seconds(),
            question,
            reply,
            named,
            ticket,
        }
    }

    /// The text of the choice `choice`.
    pub(crate) fn text(&self, choice: usize) -> &str {
        choice.checked_sub(1).map_or(&self.reply.text, |at| &self.reply.others[at])
    }

    /// How many choices there are.
    pub(crate) fn choices(&self) -> usize {
        1 + self.reply.others.len()
    }
}

/// What one chunk adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing yet: the assistant begins.
    Open,
    Think(String),
    Say(String),
    /// A tool call begins, without arguments.
    CallOpen(usize),
    /// A part of a call's arguments.
    CallPart(usize, String),
    /// A whole tool call.
    Call(usize),
    /// All tool calls, and the end with them.
    Calls,
    /// The end.
    Finish,
}

impl Step {
    /// Whether the answer ends with it.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self, Self::Calls | Self::Finish)
    }
}

/// The usual steps: the role alone, thoughts, text, calls in pieces, the end alone.
pub(crate) fn steps(scene: &Scene, choice: usize) -> Vec<Step> {
    let mut steps = vec![Step::Open];
    steps.extend(scene.reply.reasoning_pieces().into_iter().map(Step::Think));
    steps.extend(scene.reply.pieces_of(choice).into_iter().map(Step::Say));
    for (index, call) in scene.reply.calls.iter().enumerate() {
        if scene.question.call_pieces {
            let parts = reply::pieces(&call.arguments).into_iter();
            steps.push(Step::CallOpen(index));
            steps.extend(parts.map(|part| Step::CallPart(index, part)));
        } else {
            steps.push(Step::Call(index));
        }
    }
    steps.push(Step::Finish);
    steps
}

/// All frames of `scene`. `error` is an error for the middle of a stream, `moderated` what ends one
/// that moderation stopped.
pub(super) fn frames(
    house: &'static dyn House,
    scene: Scene,
    error: &str,
    moderated: Option<Tree>,
) -> Stream {
    let mut steps: Vec<(usize, Step)> = Vec::new();
    let each: Vec<Vec<Step>> =
        (0..scene.choices()).map(|choice| house.steps(&scene, choice)).collect();
    // Choices arrive side by side.
    for at in 0..each.iter().map(Vec::len).max().unwrap_or_default() {
        let at_once = each.iter().enumerate();
        steps.extend(at_once.filter_map(|(choice, steps)| Some((choice, steps.get(at)?.clone()))));
    }
    if moderated.is_some() {
        steps.retain(|(_, step)| !step.is_end());
    }
    let silent = |(_, step): &&(usize, Step)| matches!(step, Step::Open | Step::Think(_));
    let preamble = house.preamble();
    let lead = preamble.len() + steps.iter().take_while(silent).count();
    let done = match moderated {
        Some(last) => format!("data: {}\n\n", last.json()),
        None => "data: [DONE]\n\n".to_owned(),
    };
    let scene = Arc::new(scene);
    let with_usage = house.has_usage_chunk(&scene) && done.ends_with("[DONE]\n\n");
    let usage = with_usage.then(|| frame(&house.usage_chunk(&scene)));
    let first_chunk = preamble.len();
    let chunks = steps.into_iter().enumerate().map(move |(at, (choice, step))| {
        let mut scene = Arc::clone(&scene);
        let model = scene.named.model_in(first_chunk + at, lead);
        if model != scene.named.model {
            // Only where a fault changes the model midway.
            let mut named = scene.named.clone();
            model.clone_into(&mut named.model);
            scene = Arc::new(scene.renamed(named));
        }
        frame(&house.chunk(&scene, choice, &step))
    });
    let preamble = preamble.iter().map(|text| Bytes::from_static(text.as_bytes()));
    Stream {
        frames: Box::new(preamble.chain(chunks).chain(usage).chain([Bytes::from(done)])),
        lead,
        error: Bytes::from(format!("data: {error}\n\n")),
        broken: Bytes::from_static(b"data: {\"id\":\"broken\",\"choices\":[{\n\n"),
    }
}

impl Scene {
    fn renamed(&self, named: Named) -> Self {
        Self {
            question: self.question.clone(),
            reply: self.reply.clone(),
            named,
            ticket: self.ticket,
            created: self.created,
            id: self.id.clone(),
            call_ids: self.call_ids.clone(),
            finish: self.finish,
        }
    }
}

fn frame(chunk: &Tree) -> Bytes {
    Bytes::from(format!("data: {}\n\n", chunk.json()))
}

/// The usual delta, with `reasoning` for the name of thoughts.
pub(crate) fn delta(scene: &Scene, step: &Step, reasoning: &'static str) -> Tree {
    match step {
        Step::Open => object! {"role": "assistant", "content": ""},
        Step::Think(piece) => Tree::Object(vec![(reasoning, piece.as_str().into())]),
        Step::Say(piece) => object! {"content": piece.as_str()},
        Step::CallOpen(index) => {
            let call = &scene.reply.calls[*index];
            object! {"tool_calls": vec![object! {
                "index": *index,
                "id": scene.call_ids[*index].as_str(),
                "type": "function",
                "function": object! {"name": call.name.as_str(), "arguments": ""},
            }]}
        }
        Step::CallPart(index, part) => object! {"tool_calls": vec![object! {
            "index": *index,
            "function": object! {"arguments": part.as_str()},
        }]},
        Step::Call(index) => object! {"tool_calls": vec![call(scene, *index, true)]},
        Step::Calls => object! {"tool_calls": calls(scene, true)},
        Step::Finish => object! {},
    }
}

/// All tool calls; with their number inside where `indexed`.
pub(crate) fn calls(scene: &Scene, indexed: bool) -> Vec<Tree> {
    (0..scene.reply.calls.len()).map(|index| call(scene, index, indexed)).collect()
}

fn call(scene: &Scene, index: usize, indexed: bool) -> Tree {
    let call = &scene.reply.calls[index];
    let head = if indexed {
        object! {"index": index}
    } else {
        object! {}
    };
    head.with("id", scene.call_ids[index].as_str()).with("type", "function").with(
        "function",
        object! {"name": call.name.as_str(), "arguments": call.arguments.as_str()},
    )
}

/// The usual token counts.
pub(crate) fn usage(scene: &Scene) -> Tree {
    let (input, output) = (scene.question.ask.input_tokens(), scene.reply.output_tokens());
    object! {
        "prompt_tokens": input,
        "completion_tokens": output,
        "total_tokens": input + output,
        "prompt_tokens_details": object! {"cached_tokens": 0_u64},
        "completion_tokens_details": object! {"reasoning_tokens": scene.reply.reasoning_tokens()},
    }
}
