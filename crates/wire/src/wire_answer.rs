//! Answers as partners write them: one set of types reads whole answers and stream chunks of all
//! supported protocols, because they differ in where the pieces stand, not in what the pieces are.
//!
//! Strings borrow from the input where they can; what is not read here is skipped, not kept.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::answer::{Completion, FinishReason, Usage};
use crate::chat::ToolCall;
use crate::dialect::Dialect;
use crate::head::Head;
use crate::partner_error::{PartnerError, strip_bom};

/// A string that borrows when it has no escapes. (`Option<Cow<str>>` alone would always copy.)
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Str<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Str<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The string, unless it is absent or empty: DashScope writes `"id":""` in later fragments.
pub(crate) fn given(text: Option<Str<'_>>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| text.0.into_owned())
}

/// The first element of an array; one answer is asked for, so there is no other.
#[derive(Debug)]
pub(crate) struct First<T>(pub(crate) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for FirstVisitor<T> {
            type Value = First<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<First<T>, A::Error> {
                let first = seq.next_element()?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }

        deserializer.deserialize_seq(FirstVisitor(PhantomData))
    }
}

/// Everything any supported protocol puts at the top of an answer or of a stream chunk.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) model: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) system_fingerprint: Option<Str<'a>>,
    /// OpenAI's shape.
    #[serde(borrow)]
    pub(crate) choices: Option<First<Choice<'a>>>,
    /// DashScope's shape.
    #[serde(borrow)]
    pub(crate) output: Option<Output<'a>>,
    pub(crate) usage: Option<WireUsage>,
    #[serde(borrow)]
    pub(crate) request_id: Option<Str<'a>>,
    /// OpenAI's error, also under status 200 and in mid-stream.
    #[serde(borrow)]
    pub(crate) error: Option<&'a RawValue>,
    /// DashScope's error, also under status 200.
    #[serde(borrow)]
    pub(crate) code: Option<&'a RawValue>,
}

/// DashScope's wrapper: choices, or (`result_format: "text"`) the bare text.
#[derive(Debug, Deserialize)]
pub(crate) struct Output<'a> {
    #[serde(borrow)]
    pub(crate) choices: Option<First<Choice<'a>>>,
    #[serde(borrow)]
    text: Option<Str<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice<'a> {
    /// In OpenAI's streams.
    #[serde(borrow)]
    delta: Option<Turn<'a>>,
    /// In whole answers, and in all of DashScope's.
    #[serde(borrow)]
    message: Option<Turn<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Str<'a>>,
}

/// What the model said, or the next piece of it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Turn<'a> {
    #[serde(borrow)]
    pub(crate) content: Option<Content<'a>>,
    /// DashScope, and most servers that stream reasoning.
    #[serde(borrow)]
    reasoning_content: Option<Str<'a>>,
    /// Newer vLLM.
    #[serde(borrow)]
    reasoning: Option<Str<'a>>,
    /// The model's own refusal, in place of content (OpenAI).
    #[serde(borrow)]
    pub(crate) refusal: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) tool_calls: Option<Vec<CallPiece<'a>>>,
}

impl<'a> Turn<'a> {
    pub(crate) fn take_reasoning(&mut self) -> Option<Str<'a>> {
        let written = self.reasoning_content.take().filter(|text| !text.is_empty());
        written.or_else(|| self.reasoning.take().filter(|text| !text.is_empty()))
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct CallPiece<'a> {
    pub(crate) index: Option<u32>,
    #[serde(borrow)]
    pub(crate) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) function: Option<FunctionPiece<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct FunctionPiece<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(crate) arguments: Option<Str<'a>>,
}

