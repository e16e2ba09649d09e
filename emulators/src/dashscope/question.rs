//! The checks that both DashScope protocols share: models, generation parameters, tools.

use super::errors::Refusal;
use crate::ask::{Ask, Choice, Shape, Tool};
use crate::conversation::{self, Conversation, Manner, Prefix};
use crate::fields::Fields;
use crate::parts::Parts;
use crate::snapshot;
use crate::tools;

/// The Qwen text models on sale in November 2026.
const MODELS: [&str; 17] = [
    "qwen-flash",
    "qwen-long",
    "qwen-max",
    "qwen-max-latest",
    "qwen-plus",
    "qwen-plus-latest",
    "qwen-turbo",
    "qwen-turbo-latest",
    "qwen3-max",
    "qwen3.5-plus",
    "qwen3.6-flash",
    "qwen3.6-plus",
    "qwen3.7-max",
    "qwen3.7-plus",
    "qwen3.8-flash",
    "qwen3.8-max",
    "qwen3.8-plus",
];

/// Those that take pictures and nothing else but the multimodal address.
const SEEING_MODELS: [&str; 4] =
    ["qwen-vl-max", "qwen-vl-plus", "qwen3-vl-plus", "qwen3.8-omni-flash"];
/// Text models that take pictures too, at either address.
const BOTH: [&str; 5] =
    ["qwen3.5-plus", "qwen3.6-plus", "qwen3.7-plus", "qwen3.8-plus", "qwen3.8-flash"];

/// Those of before Qwen3, which give one answer to a question.
const ONE_CHOICE: [&str; 5] =
    ["qwen-long", "qwen-max", "qwen-max-latest", "qwen-vl-max", "qwen-vl-plus"];

/// The generation parameters both protocols know, native under `parameters`, compatible at the
/// top of the body. What else is sent is ignored without a word, as the partner does.
pub(super) const PARAMETERS: [&str; 22] = [
    "enable_search",
    "enable_thinking",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "search_options",
    "seed",
    "stop",
    "temperature",
    "thinking_budget",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "translation_options",
];

/// Whether there is such a model.
pub(super) fn knows(model: &str) -> bool {
    snapshot::is_of(&MODELS, model) || only_sees(model)
}

/// Whether `model` takes pictures.
pub(super) fn sees(model: &str) -> bool {
    only_sees(model) || snapshot::is_of(&BOTH, model)
}

/// Whether `model` is only at the multimodal address.
pub(super) fn only_sees(model: &str) -> bool {
    snapshot::is_of(&SEEING_MODELS, model)
}

/// How messages are read, with content in `parts`.
pub(super) const fn manner(parts: Parts) -> Manner {
    Manner {
        roles: &["system", "assistant", "user", "tool"],
        fields: &[
            "role",
            "content",
            "name",
            "tool_calls",
            "tool_call_id",
            "reasoning_content",
            "partial",
        ],
        strict: false,
        parts,
        prefix: Prefix::Flag("partial"),
    }
}

/// The model asked for.
pub(super) fn model<'a>(fields: &Fields<'a>) -> Result<&'a str, Refusal> {
    let model = fields.required_string("model")?;
    if knows(model) { Ok(model) } else { Err(Refusal::model(model)) }
}

/// Checks `parameters` and puts the question together.
pub(super) fn ask(
    model: &str,
    conversation: Conversation,
    parameters: &Fields<'_>,
) -> Result<Ask, Refusal> {
    let p = parameters;
    if conversation.media_tokens > 0 && !sees(model) {
        return Err(Refusal::invalid(format!("The model {model} takes no images.")));
    }
    p.number("temperature", 0.0, 2.0)?;
    p.number("top_p", 0.0, 1.0)?;
    p.number("repetition_penalty", 0.0, 2.0)?;
    p.number("presence_penalty", -2.0, 2.0)?;
    p.integer("top_k", 0)?;
    p.integer("seed", 0)?;
    p.integer("thinking_budget", 1)?;
    p.boolean("enable_search")?;
    p.object("search_options")?;
    p.string("reasoning_effort")?;
    if p.boolean("logprobs")? == Some(true) {
        return Err(Refusal::invalid("'logprobs' is not offered by this emulator."));
    }
    let max_tokens = match (p.limit("max_tokens", 1)?, p.limit("max_completion_tokens", 1)?) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let tools = tools::read(p)?;
    let choice = tools::choice(p, &tools, &["auto", "none"], Some("function"))?;
    let shape = conversation::shape(p.object("response_format")?.as_ref(), &conversation, false)?;
    if matches!(shape, Shape::JsonSchema(_)) && max_tokens.is_some() {
        return Err(Refusal::invalid(
            "'max_tokens' must not be set when 'response_format' is 'json_schema'.",
        ));
    }
    let thinking = p.boolean("enable_thinking")?.unwrap_or(false);
    let choices = choices(model, &tools, thinking, p)?;
    Ok(Ask {
        model: model.to_owned(),
        conversation,
        tools,
        choice,
        parallel: p.boolean("parallel_tool_calls")?.unwrap_or(false),
        max_tokens,
        stop: conversation::stop(p, usize::MAX, true)?,
        thinking,
        shape,
        choices,
        search: p.boolean("enable_search")?.unwrap_or(false),
    })
}

/// How many answers are given: up to four, by models of the Qwen3 series that do not think; always one where tools come
/// along. What the service says to those who ask for more of another model is not known: here it refuses.
fn choices(model: &str, tools: &[Tool], thinking: bool, p: &Fields<'_>) -> Result<u64, Refusal> {
    let n = p.integer("n", 1)?.unwrap_or(1).unsigned_abs();
    if n > 4 {
        return Err(Refusal::invalid("Range of n should be [1, 4]"));
    }
    if n > 1 && (thinking || snapshot::is_of(&ONE_CHOICE, model)) {
        return Err(Refusal::invalid(format!(
            "The model {model} gives one answer here: n must be 1."
        )));
    }
    Ok(if tools.is_empty() { n } else { 1 })
}

/// Whether the caller forced one tool: the finish reason is then `stop` all the same.
pub(super) fn is_forced(ask: &Ask) -> bool {
    matches!(ask.choice, Choice::Named(_))
}
