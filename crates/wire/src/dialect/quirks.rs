//! What a dialect's file may say: the differences between partners of one family, as data.
//!
//! Everything here has the meaning "as OpenAI's chat completions have it" when it is left out,
//! except for what not everybody offers (prefix, search, pictures, `top_k`): that is then absent.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::errors::ErrorRow;
use crate::answer::{FinishReason, ModerationAt};
use crate::auth::Scheme;
use crate::json::Json;
use crate::partner_error::PartnerErrorKind;
use crate::protocol::Protocol;

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quirks {
    /// Shapes and framing.
    pub(crate) family: Protocol,
    /// How requests are authorised.
    #[serde(default)]
    pub(crate) auth: Scheme,
    /// Path to append to the base URL.
    pub(crate) path: Constant,
    /// Headers of every request beside content type and accept, names in lower case.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) request: Request,
    #[serde(default)]
    pub(crate) parts: Parts,
    #[serde(default)]
    pub(crate) reasoning: Reasoning,
    /// How an answer is continued from its beginning; absent: it cannot be.
    pub(crate) prefix: Option<Prefix>,
    /// How DashScope is asked about pictures, sounds and films; absent: it cannot be.
    pub(crate) multimodal: Option<Multimodal>,
    /// How the partner is asked to search; absent: it cannot be.
    pub(crate) search: Option<SearchForm>,
    #[serde(default)]
    pub(crate) answer: Answer,
    /// What the partner's own finish reasons mean.
    #[serde(default)]
    pub(crate) finish: BTreeMap<String, Ending>,
    /// Where an answer shows the partner's moderation.
    #[serde(default)]
    pub(crate) moderation: Vec<ModerationRow>,
    /// Errors, read before the table all partners share.
    #[serde(default)]
    pub(crate) error: Vec<ErrorRow>,
}

/// A text that mostly is one of a few, for which nothing is allocated when it is given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Constant(pub(crate) Cow<'static, str>);

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const KNOWN: [&str; 10] = [
            "/",
            "/api/chat",
            "/beta/chat/completions",
            "/chat/completions",
            "/messages",
            "/responses",
            "/services/aigc/multimodal-generation/generation",
            "/services/aigc/text-generation/generation",
            "/text/chatcompletion_v2",
            "/v1/messages",
        ];
        let given = String::deserialize(deserializer)?;
        if !given.starts_with('/') {
            return Err(serde::de::Error::custom("a path begins with `/`"));
        }
        let known = KNOWN.into_iter().find(|known| *known == given);
        Ok(Self(known.map_or(Cow::Owned(given), Cow::Borrowed)))
    }
}

/// Members of a JSON object, to be written as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members(pub(crate) Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Object(members) => Ok(Self(members)),
            _ => Err(serde::de::Error::custom("a table is wanted")),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Request {
    /// The field of the token limit.
    pub(crate) token_limit: String,
    /// How an assistant turn without words is written.
    pub(crate) no_words: NoWords,
    /// Whether `stream_options.include_usage` asks for the usage of a stream.
    pub(crate) stream_options: bool,
    /// Members of every request.
    pub(crate) members: Members,
    /// Parameters, by OpenAI's names, that cannot be said.
    pub(crate) refuses: Vec<String>,
    /// The words allowed for `tool_choice`: `none`, `auto`, `required`, `function`.
    pub(crate) tool_choice: Vec<String>,
    /// The types allowed for `response_format`.
    pub(crate) formats: Vec<String>,
    /// Whether a schema and a token limit exclude each other.
    pub(crate) schema_without_limit: bool,
    /// The field of `top_k`; absent: it cannot be said.
    pub(crate) top_k: Option<String>,
    /// The field of the cache hint's key; absent: the hint is left out.
    pub(crate) cache_key: Option<String>,
    pub(crate) stop: Stop,
    /// Ranges of numbers, by OpenAI's names of the parameters.
    pub(crate) range: BTreeMap<String, Range>,
    /// With what only one choice can be asked for.
    pub(crate) one_choice_with: Vec<Companion>,
    /// The member to set to `false` in place of a temperature of 0.
    pub(crate) greedy: Option<String>,
}

impl Default for Request {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            token_limit: "max_tokens".to_owned(),
            no_words: NoWords::Null,
            stream_options: true,
            members: Members::default(),
            refuses: Vec::new(),
            tool_choice: words(&["none", "auto", "required", "function"]),
            formats: words(&["text", "json_object", "json_schema"]),
            schema_without_limit: false,
            top_k: None,
            cache_key: None,
            stop: Stop::default(),
            range: BTreeMap::new(),
            one_choice_with: Vec::new(),
            greedy: None,
        }
    }
}

/// What a question may ask for besides several choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Companion {
    /// That functions may be called.
    Tools,
    /// That the model reasons.
    Reasoning,
}

/// How an assistant turn without words is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoWords {
    /// `"content": null`, OpenAI's form.
    Null,
    /// `"content": ""`, DashScope's form (recorded in `with-tools-nosse`).
    Empty,
}

