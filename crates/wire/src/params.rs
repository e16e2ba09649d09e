//! What a dialect says of the parameters of a request: which it takes, in which ranges, and what
//! members stand for those that every partner says differently. What cannot be said is an error.

use std::borrow::Cow;

use crate::body::Body;
use crate::chat::{Chat, Effort, Params, Reasoning, ResponseFormat, ToolChoice};
use crate::dialect::{Companion, Dialect, Range, SearchForm};
use crate::error::WireError;

/// Most bytes of a cache hint's key, OpenAI's limit.
const LONGEST_KEY: usize = 64;

/// The numbers of a request as they are sent.
pub(crate) struct Numbers {
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) frequency_penalty: Option<f64>,
    /// A temperature of 0 was asked for, which the dialect says otherwise.
    pub(crate) greedy: bool,
}

impl Numbers {
    /// Looks at each number: JSON has no infinities and no NaN, and dialects have ranges.
    pub(crate) fn of(dialect: &Dialect, params: &Params) -> Result<Self, WireError> {
        let request = &dialect.quirks().request;
        let sent = |name: &'static str, number: Option<f64>| {
            let Some(number) = number else { return Ok(None) };
            if !number.is_finite() {
                return Err(WireError::invalid(name, "not a finite number"));
            }
            if request.refuses.iter().any(|refused| refused == name) {
                // The value that changes nothing need not be said.
                let says_nothing = number == 0.0 && name.ends_with("penalty");
                return if says_nothing { Ok(None) } else { Err(dialect.cannot(name)) };
            }
            match request.range.get(name) {
                Some(range) => within(*range, number).ok_or_else(|| dialect.cannot(name)).map(Some),
                None => Ok(Some(number)),
            }
        };
        let greedy = request.greedy.is_some() && params.temperature.is_some_and(|t| t <= 0.0);
        Ok(Self {
            temperature: sent("temperature", params.temperature)?,
            top_p: sent("top_p", params.top_p)?,
            presence_penalty: sent("presence_penalty", params.presence_penalty)?,
            frequency_penalty: sent("frequency_penalty", params.frequency_penalty)?,
            greedy,
        })
    }
}

fn within(range: Range, number: f64) -> Option<f64> {
    let inside = (range.min..=range.max).contains(&number);
    (inside || range.clamp).then(|| number.clamp(range.min, range.max))
}

/// Refuses what the dialect cannot say, among the parameters that are written as they are.
pub(crate) fn check(dialect: &Dialect, chat: &Chat) -> Result<(), WireError> {
    let (request, params) = (&dialect.quirks().request, &chat.params);
    let refused = |name: &str| request.refuses.iter().any(|refused| refused == name);
    let asked = [
        ("seed", params.seed.is_some()),
        ("stop", !params.stop.is_empty()),
        ("n", params.choices.is_some_and(|choices| choices != 1)),
        ("tools", !chat.tools.is_empty()),
        ("parallel_tool_calls", params.parallel_tool_calls.is_some()),
        ("strict", chat.tools.iter().any(|tool| tool.strict.is_some())),
    ];
    for (name, asked) in asked {
        if asked && refused(name) {
            return Err(dialect.cannot(name));
        }
    }
    if let (Some(choices), Some(range)) = (params.choices, request.range.get("n"))
        && !(range.min..=range.max).contains(&f64::from(choices))
    {
        return Err(dialect.cannot("n"));
    }
    let with = |companion: &Companion| match companion {
        Companion::Tools => !chat.tools.is_empty(),
        Companion::Reasoning => matches!(params.reasoning, Some(Reasoning::On { .. })),
    };
    if params.choices.is_some_and(|choices| choices > 1) && request.one_choice_with.iter().any(with)
    {
        return Err(dialect.cannot("n"));
    }
    if let (Some(seed), Some(range)) = (params.seed, request.range.get("seed")) {
        #[expect(clippy::cast_precision_loss, reason = "the bounds are far below 2^53")]
        let inside = (range.min..=range.max).contains(&(seed as f64));
        if !inside {
            return Err(dialect.cannot("seed"));
        }
    }
    let limits = request.stop;
    let too_long = |stop: &String| {
        limits.longest_bytes.is_some_and(|most| stop.len() > most)
            || limits.longest_chars.is_some_and(|most| stop.chars().count() > most)
    };
    if limits.most.is_some_and(|most| params.stop.len() > most) || params.stop.iter().any(too_long)
    {
        return Err(dialect.cannot("stop"));
    }
    tool_choice(dialect, params)?;
    let format = match params.response_format {
        None => return Ok(()),
        Some(ResponseFormat::Text) => "text",
        Some(ResponseFormat::JsonObject) => "json_object",
        Some(ResponseFormat::JsonSchema { .. }) => "json_schema",
    };
    if !request.formats.iter().any(|known| known == format) {
        return Err(dialect.cannot("response_format"));
    }
    if request.schema_without_limit && format == "json_schema" && params.max_tokens.is_some() {
        return Err(dialect.cannot("max_tokens"));
    }
    Ok(())
}

