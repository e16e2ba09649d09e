//! Answers of Tencent's `ChatCompletions`, whole and streamed.
//!
//! A whole answer stands in `Response`, the chunks of a stream stand bare; an error stands in
//! `Response` also where a stream was asked for. A chunk may hold `ErrorMsg` instead of words.

use serde::Deserialize;

use crate::answer::{
    Completion, Event, FinishReason, Moderation, ModerationAt, ToolCallDelta, Usage,
};
use crate::chat::ToolCall;
use crate::dialect::Dialect;
use crate::extra::Extra;
use crate::head::Head;
use crate::members::{First, Members, Told};
use crate::partner_error::{PartnerError, strip_bom};
use crate::sse::Frame;
use crate::wire_answer::{Str, given};

/// Most tool calls of one answer.
const MOST_CALLS: usize = 128;

/// Most bytes of a call's id: the ids of one answer are kept to tell its calls apart.
const LONGEST_ID: usize = 1_024;

/// What is read of an answer's top; everything else travels along.
const READ: [&str; 5] = ["Id", "RequestId", "Choices", "Usage", "ModerationLevel"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Choice<'a> {
    #[serde(borrow)]
    delta: Option<Turn<'a>>,
    #[serde(borrow)]
    message: Option<Turn<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
    #[serde(borrow)]
    moderation_level: Option<Str<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Turn<'a> {
    #[serde(borrow)]
    content: Option<Str<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Str<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Call<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    index: Option<u32>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    arguments: Option<Str<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        Usage {
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
            cached_input_tokens: usage.prompt_tokens_details.and_then(|d| d.cached_tokens),
            ..Usage::default()
        }
    }
}

impl Turn<'_> {
    /// Whether the model said anything, were it the empty text. A turn that holds none of these has
    /// been renamed or lost on the way.
    fn speaks(&self) -> bool {
        self.content.is_some() || self.reasoning_content.is_some() || self.tool_calls.is_some()
    }
}

/// Reads a partner's reason; `sensitive` is the verdict of the check of the output.
fn finish(reason: Option<&Str<'_>>) -> (Option<FinishReason>, Option<Moderation>) {
    match reason.map(|reason| &*reason.0) {
        Some("sensitive") => {
            (Some(FinishReason::ContentFilter), Some(verdict(ModerationAt::Output, "sensitive")))
        }
        other => (other.and_then(FinishReason::from_wire), None),
    }
}

/// `ModerationLevel` 1 says that the conversation as a whole is a risk and should be ended.
fn level(level: Option<Str<'_>>) -> Option<Moderation> {
    level.filter(|level| level.0 == "1").map(|_| verdict(ModerationAt::Input, "ModerationLevel 1"))
}

fn verdict(at: ModerationAt, category: &str) -> Moderation {
    Moderation { at, categories: vec![category.to_owned()], message: None }
}

/// The error that the members tell of, if they do: Tencent Cloud's `Error`, or the service's own
/// `ErrorMsg`.
fn error_in(
    dialect: &Dialect,
    status: Option<u16>,
    members: &Members<'_>,
    text: &str,
) -> Option<PartnerError> {
    let is_error = members.has("Error") || members.has("ErrorMsg");
    // Read again in full: errors are rare.
    let json = is_error.then(|| serde_json::from_str(text).ok()).flatten()?;
    Some(PartnerError::from_json(dialect, status, &json))
}

/// Reads a whole answer with status 2xx.
pub(crate) fn decode(
    dialect: &Dialect,
    head: &Head<'_>,
    body: &[u8],
) -> Result<Completion, PartnerError> {
    let status = Some(head.status);
    let unreadable = |error| PartnerError::unreadable(status, "the answer", &error);
    let text = str::from_utf8(strip_bom(body))
        .map_err(|_| PartnerError::malformed(status, "the answer is not UTF-8"))?;
    let members = response(text).map_err(unreadable)?;
    if let Some(error) = error_in(dialect, status, &members, text) {
        return Err(error);
    }
    let id = given(members.read("Id").map_err(unreadable)?);
    let request_id = given(members.read("RequestId").map_err(unreadable)?);
    let broken = |message: &str| PartnerError {
        request_id: request_id.clone(),
        ..PartnerError::malformed(status, message)
    };
    let choices = members.read::<First<Choice<'_>>>("Choices").map_err(unreadable)?;
    let Some(choice) = choices.and_then(|choices| choices.0) else {
        return Err(broken("the answer has no choices"));
    };
    let (reason, sensitive) = finish(choice.finish_reason.as_ref());
    let turn = choice.message.or(choice.delta).unwrap_or_default();
    if !turn.speaks() && reason != Some(FinishReason::ContentFilter) {
        return Err(broken("the answer has a choice without words"));
    }
    let risk = level(choice.moderation_level)
        .or(level(members.read("ModerationLevel").map_err(unreadable)?));
    let usage = members.read::<WireUsage>("Usage").map_err(unreadable)?;
    let mut extra = Extra::new();
    let mut told = Told::default();
    for (name, value) in members.others(&READ) {
        told.tell(name, value, &mut extra);
    }
    let tool_calls = turn.tool_calls.unwrap_or_default().into_iter().map(|call| {
        let function = call.function.unwrap_or_default();
        ToolCall {
            id: given(call.id).unwrap_or_default(),
            name: given(function.name).unwrap_or_default(),
            arguments: given(function.arguments).unwrap_or_default(),
        }
    });
    Ok(Completion {
        id: id.or_else(|| request_id.clone()),
        tool_calls: tool_calls.collect(),
        text: given(turn.content).unwrap_or_default(),
        reasoning: given(turn.reasoning_content).unwrap_or_default(),
        usage: usage.map(Usage::from),
        moderation: sensitive.or(risk),
        extra,
        request_id,
        ..Completion::new(reason.unwrap_or_else(FinishReason::unstated))
    })
}