/// Bounds of the texts at which an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Stop {
    pub(crate) most: Option<usize>,
    pub(crate) longest_chars: Option<usize>,
    pub(crate) longest_bytes: Option<usize>,
}

/// The numbers a parameter may have.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Range {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Whether another number becomes the nearest allowed one, as the partner's own SDK does it.
    #[serde(default)]
    pub(crate) clamp: bool,
}

/// How content beside text is written; absent: it cannot be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Parts {
    pub(crate) image: Option<ImageForm>,
    pub(crate) audio: Option<AudioForm>,
    pub(crate) video: Option<VideoForm>,
    pub(crate) file: Option<FileForm>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ImageForm {
    /// `image_url`, bytes as a `data:` address.
    DataUrl,
    /// `image_url`, bytes in bare base64.
    BareBase64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AudioForm {
    /// `input_audio`, bytes in bare base64; no addresses.
    BareBase64,
    /// `input_audio`, an address or a `data:` address.
    DataUrl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum VideoForm {
    /// `video_url`, bytes as a `data:` address.
    DataUrl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FileForm {
    /// `file` with `file_data`, a `data:` address; no addresses.
    FileData,
    /// `file_url`.
    Url,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reasoning {
    /// What turns it on; absent: the wish cannot be said.
    pub(crate) on: Option<Members>,
    /// What turns it off; absent: it cannot be turned off.
    pub(crate) off: Option<Members>,
    /// The field of the effort.
    pub(crate) effort: Option<String>,
    /// The efforts it knows, by our names, as it writes them.
    pub(crate) efforts: BTreeMap<String, String>,
    /// Whether an effort says that it is on, so that `on` is left out.
    pub(crate) effort_alone: bool,
    /// The field of the budget in tokens.
    pub(crate) budget: Option<String>,
    /// The smallest budget in tokens.
    pub(crate) least_budget: Option<u32>,
    /// When the reasoning of earlier turns is sent back.
    pub(crate) echo: Echo,
    /// The words allowed for `tool_choice` unless reasoning is off; absent: as without.
    pub(crate) tool_choice: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Echo {
    #[default]
    Never,
    /// In turns that call tools.
    ToolTurns,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Prefix {
    /// The member of the last turn that is set to `true`; absent: that it comes last says enough.
    pub(crate) mark: Option<String>,
    /// Another path for such requests.
    pub(crate) path: Option<Constant>,
    /// Members of the request.
    pub(crate) members: Members,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SearchForm {
    /// Members of a request that may search.
    pub(crate) members: Members,
    /// Members of a request that must; absent: this cannot be said.
    pub(crate) forced: Option<Members>,
    /// A tool to add to the request's.
    pub(crate) tool: Option<Json>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Answer {
    /// Whether a stream without `[DONE]` is cut although it has a finish reason.
    pub(crate) done: Done,
    /// What the pieces of a stream hold.
    pub(crate) pieces: Pieces,
    /// What the usage beside a single choice counts.
    pub(crate) usage: Counted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Counted {
    /// The whole answer so far.
    #[default]
    Answer,
    /// The question, and this choice so far.
    Choice,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Done {
    #[default]
    Optional,
    Required,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Pieces {
    /// What is new.
    #[default]
    Incremental,
    /// All so far.
    Cumulative,
}

/// What a partner's own finish reason means: another reason, or that the answer failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Finish(FinishReason),
    Failed(PartnerErrorKind),
}

impl<'de> Deserialize<'de> for Ending {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "stop" => Self::Finish(FinishReason::Stop),
            "length" => Self::Finish(FinishReason::Length),
            "tool_calls" => Self::Finish(FinishReason::ToolCalls),
            "content_filter" => Self::Finish(FinishReason::ContentFilter),
            word => Self::Failed(PartnerErrorKind::named(word).ok_or_else(|| {
                serde::de::Error::custom(format!("neither a finish reason nor an error: {word}"))
            })?),
        })
    }
}

/// DashScope's other generation, in which every content is a list of parts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Multimodal {
    /// Path to append to the base URL.
    pub(crate) path: Constant,
    /// Pieces of the names of models that are asked there also about text alone.
    #[serde(default)]
    pub(crate) models: Vec<String>,
}

/// A member of an answer that shows moderation. `true`, a number other than 0, a text, or a list
/// is a finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModerationRow {
    /// The member; as in [`crate::Extra`], `choice.NAME` stands in a choice.
    pub(crate) member: String,
    /// What it is about.
    pub(crate) at: ModerationAt,
    /// The member that names the category, when it is another.
    pub(crate) category: Option<String>,
    /// The smallest number that declines; a smaller one is told, and the answer stands.
    #[serde(default)]
    pub(crate) declines_from: i64,
    /// Whether it only explains a finish reason, and says nothing when there is none such.
    #[serde(default)]
    pub(crate) explains: bool,
}
