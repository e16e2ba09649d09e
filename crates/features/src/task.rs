//! What the on-device engine is asked to do: the body of a prompt that never leaves the device.

use serde::{Deserialize, Serialize};

/// Which piece of on-device work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Key points: sentences of the text, listed.
    KeyPoints,
    /// Proofreading: edits that never change the meaning.
    Proofread,
    /// A summary: sentences of the text, in their order.
    Summary,
}

/// The language of a text to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextLanguage {
    /// English.
    En,
    /// Chinese.
    Zh,
}

impl TextLanguage {
    /// The primary subtag as it stands in the catalogue and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// Reads a language tag by its primary subtag: `zh-Hans-CN` is Chinese.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Zh)
        } else {
            None
        }
    }
}

/// One piece of on-device work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTask {
    /// What to do.
    pub kind: TaskKind,
    /// The person's text.
    pub text: String,
    /// Its language.
    pub language: TextLanguage,
}
