//! What a request to `/api/chat` asks, checked.

use serde_json::Value;

use super::Refusal;
use crate::ask::{Ask, Choice, Shape};
use crate::conversation::{self, Conversation};
use crate::fields::{Fields, Problem};
use crate::parts::{Medium, MediumKind};
use crate::tools;

/// The models that were pulled, and whether they can think.
pub(super) const MODELS: [(&str, bool); 6] = [
    ("deepseek-r1", true),
    ("gpt-oss", true),
    ("llama3.2", false),
    ("llama3.3", false),
    ("llama4", false),
    ("qwen3", true),
];

/// Every field of a request (`_types.py` of the client 0.6.3). What else is sent is ignored.
const FIELDS: [&str; 8] =
    ["format", "keep_alive", "messages", "model", "options", "stream", "think", "tools"];

/// The fields of `options`.
const OPTIONS: [&str; 25] = [
    "frequency_penalty",
    "logits_all",
    "low_vram",
    "main_gpu",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "num_batch",
    "num_ctx",
    "num_gpu",
    "num_keep",
    "num_predict",
    "num_thread",
    "numa",
    "penalize_newline",
    "presence_penalty",
    "repeat_last_n",
    "repeat_penalty",
    "seed",
    "stop",
    "temperature",
    "tfs_z",
    "top_k",
    "top_p",
    "typical_p",
];

/// A checked request.
pub(super) struct Question {
    pub(super) ask: Ask,
    pub(super) stream: bool,
    /// Without messages the model is only loaded.
    pub(super) loads: bool,
    /// Fields that were ignored.
    pub(super) ignored: Vec<String>,
}

pub(super) fn read(body: &Value) -> Result<Question, Refusal> {
    let fields = Fields::of(body, "")?;
    let mut ignored = fields.beyond(&FIELDS);
    let model = fields.string("model")?.filter(|model| !model.is_empty());
    let Some(model) = model else { return Err(Refusal::new(400, "model is required")) };
    let plain = model.split(':').next().unwrap_or_default();
    let Some((_, thinks)) = MODELS.into_iter().find(|(name, _)| *name == plain) else {
        return Err(Refusal::model(model));
    };
    let thinking = thinking(&fields)?;
    if thinking == Some(true) && !thinks {
        return Err(Refusal::new(400, format!("\"{model}\" does not support thinking")));
    }
    let items = fields.array("messages")?.unwrap_or_default();
    let options = fields.object("options")?;
    if let Some(options) = &options {
        ignored.extend(options.beyond(&OPTIONS));
        for name in ["temperature", "top_p", "presence_penalty", "frequency_penalty"] {
            options.number(name, f64::MIN, f64::MAX)?;
        }
        for name in ["num_ctx", "seed", "top_k"] {
            options.integer(name, i64::MIN)?;
        }
    }
    let limit = match &options {
        Some(options) => options.integer("num_predict", i64::MIN)?,
        None => None,
    };
    let tools = match fields.array("tools")? {
        Some([]) | None => Vec::new(),
        Some(_) => tools::read(&fields)?,
    };
    let ask = Ask {
        model: model.to_owned(),
        conversation: messages(items, &mut ignored)?,
        tools,
        choice: Choice::Auto,
        parallel: true,
        // What is not above zero means no limit.
        max_tokens: limit.and_then(|limit| u64::try_from(limit).ok()).filter(|limit| *limit > 0),
        stop: match &options {
            Some(options) => conversation::stop(options, usize::MAX, false)?,
            None => Vec::new(),
        },
        // Models that can think do so unless they are told not to.
        thinking: thinks && thinking.unwrap_or(true),
        shape: shape(&fields)?,
        ..Ask::default()
    };
    let stream = fields.boolean("stream")?.unwrap_or(true);
    Ok(Question { ask, stream, loads: items.is_empty(), ignored })
}

/// Whether thinking is wanted, where that is said.
fn thinking(fields: &Fields<'_>) -> Result<Option<bool>, Refusal> {
    match fields.get("think") {
        None => Ok(None),
        Some(Value::Bool(wanted)) => Ok(Some(*wanted)),
        Some(Value::String(level)) if ["low", "medium", "high"].contains(&level.as_str()) => {
            Ok(Some(true))
        }
        Some(other) => {
            let message =
                format!("invalid think value: {other} (must be true, false, low, medium or high)");
            Err(Refusal::new(400, message))
        }
    }
}

fn shape(fields: &Fields<'_>) -> Result<Shape, Problem> {
    match fields.get("format") {
        None => Ok(Shape::Text),
        Some(Value::String(word)) if word.is_empty() => Ok(Shape::Text),
        Some(Value::String(word)) if word == "json" => Ok(Shape::JsonObject),
        Some(schema @ Value::Object(_)) => Ok(Shape::JsonSchema(schema.clone())),
        Some(other) => {
            let message =
                format!("invalid format: {other}; expected \"json\" or a valid JSON Schema object");
            Err(Problem::new("format", None, message))
        }
    }
}

fn messages(items: &[Value], ignored: &mut Vec<String>) -> Result<Conversation, Problem> {
    let known = ["role", "content", "thinking", "images", "tool_calls", "tool_name"];
    let mut talk = Conversation::default();
    // The functions called last: their results come without an id, in order or by name.
    let mut calls: Vec<String> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let message = Fields::of(item, format!("messages[{index}]"))?;
        ignored.extend(message.beyond(&known));
        let role = message.one_of("role", &["system", "user", "assistant", "tool"])?;
        let text = message.string("content")?.unwrap_or_default();
        talk.weigh(text);
        talk.prefix = None;
        match role {
            Some("system") => talk.instruct(text),
            Some("user") => {
                talk.user_says(text.to_owned());
                for image in message.array("images")?.unwrap_or_default() {
                    let Some(data) = image.as_str() else {
                        return Err(Problem::wrong_type(message.at("images"), "a string", image));
                    };
                    // The type is not told; the server looks into the data.
                    let path = message.at("images");
                    let image = Medium::given("image/unknown", data, MediumKind::Image, &path)?;
                    talk.tokens += image.tokens();
                    talk.media.push(image);
                }
            }
            Some("assistant") => {
                calls = tool_calls(&message, &mut talk)?;
                if calls.is_empty() {
                    talk.prefix = Some(text.to_owned());
                }
            }
            Some("tool") => {
                let name = match message.string("tool_name")? {
                    Some(name) => name.to_owned(),
                    None if calls.is_empty() => "tool".to_owned(),
                    None => calls.remove(0),
                };
                talk.results.push((name, text.to_owned()));
            }
            _ => return Err(Problem::missing(message.at("role"))),
        }
    }
    Ok(talk)
}

/// The functions a turn called; their arguments are objects.
fn tool_calls(message: &Fields<'_>, talk: &mut Conversation) -> Result<Vec<String>, Problem> {
    let mut calls = Vec::new();
    for (index, item) in message.array("tool_calls")?.unwrap_or_default().iter().enumerate() {
        let call = Fields::of(item, format!("{}[{index}]", message.at("tool_calls")))?;
        let Some(function) = call.object("function")? else {
            return Err(Problem::missing(call.at("function")));
        };
        let name = function.required_string("name")?;
        let arguments = function.required("arguments")?;
        Fields::of(arguments, function.at("arguments"))?;
        talk.weigh(name);
        talk.weigh(&arguments.to_string());
        calls.push(name.to_owned());
    }
    Ok(calls)
}