fn tool_choice(dialect: &Dialect, params: &Params) -> Result<(), WireError> {
    let word = match params.tool_choice {
        None => return Ok(()),
        Some(ToolChoice::None) => "none",
        Some(ToolChoice::Auto) => "auto",
        Some(ToolChoice::Required) => "required",
        Some(ToolChoice::Function(_)) => "function",
    };
    let quirks = dialect.quirks();
    let reasoning = quirks.reasoning.tool_choice.as_ref();
    let reasoning = reasoning.filter(|_| params.reasoning != Some(Reasoning::Off));
    let allowed = reasoning.unwrap_or(&quirks.request.tool_choice);
    if allowed.iter().any(|known| known == word) {
        Ok(())
    } else {
        Err(dialect.cannot("tool_choice"))
    }
}

/// How the wish to search is said; `None` when there is none.
pub(crate) fn search<'a>(
    dialect: &'a Dialect,
    params: &Params,
) -> Result<Option<&'a SearchForm>, WireError> {
    let Some(search) = params.search else { return Ok(None) };
    let form = dialect.quirks().search.as_ref().ok_or_else(|| dialect.cannot("search"))?;
    if search.forced && form.forced.is_none() {
        return Err(dialect.cannot("search"));
    }
    Ok(Some(form))
}

/// Writes reasoning, search, prefix and the cache hint as the dialect says them, its own members,
/// and the request's extras.
pub(crate) fn members<'a>(
    dialect: &'a Dialect,
    chat: &'a Chat,
    body: &mut Body<'a>,
) -> Result<(), WireError> {
    let (quirks, params) = (dialect.quirks(), &chat.params);
    if let Some(wish) = params.reasoning {
        reasoning(dialect, wish, body)?;
    }
    if let Some(form) = search(dialect, params)? {
        let forced = params.search.is_some_and(|search| search.forced);
        let members = form.forced.as_ref().filter(|_| forced).unwrap_or(&form.members);
        body.members(members);
    }
    if chat.prefix().is_some() {
        let prefix = quirks.prefix.as_ref().ok_or_else(|| dialect.cannot("prefix"))?;
        body.members(&prefix.members);
    }
    let key = params.cache.as_ref().and_then(|hint| hint.key.as_deref());
    if let (Some(field), Some(key)) = (&quirks.request.cache_key, key) {
        body.member(field, &key[..key.floor_char_boundary(LONGEST_KEY)]);
    }
    extras(dialect, chat, &[], body)
}

/// Writes the dialect's own members, and the request's extras: none that is written already, and
/// none that is `own`, which means something although it is not written.
pub(crate) fn extras<'a>(
    dialect: &'a Dialect,
    chat: &'a Chat,
    own: &[&str],
    body: &mut Body<'a>,
) -> Result<(), WireError> {
    body.members(&dialect.quirks().request.members);
    for (name, value) in chat.extra.iter() {
        if body.has(name) || own.contains(&name) {
            return Err(WireError::invalid(name, "has a field of its own"));
        }
        body.member(name, value);
    }
    Ok(())
}

fn reasoning<'a>(
    dialect: &'a Dialect,
    wish: Reasoning,
    body: &mut Body<'a>,
) -> Result<(), WireError> {
    let form = &dialect.quirks().reasoning;
    let Reasoning::On { effort, budget_tokens } = wish else {
        let off = form.off.as_ref().ok_or_else(|| dialect.cannot("reasoning"))?;
        body.members(off);
        return Ok(());
    };
    if let Some(effort) = effort {
        let word = form.efforts.get(Effort::as_str(effort));
        let (Some(field), Some(word)) = (&form.effort, word) else {
            return Err(dialect.cannot("reasoning_effort"));
        };
        body.member(field, word);
    }
    if let Some(budget) = budget_tokens {
        let field = form.budget.as_ref();
        let field = field.filter(|_| form.least_budget.is_none_or(|least| budget >= least));
        body.member(field.ok_or_else(|| dialect.cannot("thinking_budget"))?, &budget);
    }
    let on = form.on.as_ref().ok_or_else(|| dialect.cannot("reasoning"))?;
    if effort.is_none() || !form.effort_alone {
        body.members(on);
    }
    Ok(())
}

/// Content type, accept, and the dialect's own headers.
pub(crate) fn headers(
    dialect: &Dialect,
    accept: &'static str,
) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
    let own = &dialect.quirks().headers;
    let mut headers = Vec::with_capacity(3 + own.len());
    headers.push(("content-type".into(), "application/json".into()));
    headers.push(("accept".into(), accept.into()));
    headers.extend(own.iter().map(|(name, value)| (name.clone().into(), value.clone().into())));
    headers
}
