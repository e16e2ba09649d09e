//! What a request to the Messages API asks, checked.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::errors::Refusal;
use super::house::{House, Version};
use crate::ask::{Ask, Choice, Shape, Tool};
use crate::conversation::Conversation;
use crate::fields::{Fields, Problem};
use crate::parts::{Medium, MediumKind};

/// Every field of a request, after `message_create_params.py` of the client 2.12.0 and, for the
/// sampling parameters, of 1.17.0.
const FIELDS: [&str; 22] = [
    "cache_control",
    "container",
    "diagnostics",
    "inference_geo",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "user_profile_id",
    "workspace_id",
];

/// A checked request.
pub(super) struct Question {
    pub(super) ask: Ask,
    pub(super) stream: bool,
    /// Tokens up to the last mark that asks for them to be cached.
    pub(super) cached_tokens: u64,
    /// Fields that were ignored.
    pub(super) ignored: Vec<String>,
}

/// Reads and checks everything.
pub(super) fn read(house: House, version: Version, body: &Value) -> Result<Question, Refusal> {
    let fields = Fields::of(body, "")?;
    if house.is_strict() {
        fields.only(&FIELDS)?;
    }
    let ignored = fields.beyond(&FIELDS);
    let model = fields.required_string("model")?;
    let max_tokens = fields.limit("max_tokens", 0)?;
    let max_tokens = max_tokens.ok_or_else(|| Problem::missing("max_tokens"))?;
    let Some(items) = fields.array("messages")? else {
        return Err(Problem::missing("messages").into());
    };
    if !house.knows(model) {
        return Err(Refusal::model(house, model));
    }
    if fields.get("container").is_some() {
        return Err(Problem::beyond_the_emulator("container").into());
    }
    sampling(&fields, version)?;
    let mut reading = Reading { version, ..Reading::default() };
    reading.system(&fields)?;
    reading.messages(items)?;
    let Reading { talk, cached, .. } = reading;
    if talk.prefix.is_some() && !house.continues(model) {
        return Err(Refusal::prefix());
    }
    let tools = tools(&fields)?;
    let (choice, parallel) = choice(&fields, &tools)?;
    let thinking = thinking(&fields, max_tokens)?;
    if thinking && matches!(choice, Choice::Required | Choice::Named(_)) {
        return Err(Refusal::invalid(
            "Thinking may not be enabled when tool_choice forces tool use.",
        ));
    }
    let cached_tokens = match fields.object("cache_control")? {
        Some(_) => talk.tokens,
        None => cached,
    };
    let ask = Ask {
        model: model.to_owned(),
        conversation: talk,
        tools,
        choice,
        parallel,
        max_tokens: Some(max_tokens),
        stop: stop(&fields)?,
        thinking,
        shape: shape(&fields)?,
        ..Ask::default()
    };
    let stream = fields.boolean("stream")?.unwrap_or(false);
    Ok(Question { ask, stream, cached_tokens, ignored })
}

/// Checks what has no effect on the answer. The version of October 2026 has no sampling parameters.
fn sampling(fields: &Fields<'_>, version: Version) -> Result<(), Refusal> {
    if version == Version::Second {
        let gone = ["temperature", "top_k", "top_p"];
        if let Some(name) = gone.into_iter().find(|name| fields.get(name).is_some()) {
            return Err(Problem::unknown(name).into());
        }
    }
    let temperature = fields.number("temperature", 0.0, 1.0)?;
    let thinks = matches!(
        fields.object("thinking")?.map(|thinking| thinking.string("type")).transpose()?.flatten(),
        Some("enabled" | "adaptive")
    );
    if thinks && temperature.is_some_and(|temperature| temperature < 1.0) {
        return Err(Refusal::invalid(
            "`temperature` may only be set to 1 when thinking is enabled.",
        ));
    }
    fields.number("top_p", 0.0, 1.0)?;
    fields.integer("top_k", 0)?;
    fields.object("metadata")?;
    fields.object("diagnostics")?;
    fields.string("inference_geo")?;
    fields.string("user_profile_id")?;
    fields.string("workspace_id")?;
    fields.one_of("service_tier", &["auto", "standard_only"])?;
    fields.one_of("speed", &["standard", "fast"])?;
    Ok(())
}

