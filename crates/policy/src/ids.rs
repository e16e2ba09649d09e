//! Names of markets, features, partners and models, and the digests that pin content.
//!
//! All of them are checked where they enter; inside the program an id is well-formed.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::PolicyError;

/// Ids stay short enough to stand in a header, a log line and a file name.
const MAX_ID: usize = 64;

fn is_lower_id(value: &str, also: &[u8]) -> bool {
    let bytes = value.as_bytes();
    (1..=MAX_ID).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || also.contains(b))
}

fn is_market(value: &str) -> bool {
    is_lower_id(value, b"-")
}

fn is_feature(value: &str) -> bool {
    is_lower_id(value, b"._-") && !value.contains("..")
}

fn is_partner(value: &str) -> bool {
    is_lower_id(value, b"_-")
}

fn is_model(value: &str) -> bool {
    let bytes = value.as_bytes();
    (1..=2 * MAX_ID).contains(&bytes.len())
        && bytes[0].is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._:/@+-".contains(b))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path, $form:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = PolicyError;

            fn from_str(value: &str) -> Result<Self, PolicyError> {
                if $check(value) {
                    Ok(Self(value.into()))
                } else {
                    Err(PolicyError::form($what, value, $form))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

id!(
    /// The name of a market: `cn`, `us`, `eu`, `sandbox`.
    MarketId, "market id", is_market,
    "lower-case letters, digits and `-`, beginning with a letter, at most 64"
);
id!(
    /// The name of a feature: `writing.proofread`, `assistant.chat`.
    FeatureId, "feature id", is_feature,
    "lower-case words of letters, digits, `_` and `-`, joined by dots, at most 64"
);
id!(
    /// The name of a model company, or [`PartnerId::DEVICE`] for engines that run on the device.
    PartnerId, "partner id", is_partner,
    "lower-case letters, digits, `_` and `-`, beginning with a letter, at most 64"
);
id!(
    /// The name a partner gives a model: `qwen-plus`, `gpt-4o-mini`, `Qwen/Qwen3-8B`.
    ModelId, "model id", is_model,
    "letters, digits and `. _ : / @ + -`, beginning with a letter or digit, at most 128"
);
id!(
    /// The name of a kill, by which it is lifted.
    KillId, "kill id", is_partner,
    "lower-case letters, digits, `_` and `-`, beginning with a letter, at most 64"
);
id!(
    /// The name of a management profile.
    ProfileId, "profile id", is_feature,
    "lower-case words of letters, digits, `_` and `-`, joined by dots, at most 64"
);

impl PartnerId {
    /// The partner id under which on-device engines stand in releases.
    pub const DEVICE: &'static str = "device";

    /// Whether this names an engine on the device, not a company's cloud.
    pub fn is_device(&self) -> bool {
        self.as_str() == Self::DEVICE
    }
}

/// A SHA-256 digest; written `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// As it is written: what is written several times in every answer is put together at once.
    fn written(&self) -> Written {
        let mut text = *b"sha256:0000000000000000000000000000000000000000000000000000000000000000";
        put_hex(&mut text[7..], &self.0);
        Written(text)
    }

    /// The 32 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// `sha256:` and 64 digits.
struct Written([u8; 71]);

impl Written {
    fn as_str(&self) -> &str {
        // A name and hexadecimal digits are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Puts two digits for each byte.
fn put_hex(text: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn write_hex(f: &mut impl fmt::Write, bytes: &[u8]) -> fmt::Result {
    for block in bytes.chunks(32) {
        let mut text = [0; 64];
        put_hex(&mut text, block);
        // Hexadecimal digits are ASCII.
        f.write_str(std::str::from_utf8(&text[..2 * block.len()]).unwrap_or_default())?;
    }
    Ok(())
}

/// Reads exactly 64 lower-case hexadecimal digits.
pub(crate) fn read_hex(text: &str) -> Option<[u8; 32]> {
    fn nibble(digit: u8) -> Option<u8> {
        match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        }
    }
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written().as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        value.strip_prefix("sha256:").and_then(read_hex).map(Self).ok_or_else(|| {
            PolicyError::form("digest", value, "`sha256:` and 64 lower-case hexadecimal digits")
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.written().as_str())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_could_hide_in_a_header_or_a_path() {
        for bad in ["", "CN", "c n", "../cn", "cn\n", "1cn", "cn-", "中国", &"c".repeat(65)] {
            assert!(bad.parse::<MarketId>().is_err(), "{bad:?}");
        }
        assert!("writing.proofread".parse::<FeatureId>().is_ok());
        assert!("writing..proofread".parse::<FeatureId>().is_err());
        assert!("writing.".parse::<FeatureId>().is_err());
        assert!("Qwen/Qwen3-8B".parse::<ModelId>().is_ok());
        assert!("gpt 4".parse::<ModelId>().is_err());
        assert!("device".parse::<PartnerId>().unwrap().is_device());
    }

    #[test]
    fn a_digest_reads_back_what_it_writes_and_nothing_else() {
        // The value for "abc" is the one-block example of FIPS 180-4.
        let digest = Digest::of(b"abc");
        let text = digest.to_string();
        assert_eq!(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(text.parse::<Digest>().unwrap(), digest);
        assert!(text.to_uppercase().parse::<Digest>().is_err());
        assert!(text[..70].parse::<Digest>().is_err());
        assert!("sha256:".parse::<Digest>().is_err());
    }
}
