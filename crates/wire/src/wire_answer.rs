//! Answers as partners write them: one set of types reads whole answers and stream chunks of all
//! dialects of OpenAI's shape and of DashScope's own, because they differ in where the pieces stand,
//! not in what the pieces are.
//!
//! Strings borrow from the input where they can. A member that is not read here is kept as it was
//! written ([`Unknown`]), unless it is known to say nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::answer::Usage;
use crate::dialect::Dialect;
use crate::members::Members;
use crate::partner_error::PartnerError;

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

/// Members without a field, in order. The first needs no allocation: many partners repeat one in
/// each chunk.
#[derive(Debug, Default)]
pub(crate) struct Unknown<'a> {
    first: Option<(Str<'a>, &'a RawValue)>,
    more: Vec<(Str<'a>, &'a RawValue)>,
}

impl<'a> Unknown<'a> {
    /// Keeps a member, unless its value is empty.
    fn push(&mut self, name: Str<'a>, value: &'a RawValue) {
        if matches!(value.get(), "null" | "\"\"" | "[]" | "{}") {
            return;
        }
        if self.first.is_none() {
            self.first = Some((name, value));
        } else {
            self.more.push((name, value));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.first.iter().chain(&self.more).map(|(name, value)| (&*name.0, *value))
    }

    /// The value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// An object whose unknown members are kept. `noise` names members that say nothing.
macro_rules! object {
    (
        $(#[$about:meta])*
        $name:ident { $($(#[$what:meta])* $field:ident: $type:ty,)* }
        noise $($noise:literal)|+
    ) => {
        $(#[$about])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<'a> {
            $($(#[$what])* pub(crate) $field: Option<$type>,)*
            /// Everything else.
            pub(crate) unknown: Unknown<'a>,
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;

                impl<'de> Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$name<'de>, A::Error> {
                        let mut object = $name::default();
                        while let Some(name) = map.next_key::<Str<'de>>()? {
                            match &*name.0 {
                                $(stringify!($field) => object.$field = map.next_value()?,)*
                                $($noise)|+ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                                _ => object.unknown.push(name, map.next_value()?),
                            }
                        }
                        Ok(object)
                    }
                }

                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
}

object! {
    /// Everything any dialect puts at the top of an answer or of a stream chunk.
    Answer {
        id: Str<'a>,
        model: Str<'a>,
        system_fingerprint: Str<'a>,
        /// OpenAI's shape.
        choices: Choices<'a>,
        /// DashScope's shape.
        output: Output<'a>,
        usage: Counts,
        request_id: Str<'a>,
        /// OpenAI's error, also under status 200 and in mid-stream.
        error: &'a RawValue,
        /// DashScope's error, and vLLM's older one, also under status 200.
        code: &'a RawValue,
        /// Huawei's error.
        error_code: &'a RawValue,
        /// MiniMax's outcome, also under status 200 (`facts/partners/minimax.md`).
        base_resp: BaseResp,
    }
    // `message` belongs to an error, which is read anew in full; `obfuscation` is random padding.
    noise "object" | "created" | "obfuscation" | "message"
}

object! {
    /// DashScope's wrapper: choices, or (`result_format: "text"`) the bare text.
    Output {
        choices: Choices<'a>,
        text: Str<'a>,
        finish_reason: Str<'a>,
    }
    noise "object"
}

/// One choice.
#[derive(Debug, Default)]
pub(crate) struct Choice<'a> {
    pub(crate) index: Option<u32>,
    /// `delta` in OpenAI's streams; `message` in whole answers, and in all of DashScope's.
    pub(crate) turn: Option<Turn<'a>>,
    pub(crate) finish_reason: Option<Str<'a>>,
    /// Moonshot's streams count here (`facts/partners/moonshot.md`).
    pub(crate) usage: Option<Counts>,
    /// Everything else.
    pub(crate) unknown: Unknown<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Choice<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceVisitor;

        impl<'de> Visitor<'de> for ChoiceVisitor {
            type Value = Choice<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Choice<'de>, A::Error> {
                let mut choice = Choice::default();
                let mut is_delta = false;
                while let Some(name) = map.next_key::<Str<'de>>()? {
                    match &*name.0 {
                        "index" => choice.index = map.next_value()?,
                        // One place for both, of which a delta comes first: a choice is moved for each piece of a stream.
                        "delta" => {
                            if let Some(turn) = map.next_value()? {
                                choice.turn = Some(turn);
                                is_delta = true;
                            }
                        }
                        "message" if is_delta => _ = map.next_value::<Option<Turn<'de>>>()?,
                        "message" => choice.turn = map.next_value()?,
                        "finish_reason" => choice.finish_reason = map.next_value()?,
                        "usage" => choice.usage = map.next_value()?,
                        "object" => _ = map.next_value::<IgnoredAny>()?,
                        _ => choice.unknown.push(name, map.next_value()?),
                    }
                }
                Ok(choice)
            }
        }

        deserializer.deserialize_map(ChoiceVisitor)
    }
}

object! {
    /// What the model said, or the next piece of it.
    Turn {
        /// `tool` for what a built-in tool found (`facts/partners/minimax.md`).
        role: Str<'a>,
        content: Content<'a>,
        /// DashScope, and most servers that give reasoning.
        reasoning_content: Str<'a>,
        /// Newer vLLM.
        reasoning: Str<'a>,
        /// MiniMax, beside or in place of `reasoning_content`.
        reasoning_details: Vec<Detail<'a>>,
        /// The model's own refusal, in place of content (OpenAI).
        refusal: Str<'a>,
        tool_calls: Vec<CallPiece<'a>>,
    }
    noise "type"
}

impl<'a> Turn<'a> {
    pub(crate) fn take_reasoning(&mut self) -> Option<Cow<'a, str>> {
        let [content, plain] = [self.reasoning_content.take(), self.reasoning.take()]
            .map(|text| text.filter(|text| !text.is_empty()).map(|text| text.0));
        content.or(plain).or_else(|| {
            let details = self.reasoning_details.take()?.into_iter();
            let text: String = details.filter_map(|detail| Some(detail.text?.0)).collect();
            (!text.is_empty()).then_some(Cow::Owned(text))
        })
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Detail<'a> {
    #[serde(borrow)]
    text: Option<Str<'a>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct BaseResp {
    status_code: Option<i64>,
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
    arguments: Option<&'a RawValue>,
}

impl<'a> FunctionPiece<'a> {
    /// The arguments: a string, or (Zhipu's documents) the object itself.
    pub(crate) fn take_arguments(&mut self) -> Result<Cow<'a, str>, serde_json::Error> {
        let Some(arguments) = self.arguments.take() else { return Ok(Cow::Borrowed("")) };
        let text = arguments.get();
        if text.starts_with('"') {
            return serde_json::from_str::<Str<'a>>(text).map(|text| text.0);
        }
        Ok(Cow::Borrowed(if text == "null" { "" } else { text }))
    }
}

/// The choices of an answer. There is nearly always one, and then nothing is allocated.
#[derive(Debug, Default)]
pub(crate) struct Choices<'a> {
    first: Option<Choice<'a>>,
    more: Vec<Choice<'a>>,
}

impl<'a> Choices<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// The choice, where there is only this one.
    pub(crate) fn alone(&self) -> Option<&Choice<'a>> {
        self.first.as_ref().filter(|_| self.more.is_empty())
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = Choice<'a>> {
        self.first.into_iter().chain(self.more)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Choices<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoicesVisitor;

        impl<'de> Visitor<'de> for ChoicesVisitor {
            type Value = Choices<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Choices<'de>, A::Error> {
                let mut choices = Choices { first: seq.next_element()?, more: Vec::new() };
                while let Some(choice) = seq.next_element()? {
                    choices.more.push(choice);
                }
                Ok(choices)
            }
        }