/// Whether the reasoning is wanted.
fn thinking(fields: &Fields<'_>, max_tokens: u64) -> Result<bool, Refusal> {
    let Some(thinking) = fields.object("thinking")? else { return Ok(false) };
    thinking.required("type")?;
    let kinds = ["enabled", "disabled", "adaptive", "between_tools"];
    let kind = thinking.one_of("type", &kinds)?;
    if kind == Some("enabled") {
        let Some(budget) = thinking.limit("budget_tokens", 1024)? else {
            return Err(Problem::missing(thinking.at("enabled.budget_tokens")).into());
        };
        if budget >= max_tokens {
            return Err(Refusal::invalid(
                "`max_tokens` must be greater than `thinking.budget_tokens`.",
            ));
        }
    }
    let shown = thinking.one_of("display", &["summarized", "omitted"])? != Some("omitted");
    Ok(shown && matches!(kind, Some("enabled" | "adaptive")))
}

fn tools(fields: &Fields<'_>) -> Result<Vec<Tool>, Problem> {
    let read = |(index, item)| {
        let tool = Fields::of(item, format!("tools[{index}]"))?;
        if tool.string("type")?.is_some_and(|kind| kind != "custom") {
            // The partner's own tools: search, code.
            return Err(Problem::beyond_the_emulator(tool.at("type")));
        }
        let name = tool.required_string("name")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 128 || !name.chars().all(plain) {
            let message = "String should match pattern '^[a-zA-Z0-9_-]{1,128}$'";
            return Err(Problem::new(tool.at("custom.name"), None, message));
        }
        tool.string("description")?;
        let schema = tool.required("input_schema")?;
        if Fields::of(schema, tool.at("input_schema"))?.string("type")? != Some("object") {
            let message = "Input should be 'object'";
            return Err(Problem::new(tool.at("custom.input_schema.type"), None, message));
        }
        Ok(Tool { name: name.to_owned(), parameters: schema.clone() })
    };
    fields.array("tools")?.unwrap_or_default().iter().enumerate().map(read).collect()
}

/// Which tool must be called, and whether several may be.
fn choice(fields: &Fields<'_>, tools: &[Tool]) -> Result<(Choice, bool), Refusal> {
    let Some(choice) = fields.object("tool_choice")? else { return Ok((Choice::Auto, true)) };
    if tools.is_empty() {
        return Err(Refusal::invalid("tool_choice may only be specified while providing tools."));
    }
    choice.required("type")?;
    let parallel = !choice.boolean("disable_parallel_tool_use")?.unwrap_or(false);
    let choice = match choice.one_of("type", &["auto", "any", "tool", "none"])? {
        Some("any") => Choice::Required,
        Some("none") => Choice::None,
        Some("tool") => {
            let name = choice.required_string("name")?;
            if !tools.iter().any(|tool| tool.name == name) {
                return Err(Refusal::invalid(format!("Tool '{name}' not found in provided tools")));
            }
            Choice::Named(name.to_owned())
        }
        _ => Choice::Auto,
    };
    Ok((choice, parallel))
}

fn stop(fields: &Fields<'_>) -> Result<Vec<String>, Problem> {
    let read = |item: &Value| match item.as_str() {
        Some(word) if !word.trim().is_empty() => Ok(word.to_owned()),
        Some(_) => {
            let message = "each stop sequence must contain non-whitespace";
            Err(Problem::new("stop_sequences", None, message))
        }
        None => Err(Problem::wrong_type("stop_sequences", "a string", item)),
    };
    fields.array("stop_sequences")?.unwrap_or_default().iter().map(read).collect()
}

/// The shape asked for in `output_config.format`.
fn shape(fields: &Fields<'_>) -> Result<Shape, Problem> {
    let Some(config) = fields.object("output_config")? else { return Ok(Shape::Text) };
    config.one_of("effort", &["low", "medium", "high", "xhigh", "max"])?;
    let Some(format) = config.object("format")? else { return Ok(Shape::Text) };
    format.required("type")?;
    format.one_of("type", &["json_schema"])?;
    Ok(Shape::JsonSchema(format.required("schema")?.clone()))
}

/// Messages under reading.
#[derive(Default)]
struct Reading {
    version: Version,
    talk: Conversation,
    /// Tokens up to the last mark that asks for them to be cached.
    cached: u64,
    /// The calls of the last assistant turn: id and name.
    calls: Vec<(String, String)>,
}

impl Reading {
    fn system(&mut self, fields: &Fields<'_>) -> Result<(), Problem> {
        match fields.get("system") {
            None => {}
            Some(Value::String(text)) => self.instructed(text),
            Some(Value::Array(blocks)) => {
                for (index, block) in blocks.iter().enumerate() {
                    let block = Fields::of(block, format!("system[{index}]"))?;
                    block.required("type")?;
                    block.one_of("type", &["text"])?;
                    self.instructed(block.required_string("text")?);
                    self.mark(&block)?;
                }
            }
            Some(other) => return Err(Problem::wrong_type("system", "a string", other)),
        }
        Ok(())
    }

