//! Reading messages, tools and the like in the shape OpenAI gave them and DashScope took over.

use serde_json::Value;

use crate::ask::{Choice, Shape, Tool};
use crate::fields::{Fields, Problem};
use crate::tokens;

/// Which partner's reading applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    DashScopeNative,
    DashScopeCompatible,
}

impl Dialect {
    fn roles(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["system", "assistant", "user", "tool", "developer"],
            Self::DashScopeNative | Self::DashScopeCompatible => {
                &["system", "assistant", "user", "tool"]
            }
        }
    }

    /// Known fields of a message.
    fn message_fields(self) -> &'static [&'static str] {
        match self {
            // The last three stand in answers, which clients send back whole.
            Self::OpenAi => &[
                "role",
                "content",
                "name",
                "refusal",
                "tool_calls",
                "tool_call_id",
                "annotations",
                "audio",
                "function_call",
            ],
            Self::DashScopeNative | Self::DashScopeCompatible => &[
                "role",
                "content",
                "name",
                "tool_calls",
                "tool_call_id",
                "reasoning_content",
                "partial",
            ],
        }
    }
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
    /// What came with the last user message besides text, in words: "an image (image/png)".
    pub(crate) media: Vec<String>,
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
    }
}

/// Reads `items`, found at `path`. Unknown fields of messages go to `ignored`, where the dialect
/// ignores them.
pub(crate) fn messages(
    items: &[Value],
    path: &str,
    dialect: Dialect,
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
        match dialect {
            Dialect::OpenAi => message.only(dialect.message_fields())?,
            _ => ignored.extend(message.beyond(dialect.message_fields())),
        }
        message.required("role")?;
        let role = message.one_of("role", dialect.roles())?.unwrap_or_default();
        if role != "tool" && !open.is_empty() {
            return Err(unanswered(&open, message.at("role")));
        }
        let calls = if role == "assistant" { tool_calls(&message)? } else { Vec::new() };
        let text = content(&message, dialect, role == "assistant" && !calls.is_empty())?;
        talk.weigh(&text);
        match role {
            "system" | "developer" => talk.instruct(&text),
            "user" => talk.user_says(text),
            "assistant" => {
                for (_, name, arguments) in &calls {
                    talk.weigh(name);
                    talk.weigh(arguments);
                }
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

/// The text of a message.
fn content(message: &Fields<'_>, dialect: Dialect, optional: bool) -> Result<String, Problem> {
    match message.get("content") {
        None if optional => Ok(String::new()),
        None => Err(Problem::new(
            message.at("content"),
            None,
            format!("Invalid value for '{}': expected a string, got null.", message.at("content")),
        )),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) if dialect != Dialect::DashScopeNative => {
            let path = message.at("content");
            text_parts(parts, &path, &["text"])
        }
        Some(other) => Err(Problem::wrong_type(message.at("content"), "a string", other)),
    }
}

/// The text of content given as parts of one of the types `kinds`.
pub(crate) fn text_parts(parts: &[Value], path: &str, kinds: &[&str]) -> Result<String, Problem> {
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        let part = Fields::of(part, format!("{path}[{index}]"))?;
        part.required("type")?;
        if let Some("image_url" | "input_audio" | "file" | "input_image" | "input_file") =
            part.string("type")?
        {
            return Err(Problem::beyond_the_emulator(part.at("type")));
        }
        part.one_of("type", kinds)?;
        text.push_str(part.required_string("text")?);
    }
    Ok(text)
}

/// The `tools` of `fields`, each under `function`.
pub(crate) fn tools(fields: &Fields<'_>) -> Result<Vec<Tool>, Problem> {
    let Some(items) = fields.array("tools")? else { return Ok(Vec::new()) };
    let path = fields.at("tools");
    if items.is_empty() {
        return Err(Problem::empty_array(path));
    }
    let read = |(index, item)| {
        let tool = Fields::of(item, format!("{path}[{index}]"))?;
        tool.required("type")?;
        tool.one_of("type", &["function"])?;
        let Some(function) = tool.object("function")? else {
            return Err(Problem::missing(tool.at("function")));
        };
        function.only(&["name", "description", "parameters", "strict"])?;
        self::function(&function)
    };
    items.iter().enumerate().map(read).collect()
}

/// The name and the parameters of a function.
pub(crate) fn function(function: &Fields<'_>) -> Result<Tool, Problem> {
    let name = function.required_string("name")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let path = function.at("name");
        let message = format!(
            "Invalid '{path}': string does not match pattern. Expected a string that matches the \
             pattern '^[a-zA-Z0-9_-]+$'."
        );
        return Err(Problem::new(path, Some("invalid_value"), message));
    }
    function.string("description")?;
    function.object("parameters")?;
    function.boolean("strict")?;
    Ok(Tool {
        name: name.to_owned(),
        parameters: function.get("parameters").cloned().unwrap_or(Value::Null),
    })
}

/// The `tool_choice` of `fields`: one of `words`, or a function named under `nest` (or flat).
pub(crate) fn tool_choice(
    fields: &Fields<'_>,
    tools: &[Tool],
    words: &[&str],
    nest: Option<&str>,
) -> Result<Choice, Problem> {
    let Some(value) = fields.get("tool_choice") else { return Ok(Choice::Auto) };
    let path = fields.at("tool_choice");
    if tools.is_empty() {
        let message = format!(
            "Invalid value for '{path}': '{path}' is only allowed when 'tools' are specified."
        );
        return Err(Problem::new(path, None, message));
    }
    if value.is_string() {
        return Ok(match fields.one_of("tool_choice", words)? {
            Some("none") => Choice::None,
            Some("required") => Choice::Required,
            _ => Choice::Auto,
        });
    }
    let object = Fields::of(value, path)?;
    object.required("type")?;
    object.one_of("type", &["function"])?;
    let holder = match nest {
        Some(name) => object.object(name)?.ok_or_else(|| Problem::missing(object.at(name)))?,
        None => object,
    };
    let name = holder.required_string("name")?;
    if tools.iter().any(|t| t.name == name) {
        return Ok(Choice::Named(name.to_owned()));
    }
    let message = format!("Tool choice '{name}' not found in 'tools' parameter.");
    Err(Problem::new(fields.at("tool_choice"), Some("invalid_value"), message))
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
