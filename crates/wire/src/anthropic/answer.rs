//! Whole answers, and what streams and whole answers end with: usage and the reason for the end.

use serde_json::Value;

use super::blocks::Blocks;
use crate::answer::{Completion, Event, FinishReason, Moderation, ModerationAt, Usage};
use crate::collect::Collector;
use crate::dialect::Dialect;
use crate::extra::Extra;
use crate::head::Head;
use crate::members::Told;
use crate::object::Object;
use crate::partner_error::{PartnerError, bounded, presentable, strip_bom};

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
        let mut message = Object::read("the answer", text)?;
        if is_error(&message) {
            return Err(error(dialect, status, text));
        }
        let mut out = Vec::new();
        let mut counts = Counts::default();
        let mut told = Told::default();
        let content = message.list("content")?;
        begin(&mut message, &mut counts, &mut told, &mut out)?;
        let Some(content) = content else {
            return Err(PartnerError::malformed(status, "the answer has no content"));
        };
        let mut blocks = Blocks::default();
        for (index, block) in (0..).zip(content) {
            blocks.start(index, block, &mut out)?;
            blocks.stop(index, &mut out);
        }
        let ending = Ending::read(dialect, &mut message)?.unwrap_or_default();
        rest(message, &mut told, &mut out);
        ending.tell(&mut out, counts.canonical());
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

/// Whether an object is an error in place of an answer: Anthropic's form, OpenAI's, DashScope's, or
/// `MiniMax`'s `base_resp` beside anything.
pub(super) fn is_error(object: &Object<'_>) -> bool {
    let failed = |resp: &str| {
        let resp: Option<Value> = serde_json::from_str(resp).ok();
        resp.is_some_and(|resp| resp["status_code"].as_i64().is_some_and(|code| code != 0))
    };
    let code_for_content = object.get("code").is_some()
        && object.get("message").is_some_and(|message| message.get().starts_with('"'));
    object.get("error").is_some()
        || object.get("type").is_some_and(|word| word.get() == "\"error\"")
        || object.get("base_resp").is_some_and(|resp| failed(resp.get()))
        || code_for_content
}

/// The error that a text of JSON is.
pub(super) fn error(dialect: &Dialect, status: Option<u16>, text: &str) -> PartnerError {
    match serde_json::from_str(text) {
        Ok(json) => PartnerError::from_json(dialect, status, &json),
        Err(error) => PartnerError::unreadable(status, "the error", &error),
    }
}

/// Reads the head of a message: who answers, and the usage so far.
pub(super) fn begin(
    message: &mut Object<'_>,
    counts: &mut Counts,
    told: &mut Told,
    out: &mut Vec<Event>,
) -> Result<(), PartnerError> {
    for known in ["type", "role"] {
        message.take(known);
    }
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    out.push(Event::Start {
        id: given(message.text("id")?),
        model: given(message.text("model")?),
        fingerprint: None,
        request_id: given(message.text("request_id")?),
    });
    if let Some(usage) = message.object("usage", "the usage")? {
        counts.read(usage, told, out)?;
    }
    Ok(())
}

/// Gives out what is left of an object.
pub(super) fn rest(object: Object<'_>, told: &mut Told, out: &mut Vec<Event>) {
    tell_extra(object.rest("", told), out);
}

fn tell_extra(extra: Extra, out: &mut Vec<Event>) {
    if !extra.is_empty() {
        out.push(Event::Extra(extra));
    }
}

/// Tokens as Anthropic counts them: the input without what was read from or written to the cache,
/// and every count of the whole answer so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    input: Option<u64>,
    cache_written: Option<u64>,
    cache_read: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
    searches: Option<u64>,
}

