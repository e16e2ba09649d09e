//! What can be wrong with a feature's definition or with a request for it.

use thiserror::Error;
use yumen_policy::{FeatureId, Text};

use crate::TextLanguage;

/// Why a feature or a request for it was not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// The definition in `catalog/features` is wrong; the message names the key.
    #[error("feature definition: {0}")]
    Definition(String),
    /// The text holds nothing to work on.
    #[error("the input is empty")]
    EmptyInput,
    /// The text is longer than the feature takes.
    #[error("the input has {actual} bytes; {feature} takes at most {limit}")]
    InputTooLarge {
        /// The feature asked for.
        feature: FeatureId,
        /// The most it takes, in bytes of UTF-8.
        limit: usize,
        /// What came, in bytes of UTF-8.
        actual: usize,
    },
    /// The request does not have the feature's input shape; the message names the field.
    #[error("the input does not fit {feature}: {message}")]
    Invalid {
        /// The feature asked for.
        feature: FeatureId,
        /// What is wrong, naming the field.
        message: String,
    },
    /// The body is no JSON at all, or nested too deep.
    #[error("the body is not valid JSON: {0}")]
    NotJson(serde_json::Error),
    /// A language the feature does not work in.
    #[error("{feature} does not work in {language:?}")]
    LanguageUnsupported {
        /// The feature asked for.
        feature: FeatureId,
        /// The language tag that was given.
        language: String,
    },
    /// The text is plainly in another language than the request says.
    #[error("the text is not in the language given ({given:?}); it looks like {found:?}")]
    WrongLanguage {
        /// The language the request named.
        given: TextLanguage,
        /// The language the text is written in.
        found: TextLanguage,
    },
}

impl FeatureError {
    /// The stable code that goes out in problem details.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Definition(_) => "feature_definition",
            Self::EmptyInput => "input_empty",
            Self::InputTooLarge { .. } => "input_too_large",
            Self::Invalid { .. } => "input_invalid",
            Self::LanguageUnsupported { .. } => "language_unsupported",
            Self::NotJson(_) => "body_not_json",
            Self::WrongLanguage { .. } => "language_mismatch",
        }
    }

    /// What to tell the person, in both languages.
    pub fn text(&self) -> Text {
        let (en, zh) = match self {
            Self::Definition(message) => (
                format!("The feature is defined wrongly: {message}"),
                format!("功能定义有误：{message}"),
            ),
            Self::EmptyInput => {
                ("There is no text to work on.".to_owned(), "没有可处理的文字。".to_owned())
            }
            Self::InputTooLarge { limit, actual, .. } => (
                format!("The text has {actual} bytes; this feature takes at most {limit}."),
                format!("文字共 {actual} 字节，此功能最多接受 {limit} 字节。"),
            ),
            Self::Invalid { message, .. } => (
                format!("The input does not fit this feature: {message}"),
                format!("输入不符合此功能的格式：{message}"),
            ),
            Self::NotJson(error) => (
                format!("The body is not valid JSON: {error}."),
                format!("请求体不是有效的 JSON：{error}。"),
            ),
            Self::LanguageUnsupported { language, .. } => (
                format!("This feature does not work in the language {language:?}."),
                format!("此功能不支持语言 {language:?}。"),
            ),
            Self::WrongLanguage { given, found } => (
                format!(
                    "The request says the text is in {:?}, but it is written in {:?}.",
                    given.as_str(),
                    found.as_str()
                ),
                format!("请求标明文字语言为 {:?}，实际为 {:?}。", given.as_str(), found.as_str()),
            ),
        };
        Text { en, zh }
    }
}
