//! `POST /v1/responses`: the request's checks and the answer in one piece.

use serde::Serialize;
use serde_json::{Value, json};

use super::errors::Refusal;
use super::responses_reasoning::{self, Thought, Wanted};
use super::{EFFORTS, answered, metadata, models, reasoning_rules, responses_stream};
use crate::ask::{Ask, Tool};
use crate::conversation::{self, Conversation};
use crate::exchange::{Request, Response, Ticket};
use crate::fields::{Fields, Problem};
use crate::parts::{self, Content, Medium, Parts};
use crate::persona::Persona;
use crate::reply::{End, Reply};
use crate::tools;
use crate::turn::Turn;

/// Every field of a request, after the `OpenAPI` description and the client 3.54.0.
const FIELDS: [&str; 31] = [
    "background",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "model",
    "moderation",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
    "context_management",
];

/// Fields that ask for what the emulator does not have.
const NOT_OFFERED: [&str; 6] =
    ["background", "context_management", "conversation", "moderation", "prompt", "top_logprobs"];

/// The settings a response repeats from its request.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Echo {
    instructions: Option<String>,
    max_output_tokens: Option<u64>,
    metadata: Value,
    parallel_tool_calls: bool,
    temperature: f64,
    tool_choice: Value,
    tools: Value,
    top_p: f64,
    truncation: &'static str,
    store: bool,
}

/// Token counts as the responses API gives them.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Usage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct InputDetails {
    cached_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

/// One response, with the parts of it that a stream gives one by one.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) id: String,
    created: u64,
    model: String,
    echo: Echo,
    pub(super) reply: Reply,
    pub(super) usage: Usage,
    /// The reasoning, which is the first item.
    pub(super) thought: Option<Thought>,
    ticket: Ticket,
}

/// The body of a response.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    error: Option<()>,
    incomplete_details: Option<Value>,
    model: &'a str,
    output: Vec<Value>,
    #[serde(flatten)]
    echo: &'a Echo,
    service_tier: &'static str,
    usage: Option<Usage>,
}

impl Draft {
    /// The response before anything is generated.
    pub(super) fn started(&self) -> Body<'_> {
        self.body("in_progress", Vec::new(), None)
    }

    /// The response at its end.
    pub(super) fn ended(&self) -> Body<'_> {
        let thought = self.thought.iter().map(Thought::item);
        let items = thought.chain((0..self.item_count()).map(|index| self.item(index)));
        self.body(self.status(), items.collect(), Some(self.usage))
    }

    fn body(&self, status: &'static str, output: Vec<Value>, usage: Option<Usage>) -> Body<'_> {
        let reason = match self.reply.end {
            _ if usage.is_none() => None,
            End::Length => Some("max_output_tokens"),
            End::Filtered => Some("content_filter"),
            End::Stop | End::ToolCalls => None,
        };
        Body {
            id: &self.id,
            object: "response",
            created_at: self.created,
            status,
            background: false,
            error: None,
            incomplete_details: reason.map(|reason| json!({"reason": reason})),
            model: &self.model,
            output,
            echo: &self.echo,
            service_tier: "default",
            usage,
        }
    }

    /// `completed` or `incomplete`.
    pub(super) fn status(&self) -> &'static str {
        match self.reply.end {
            End::Stop | End::ToolCalls => "completed",
            End::Length | End::Filtered => "incomplete",
        }
    }

    /// How many output items there are, besides the reasoning.
    pub(super) fn item_count(&self) -> usize {
        self.reply.calls.len().max(1)
    }

    /// The place of an output item among all.
    pub(super) fn place(&self, index: usize) -> usize {
        index + usize::from(self.thought.is_some())
    }

    /// The id of an output item.
    pub(super) fn item_id(&self, index: usize) -> String {
        let kind = if self.reply.calls.is_empty() { "msg" } else { "fc" };
        format!("{kind}_{}", self.ticket.hex(32 + index as u64, 48))
    }

    /// An output item at its end.
    pub(super) fn item(&self, index: usize) -> Value {
        match self.reply.calls.get(index) {
            Some(call) => json!({
                "id": self.item_id(index),
                "type": "function_call",
                "status": "completed",
                "arguments": call.arguments,
                "call_id": self.call_id(index),
                "name": call.name,
            }),
            None => json!({
                "id": self.item_id(index),
                "type": "message",
                "status": self.status(),
                "content": [self.part(&self.reply.text)],
                "role": "assistant",
            }),
        }
    }

    /// The content part of the message, with `text` of it.
    pub(super) fn part(&self, text: &str) -> Value {
        if self.reply.refusal {
            json!({"type": "refusal", "refusal": text})
        } else {
            json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text})
        }
    }

    pub(super) fn call_id(&self, index: usize) -> String {
        format!("call_{}", self.ticket.hex(16 + index as u64, 24))
    }
}

