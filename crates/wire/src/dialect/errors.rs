//! Rows of a dialect's error table.

use serde::{Deserialize, Deserializer};

use crate::answer::ModerationAt;
use crate::partner_error::{PartnerErrorKind, Symptoms, squash};

/// One row: every condition given must hold. Codes and types are compared without case and
/// separators; one that ends in `*` is a beginning.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorRow {
    status: Option<u16>,
    #[serde(default)]
    code: Vec<Pattern>,
    #[serde(default, rename = "type")]
    kind_word: Vec<Pattern>,
    /// One of these stands in the message, whatever its case.
    #[serde(default)]
    message_has: Vec<String>,
    pub(crate) kind: PartnerErrorKind,
    /// Whether asking again helps; absent: as the kind says.
    pub(crate) retry: Option<bool>,
    /// After how many seconds, when the partner does not say.
    pub(crate) after: Option<u64>,
    /// What the moderation of a refusal is about; absent: as the message says.
    pub(crate) at: Option<ModerationAt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    text: String,
    is_beginning: bool,
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let is_beginning = written.ends_with('*');
        let text = squash(written.trim_end_matches('*')).into_owned();
        if text.is_empty() {
            return Err(serde::de::Error::custom("an empty code matches nothing"));
        }
        Ok(Self { text, is_beginning })
    }
}

impl Pattern {
    fn fits(&self, squashed: &str) -> bool {
        if self.is_beginning { squashed.starts_with(&self.text) } else { squashed == self.text }
    }
}

impl ErrorRow {
    /// Whether the row speaks of this error. `code` and `kind` are squashed.
    pub(crate) fn fits(&self, symptoms: &Symptoms<'_>, code: &str, kind: &str) -> bool {
        let one_of = |patterns: &[Pattern], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.fits(text))
        };
        let says = |words: &String| contains_ignoring_case(symptoms.message, words);
        self.status.is_none_or(|status| symptoms.status == Some(status))
            && one_of(&self.code, code)
            && one_of(&self.kind_word, kind)
            && (self.message_has.is_empty() || self.message_has.iter().any(says))
    }

    /// Whether there is any condition: a row without one would swallow every error.
    pub(crate) fn is_conditional(&self) -> bool {
        self.status.is_some()
            || !self.code.is_empty()
            || !self.kind_word.is_empty()
            || !self.message_has.is_empty()
    }
}

fn contains_ignoring_case(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}
