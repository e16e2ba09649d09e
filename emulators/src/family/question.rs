//! Reading a request as strictly as its partner does.

use crate::ask::{Ask, Choice, Shape};
use crate::conversation;
use crate::family::{House, Trouble};
use crate::fields::{Fields, Problem};
use crate::snapshot;
use crate::tools;

/// Whether a model thinks before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thinks {
    Never,
    /// Unless it is told not to.
    ByDefault,
    /// Where it is told to.
    OnDemand,
    /// And cannot be told not to.
    Always,
}

/// A model on sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) thinks: Thinks,
    /// It takes images.
    pub(crate) sees: bool,
    /// Tokens it takes.
    pub(crate) context: u64,
}

impl Model {
    pub(crate) const fn new(name: &'static str, thinks: Thinks, sees: bool, context: u64) -> Self {
        Self { name, thinks, sees, context }
    }
}

/// The model of this name, or that `name` is a dated snapshot of.
pub(super) fn on_sale(models: &[Model], name: &str) -> Option<Model> {
    let exact = models.iter().find(|model| model.name == name);
    exact.or_else(|| models.iter().find(|model| snapshot::is_of(&[model.name], name))).copied()
}

/// What a partner allows in a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Fields beyond [`COMMON`].
    pub(crate) own: &'static [&'static str],
    /// Fields of [`COMMON`] it does not know.
    pub(crate) lacks: &'static [&'static str],
    pub(crate) temperature: (f64, f64),
    /// Temperature must be above its lower bound.
    pub(crate) temperature_above: bool,
    pub(crate) top_p: (f64, f64),
    /// Most stop words, and most bytes of one.
    pub(crate) stop: (usize, usize),
    /// The words `tool_choice` may be.
    pub(crate) tool_choice: &'static [&'static str],
    /// `tool_choice` may name a function.
    pub(crate) named_tool: bool,
    pub(crate) most_tools: usize,
    pub(crate) shapes: &'static [&'static str],
    /// Most choices.
    pub(crate) choices: u64,
    pub(crate) efforts: &'static [&'static str],
}

impl Rules {
    /// As OpenAI first had them.
    pub(crate) const USUAL: Self = Self {
        own: &[],
        lacks: &[],
        temperature: (0.0, 2.0),
        temperature_above: false,
        top_p: (0.0, 1.0),
        stop: (4, usize::MAX),
        tool_choice: &["none", "auto", "required"],
        named_tool: true,
        most_tools: 128,
        shapes: &["text", "json_object", "json_schema"],
        choices: 1,
        efforts: &["low", "medium", "high"],
    };
}

/// The fields nearly all know.
const COMMON: [&str; 24] = [
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stream",
    "stream_options",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
];

/// A checked request.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of a request")]
pub(crate) struct Question {
    pub(crate) ask: Ask,
    pub(crate) model: Model,
    pub(crate) path: String,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    /// Usage is wanted in every chunk.
    pub(crate) usage_each: bool,
    /// Tool calls stream in pieces.
    pub(crate) call_pieces: bool,
    /// Thinking stands in the text, in a tag.
    pub(crate) thinks_aloud: bool,
    /// An id for the request that the caller chose.
    pub(crate) own_id: Option<String>,
    /// Fields that are ignored.
    pub(crate) ignored: Vec<String>,
}