pub(super) fn answer(fields: &Fields<'_>, request: &Request) -> Result<Response, Refusal> {
    let ticket = &request.ticket;
    let (ask, echo, wanted) = read(fields)?;
    let streamed = fields.boolean("stream")? == Some(true);
    if let Some(options) = fields.object("stream_options")? {
        if !streamed {
            let message =
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
            return Err(Refusal::rule("stream_options", message));
        }
        options.only(&["include_obfuscation"])?;
    }
    let turn = Turn::begin(request, &ask, streamed);
    if let Some(response) = turn.before(|why| Refusal::asked_for(why, &ask.model).response(ticket))
    {
        return Ok(response);
    }
    let reply = turn.reply(Persona::ChatGpt);
    let (input, output) = (ask.input_tokens(), reply.output_tokens());
    let usage = Usage {
        input_tokens: input,
        input_tokens_details: InputDetails { cached_tokens: 0 },
        output_tokens: output,
        output_tokens_details: OutputDetails { reasoning_tokens: reply.reasoning_tokens() },
        total_tokens: input + output,
    };
    let draft = Draft {
        id: format!("resp_{}", ticket.hex(2, 48)),
        created: ticket.unix_seconds(),
        model: turn.named(false).model,
        echo,
        thought: Thought::of(&reply, wanted, ticket),
        reply,
        usage,
        ticket: *ticket,
    };
    Ok(if streamed {
        let frames = responses_stream::frames(&draft);
        answered(ticket, "text/event-stream; charset=utf-8", turn.stream(frames))
    } else {
        // Serialising strings and numbers cannot fail.
        let body = serde_json::to_vec(&draft.ended()).unwrap_or_default();
        answered(ticket, "application/json", turn.whole(body))
    })
}

fn read(fields: &Fields<'_>) -> Result<(Ask, Echo, Wanted), Refusal> {
    fields.only(&FIELDS)?;
    let model = fields.required_string("model")?;
    if !models::exists(model) {
        return Err(Refusal::model(model));
    }
    if let Some(name) = NOT_OFFERED
        .into_iter()
        .find(|name| !matches!(fields.get(name), None | Some(Value::Bool(false))))
    {
        return Err(Problem::beyond_the_emulator(name).into());
    }
    if let Some(id) = fields.string("previous_response_id")? {
        // Nothing is stored here, so nothing can be continued.
        return Err(Refusal::previous_response(id));
    }
    let instructions = fields.string("instructions")?;
    let mut conversation = input(fields)?;
    if let Some(text) = instructions {
        conversation.weigh(text);
        conversation.instruct(text);
    }
    let reasoning = fields.object("reasoning")?;
    let effort = match &reasoning {
        Some(reasoning) => reasoning.one_of("effort", &EFFORTS)?,
        None => None,
    };
    reasoning_rules(fields, model, effort, "reasoning.effort")?;
    let wanted = Wanted::read(fields)?;
    let tools = tools(fields)?;
    let words = ["none", "auto", "required"];
    let choice = tools::choice(fields, &tools, &words, None)?;
    let format = match fields.object("text")? {
        Some(text) => text.object("format")?,
        None => None,
    };
    let shape = conversation::shape(format.as_ref(), &conversation, true)?;
    let echo = echo(fields)?;
    let ask = Ask {
        model: model.to_owned(),
        conversation,
        tools,
        choice,
        parallel: echo.parallel_tool_calls,
        max_tokens: echo.max_output_tokens,
        thinking: effort.is_some_and(|effort| effort != "none"),
        shape,
        ..Ask::default()
    };
    Ok((ask, echo, wanted))
}

