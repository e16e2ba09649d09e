//! The turns of a conversation and their blocks, checked.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::house::Version;
use crate::conversation::Conversation;
use crate::fields::{Fields, Problem};
use crate::parts::{Medium, MediumKind};

/// Messages under reading.
#[derive(Default)]
pub(super) struct Reading {
    version: Version,
    pub(super) talk: Conversation,
    /// Tokens up to the last mark that asks for them to be cached.
    pub(super) cached: u64,
    /// The calls of the last assistant turn: id and name.
    calls: Vec<(String, String)>,
}

impl Reading {
    /// Nothing read yet, by the rules of `version`.
    pub(super) fn of(version: Version) -> Self {
        Self { version, ..Self::default() }
    }

    pub(super) fn system(&mut self, fields: &Fields<'_>) -> Result<(), Problem> {
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

    pub(super) fn messages(&mut self, items: &[Value]) -> Result<(), Problem> {
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