    fn instructed(&mut self, text: &str) {
        self.talk.weigh(text);
        self.talk.instruct(text);
    }

    /// Takes note of a mark that asks for everything before it to be cached.
    fn mark(&mut self, block: &Fields<'_>) -> Result<(), Problem> {
        if let Some(cache) = block.object("cache_control")? {
            cache.one_of("type", &["ephemeral"])?;
            cache.one_of("ttl", &["5m", "1h"])?;
            self.cached = self.talk.tokens;
        }
        Ok(())
    }

    fn messages(&mut self, items: &[Value]) -> Result<(), Problem> {
        if items.is_empty() {
            return Err(Problem::new("messages", None, "at least one message is required"));
        }
        let last = items.len() - 1;
        for (index, item) in items.iter().enumerate() {
            let message = Fields::of(item, format!("messages[{index}]"))?;
            message.only(&["role", "content"])?;
            message.required("role")?;
            message.required("content")?;
            match message.one_of("role", &["user", "assistant"])? {
                Some("assistant") => {
                    self.answered_before(&message)?;
                    self.assistant(&message, index == last)?;
                }
                _ => self.user(&message)?,
            }
        }
        match self.calls.first() {
            None => Ok(()),
            Some((id, _)) => Err(unanswered(id)),
        }
    }

    /// Whether every call of the turn before was answered.
    fn answered_before(&self, message: &Fields<'_>) -> Result<(), Problem> {
        match self.calls.first() {
            None => Ok(()),
            Some((id, _)) => Err(Problem { path: message.at("content"), ..unanswered(id) }),
        }
    }

    fn assistant(&mut self, message: &Fields<'_>, last: bool) -> Result<(), Problem> {
        let mut text = String::new();
        for block in blocks(message)? {
            let block = block?;
            match block.kind()? {
                "text" => text.push_str(block.text()?),
                "thinking" => block.signed_thought()?,
                "redacted_thinking" => {
                    block.fields()?.required_string("data")?;
                }
                "tool_use" => {
                    let fields = block.fields()?;
                    let id = fields.required_string("id")?;
                    let name = fields.required_string("name")?;
                    let input = fields.required("input")?;
                    Fields::of(input, fields.at("input"))?;
                    self.talk.weigh(name);
                    self.talk.weigh(&input.to_string());
                    self.calls.push((id.to_owned(), name.to_owned()));
                }
                "document" if self.version == Version::Second => {
                    let message = "`document` blocks are not allowed in assistant turns";
                    return Err(Problem::new(block.at("type"), None, message));
                }
                _ => return Err(block.unknown()),
            }
            self.note_mark(&block)?;
        }
        self.talk.weigh(&text);
        if last && self.calls.is_empty() {
            if text.ends_with(char::is_whitespace) {
                let message = "final assistant content cannot end with trailing whitespace";
                return Err(Problem::new("messages", None, message));
            }
            self.talk.prefix = Some(text);
        }
        Ok(())
    }

    fn user(&mut self, message: &Fields<'_>) -> Result<(), Problem> {
        let mut text = String::new();
        let mut results = Vec::new();
        let mut media = Vec::new();
        for block in blocks(message)? {
            let block = block?;
            match block.kind()? {
                "text" => {
                    let cites = block.citations()?;
                    if cites && self.version == Version::Second {
                        let message = "`citations` must be empty in user turns";
                        return Err(Problem::new(block.at("citations"), None, message));
                    }
                    text.push_str(block.text()?);
                }
                "image" => media.push(block.image()?),
                "tool_result" => results.push(self.result(block.fields()?)?),
                "document" | "search_result" => {
                    return Err(Problem::beyond_the_emulator(block.at("type")));
                }
                _ => return Err(block.unknown()),
            }
            self.note_mark(&block)?;
        }
        self.answered_before(message)?;
        self.talk.weigh(&text);
        if !text.is_empty() || results.is_empty() {
            self.talk.user_says(text);
        }
        self.talk.results.extend(results);
        self.talk.tokens += media.iter().map(Medium::tokens).sum::<u64>();
        self.talk.media.extend(media);
        Ok(())
    }

    /// The result of a call of the turn before: its name and text.
    fn result(&mut self, fields: &Fields<'_>) -> Result<(String, String), Problem> {
        let id = fields.required_string("tool_use_id")?;
        let Some(at) = self.calls.iter().position(|(open, _)| open == id) else {
            let message = format!(
                "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` \
                 block must have a corresponding `tool_use` block in the previous message."
            );
            return Err(Problem::new(fields.at("tool_use_id"), None, message));
        };
        fields.boolean("is_error")?;
        let (_, name) = self.calls.swap_remove(at);
        let mut text = String::new();
        if fields.get("content").is_some() {
            for block in blocks(fields)? {
                let block = block?;
                match block.kind()? {
                    "text" => text.push_str(block.text()?),
                    _ => return Err(Problem::beyond_the_emulator(block.at("type"))),
                }
            }
        }
        self.talk.weigh(&text);
        Ok((name, text))
    }

