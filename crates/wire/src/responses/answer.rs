//! Whole answers, and what streams and whole answers end with.

use super::items::Items;
use crate::answer::{Completion, Event, FinishReason, Moderation, ModerationAt, Usage};
use crate::collect::Collector;
use crate::dialect::Dialect;
use crate::extra::Extra;
use crate::head::Head;
use crate::members::Told;
use crate::object::Object;
use crate::partner_error::{PartnerError, bounded, strip_bom};

/// Object that only say again what was asked for, or that nobody needs.
const ECHOED: [&str; 26] = [
    "background",
    "completed_at",
    "conversation",
    "created_at",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "object",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

/// Reads a whole answer with status 2xx. Other statuses never come here.
pub(crate) fn decode(
    dialect: &Dialect,
    head: &Head<'_>,
    body: &[u8],
) -> Result<Completion, PartnerError> {
    let status = Some(head.status);
    let text = str::from_utf8(strip_bom(body))
        .map_err(|_| PartnerError::malformed(status, "the answer is not UTF-8"))?;
    let read = || {
        let mut response = Object::read("the answer", text)?;
        if is_error(&response) {
            return Err(error(dialect, status, text));
        }
        let mut out = Vec::new();
        let (id, model) = who(&mut response)?;
        out.push(Event::Start { id, model, fingerprint: None, request_id: None });
        let mut items = Items::default();
        if !output(&mut response, &mut items, &mut out)? {
            return Err(PartnerError::malformed(status, "the answer has no output"));
        }
        let word = response.text("status")?;
        let ending = Ending::read(word.as_deref(), &mut response, &items)?;
        let usage = usage(&mut response, &mut out)?;
        rest(response, &mut out);
        ending.tell(usage, &mut out);
        Ok(out)
    };
    let events =
        read().map_err(|error| PartnerError { status: error.status.or(status), ..error })?;
    let mut collector = Collector::default();
    for event in events {
        collector.push(event);
    }
    // The ending told a finish for the only choice there is.
    Ok(collector.finish().expect("an answer that ended is complete"))
}

/// Whether an object is an error in place of an answer, or an answer that failed.
pub(super) fn is_error(object: &Object<'_>) -> bool {
    let is_code = object.get("code").is_some() && object.get("message").is_some();
    object.get("error").is_some() || (is_code && object.get("output").is_none())
}

/// The error that a text of JSON holds.
pub(super) fn error(dialect: &Dialect, status: Option<u16>, text: &str) -> PartnerError {
    match serde_json::from_str(text) {
        Ok(json) => PartnerError::from_json(dialect, status, &json),
        Err(error) => PartnerError::unreadable(status, "the error", &error),
    }
}

/// Who answers: the id of the answer, and the model.
pub(super) fn who(
    response: &mut Object<'_>,
) -> Result<(Option<String>, Option<String>), PartnerError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok((given(response.text("id")?), given(response.text("model")?)))
}

/// Gives out the items of a whole response; false if it has none at all.
pub(super) fn output(
    response: &mut Object<'_>,
    items: &mut Items,
    out: &mut Vec<Event>,
) -> Result<bool, PartnerError> {
    let Some(output) = response.list("output")? else { return Ok(false) };
    for (index, item) in (0..).zip(output) {
        items.whole(index, item, out)?;
    }
    Ok(true)
}

/// Reads the tokens of a response.
pub(super) fn usage(
    response: &mut Object<'_>,
    out: &mut Vec<Event>,
) -> Result<Option<Usage>, PartnerError> {
    let searches = match response.object("tool_usage", "the use of tools")? {
        Some(mut tools) => match tools.object("web_search", "the searches")? {
            Some(mut searches) => searches.count("num_requests")?,
            None => None,
        },
        None => None,
    };
    let Some(mut usage) = response.object("usage", "the usage")? else { return Ok(None) };
    let (input, output) = (usage.count("input_tokens")?, usage.count("output_tokens")?);
    usage.take("total_tokens");
    let mut read = Usage {
        input_tokens: input.unwrap_or(0),
        output_tokens: output.unwrap_or(0),
        search_calls: searches,
        ..Usage::default()
    };
    let told = &mut Told::default();
    let mut extra = Extra::new();
    if let Some(mut details) = usage.object("input_tokens_details", "the usage's details")? {
        read.cached_input_tokens = details.count("cached_tokens")?;
        read.cache_write_input_tokens = details.count("cache_write_tokens")?;
        extra.append(details.rest("usage.input_tokens_details.", told));
    }
    if let Some(mut details) = usage.object("output_tokens_details", "the usage's details")? {
        read.reasoning_tokens = details.count("reasoning_tokens")?;
        extra.append(details.rest("usage.output_tokens_details.", told));
    }
    extra.append(usage.rest("usage.", told));
    if !extra.is_empty() {
        out.push(Event::Extra(extra));
    }
    Ok((input.is_some() || output.is_some()).then_some(read))
}

/// Gives out what is left of a response.
pub(super) fn rest(mut response: Object<'_>, out: &mut Vec<Event>) {
    for echoed in ECHOED {
        response.take(echoed);
    }
    let extra = response.rest("", &mut Told::default());
    if !extra.is_empty() {
        out.push(Event::Extra(extra));
    }
}

/// Why an answer ended, and whether the partner's moderation ended it.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    finish: FinishReason,
    moderation: Option<Moderation>,
}

impl Ending {
    /// Reads the status of a response, and why it is incomplete if it is.
    pub(super) fn read(
        status: Option<&str>,
        response: &mut Object<'_>,
        items: &Items,
    ) -> Result<Self, PartnerError> {
        let reason = match response.object("incomplete_details", "what is missing")? {
            Some(mut details) => details.text("reason")?,
            None => None,
        };
        let finish = match (status, reason.as_deref()) {
            (Some("completed"), _) if items.has_calls() => FinishReason::ToolCalls,
            (Some("completed"), _) => FinishReason::Stop,
            (Some("incomplete"), Some("max_output_tokens")) => FinishReason::Length,
            (Some("incomplete"), Some("content_filter")) => FinishReason::ContentFilter,
            (Some("incomplete"), Some(other)) => FinishReason::Other(bounded(other, 64).to_owned()),
            (Some("incomplete"), None) | (None, _) => FinishReason::unstated(),
            (Some(other), _) => {
                let message = format!("the answer is not one yet: `{}`", bounded(other, 64));
                return Err(PartnerError::malformed(None, message));
            }
        };
        let moderation = (finish == FinishReason::ContentFilter).then(|| Moderation {
            at: ModerationAt::Output,
            categories: Vec::new(),
            message: None,
        });
        let finish = if items.refused { FinishReason::ContentFilter } else { finish };
        Ok(Self { finish, moderation })
    }

    /// Gives out the last events of an answer.
    pub(super) fn tell(self, usage: Option<Usage>, out: &mut Vec<Event>) {
        out.extend(self.moderation.map(Event::Moderation));
        out.extend(usage.map(Event::Usage));
        out.push(Event::Finish(self.finish));
    }
}
