//! Reading messages, tools and the like in the shape OpenAI gave them and DashScope took over.

use serde_json::Value;

use crate::ask::Shape;
use crate::fields::{Fields, Problem};
use crate::parts::{self, Content, Medium, Parts};
use crate::tokens;

/// How one partner reads messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) roles: &'static [&'static str],
    /// Known fields of a message.
    pub(crate) fields: &'static [&'static str],
    /// Unknown fields are refused, not ignored.
    pub(crate) strict: bool,
    pub(crate) parts: Parts,
    pub(crate) prefix: Prefix,
}

/// How a turn is marked that the model shall continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// Not at all: the last turn may be the assistant's, and is answered.
    No,
    /// By this field of the last message.
    Flag(&'static str),
    /// By being the last message and the assistant's.
    Trailing,
}

/// What the messages say, as far as an answer depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conversation {
    /// All instructions, one per line.
    pub(crate) system: String,
    /// The last user message.
    pub(crate) user: String,
    /// How many user messages there are.
    pub(crate) turns: usize,
    /// Tool results after the last user message: function name and text.
    pub(crate) results: Vec<(String, String)>,
    /// An estimate of what all messages cost.
    pub(crate) tokens: u64,
    /// Some message says "json", in whatever case.
    pub(crate) says_json: bool,
    /// The turn to be continued, where the conversation ends with one.
    pub(crate) prefix: Option<String>,
    /// What came with the last user message besides text.
    pub(crate) media: Vec<Medium>,
    /// What all media of the conversation cost, a part of `tokens`.
    pub(crate) media_tokens: u64,
    /// Since the last user message some assistant message calls tools without the reasoning that
    /// led there.
    pub(crate) unreasoned_calls: bool,
}

impl Conversation {
    /// Takes note of a piece of text anywhere in the conversation.
    pub(crate) fn weigh(&mut self, text: &str) {
        self.tokens += tokens::count(text);
        self.says_json |= text.to_ascii_lowercase().contains("json");
    }

    pub(crate) fn instruct(&mut self, text: &str) {
        if !self.system.is_empty() {
            self.system.push('\n');
        }
        self.system.push_str(text);
    }

    pub(crate) fn user_says(&mut self, text: String) {
        self.user = text;
        self.turns += 1;
        self.results.clear();
        self.media.clear();
        self.unreasoned_calls = false;
    }
}

/// Reads `items`, found at `path`. Unknown fields of messages go to `ignored`, where the partner
/// ignores them.
pub(crate) fn messages(
    items: &[Value],
    path: &str,
    manner: Manner,
    ignored: &mut Vec<String>,
) -> Result<Conversation, Problem> {
    if items.is_empty() {
        return Err(Problem::empty_array(path));
    }
    let mut talk = Conversation::default();
    // Calls of the last assistant message that no tool message has answered yet: id and name.
    let mut open: Vec<(String, String)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let message = Fields::of(item, format!("{path}[{index}]"))?;
        if manner.strict {
            message.only(manner.fields)?;
        } else {
            ignored.extend(message.beyond(manner.fields));
        }
        message.required("role")?;
        let role = message.one_of("role", manner.roles)?.unwrap_or_default();
        if role != "tool" && !open.is_empty() {
            return Err(unanswered(&open, message.at("role")));
        }
        let calls = if role == "assistant" { tool_calls(&message)? } else { Vec::new() };
        let content = content(&message, manner, role == "assistant" && !calls.is_empty())?;
        let text = content.text;
        talk.weigh(&text);
        if let Some(reasoning) = message.string("reasoning_content")? {
            talk.weigh(reasoning);
        }
        let cost: u64 = content.media.iter().map(Medium::tokens).sum();
        talk.tokens += cost;
        talk.media_tokens += cost;
        let last = index + 1 == items.len();
        if continued(&message, manner.prefix, role, last)? && calls.is_empty() {
            talk.prefix = Some(text);
            continue;
        }
        match role {
            "system" | "developer" => talk.instruct(&text),
            "user" => {
                talk.user_says(text);
                talk.media = content.media;
            }
            "assistant" => {
                for (_, name, arguments) in &calls {
                    talk.weigh(name);
                    talk.weigh(arguments);
                }
                let thought = message.string("reasoning_content")?.unwrap_or_default();
                talk.unreasoned_calls |= !calls.is_empty() && thought.is_empty();
                open = calls.into_iter().map(|(id, name, _)| (id, name)).collect();
            }
            _ => {
                let id = message.required_string("tool_call_id")?;
                let Some(found) = open.iter().position(|(open_id, _)| open_id == id) else {
                    let message_text = "Invalid parameter: messages with role 'tool' must be a \
                                        response to a preceeding message with 'tool_calls'.";
                    return Err(Problem::new(message.at("role"), None, message_text));
                };
                let (_, name) = open.swap_remove(found);
                talk.results.push((name, text));
            }
        }
    }
    if open.is_empty() { Ok(talk) } else { Err(unanswered(&open, path.to_owned())) }
}

