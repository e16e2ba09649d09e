//! `POST /api/v1/services/aigc/text-generation/generation`, and `multimodal-generation` beside it,
//! where content is a list of parts both ways: the request's checks and the answer in one piece.

use serde_json::{Map, Value};

use super::errors::Refusal;
use super::question::{self, PARAMETERS};
use super::{EVENTS, JSON, MULTIMODAL, answered, native_stream};
use crate::ask::Ask;
use crate::conversation::{self, Conversation};
use crate::exchange::{Request, Response, Ticket};
use crate::fault::Why;
use crate::fields::{Fields, Problem};
use crate::parts::Parts;
use crate::persona::Persona;
use crate::reply::{Call, End, Reply};
use crate::tree::{Tree, object};
use crate::turn::Turn;

/// How an answer is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of a request, or an address")]
pub(super) struct Format {
    /// `choices` with a message, instead of a plain `text`.
    pub(super) message: bool,
    /// Events carry what is new, instead of all so far.
    pub(super) incremental: bool,
    /// Content is a list of parts.
    pub(super) multimodal: bool,
    /// Usage is as the models before Qwen 3 count it.
    pub(super) older: bool,
    /// What a search found is told.
    pub(super) sources: bool,
}

/// What is counted for one answer, the reasoning included in `output`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) input: u64,
    pub(super) output: u64,
    /// Named only where thinking was asked for.
    pub(super) reasoning: Option<u64>,
    pub(super) images: u64,
    pub(super) searched: bool,
}

impl Counts {
    /// Token counts in the layout that recorded answers have.
    pub(super) fn usage(self, format: Format) -> Tree {
        let Self { input, output, reasoning, images, searched } = self;
        let seen = (images > 0).then_some(images);
        if format.multimodal && format.older {
            return object! {"input_tokens": input, "output_tokens": output}
                .maybe("image_tokens", seen);
        }
        if format.multimodal {
            let thought = reasoning.unwrap_or_default();
            let told = object! {"reasoning_tokens": thought, "text_tokens": output - thought};
            return object! {
                "input_tokens_details": object! {"text_tokens": input - images}
                    .maybe("image_tokens", seen),
                "prompt_tokens_details": object! {},
                "total_tokens": input + output,
                "output_tokens": output,
                "input_tokens": input,
                "output_tokens_details": told,
            }
            .maybe("image_tokens", seen);
        }
        let plugins = object! {"search": object! {"count": 1_u64, "strategy": "turbo"}};
        object! {"total_tokens": input + output, "output_tokens": output, "input_tokens": input}
            .maybe("plugins", searched.then_some(plugins))
            .with("prompt_tokens_details", object! {"cached_tokens": 0_u64})
            .maybe(
                "output_tokens_details",
                reasoning.map(|reasoning| object! {"reasoning_tokens": reasoning}),
            )
    }
}

/// `text` as content: as it is, or as a list of at most one part.
pub(super) fn content(text: &str, format: Format) -> Tree {
    match (format.multimodal, text.is_empty()) {
        (false, _) => text.into(),
        (true, true) => Tree::List(Vec::new()),
        (true, false) => vec![object! {"text": text}].into(),
    }
}

/// What a search found: nothing real.
pub(super) fn found() -> Tree {
    object! {"search_results": vec![object! {
        "icon": "",
        "site_name": "example",
        "index": 1_u64,
        "title": "An emulated result",
        "url": "https://example.com/emulated",
    }]}
}

/// The name of the finish reason.
pub(super) fn finish_reason(end: End, forced: bool) -> &'static str {
    match end {
        End::ToolCalls if !forced => "tool_calls",
        End::Length => "length",
        End::Stop | End::ToolCalls | End::Filtered => "stop",
    }
}

/// The id of the `index`th tool call.
pub(super) fn call_id(ticket: &Ticket, index: usize) -> String {
    format!("call_{}", ticket.hex(16 + index as u64, 22))
}

pub(super) fn answer(body: &Value, events: bool, request: &Request) -> Response {
    match ask(body, request.path == MULTIMODAL) {
        Ok((ask, format, ignored)) => generate(&ask, format, &ignored, events, request),
        Err(refusal) => refused(&refusal, events, &request.ticket),
    }
}

fn refused(refusal: &Refusal, events: bool, ticket: &Ticket) -> Response {
    if events { refusal.native_events(ticket) } else { refusal.native(ticket) }
}

fn generate(
    ask: &Ask,
    format: Format,
    ignored: &[String],
    events: bool,
    request: &Request,
) -> Response {
    let ticket = &request.ticket;
    let turn = Turn::begin(request, ask, events);
    // A fault of the gateway in front is an HTTP error even for events, as a wrong key is.
    let refuse = |why| match why {
        Why::Moderation | Why::ContextLength | Why::Prefix => {
            refused(&Refusal::asked_for(why), events, ticket)
        }
        _ => Refusal::asked_for(why).native(ticket),
    };
    if let Some(response) = turn.before(refuse) {
        return response;
    }
    let reply = turn.reply(Persona::Qwen);
    if events {
        let frames = native_stream::frames(ask, reply, format, ticket);
        return answered(ticket, EVENTS, ignored, turn.stream(frames));
    }
    if reply.end == End::Filtered {
        return Refusal::moderated_output().native(ticket);
    }
    let body = whole(ask, &reply, format, ticket);
    answered(ticket, JSON, ignored, turn.whole(body))
}

