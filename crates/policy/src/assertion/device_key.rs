//! The public key of a device, to which an assertion can be bound, and its thumbprint.
//!
//! The private half never leaves the device (on a phone, its secure element); what is bound to a key
//! is worth nothing without it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::PolicyError;

/// The thumbprint of a device key: SHA-256 as RFC 7638 says, written in base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Thumbprint {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        bytes(value).map(Self).ok_or_else(|| {
            PolicyError::form("thumbprint", value, "32 bytes in base64url without padding")
        })
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The public key of a device: P-256 (what secure elements hold) or Ed25519.
///
/// In JSON a JWK (RFC 7517, RFC 8037) with `kty`, `crv`, `x` and, for P-256, `y`; other members are
/// not looked at, and a private key is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKey {
    curve: Curve,
    thumbprint: Thumbprint,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Curve {
    /// The point in the uncompressed form of SEC 1. Whether it lies on the curve is found out when it
    /// verifies: a key off the curve has signed nothing.
    P256([u8; 65]),
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// The JWS algorithms a proof may be signed with, one for each curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Es256,
    EdDsa,
}

impl DeviceKey {
    /// The thumbprint by which an assertion names it.
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// The algorithm it signs with.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.curve {
            Curve::P256(_) => Algorithm::Es256,
            Curve::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether it made this signature, of 64 bytes as JWS has them (RFC 7518 §3.4, RFC 8037 §3.1).
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.curve {
            Curve::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
            Curve::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: Option<String>,
    d: Option<IgnoredAny>,
}

impl<'de> Deserialize<'de> for DeviceKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let jwk = Jwk::deserialize(deserializer)?;
        Self::try_from(jwk).map_err(de::Error::custom)
    }
}

impl TryFrom<Jwk> for DeviceKey {
    type Error = &'static str;

    fn try_from(jwk: Jwk) -> Result<Self, Self::Error> {
        if jwk.d.is_some() {
            return Err("it holds a private key; send the public half alone");
        }
        let x = bytes(&jwk.x).ok_or("`x` is not 32 bytes in base64url")?;
        let (curve, required) = match (&*jwk.kty, &*jwk.crv, jwk.y) {
            ("EC", "P-256", Some(y)) => {
                let y = bytes(&y).ok_or("`y` is not 32 bytes in base64url")?;
                let mut point = [4; 65];
                point[1..33].copy_from_slice(&x);
                point[33..].copy_from_slice(&y);
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                let required = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
                (Curve::P256(point), required)
            }
            ("OKP", "Ed25519", None) => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(&x)
                    .ok()
                    .filter(|key| !key.is_weak())
                    .ok_or("`x` is no key of Ed25519")?;
                let x = URL_SAFE_NO_PAD.encode(x);
                (Curve::Ed25519(key), format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#))
            }
            _ => return Err("a device key is of `EC` with `P-256`, or of `OKP` with `Ed25519`"),
        };
        Ok(Self { curve, thumbprint: Thumbprint(Sha256::digest(required).into()) })
    }
}

/// Exactly 32 bytes in base64url without padding.
pub(crate) fn bytes(text: &str) -> Option<[u8; 32]> {
    if text.len() != 43 {
        return None;
    }
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(jwk: &str) -> Result<DeviceKey, String> {
        serde_json::from_str(jwk).map_err(|error| error.to_string())
    }

    #[test]
    fn the_thumbprint_of_rfc_8037_comes_out() {
        // RFC 8037, Appendix A.3.
        let jwk = r#"{"kty": "OKP", "crv": "Ed25519",
                      "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let thumbprint = key(jwk).unwrap().thumbprint().to_string();
        assert_eq!(thumbprint, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(thumbprint.parse::<Thumbprint>().unwrap().to_string(), thumbprint);
    }

    #[test]
    fn the_thumbprint_of_rfc_9449_comes_out() {
        // The key of the proof in RFC 9449 §4.1, and its thumbprint in §6.1.
        let jwk = r#"{"kty": "EC", "crv": "P-256", "use": "sig",
                      "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
                      "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
        let thumbprint = key(jwk).unwrap().thumbprint().to_string();
        assert_eq!(thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        for (jwk, why) in [
            (format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","d":"{x}"}}"#), "private"),
            (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}"}}"#), "OKP"),
            (format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}"}}"#), "P-256"),
            (format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}="}}"#), "32 bytes"),
            (r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#.into(), "32 bytes"),
            // The neutral element: every message has a signature under it.
            (format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"AQ{}"}}"#, "A".repeat(41)), "no key"),
        ] {
            let error = key(&jwk).unwrap_err();
            assert!(error.contains(why), "{jwk}: {error}");
        }
    }
}