/// Checks the plain settings and notes what the response repeats.
fn echo(fields: &Fields<'_>) -> Result<Echo, Refusal> {
    fields.integer("max_tool_calls", 1)?;
    fields.string("user")?;
    fields.string("safety_identifier")?;
    fields.string("prompt_cache_key")?;
    fields.object("prompt_cache_options")?;
    fields.one_of("truncation", &["auto", "disabled"])?;
    fields.one_of("service_tier", &["auto", "default", "flex", "scale", "priority", "fast"])?;
    Ok(Echo {
        instructions: fields.string("instructions")?.map(str::to_owned),
        max_output_tokens: fields.limit("max_output_tokens", 16)?,
        metadata: metadata(fields)?,
        parallel_tool_calls: fields.boolean("parallel_tool_calls")?.unwrap_or(true),
        temperature: fields.number("temperature", 0.0, 2.0)?.unwrap_or(1.0),
        tool_choice: fields.get("tool_choice").cloned().unwrap_or_else(|| json!("auto")),
        tools: fields.get("tools").cloned().unwrap_or_else(|| json!([])),
        top_p: fields.number("top_p", 0.0, 1.0)?.unwrap_or(1.0),
        truncation: "disabled",
        store: fields.boolean("store")?.unwrap_or(true),
    })
}

/// The tools, which are flat here.
fn tools(fields: &Fields<'_>) -> Result<Vec<Tool>, Problem> {
    let items = fields.array("tools")?.unwrap_or_default();
    let read = |(index, item)| {
        let tool = Fields::of(item, format!("tools[{index}]"))?;
        tool.required("type")?;
        tool.one_of("type", &["function"])?;
        tool.only(&["type", "name", "description", "parameters", "strict"])?;
        tools::function(&tool)
    };
    items.iter().enumerate().map(read).collect()
}

/// The input: a text, or items (messages, function calls, their outputs).
fn input(fields: &Fields<'_>) -> Result<Conversation, Problem> {
    let mut talk = Conversation::default();
    let items = match fields.required("input")? {
        Value::String(text) => {
            talk.weigh(text);
            talk.user_says(text.clone());
            return Ok(talk);
        }
        Value::Array(items) if items.is_empty() => return Err(Problem::empty_array("input")),
        Value::Array(items) => items,
        other => return Err(Problem::wrong_type("input", "a string or an array", other)),
    };
    let mut open: Vec<(String, String)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let item = Fields::of(item, format!("input[{index}]"))?;
        let kind = item
            .one_of("type", &["message", "reasoning", "function_call", "function_call_output"])?
            .unwrap_or("message");
        match kind {
            "function_call" => {
                let name = item.required_string("name")?;
                talk.weigh(name);
                talk.weigh(item.required_string("arguments")?);
                open.push((item.required_string("call_id")?.to_owned(), name.to_owned()));
            }
            "function_call_output" => {
                let id = item.required_string("call_id")?;
                let output = item.required_string("output")?;
                let Some(found) = open.iter().position(|(open_id, _)| open_id == id) else {
                    let message =
                        format!("No tool call found for function call output with call_id {id}.");
                    return Err(Problem::new("input", None, message));
                };
                let (_, name) = open.swap_remove(found);
                talk.weigh(output);
                talk.results.push((name, output.to_owned()));
            }
            "reasoning" => responses_reasoning::check(&item)?,
            _ => message(&item, &mut talk)?,
        }
    }
    match open.first() {
        None => Ok(talk),
        Some((id, _)) => {
            let message = format!("No tool output found for function call {id}.");
            Err(Problem::new("input", None, message))
        }
    }
}

fn message(item: &Fields<'_>, talk: &mut Conversation) -> Result<(), Problem> {
    item.only(&["type", "role", "content", "id", "status", "phase"])?;
    item.required("role")?;
    let role = item.one_of("role", &["assistant", "system", "developer", "user"])?;
    let Content { text, media } = match item.required("content")? {
        Value::String(text) => text.clone().into(),
        Value::Array(items) => {
            const SAID: Parts = Parts::Typed(&["output_text"]);
            const GIVEN: Parts = Parts::Typed(&["input_text", "input_image"]);
            let allowed = if role == Some("assistant") { SAID } else { GIVEN };
            parts::read(items, &item.at("content"), allowed)?
        }
        other => {
            return Err(Problem::wrong_type(item.at("content"), "a string or an array", other));
        }
    };
    talk.weigh(&text);
    match role {
        Some("user") => {
            talk.tokens += media.iter().map(Medium::tokens).sum::<u64>();
            talk.user_says(text);
            talk.media = media;
        }
        Some("system" | "developer") => talk.instruct(&text),
        _ => {}
    }
    Ok(())
}
