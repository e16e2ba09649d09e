//! Texts for people: always Chinese and English, chosen by the reader's language.

use serde::{Deserialize, Serialize};

/// A text for people in both languages of the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The English text.
    pub en: String,
    /// The Chinese text.
    pub zh: String,
}

impl Text {
    /// A text from its two forms.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// The form for this language.
    pub fn get(&self, language: UiLanguage) -> &str {
        match language {
            UiLanguage::En => &self.en,
            UiLanguage::Zh => &self.zh,
        }
    }

    /// Whether both forms say something.
    pub fn is_complete(&self) -> bool {
        !self.en.trim().is_empty() && !self.zh.trim().is_empty()
    }
}

/// A language the program speaks to people.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum UiLanguage {
    /// English, also for people whose language the program does not speak.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl UiLanguage {
    /// The language for a BCP 47 tag: Chinese for `zh` and everything below it, English for the rest.
    pub fn from_tag(tag: &str) -> Self {
        Self::known(tag).unwrap_or_default()
    }

    /// The tag of this language, as it stands in `Content-Language`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The best language for an `Accept-Language` header (RFC 9110 §12.5.4): the known one with the
    /// highest weight, the earlier one among equals, English when none is known.
    pub fn negotiate(accept_language: Option<&str>) -> Self {
        // Far more ranges than any client sends; a longer header is read only so far.
        const MAX_RANGES: usize = 32;
        let mut best = None;
        for range in accept_language.unwrap_or_default().split(',').take(MAX_RANGES) {
            let (tag, weight) = match range.split_once(';') {
                Some((tag, parameter)) => (tag, weight(parameter)),
                None => (range, Some(1.0)),
            };
            let (Some(language), Some(weight)) = (Self::known(tag.trim()), weight) else {
                continue;
            };
            if weight > 0.0 && best.is_none_or(|(_, top)| weight > top) {
                best = Some((language, weight));
            }
        }
        best.map_or_else(Self::default, |(language, _)| language)
    }

    fn known(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?;
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Zh)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }
}

/// The weight in a `q=0.8` parameter; nothing when it is malformed.
fn weight(parameter: &str) -> Option<f32> {
    let value = parameter.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?;
    value.trim().parse().ok().filter(|weight| (0.0..=1.0).contains(weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_gets_the_language_they_prefer() {
        for (header, expected) in [
            (None, UiLanguage::En),
            (Some(""), UiLanguage::En),
            (Some("zh-CN,zh;q=0.9,en;q=0.8"), UiLanguage::Zh),
            (Some("en;q=0.5, zh-Hans;q=0.9"), UiLanguage::Zh),
            (Some("fr-FR, en;q=0.4, zh;q=0.3"), UiLanguage::En),
            (Some("zh;q=0, en;q=0.1"), UiLanguage::En),
            (Some("zh;q=banana, en;q=0.1"), UiLanguage::En),
            (Some("fr"), UiLanguage::En),
            (Some(",,;;q,zh;q"), UiLanguage::En),
            (Some("zh_TW"), UiLanguage::Zh),
        ] {
            assert_eq!(UiLanguage::negotiate(header), expected, "{header:?}");
        }
    }
}