/// A message's content: a string, or (multimodal answers) a list of parts of which the texts count.
#[derive(Debug)]
pub(crate) struct Content<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;

        #[derive(Deserialize)]
        struct Part<'a> {
            #[serde(borrow)]
            text: Option<Str<'a>>,
        }

        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of parts")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
                Ok(Content(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
                Ok(Content(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Content<'de>, E> {
                Ok(Content(Cow::Owned(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content<'de>, A::Error> {
                let mut all = Cow::Borrowed("");
                while let Some(part) = seq.next_element::<Part<'de>>()? {
                    if let Some(text) = part.text {
                        if all.is_empty() {
                            all = text.0;
                        } else {
                            all.to_mut().push_str(&text.0);
                        }
                    }
                }
                Ok(Content(all))
            }
        }

        deserializer.deserialize_any(ContentVisitor)
    }
}

/// Token counts under the names of both vendors.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    prompt_tokens_details: Option<UsageDetails>,
    completion_tokens_details: Option<UsageDetails>,
    output_tokens_details: Option<UsageDetails>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct UsageDetails {
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl WireUsage {
    /// `None` when the partner counted no tokens (image answers count images).
    pub(crate) fn canonical(self) -> Option<Usage> {
        let input = self.prompt_tokens.or(self.input_tokens);
        let output = self.completion_tokens.or(self.output_tokens);
        if input.is_none() && output.is_none() {
            return None;
        }
        let details = self.completion_tokens_details.or(self.output_tokens_details);
        Some(Usage {
            input_tokens: input.unwrap_or(0),
            output_tokens: output.unwrap_or(0),
            cached_input_tokens: self.prompt_tokens_details.and_then(|d| d.cached_tokens),
            reasoning_tokens: details.and_then(|d| d.reasoning_tokens),
            ..Usage::default()
        })
    }
}

/// One choice with its protocol taken off.
pub(crate) struct Said<'a> {
    pub(crate) turn: Turn<'a>,
    pub(crate) finish: Option<FinishReason>,
}

impl<'a> Answer<'a> {
    /// The partner's error, if this is one.
    pub(crate) fn error(
        &self,
        dialect: &Dialect,
        status: Option<u16>,
        text: &str,
    ) -> Option<PartnerError> {
        let has_code = |code: &RawValue| !matches!(code.get(), "\"\"" | "0" | "200" | "\"200\"");
        let is_error = self.error.is_some()
            || self.code.is_some_and(has_code) && self.choices.is_none() && self.output.is_none();
        // Parsed again in full: errors are rare, and their shapes many.
        let json = is_error.then(|| serde_json::from_str(text).ok()).flatten()?;
        Some(PartnerError::from_json(dialect, status, &json))
    }

    /// What the model said, wherever the protocol puts it.
    pub(crate) fn said(&mut self) -> Option<Said<'a>> {
        let mut choices = self.choices.take();
        if let Some(output) = &mut self.output {
            if let Some(text) = output.text.take() {
                let content = Some(Content(text.0));
                return Some(Said {
                    turn: Turn { content, ..Turn::default() },
                    finish: reason(output.finish_reason.take()),
                });
            }
            choices = choices.or_else(|| output.choices.take());
        }
        let choice = choices?.0?;
        Some(Said {
            turn: choice.delta.or(choice.message).unwrap_or_default(),
            finish: reason(choice.finish_reason),
        })
    }
}

fn reason(reason: Option<Str<'_>>) -> Option<FinishReason> {
    reason.and_then(|reason| FinishReason::from_wire(&reason.0))
}

pub(crate) fn decode(
    dialect: &Dialect,
    head: &Head<'_>,
    body: &[u8],
) -> Result<Completion, PartnerError> {
    let status = head.status;
    let unreadable =
        |error: serde_json::Error| PartnerError::unreadable(Some(status), "the answer", &error);
    let text = str::from_utf8(strip_bom(body))
        .map_err(|_| PartnerError::malformed(Some(status), "the answer is not UTF-8"))?;
    let mut answer: Answer<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = answer.error(dialect, Some(status), text) {
        return Err(error);
    }
    let Some(Said { mut turn, finish }) = answer.said() else {
        let request_id = given(answer.request_id.take());
        let error = PartnerError::malformed(Some(status), "the answer has no choices");
        return Err(PartnerError { request_id, ..error });
    };
    let reasoning = given(turn.take_reasoning()).unwrap_or_default();
    let mut text = turn.content.take().map(|content| content.0.into_owned()).unwrap_or_default();
    let mut finish = finish.unwrap_or_else(FinishReason::unstated);
    if let Some(refusal) = given(turn.refusal.take()) {
        text.push_str(&refusal);
        finish = FinishReason::ContentFilter;
    }
    let tool_calls = turn.tool_calls.take().unwrap_or_default().into_iter().map(|call| {
        let function = call.function.unwrap_or_default();
        ToolCall {
            id: given(call.id).unwrap_or_default(),
            name: given(function.name).unwrap_or_default(),
            arguments: given(function.arguments).unwrap_or_default(),
        }
    });
    let request_id = given(answer.request_id.take());
    Ok(Completion {
        tool_calls: tool_calls.collect(),
        id: given(answer.id.take()).or_else(|| request_id.clone()),
        request_id,
        model: given(answer.model.take()),
        fingerprint: given(answer.system_fingerprint.take()),
        text,
        reasoning,
        usage: answer.usage.and_then(WireUsage::canonical),
        ..Completion::new(finish)
    })
}
