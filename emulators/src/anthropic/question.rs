//! What a request to the Messages API asks, checked.

use serde_json::Value;

use super::errors::Refusal;
use super::house::{House, Version};
use super::turns::Reading;
use crate::ask::{Ask, Choice, Shape, Tool};
use crate::fields::{Fields, Problem};

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
    let mut reading = Reading::of(version);
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