    fn note_mark(&mut self, block: &ContentBlock<'_>) -> Result<(), Problem> {
        match block {
            ContentBlock::Plain { .. } => Ok(()),
            ContentBlock::Typed(fields) => self.mark(fields),
        }
    }
}

fn unanswered(id: &str) -> Problem {
    let message = format!(
        "`tool_use` ids were found without `tool_result` blocks immediately after: {id}. Each \
         `tool_use` block must have a corresponding `tool_result` block in the next message."
    );
    Problem::new("messages", None, message)
}

/// A block of a message; a plain string is the short form of one.
enum ContentBlock<'a> {
    Plain { path: String, text: &'a str },
    Typed(Fields<'a>),
}

/// The blocks of a message or a tool's result.
fn blocks<'a>(
    holder: &Fields<'a>,
) -> Result<impl Iterator<Item = Result<ContentBlock<'a>, Problem>> + use<'a>, Problem> {
    let path = holder.at("content");
    let (plain, typed) = match holder.get("content") {
        Some(Value::String(text)) => (Some(ContentBlock::Plain { path: path.clone(), text }), None),
        Some(Value::Array(blocks)) => (None, Some(blocks)),
        Some(other) => return Err(Problem::wrong_type(path, "a string or an array", other)),
        None => (None, None),
    };
    let typed = typed.into_iter().flatten().enumerate().map(move |(index, block)| {
        Ok(ContentBlock::Typed(Fields::of(block, format!("{path}[{index}]"))?))
    });
    Ok(plain.map(Ok).into_iter().chain(typed))
}

impl<'a> ContentBlock<'a> {
    fn at(&self, name: &str) -> String {
        match self {
            Self::Plain { path, .. } => path.clone(),
            Self::Typed(fields) => fields.at(name),
        }
    }

    fn fields(&self) -> Result<&Fields<'a>, Problem> {
        match self {
            Self::Plain { .. } => Err(self.unknown()),
            Self::Typed(fields) => Ok(fields),
        }
    }

    fn kind(&self) -> Result<&'a str, Problem> {
        match self {
            Self::Plain { .. } => Ok("text"),
            Self::Typed(fields) => fields.required_string("type"),
        }
    }

    fn text(&self) -> Result<&'a str, Problem> {
        let text = match self {
            Self::Plain { text, .. } => text,
            Self::Typed(fields) => fields.required_string("text")?,
        };
        if text.is_empty() {
            let message = "text content blocks must be non-empty";
            return Err(Problem::new(self.at("text"), None, message));
        }
        Ok(text)
    }

    /// Whether the text cites anything.
    fn citations(&self) -> Result<bool, Problem> {
        match self {
            Self::Plain { .. } => Ok(false),
            Self::Typed(fields) => {
                Ok(fields.array("citations")?.is_some_and(|all| !all.is_empty()))
            }
        }
    }

    /// An image.
    fn image(&self) -> Result<Medium, Problem> {
        let fields = self.fields()?;
        let Some(source) = fields.object("source")? else {
            return Err(Problem::missing(fields.at("source")));
        };
        source.required("type")?;
        if source.one_of("type", &["base64", "url"])? == Some("url") {
            let url = source.required_string("url")?;
            return Medium::at(url, MediumKind::Image, &source.at("url"));
        }
        let data = source.required_string("data")?;
        source.required("media_type")?;
        let kinds = ["image/jpeg", "image/png", "image/gif", "image/webp"];
        let kind = source.one_of("media_type", &kinds)?.unwrap_or_default();
        Medium::given(kind, data, MediumKind::Image, &source.at("data"))
    }

    /// Checks a thought that came back: it must be one of ours, unchanged.
    fn signed_thought(&self) -> Result<(), Problem> {
        let fields = self.fields()?;
        let thought = fields.required_string("thinking")?;
        if fields.required_string("signature")? == signature(thought) {
            return Ok(());
        }
        let message = "Invalid `signature` in `thinking` block";
        Err(Problem::new(fields.at("signature"), None, message))
    }

    fn unknown(&self) -> Problem {
        Problem::new(self.at("type"), None, "Input tag does not match any of the expected tags")
    }
}

/// What proves that a thought came from here.
pub(super) fn signature(thought: &str) -> String {
    let mut signature = "Emulated".to_owned();
    for byte in Sha256::digest(thought).iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(signature, "{byte:02x}");
    }
    signature
}