/// Whether the model shall continue `message`.
fn continued(
    message: &Fields<'_>,
    prefix: Prefix,
    role: &str,
    last: bool,
) -> Result<bool, Problem> {
    let flag = match prefix {
        Prefix::No => return Ok(false),
        Prefix::Trailing => return Ok(role == "assistant" && last),
        Prefix::Flag(flag) => flag,
    };
    if message.boolean(flag)? != Some(true) {
        return Ok(false);
    }
    if role == "assistant" && last {
        return Ok(true);
    }
    let path = message.at(flag);
    let text =
        format!("Invalid '{path}': only the last message, of the assistant, may be continued.");
    Err(Problem::new(path, Some("invalid_value"), text))
}

fn unanswered(open: &[(String, String)], path: String) -> Problem {
    let ids = open.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to \
         each 'tool_call_id'. The following tool_call_ids did not have response messages: {ids}"
    );
    Problem::new(path, None, message)
}

/// The calls of an assistant message: id, name, arguments.
fn tool_calls(message: &Fields<'_>) -> Result<Vec<(String, String, String)>, Problem> {
    let Some(items) = message.array("tool_calls")? else { return Ok(Vec::new()) };
    let path = message.at("tool_calls");
    if items.is_empty() {
        return Err(Problem::empty_array(path));
    }
    let read = |(index, item)| {
        let call = Fields::of(item, format!("{path}[{index}]"))?;
        call.one_of("type", &["function"])?;
        let Some(function) = call.object("function")? else {
            return Err(Problem::missing(call.at("function")));
        };
        Ok((
            call.required_string("id")?.to_owned(),
            function.required_string("name")?.to_owned(),
            function.required_string("arguments")?.to_owned(),
        ))
    };
    items.iter().enumerate().map(read).collect()
}

/// What a message holds.
fn content(message: &Fields<'_>, manner: Manner, optional: bool) -> Result<Content, Problem> {
    let path = message.at("content");
    match message.get("content") {
        None if optional => Ok(Content::default()),
        None => Err(Problem::new(
            &path,
            None,
            format!("Invalid value for '{path}': expected a string, got null."),
        )),
        Some(Value::Array(items)) if manner.parts != Parts::None => {
            parts::read(items, &path, manner.parts)
        }
        Some(Value::String(text)) => Ok(text.clone().into()),
        Some(other) => Err(Problem::wrong_type(path, "a string", other)),
    }
}

/// The `stop` of `fields`: one string or up to `most` of them. With `token_ids`, lists of numbers
/// are allowed too and have no effect here.
pub(crate) fn stop(
    fields: &Fields<'_>,
    most: usize,
    token_ids: bool,
) -> Result<Vec<String>, Problem> {
    let path = fields.at("stop");
    match fields.get("stop") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(items)) if items.len() <= most => {
            let mut words = Vec::new();
            for item in items {
                match item {
                    Value::String(word) => words.push(word.clone()),
                    Value::Number(_) | Value::Array(_) if token_ids => {}
                    other => return Err(Problem::wrong_type(path, "a string", other)),
                }
            }
            Ok(words)
        }
        Some(Value::Array(items)) => {
            let message = format!(
                "Invalid '{path}': array too long. Expected an array with maximum length {most}, \
                 but got an array with length {} instead.",
                items.len()
            );
            Err(Problem::new(path, Some("array_above_max_length"), message))
        }
        Some(other) => Err(Problem::wrong_type(path, "a string or an array of strings", other)),
    }
}

/// The shape asked for in `holder` (`response_format`, or `text.format` with `flat`).
pub(crate) fn shape(
    holder: Option<&Fields<'_>>,
    talk: &Conversation,
    flat: bool,
) -> Result<Shape, Problem> {
    let Some(format) = holder else { return Ok(Shape::Text) };
    format.required("type")?;
    match format.one_of("type", &["text", "json_object", "json_schema"])? {
        Some("json_object") if talk.says_json => Ok(Shape::JsonObject),
        Some("json_object") => {
            let message = "'messages' must contain the word 'json' in some form, to use \
                           'response_format' of type 'json_object'.";
            Err(Problem::new("messages", None, message))
        }
        Some("json_schema") => {
            let nested = format.object("json_schema")?;
            let holder = match (flat, nested) {
                (true, _) => format.clone(),
                (false, Some(nested)) => nested,
                (false, None) => return Err(Problem::missing(format.at("json_schema"))),
            };
            holder.required_string("name")?;
            Ok(Shape::JsonSchema(holder.required("schema")?.clone()))
        }
        _ => Ok(Shape::Text),
    }
}