        deserializer.deserialize_seq(ChoicesVisitor)
    }
}

/// A message's content: a string, or (multimodal answers) a list of parts of which the texts count.
#[derive(Debug)]
pub(crate) struct Content<'a> {
    pub(crate) text: Cow<'a, str>,
    /// The parts that are more than text: pictures, what was read off one.
    pub(crate) beside: Vec<&'a RawValue>,
    /// Whether a part is neither text nor anything known to stand in its place.
    pub(crate) unread: bool,
}

/// The members of a part that stand in the place of text.
const MEDIA: [&str; 4] = ["image", "audio", "video", "image_url"];

impl<'a> From<Cow<'a, str>> for Content<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self { text, beside: Vec::new(), unread: false }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;

        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of parts")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
                Ok(Cow::Borrowed(text).into())
            }

            fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
                Ok(Cow::<str>::Owned(text.to_owned()).into())
            }

            fn visit_string<E>(self, text: String) -> Result<Content<'de>, E> {
                Ok(Cow::<str>::Owned(text).into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content<'de>, A::Error> {
                let mut content = Content::from(Cow::Borrowed(""));
                while let Some(raw) = seq.next_element::<&'de RawValue>()? {
                    let read = serde_json::from_str::<Members<'de>>(raw.get());
                    let part = read.map_err(A::Error::custom)?;
                    let text = part.read::<Str<'de>>("text").map_err(A::Error::custom)?;
                    match text.map(|text| text.0) {
                        Some(text) if content.text.is_empty() => content.text = text,
                        Some(text) => content.text.to_mut().push_str(&text),
                        None => content.unread |= !MEDIA.iter().any(|name| part.has(name)),
                    }
                    if part.others(&["text", "type"]).next().is_some() {
                        content.beside.push(raw);
                    }
                }
                Ok(content)
            }
        }

        deserializer.deserialize_any(ContentVisitor)
    }
}