/// Checks every field; also gives the names of the fields that are ignored.
fn ask(body: &Value, multimodal: bool) -> Result<(Ask, Format, Vec<String>), Refusal> {
    let fields = Fields::of(body, "")?;
    let mut ignored = fields.beyond(&["model", "input", "parameters"]);
    let model = question::model(&fields)?;
    if multimodal && !question::sees(model) || !multimodal && question::only_sees(model) {
        return Err(Refusal::no_such_url());
    }
    let Some(input) = fields.object("input")? else {
        return Err(Problem::missing("input").into());
    };
    ignored.extend(input.beyond(&["messages", "prompt"]));
    let empty = Map::new();
    let none = Value::Object(empty);
    let parameters = match fields.object("parameters")? {
        Some(parameters) => parameters,
        None => Fields::of(&none, "parameters")?,
    };
    let own = ["result_format", "incremental_output"];
    let known: Vec<&str> = PARAMETERS.into_iter().chain(own).collect();
    ignored.extend(parameters.beyond(&known));
    let conversation = conversation(&input, multimodal, &mut ignored)?;
    // The older models still default to the older format.
    let message = match parameters.one_of("result_format", &["message", "text"])? {
        Some(format) => format == "message",
        None => multimodal || model.starts_with("qwen3"),
    };
    let incremental = parameters.boolean("incremental_output")?.unwrap_or(false);
    let mut ask = question::ask(model, conversation, &parameters)?;
    if !message {
        // There is one place for text.
        ask.choices = 1;
    }
    if !ask.tools.is_empty() && !message {
        return Err(Refusal::invalid("'result_format' must be 'message' when 'tools' are given."));
    }
    let sources = match parameters.object("search_options")? {
        Some(options) => ask.search && options.boolean("enable_source")? == Some(true),
        None => false,
    };
    let older = !model.starts_with("qwen3");
    Ok((ask, Format { message, incremental, multimodal, older, sources }, ignored))
}

fn conversation(
    input: &Fields<'_>,
    multimodal: bool,
    ignored: &mut Vec<String>,
) -> Result<Conversation, Refusal> {
    const EMPTY: &str = "Role must be user or assistant and Content length must be greater than 0";
    if let Some(messages) = input.array("messages")? {
        if messages.is_empty() {
            return Err(Refusal::invalid(EMPTY));
        }
        let path = input.at("messages");
        let manner = question::manner(if multimodal { Parts::Keyed } else { Parts::None });
        let talk = conversation::messages(messages, &path, manner, ignored)?;
        if talk.turns > 0 && talk.user.is_empty() && talk.media.is_empty() {
            return Err(Refusal::invalid(EMPTY));
        }
        return Ok(talk);
    }
    match input.string("prompt")? {
        Some(prompt) if !prompt.is_empty() => {
            let mut talk = Conversation::default();
            talk.weigh(prompt);
            talk.user_says(prompt.to_owned());
            Ok(talk)
        }
        _ => Err(Refusal::invalid(
            "Either \"prompt\" or \"messages\" must exist and cannot both be none",
        )),
    }
}

fn whole(ask: &Ask, reply: &Reply, format: Format, ticket: &Ticket) -> Vec<u8> {
    let finish_reason = finish_reason(reply.end, question::is_forced(ask));
    let call = |(index, call): (usize, &Call)| {
        let function = object! {
            "name": call.name.as_str(), "arguments": call.arguments.as_str(),
        };
        object! {
            "function": function,
            "index": index,
            "id": call_id(ticket, index),
            "type": "function",
        }
    };
    let calls: Vec<Tree> = reply.calls.iter().enumerate().map(call).collect();
    let output = if format.message {
        let thought = Some(reply.reasoning.as_str()).filter(|text| !text.is_empty());
        let message = object! {"role": "assistant", "content": content(&reply.text, format)}
            .maybe("reasoning_content", thought)
            .maybe("tool_calls", (!calls.is_empty()).then_some(calls));
        let mut choices = vec![object! {"finish_reason": finish_reason, "message": message}];
        choices.extend(reply.others.iter().map(|text| {
            let message = object! {"role": "assistant", "content": content(text, format)};
            object! {"finish_reason": finish_reason, "message": message}
        }));
        if choices.len() > 1 {
            let numbered = (0_u64..).zip(choices);
            choices = numbered.map(|(index, choice)| choice.with("index", index)).collect();
        }
        object! {"choices": choices}
    } else {
        object! {"finish_reason": finish_reason, "text": reply.text.as_str()}
    };
    let counts = Counts {
        input: ask.input_tokens(),
        output: reply.output_tokens(),
        reasoning: ask.thinking.then(|| reply.reasoning_tokens()),
        images: ask.conversation.media_tokens,
        searched: ask.search,
    };
    let body = object! {
        "output": output.maybe("search_info", format.sources.then(found)),
        "usage": counts.usage(format),
        "request_id": ticket.uuid(),
    };
    body.json().into_bytes()
}