/// The members of `Response`, or of the body itself: Tencent's own samples leave the wrapper out.
fn response(text: &str) -> serde_json::Result<Members<'_>> {
    let members: Members<'_> = serde_json::from_str(text)?;
    Ok(members.read("Response")?.unwrap_or(members))
}

/// What is known of a streamed answer so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is told on its own, in any order")]
pub(crate) struct StreamState {
    started: bool,
    /// Whether a chunk had words, were they empty.
    spoke: bool,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    done: bool,
    /// The tool calls so far; the place is the index.
    calls: Vec<Known>,
    risk_told: bool,
    told: Told,
}

/// A tool call of which a piece came.
#[derive(Debug)]
struct Known {
    id: Option<String>,
    named: bool,
}

impl StreamState {
    /// Takes the next server-sent event.
    pub(crate) fn frame(
        &mut self,
        dialect: &Dialect,
        frame: Frame<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), PartnerError> {
        let data = frame.data.trim_ascii();
        if data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            // Not this protocol's own, but what stands between may add it.
            return self.end(out);
        }
        let unreadable = |error| {
            let error = PartnerError::unreadable(None, "a chunk of the stream", &error);
            PartnerError::malformed(None, error.message)
        };
        let members = response(data).map_err(unreadable)?;
        if let Some(usage) = members.read::<WireUsage>("Usage").map_err(unreadable)? {
            // Counts are of the whole answer so far.
            self.usage = Some(usage.into());
        }
        if let Some(error) = error_in(dialect, None, &members, data) {
            return Err(error);
        }
        let choices = members.read::<First<Choice<'_>>>("Choices").map_err(unreadable)?;
        let choice = choices.and_then(|choices| choices.0);
        if !self.started {
            self.started = true;
            let id = given(members.read("Id").map_err(unreadable)?);
            out.push(Event::Start { id, model: None, fingerprint: None, request_id: None });
        }
        let mut news = Extra::new();
        for (name, value) in members.others(&READ) {
            self.told.tell(name, value, &mut news);
        }
        if !news.is_empty() {
            out.push(Event::Extra(news));
        }
        let risk = level(members.read("ModerationLevel").map_err(unreadable)?);
        let Some(choice) = choice else {
            self.risk(risk, out);
            return Ok(());
        };
        self.turn(choice.delta.or(choice.message).unwrap_or_default(), out)?;
        self.risk(level(choice.moderation_level).or(risk), out);
        let (reason, sensitive) = finish(choice.finish_reason.as_ref());
        out.extend(sensitive.map(Event::Moderation));
        self.finish = reason.or(self.finish.take());
        Ok(())
    }

    /// The body ended before [`is_done`](Self::is_done), which is how this protocol ends.
    pub(crate) fn end(&mut self, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        let Some(finish) = self.finish.take() else {
            let message = if self.started {
                "the stream ended before the answer did"
            } else {
                "the stream ended before the answer began"
            };
            return Err(PartnerError::truncated(message, None));
        };
        if !self.spoke && finish != FinishReason::ContentFilter {
            return Err(PartnerError::malformed(None, "the stream has no words in it"));
        }
        out.extend(self.usage.take().map(Event::Usage));
        out.push(Event::Finish(finish));
        self.done = true;
        Ok(())
    }

    /// Whether the answer is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The usage told so far and not yet given out, when the answer failed.
    pub(crate) fn spent(&mut self) -> Option<Usage> {
        self.usage.take()
    }

    fn risk(&mut self, risk: Option<Moderation>, out: &mut Vec<Event>) {
        if let Some(risk) = risk.filter(|_| !self.risk_told) {
            self.risk_told = true;
            out.push(Event::Moderation(risk));
        }
    }

    fn turn(&mut self, turn: Turn<'_>, out: &mut Vec<Event>) -> Result<(), PartnerError> {
        self.spoke |= turn.speaks();
        out.extend(given(turn.reasoning_content).map(Event::Reasoning));
        out.extend(given(turn.content).map(Event::Text));
        for (place, call) in turn.tool_calls.unwrap_or_default().into_iter().enumerate() {
            let id = given(call.id);
            if id.as_ref().is_some_and(|id| id.len() > LONGEST_ID) {
                let message = format!("a tool call's id is longer than {LONGEST_ID} bytes");
                return Err(PartnerError::malformed(None, message));
            }
            let known = match (&id, call.index) {
                // Pieces belong together by their id, says Tencent; the index is only a second
                // sign.
                (Some(_), _) => self.calls.iter().position(|known| known.id == id),
                (None, Some(index)) => Some(index as usize).filter(|at| *at < self.calls.len()),
                (None, None) => Some(place).filter(|at| *at < self.calls.len()),
            };
            let index = known.unwrap_or(self.calls.len());
            if known.is_none() {
                if self.calls.len() == MOST_CALLS {
                    let message = format!("the answer has more than {MOST_CALLS} tool calls");
                    return Err(PartnerError::malformed(None, message));
                }
                self.calls.push(Known { id: id.clone(), named: false });
            }
            let function = call.function.unwrap_or_default();
            let name = given(function.name).filter(|_| !self.calls[index].named);
            self.calls[index].named |= name.is_some();
            out.push(Event::ToolCall(ToolCallDelta {
                // At most 128 calls.
                index: u32::try_from(index).unwrap_or(u32::MAX),
                id: id.filter(|_| known.is_none()),
                name,
                arguments: given(function.arguments).unwrap_or_default(),
            }));
        }
        Ok(())
    }
}
