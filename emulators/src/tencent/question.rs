//! What a request for `ChatCompletions` asks, checked as the documents of version 2023-09-01 say.

use serde_json::Value;

use super::errors::Refusal;
use crate::ask::{Ask, Choice, Tool};
use crate::conversation::Conversation;
use crate::fields::{Fields, Problem};
use crate::parts::{Medium, MediumKind};

/// Every field of a request (`models.py` of the client 3.1.180).
const FIELDS: [&str; 23] = [
    "Citation",
    "CustomTool",
    "EnableDeepRead",
    "EnableDeepSearch",
    "EnableEnhancement",
    "EnableMultimedia",
    "EnableRecommendedQuestions",
    "EnableSpeedSearch",
    "EnableThinking",
    "ForceSearchEnhancement",
    "Messages",
    "Model",
    "SearchInfo",
    "Seed",
    "Stop",
    "Stream",
    "StreamModeration",
    "Temperature",
    "ToolChoice",
    "Tools",
    "TopP",
    "TopicChoice",
    "WebSearchOptions",
];

/// Fields that ask for what the emulator does not have.
const NOT_OFFERED: [&str; 5] =
    ["EnableDeepRead", "EnableDeepSearch", "EnableMultimedia", "TopicChoice", "WebSearchOptions"];

/// The text models before the platform was switched off.
const MODELS: [&str; 9] = [
    "hunyuan-2.0-instruct-20251111",
    "hunyuan-2.0-thinking-20251109",
    "hunyuan-a13b",
    "hunyuan-functioncall",
    "hunyuan-lite",
    "hunyuan-t1-latest",
    "hunyuan-turbos-latest",
    "hunyuan-turbos-vision",
    "hunyuan-vision",
];

/// How many messages a request may have.
const MOST_MESSAGES: usize = 40;

/// A checked request.
pub(super) struct Question {
    pub(super) ask: Ask,
    pub(super) stream: bool,
    /// The answer is looked at piece by piece while it streams.
    pub(super) moderated_on_the_way: bool,
    /// What a search found is to be told.
    search_info: bool,
}

impl Question {
    /// Whether a search was made and is to be told.
    pub(super) fn tells_search(&self) -> bool {
        self.ask.search && self.search_info
    }
}

pub(super) fn read(body: &Value) -> Result<Question, Refusal> {
    let fields = Fields::of(body, "")?;
    fields.only(&FIELDS)?;
    let model = fields.required_string("Model")?;
    let Some(items) = fields.array("Messages")? else {
        return Err(Refusal::missing("Messages"));
    };
    if !MODELS.contains(&model) {
        return Err(Refusal::model(model));
    }
    let asks_for = |name: &&str| !matches!(fields.get(name), None | Some(Value::Bool(false)));
    if let Some(name) = NOT_OFFERED.into_iter().find(asks_for) {
        return Err(Problem::beyond_the_emulator(name).into());
    }
    fields.number("TopP", 0.0, 1.0)?;
    fields.number("Temperature", 0.0, 2.0)?;
    if fields.integer("Seed", 1)?.is_some_and(|seed| seed > 10_000) {
        return Err(Refusal::invalid("Seed"));
    }
    for name in ["Citation", "EnableRecommendedQuestions", "EnableSpeedSearch"] {
        fields.boolean(name)?;
    }
    let conversation = messages(items, model)?;
    let tools = tools(&fields)?;
    let choice = choice(&fields, &tools)?;
    let search = fields.boolean("EnableEnhancement")?.unwrap_or(false)
        || fields.boolean("ForceSearchEnhancement")?.unwrap_or(false);
    let wanted = fields.boolean("EnableThinking")?;
    let thinking = match model {
        "hunyuan-a13b" => wanted.unwrap_or(true),
        _ => model.contains("-t1-") || model.contains("-thinking-"),
    };
    let stream = fields.boolean("Stream")?.unwrap_or(false);
    Ok(Question {
        ask: Ask {
            model: model.to_owned(),
            conversation,
            tools,
            choice,
            parallel: true,
            stop: stop(&fields)?,
            thinking,
            search,
            ..Ask::default()
        },
        stream,
        moderated_on_the_way: stream && fields.boolean("StreamModeration")?.unwrap_or(true),
        search_info: fields.boolean("SearchInfo")?.unwrap_or(false),
    })
}

fn stop(fields: &Fields<'_>) -> Result<Vec<String>, Problem> {
    let read = |item: &Value| match item.as_str() {
        Some(word) => Ok(word.to_owned()),
        None => Err(Problem::wrong_type("Stop", "a string", item)),
    };
    fields.array("Stop")?.unwrap_or_default().iter().map(read).collect()
}

