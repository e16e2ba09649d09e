//! The unified social credit code (统一社会信用代码) that names a legal entity in mainland China.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::PolicyError;

/// The 31 characters of GB 32100-2015, in the order of their values: I, O, S, V and Z are left out.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A unified social credit code: 18 characters, the last a check character (GB 32100-2015).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc(Arc<str>);

impl Uscc {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The check character for the first 17: 31 minus the weighted sum, weights being the powers
    /// of 3, everything modulo 31 (GB 32100-2015 §5.6). Nothing if a character is not allowed.
    pub fn check_character(first_17: &str) -> Option<char> {
        if first_17.len() != 17 {
            return None;
        }
        let (mut sum, mut weight) = (0, 1);
        for byte in first_17.bytes() {
            sum += ALPHABET.iter().position(|&letter| letter == byte)? * weight;
            weight = weight * 3 % 31;
        }
        Some(char::from(ALPHABET[(31 - sum % 31) % 31]))
    }
}

impl FromStr for Uscc {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        let well_formed = value.len() == 18
            && value.is_char_boundary(17)
            && Self::check_character(&value[..17]) == value[17..].chars().next();
        if well_formed {
            Ok(Self(value.into()))
        } else {
            let form = "18 capitals and digits whose last is the check character of GB 32100";
            Err(PolicyError::form("unified social credit code", value, form))
        }
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Uscc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Uscc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_finds_a_mistyped_code() {
        // Public codes that appear inside published AIGC provider codes.
        for code in ["91110102MACQD9K640", "91440300708461136T"] {
            assert_eq!(code.parse::<Uscc>().unwrap().as_str(), code);
        }
        for bad in
            ["91110102MACQD9K641", "91110102MACQD9K64", "9144030070846l136T", "", "中文中文中文"]
        {
            assert!(bad.parse::<Uscc>().is_err(), "{bad:?}");
        }
    }
}
