//! Who provides the service: what stands as `ContentProducer` in a label.
//!
//! GB 45438-2025, Annex E, takes the provider's name or its code. The code is that of the Chinese labelling guide;
//! a provider from elsewhere has none and gives a name.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, de};
use yumen_policy::Uscc;

use crate::error::LabelError;

/// The most characters a name may have; the standard sets no limit, every answer carries it.
const NAME_MAX: usize = 64;

/// The provider of the service, by its code or by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// By its code, which every market takes.
    Code(ProviderCode),
    /// By its name, where the market does not demand a code.
    Name(ProviderName),
}

impl Provider {
    /// Reads a code or a name.
    ///
    /// 27 digits and upper-case letters that begin with `00` are meant as a code: with a wrong check character they are
    /// an error, not a name.
    pub fn parse(text: &str) -> Result<Self, LabelError> {
        if has_code_form(text) && text.starts_with("00") {
            return ProviderCode::parse(text).map(Self::Code);
        }
        ProviderName::parse(text).map(Self::Name)
    }

    /// The code or the name, in characters that a label may have.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Code(code) => code.as_str(),
            Self::Name(name) => name.as_str(),
        }
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A provider's name in the characters of a label: visible ASCII without the quotation mark and the backslash
/// (GB 45438-2025, Annex E). A Chinese name cannot stand there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProviderName(Arc<str>);

impl ProviderName {
    /// Checks length and characters.
    pub fn parse(name: &str) -> Result<Self, LabelError> {
        let allowed = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(allowed) {
            return Err(LabelError::ProviderName);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The code of a provider of generation services: 27 characters (TC260-PG-20252A).
///
/// `00` for the format, `1` for an organisation, `1` for a unified social credit code, the 18 characters of that
/// code, `1` for a generation service, and 4 characters of the provider's own choice for the model or app.
/// Well-formed is all this type can know: whether the organisation exists, its register says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProviderCode(Arc<str>);

impl ProviderCode {
    /// Checks length, types and the check character of the credit code (GB 32100-2015).
    pub fn parse(code: &str) -> Result<Self, LabelError> {
        let wrong = |reason| Err(LabelError::ProviderCode(reason));
        if !has_code_form(code) {
            return wrong("it has 27 characters of 0-9 and A-Z");
        }
        if !code.starts_with("0011") {
            return wrong(
                "it begins with 0011: an organisation, by its unified social credit code",
            );
        }
        if code[4..22].parse::<Uscc>().is_err() {
            return wrong(
                "characters 5 to 22 are a unified social credit code with its check character",
            );
        }
        if &code[22..23] != "1" {
            return wrong("character 23 is 1, for a generation service");
        }
        Ok(Self(code.into()))
    }

    /// The 27 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text has the length and the characters of a code.
fn has_code_form(text: &str) -> bool {
    text.len() == 27 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{Provider, ProviderCode};
    use crate::LabelError;

    #[test]
    fn published_codes_are_well_formed_and_mistyped_ones_are_not() {
        for code in ["001191110102MACQD9K64010000", "001191440300708461136T1308L"] {
            assert_eq!(ProviderCode::parse(code).unwrap().as_str(), code);
        }
        for code in [
            "",
            "001191110102MACQD9K6401000",
            "001191110102MACQD9K64110000",
            "001191110102MACQD9K64020000",
            "011191110102MACQD9K64010000",
            "001191110102macqd9k64010000",
            "0011911101中文MACQD9K640100",
        ] {
            assert!(ProviderCode::parse(code).is_err(), "{code}");
        }
    }

    #[test]
    fn a_provider_is_a_code_or_a_name_and_never_a_mistyped_code() {
        let code = Provider::parse("001191110102MACQD9K64010000").unwrap();
        assert!(matches!(code, Provider::Code(_)));
        let longest = "x".repeat(64);
        for name in ["yumen", "Example-GmbH", "~", "0011", "1".repeat(27).as_str(), &longest] {
            let provider = Provider::parse(name).unwrap();
            assert!(matches!(provider, Provider::Name(_)), "{name}");
            assert_eq!(provider.as_str(), name);
        }
        for mistyped in ["001191110102MACQD9K64020000", "000000000000000000000000000"] {
            let error = Provider::parse(mistyped).unwrap_err();
            assert!(matches!(error, LabelError::ProviderCode(_)), "{mistyped}");
        }
        let too_long = "x".repeat(65);
        for wrong in ["", "Example GmbH", "\"x\"", "a\\b", "某公司", "a\n", &too_long] {
            assert_eq!(Provider::parse(wrong), Err(LabelError::ProviderName), "{wrong}");
        }
    }
}