/// Who speaks when: a system message at most, at the very beginning; then a user (or the tools) and
/// the assistant in turn, a user first and a user (or a tool) last.
fn messages(items: &[Value], model: &str) -> Result<Conversation, Refusal> {
    if items.is_empty() || items.len() > MOST_MESSAGES {
        let message = format!("Messages 的长度必须在 1 到 {MOST_MESSAGES} 之间。");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let mut talk = Conversation::default();
    let mut before = "";
    let mut calls: Vec<(String, String)> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let message = Fields::of(item, format!("Messages[{index}]"))?;
        message.only(&["Role", "Content", "Contents", "ToolCallId", "ToolCalls", "FileIDs"])?;
        message.required("Role")?;
        let role =
            message.one_of("Role", &["system", "user", "assistant", "tool"])?.unwrap_or_default();
        let fits = match role {
            "system" => before.is_empty(),
            "user" => matches!(before, "" | "system" | "assistant") && calls.is_empty(),
            "assistant" => matches!(before, "user" | "tool") && calls.is_empty(),
            _ => matches!(before, "assistant" | "tool"),
        };
        if !fits {
            let message = format!("Messages.{index} 的 Role {role} 不能在 {before} 之后。");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        let made = if role == "assistant" { tool_calls(&message, &mut talk)? } else { Vec::new() };
        let text = content(&message, &mut talk, model, !made.is_empty())?;
        talk.weigh(&text.0);
        match role {
            "system" => talk.instruct(&text.0),
            "user" => {
                talk.user_says(text.0);
                talk.media = text.1;
            }
            "assistant" => calls = made,
            _ => {
                let id = message.required_string("ToolCallId")?;
                let Some(at) = calls.iter().position(|(open, _)| open == id) else {
                    return Err(Refusal::invalid(&message.at("ToolCallId")));
                };
                let (_, name) = calls.swap_remove(at);
                talk.results.push((name, text.0));
            }
        }
        before = role;
    }
    if matches!(before, "user" | "tool") && calls.is_empty() {
        Ok(talk)
    } else {
        Err(Refusal::new("InvalidParameterValue", "Messages 必须以 user 或 tool 结束。"))
    }
}

/// The text of a message, and what came with it besides.
fn content(
    message: &Fields<'_>,
    talk: &mut Conversation,
    model: &str,
    optional: bool,
) -> Result<(String, Vec<Medium>), Refusal> {
    let text = message.string("Content")?.unwrap_or_default();
    let Some(parts) = message.array("Contents")? else {
        return if text.is_empty() && !optional {
            Err(Refusal::missing(&message.at("Content")))
        } else {
            Ok((text.to_owned(), Vec::new()))
        };
    };
    let mut text = text.to_owned();
    let mut media = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let part = Fields::of(part, format!("{}[{index}]", message.at("Contents")))?;
        part.required("Type")?;
        let kinds = ["text", "image_url", "video_url", "video_frames"];
        match part.one_of("Type", &kinds)? {
            Some("text") => text.push_str(part.required_string("Text")?),
            Some("image_url") if model.contains("vision") => {
                let Some(image) = part.object("ImageUrl")? else {
                    return Err(Refusal::missing(&part.at("ImageUrl")));
                };
                let url = image.required_string("Url")?;
                let image = Medium::at(url, MediumKind::Image, &image.at("Url"))?;
                talk.tokens += image.tokens();
                media.push(image);
            }
            Some("image_url") => return Err(Refusal::model(model)),
            _ => return Err(Problem::beyond_the_emulator(part.at("Type")).into()),
        }
    }
    if text.is_empty() {
        return Err(Refusal::missing(&message.at("Contents")));
    }
    Ok((text, media))
}

fn tool_calls(
    message: &Fields<'_>,
    talk: &mut Conversation,
) -> Result<Vec<(String, String)>, Problem> {
    let mut calls = Vec::new();
    for (index, item) in message.array("ToolCalls")?.unwrap_or_default().iter().enumerate() {
        let call = Fields::of(item, format!("{}[{index}]", message.at("ToolCalls")))?;
        call.one_of("Type", &["function"])?;
        let Some(function) = call.object("Function")? else {
            return Err(Problem::missing(call.at("Function")));
        };
        let name = function.required_string("Name")?;
        talk.weigh(name);
        talk.weigh(function.required_string("Arguments")?);
        calls.push((call.required_string("Id")?.to_owned(), name.to_owned()));
    }
    Ok(calls)
}

fn tools(fields: &Fields<'_>) -> Result<Vec<Tool>, Problem> {
    let read = |(index, item)| tool(&Fields::of(item, format!("Tools[{index}]"))?);
    fields.array("Tools")?.unwrap_or_default().iter().enumerate().map(read).collect()
}

/// A tool, whose parameters are a JSON Schema in a string.
fn tool(tool: &Fields<'_>) -> Result<Tool, Problem> {
    tool.only(&["Type", "Function"])?;
    tool.required("Type")?;
    tool.one_of("Type", &["function"])?;
    let Some(function) = tool.object("Function")? else {
        return Err(Problem::missing(tool.at("Function")));
    };
    function.only(&["Name", "Description", "Parameters"])?;
    function.string("Description")?;
    let path = function.at("Parameters");
    let text = function.required_string("Parameters")?;
    let parameters = serde_json::from_str(text)
        .map_err(|error| Problem::new(path, None, format!("Parameters: {error}")))?;
    Ok(Tool { name: function.required_string("Name")?.to_owned(), parameters })
}

fn choice(fields: &Fields<'_>, tools: &[Tool]) -> Result<Choice, Problem> {
    match fields.one_of("ToolChoice", &["none", "auto", "custom"])? {
        Some("none") => Ok(Choice::None),
        Some("custom") => {
            let Some(custom) = fields.object("CustomTool")? else {
                return Err(Problem::missing("CustomTool"));
            };
            let name = tool(&custom)?.name;
            if tools.iter().any(|tool| tool.name == name) {
                return Ok(Choice::Named(name));
            }
            Err(Problem::new("CustomTool", None, "CustomTool 不在 Tools 中。"))
        }
        _ => Ok(Choice::Auto),
    }
}