/// Reads a request to `path`.
pub(super) fn read(
    house: &dyn House,
    fields: &Fields<'_>,
    path: &str,
) -> Result<Question, Trouble> {
    let rules = house.rules();
    let common = COMMON.into_iter().filter(|name| !rules.lacks.contains(name));
    let known: Vec<&str> = common.chain(rules.own.iter().copied()).collect();
    let mut ignored = fields.beyond(&known);
    // What is null is not sent.
    ignored.retain(|name| fields.get(name).is_some());
    let name = fields.required_string("model")?;
    let Some(items) = fields.array("messages")? else {
        return Err(Problem::missing("messages").into());
    };
    let model = house.model(name).ok_or_else(|| Trouble::Model(name.to_owned()))?;
    let conversation = conversation::messages(items, "messages", house.manner(path), &mut ignored)?;
    if conversation.media_tokens > 0 && !model.sees {
        let message = format!("The model {name} does not take images.");
        return Err(Problem::new("messages", None, message).into());
    }
    sampling(rules, fields)?;
    let effort = fields.one_of("reasoning_effort", rules.efforts)?;
    let (tools, others) = tools::among(fields, house.other_tools())?;
    if tools.len() > rules.most_tools {
        let message = format!("Invalid 'tools': at most {} are allowed.", rules.most_tools);
        return Err(Problem::new("tools", None, message).into());
    }
    let choice = match fields.get("tool_choice") {
        Some(value) if value.is_object() && !rules.named_tool => {
            let message = "Invalid 'tool_choice': naming a function is not supported.";
            return Err(Problem::new("tool_choice", None, message).into());
        }
        // A choice without tools means nothing; most say nothing of it.
        Some(_) if tools.is_empty() => Choice::Auto,
        _ => tools::choice(fields, &tools, rules.tool_choice, Some("function"))?,
    };
    let format = fields.object("response_format")?;
    if let Some(format) = &format {
        format.one_of("type", rules.shapes)?;
    }
    let shape: Shape = conversation::shape(format.as_ref(), &conversation, false)?;
    let choices = fields.integer("n", 1)?.unwrap_or(1).unsigned_abs();
    if choices > rules.choices {
        let message = format!("Invalid 'n': at most {} choices are supported.", rules.choices);
        return Err(Problem::new("n", None, message).into());
    }
    let max_tokens = [fields.limit("max_completion_tokens", 1)?, fields.limit("max_tokens", 1)?];
    let ask = Ask {
        model: name.to_owned(),
        conversation,
        tools,
        choice,
        parallel: fields.boolean("parallel_tool_calls")?.unwrap_or(true),
        max_tokens: max_tokens.into_iter().flatten().min(),
        stop: stop(rules, fields)?,
        thinking: thinking(model, fields, effort)?,
        shape,
        choices,
        search: others.iter().any(|kind| kind == "web_search"),
    };
    let came = ask.input_tokens();
    if came > model.context {
        return Err(Trouble::TooLong { most: model.context, came });
    }
    let stream = fields.boolean("stream")?.unwrap_or(false);
    let options = fields.object("stream_options")?.filter(|_| stream);
    let option = |name: &str| match &options {
        Some(options) => options.boolean(name).map(|wanted| wanted.unwrap_or(false)),
        None => Ok(false),
    };
    let mut question = Question {
        ask,
        model,
        path: path.to_owned(),
        stream,
        include_usage: option("include_usage")?,
        usage_each: option("chunk_include_usage")? || option("continuous_usage_stats")?,
        call_pieces: true,
        thinks_aloud: false,
        own_id: None,
        ignored,
    };
    house.read(fields, &mut question)?;
    Ok(question)
}

/// Whether the model thinks, as `thinking` and the effort say.
fn thinking(model: Model, fields: &Fields<'_>, effort: Option<&str>) -> Result<bool, Problem> {
    let kind = match fields.object("thinking")? {
        Some(thinking) => {
            thinking.required("type")?;
            thinking.one_of("type", &["enabled", "disabled", "auto"])?
        }
        None => None,
    };
    Ok(match (model.thinks, kind) {
        (Thinks::Never, _) => false,
        (Thinks::Always, _) | (_, Some("enabled")) => true,
        (_, Some("disabled")) => false,
        (Thinks::ByDefault, _) => effort != Some("none"),
        (Thinks::OnDemand, _) => effort.is_some_and(|effort| effort != "none"),
    })
}

fn sampling(rules: &Rules, fields: &Fields<'_>) -> Result<(), Problem> {
    let (low, high) = rules.temperature;
    let temperature = fields.number("temperature", low, high)?;
    if rules.temperature_above && temperature.is_some_and(|value| value <= low) {
        let message = format!("Invalid 'temperature': must be above {low}.");
        return Err(Problem::new("temperature", None, message));
    }
    fields.number("top_p", rules.top_p.0, rules.top_p.1)?;
    fields.number("presence_penalty", -2.0, 2.0)?;
    fields.number("frequency_penalty", -2.0, 2.0)?;
    fields.integer("seed", i64::MIN)?;
    fields.object("logit_bias")?;
    fields.object("metadata")?;
    fields.string("user")?;
    if fields.boolean("logprobs")? == Some(true) || fields.integer("top_logprobs", 0)?.is_some() {
        return Err(Problem::beyond_the_emulator("logprobs"));
    }
    Ok(())
}

fn stop(rules: &Rules, fields: &Fields<'_>) -> Result<Vec<String>, Problem> {
    let (most, bytes) = rules.stop;
    let words = conversation::stop(fields, most, false)?;
    match words.iter().find(|word| word.len() > bytes) {
        None => Ok(words),
        Some(word) => {
            let message = format!("Invalid 'stop': '{word}' is longer than {bytes} bytes.");
            Err(Problem::new("stop", None, message))
        }
    }
}