impl Counts {
    /// Reads a usage. A count never falls, so where a server repeats one as 0 the larger one holds.
    pub(super) fn read(
        &mut self,
        mut usage: Object<'_>,
        told: &mut Told,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        self.input = self.input.max(usage.count("input_tokens")?);
        self.cache_written = self.cache_written.max(usage.count("cache_creation_input_tokens")?);
        self.cache_read = self.cache_read.max(usage.count("cache_read_input_tokens")?);
        self.output = self.output.max(usage.count("output_tokens")?);
        let mut extra = Extra::new();
        if let Some(mut details) = usage.object("output_tokens_details", "the usage's details")? {
            self.thinking = self.thinking.max(details.count("thinking_tokens")?);
            extra.append(details.rest("usage.output_tokens_details.", told));
        }
        if let Some(mut tools) = usage.object("server_tool_use", "the usage's tools")? {
            self.searches = self.searches.max(tools.count("web_search_requests")?);
            extra.append(tools.rest("usage.server_tool_use.", told));
        }
        extra.append(usage.rest("usage.", told));
        tell_extra(extra, out);
        Ok(())
    }

    /// The same in our terms: the input with all of it.
    pub(super) fn canonical(self) -> Option<Usage> {
        if self.input.is_none() && self.output.is_none() {
            return None;
        }
        let or_none = |count: Option<u64>| count.unwrap_or(0);
        Some(Usage {
            input_tokens: or_none(self.input)
                .saturating_add(or_none(self.cache_written))
                .saturating_add(or_none(self.cache_read)),
            output_tokens: or_none(self.output),
            cached_input_tokens: self.cache_read,
            cache_write_input_tokens: self.cache_written,
            reasoning_tokens: self.thinking,
            search_calls: self.searches,
        })
    }
}

/// Why an answer ended, and what the partner's moderation said to it.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    finish: FinishReason,
    moderation: Option<Moderation>,
}

impl Default for Ending {
    fn default() -> Self {
        Self { finish: FinishReason::unstated(), moderation: None }
    }
}

impl Ending {
    /// Reads the reason in a message or in a `message_delta`; none while there is none.
    ///
    /// A refusal is told in `stop_details`, whose category speaks of the request; what came before it
    /// must not be used all the same, so it counts as one of the output.
    pub(super) fn read(
        dialect: &Dialect,
        object: &mut Object<'_>,
    ) -> Result<Option<Self>, PartnerError> {
        use crate::dialect::Ending as Meaning;
        let reason = object.text("stop_reason")?;
        let details = object.object("stop_details", "the details of the end")?;
        let Some(reason) = reason.filter(|reason| !reason.is_empty()) else { return Ok(None) };
        let finish = match (dialect.quirks().finish.get(&reason), reason.as_str()) {
            (Some(Meaning::Finish(finish)), _) => finish.clone(),
            (Some(Meaning::Failed(kind)), _) => {
                let message = format!("the answer ended in `{}`", bounded(&reason, 64));
                return Err(PartnerError::new(*kind, None, message));
            }
            (None, "end_turn" | "stop_sequence") => FinishReason::Stop,
            (None, "max_tokens" | "model_context_window_exceeded") => FinishReason::Length,
            (None, "tool_use") => FinishReason::ToolCalls,
            (None, "refusal") => FinishReason::ContentFilter,
            (None, other) => FinishReason::Other(bounded(other, 64).to_owned()),
        };
        let moderation = match details {
            Some(mut details) if finish == FinishReason::ContentFilter => Some(Moderation {
                at: ModerationAt::Output,
                categories: Vec::from_iter(
                    details.text("category")?.map(|category| bounded(&category, 64).to_owned()),
                ),
                message: details.text("explanation")?.map(|message| presentable(&message)),
            }),
            None if finish == FinishReason::ContentFilter => {
                Some(Moderation { at: ModerationAt::Output, categories: Vec::new(), message: None })
            }
            _ => None,
        };
        Ok(Some(Self { finish, moderation }))
    }

    /// Whether the partner declined, and what it said does not matter.
    pub(super) fn is_declined(&self) -> bool {
        self.finish == FinishReason::ContentFilter
    }

    /// Gives out the last events of an answer.
    pub(super) fn tell(self, out: &mut Vec<Event>, usage: Option<Usage>) {
        out.extend(self.moderation.map(Event::Moderation));
        out.extend(usage.map(Event::Usage));
        out.push(Event::Finish(self.finish));
    }
}
