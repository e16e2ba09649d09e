//! Why the engine gives no answer. Each reason says what the person can do about it.

use thiserror::Error;
use yumen_features::TextLanguage;
use yumen_policy::Text;

/// Why a piece of on-device work was not done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The text holds nothing to work on: it is empty, or has no letter or digit.
    #[error("the text is empty")]
    Empty,
    /// No sentence of the text is short enough to be taken whole, so nothing can be extracted.
    #[error("the text has no sentence of at most {max_chars} characters")]
    NoSentence {
        /// The longest sentence that is taken, in characters.
        max_chars: usize,
    },
    /// The text is longer than the engine takes for this work.
    #[error("the text has {bytes} bytes, more than the {max_bytes} this work takes")]
    TooLong {
        /// Length of the text in bytes of UTF-8.
        bytes: usize,
        /// The limit, in the same unit.
        max_bytes: usize,
    },
    /// The text is not in the language the task names.
    #[error("the text is not in the language asked for ({})", .expected.as_str())]
    WrongLanguage {
        /// The language the task names.
        expected: TextLanguage,
        /// The language the text seems to be in; `None` if it is neither English nor Chinese.
        found: Option<TextLanguage>,
    },
}

impl DeviceError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "input_empty",
            Self::NoSentence { .. } => "input_without_sentence",
            Self::TooLong { .. } => "input_too_large",
            Self::WrongLanguage { .. } => "language_mismatch",
        }
    }

    /// The reason in words for the person who asked.
    pub fn text(&self) -> Text {
        match self {
            Self::Empty => Text {
                en: "The text is empty. Enter some text and try again.".to_owned(),
                zh: "文本为空。请输入一些文字后再试。".to_owned(),
            },
            Self::NoSentence { max_chars } => Text {
                en: format!(
                    "The text has no sentence of at most {max_chars} characters, so no sentence \
                     can be taken from it. Add punctuation or line breaks and try again."
                ),
                zh: format!(
                    "文本中没有不超过 {max_chars} 个字符的句子，无法从中摘取。请加上标点或换行后再试。"
                ),
            },
            Self::TooLong { bytes, max_bytes } => Text {
                en: format!(
                    "The text is too long: {bytes} bytes; this feature takes at most {max_bytes}. \
                     Send it in parts."
                ),
                zh: format!(
                    "文本过长：共 {bytes} 字节，此功能最多处理 {max_bytes} 字节。请分段发送。"
                ),
            },
            Self::WrongLanguage { expected, found } => {
                let (en, zh) = language_name(Some(*expected));
                let (found_en, found_zh) = language_name(*found);
                Text {
                    en: format!("The text seems to be in {found_en}, but {en} was asked for."),
                    zh: format!("文本似乎是{found_zh}，而请求的语言是{zh}。"),
                }
            }
        }
    }
}

fn language_name(language: Option<TextLanguage>) -> (&'static str, &'static str) {
    match language {
        Some(TextLanguage::En) => ("English", "英文"),
        Some(TextLanguage::Zh) => ("Chinese", "中文"),
        None => ("another language", "其他语言"),
    }
}
