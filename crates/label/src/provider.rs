//! Who provides the service, in the code of the Chinese labelling guide.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use yumen_policy::Uscc;

use crate::error::LabelError;

/// The code of a provider of generation services: 27 characters (TC260-PG-20252A).
///
/// `00` for the format, `1` for an organisation, `1` for a unified social credit code, the 18 characters of that
/// code, `1` for a generation service, and 4 characters of the provider's own choice for the model or app.
/// Well-formed is all this type can know: whether the organisation exists, its register says.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProviderCode(Arc<str>);

impl ProviderCode {
    /// Checks length, types and the check character of the credit code (GB 32100-2015).
    pub fn parse(code: &str) -> Result<Self, LabelError> {
        let wrong = |reason| Err(LabelError::ProviderCode(reason));
        if code.len() != 27 || !code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
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

    /// The unified social credit code in it.
    pub fn uscc(&self) -> &str {
        &self.0[4..22]
    }
}

impl FromStr for ProviderCode {
    type Err = LabelError;

    fn from_str(code: &str) -> Result<Self, LabelError> {
        Self::parse(code)
    }
}

impl fmt::Debug for ProviderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ProviderCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for ProviderCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ProviderCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::ProviderCode;

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
}