/// Token counts; none when the partner counted no tokens (image answers count images).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts(pub(crate) Option<Usage>);

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(WireUsage::deserialize(deserializer)?.canonical()))
    }
}

/// Token counts under the names of all vendors.
#[derive(Clone, Copy, Debug, Deserialize)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    prompt_tokens_details: Option<UsageDetails>,
    completion_tokens_details: Option<UsageDetails>,
    output_tokens_details: Option<UsageDetails>,
    /// DeepSeek's name of what was cached (`facts/partners/deepseek.md`).
    prompt_cache_hit_tokens: Option<u64>,
    /// Moonshot's, unconfirmed (`facts/partners/moonshot.md`).
    cached_tokens: Option<u64>,
    /// DashScope's searches (`facts/partners/qwen-dashscope.md`).
    plugins: Option<Plugins>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
struct UsageDetails {
    cached_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Plugins {
    search: Option<Searches>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Searches {
    count: Option<u64>,
}

impl WireUsage {
    fn canonical(self) -> Option<Usage> {
        let input = self.prompt_tokens.or(self.input_tokens);
        let output = self.completion_tokens.or(self.output_tokens);
        if input.is_none() && output.is_none() {
            return None;
        }
        let spent = self.completion_tokens_details.or(self.output_tokens_details);
        let asked = self.prompt_tokens_details;
        let cached = asked.and_then(|details| details.cached_tokens);
        Some(Usage {
            input_tokens: input.unwrap_or(0),
            output_tokens: output.unwrap_or(0),
            cached_input_tokens: cached.or(self.prompt_cache_hit_tokens).or(self.cached_tokens),
            reasoning_tokens: spent.and_then(|details| details.reasoning_tokens),
            cache_write_input_tokens: asked.and_then(|details| details.cache_creation_input_tokens),
            search_calls: self.plugins.and_then(|plugins| plugins.search?.count),
        })
    }
}

impl<'a> Answer<'a> {
    /// The partner's error, if this is one. `text` is what this was read from.
    pub(crate) fn error(
        &self,
        dialect: &Dialect,
        status: Option<u16>,
        text: &str,
    ) -> Option<PartnerError> {
        let has_code = |code: &RawValue| !matches!(code.get(), "\"\"" | "0" | "200" | "\"200\"");
        let failed = |outcome: BaseResp| outcome.status_code.is_some_and(|code| code != 0);
        let codes = [self.code, self.error_code];
        let is_error = self.error.is_some()
            || self.base_resp.is_some_and(failed)
            || codes.into_iter().flatten().any(has_code)
                && self.choices.is_none()
                && self.output.is_none();
        // Parsed again in full: errors are rare, and their shapes many.
        let json = is_error.then(|| serde_json::from_str(text).ok()).flatten()?;
        Some(PartnerError::from_json(dialect, status, &json))
    }

    /// The choices, wherever the protocol puts them.
    pub(crate) fn take_choices(&mut self) -> Choices<'a> {
        let Some(output) = &mut self.output else {
            return self.choices.take().unwrap_or_default();
        };
        let Some(text) = output.text.take() else {
            return self.choices.take().or_else(|| output.choices.take()).unwrap_or_default();
        };
        let turn = Turn { content: Some(text.0.into()), ..Turn::default() };
        let choice = Choice {
            turn: Some(turn),
            finish_reason: output.finish_reason.take(),
            ..Choice::default()
        };
        Choices { first: Some(choice), more: Vec::new() }
    }
}
