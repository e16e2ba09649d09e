//! What stands at the head of a built pack, readable without any secret.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use yumen_policy::{Digest, MarketId, SignerKey};

use super::keys::PackKeys;
use crate::error::ScreenError;

/// What a built pack says of itself. What is signed is the JSON of this, to the byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackHeader {
    /// The name of the pack.
    pub id: String,
    /// The version its makers gave it.
    pub version: String,
    /// The day it was issued; it is good from then on.
    pub issued: Date,
    /// The day from which on, by UTC, it is good no longer.
    pub expires: Date,
    /// Who answers for it.
    pub owner: String,
    /// The markets it is for; none named: for every one.
    pub markets: Vec<MarketId>,
    /// How much is in it.
    pub counts: PackCounts,
    /// The contents, as they stand in the file.
    pub contents: PackContents,
    /// The key that signed it; without one, nobody did.
    pub key: Option<SignerKey>,
}

/// How much is in a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackCounts {
    /// Rules of the TOML that are looked for.
    pub rules: usize,
    /// Terms: phrases of the TOML and rows of the files beside it, as written, active ones.
    pub terms: usize,
    /// Candidates that were left out when it was built.
    pub candidates: usize,
}

/// The contents of a built pack, as they stand in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackContents {
    /// How many bytes.
    pub length: usize,
    /// Their digest; of encrypted contents, as encrypted.
    pub digest: Digest,
    /// How they are encrypted, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// How contents are encrypted: AES-256-GCM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The fingerprint of the secret.
    pub secret: String,
    /// The nonce, in 24 hexadecimal digits.
    pub nonce: String,
}

/// In the first place on Earth, a day begins 14 hours before it does by UTC.
const EARLIEST: jiff::SignedDuration = jiff::SignedDuration::from_hours(14);

impl PackHeader {
    /// The JSON that is signed.
    pub(super) fn json(&self) -> Result<Vec<u8>, ScreenError> {
        serde_json::to_vec(self).map_err(|error| ScreenError::PackForm(error.to_string()))
    }

    /// Whether the key is one of those believed.
    pub(super) fn trusted(&self, keys: &PackKeys) -> Result<SignerKey, ScreenError> {
        let key = self.key.ok_or_else(|| ScreenError::PackUnsigned(self.id.clone()))?;
        if keys.is_trusted(&key) {
            return Ok(key);
        }
        Err(ScreenError::PackKey { pack: self.id.clone(), key: Box::new(key) })
    }

    /// Whether it may be used now.
    pub(super) fn in_time(&self, now: Timestamp) -> Result<(), ScreenError> {
        let begins = |day: Date| day.to_zoned(TimeZone::UTC).map(|day| day.timestamp());
        let broken = |error: jiff::Error| ScreenError::PackForm(error.to_string());
        if now >= begins(self.expires).map_err(broken)? {
            return Err(ScreenError::PackExpired { pack: self.id.clone(), expires: self.expires });
        }
        if now < begins(self.issued).map_err(broken)? - EARLIEST {
            return Err(ScreenError::PackTooEarly { pack: self.id.clone(), issued: self.issued });
        }
        Ok(())
    }

    /// What encrypted contents are bound to.
    pub(super) fn about(&self) -> Vec<u8> {
        format!("yumen-pack-contents-v1\0{}\0{}", self.id, self.version).into_bytes()
    }
}
