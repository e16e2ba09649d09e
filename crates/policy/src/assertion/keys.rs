//! The keys that sign assertions and grace tickets: one signs, those before it are believed for as
//! long as what they signed lasts, or no more if they were revoked.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::assertion::device_key::bytes;
use crate::canonical::PlainData;
use crate::{Grace, Lapse, PolicyError};

/// Longer tokens are not looked at.
const MAX_TOKEN: usize = 16 * 1024;

/// How long a retired key is remembered: as long as the longest grace.
const REMEMBERED: Lapse = Grace::LONGEST;

/// The most keys kept; the oldest retired ones go first.
const MAX_KEYS: usize = 64;

/// The name of a key: the beginning of its RFC 7638 thumbprint.
fn kid(key: &VerifyingKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(&Sha256::digest(jwk)[..12])
}

/// The key that signs assertions.
pub struct AssertionKey {
    key: SigningKey,
    kid: String,
}

impl AssertionKey {
    /// Signs with this key.
    pub fn new(key: SigningKey) -> Self {
        let kid = kid(&key.verifying_key());
        Self { key, kid }
    }

    /// The name of the key, as it stands in what it signs.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What believes the assertions of this key.
    pub fn verifier(&self) -> AssertionVerifier {
        AssertionVerifier::new([self.key.verifying_key()])
    }

    /// `base64url(payload).base64url(signature)`, the signature over the domain and the payload.
    pub(crate) fn sign(&self, domain: &[u8], payload: &str) -> String {
        let signature = self.key.sign(&[domain, payload.as_bytes()].concat()).to_bytes();
        let mut token = URL_SAFE_NO_PAD.encode(payload);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// A key that is believed, and until when it signed.
#[derive(Clone, Debug)]
struct Trusted {
    key: VerifyingKey,
    /// When it signed for the last time; none for the key in use.
    retired: Option<Timestamp>,
}

/// What believes assertions: the key in use and those before it that were not revoked.
#[derive(Clone, Debug)]
pub struct AssertionVerifier(Vec<Trusted>);

impl AssertionVerifier {
    /// Believes all that these keys sign.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self(keys.into_iter().map(|key| Trusted { key, retired: None }).collect())
    }

    /// The payload of a token that one of the keys signed, and that key.
    pub(crate) fn open(
        &self,
        domain: &[u8],
        token: &str,
    ) -> Result<(Vec<u8>, [u8; 32]), PolicyError> {
        if token.len() > MAX_TOKEN {
            return Err(PolicyError::AssertionSyntax);
        }
        let (payload, signature) = token.split_once('.').ok_or(PolicyError::AssertionSyntax)?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| PolicyError::AssertionSyntax);
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        let signature =
            Signature::from_slice(&signature).map_err(|_| PolicyError::AssertionSyntax)?;
        let message = [domain, &payload].concat();
        let signed = |trusted: &&Trusted| trusted.key.verify_strict(&message, &signature).is_ok();
        let trusted = self.0.iter().find(signed).ok_or(PolicyError::AssertionSignature)?;
        Ok((payload, trusted.key.to_bytes()))
    }

    /// Whether this key is still believed, and was in use at that instant.
    pub(crate) fn trusts(&self, key: &[u8; 32], issued: Timestamp) -> bool {
        self.0.iter().any(|trusted| {
            trusted.key.as_bytes() == key && trusted.retired.is_none_or(|end| issued <= end)
        })
    }
}

/// The keys of a gate over time.
///
/// In JSON, which holds the secret of the key in use and must be readable by its owner only:
/// `{"current": {"secret", "since"}, "retired": [{"kid", "public", "retired", "revoked"}]}`, keys in
/// base64url.
#[derive(Clone)]
pub struct AssertionKeys {
    current: SigningKey,
    since: Timestamp,
    /// The one retired last first.
    retired: Vec<RetiredKey>,
}

/// A key that signs no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredKey {
    /// Its name.
    pub kid: String,
    /// The public key, in base64url.
    public: String,
    /// When it signed for the last time.
    pub retired: Timestamp,
    /// When it was revoked: since then nothing it signed is believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    current: StoredKey,
    #[serde(default)]
    retired: Vec<RetiredKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    secret: String,
    since: Timestamp,
}

impl PlainData for Stored {}

impl AssertionKeys {
    /// Begins with this key.
    pub fn new(key: SigningKey, since: Timestamp) -> Self {
        Self { current: key, since, retired: Vec::new() }
    }

    /// Reads what [`AssertionKeys::to_json`] wrote.
    ///
    /// # Errors
    /// [`PolicyError::AssertionKeys`] if it is not of that form or a key is not what it says.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        // Where the text is wrong is said, but not what stands there: it may be the secret.
        let wrong = |what: &str| PolicyError::AssertionKeys(what.to_owned());
        let Stored { current, retired } = serde_json::from_slice(json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            PolicyError::AssertionKeys(format!(
                "not of the form it is written in, at {line}:{column}"
            ))
        })?;
        let secret = bytes(&current.secret)
            .ok_or_else(|| wrong("`current.secret` is not 32 bytes in base64url"))?;
        for key in &retired {
            let public = key.public().ok_or_else(|| wrong("a retired key is no Ed25519 key"))?;
            if kid(&public) != key.kid {
                return Err(PolicyError::AssertionKeys(format!(
                    "retired key `{}` is not the key of that name",
                    key.kid
                )));
            }
        }
        Ok(Self { current: SigningKey::from_bytes(&secret), since: current.since, retired })
    }

    /// Everything, the secret included: write it where only the owner can read.
    pub fn to_json(&self) -> String {
        let stored = Stored {
            current: StoredKey {
                secret: URL_SAFE_NO_PAD.encode(self.current.to_bytes()),
                since: self.since,
            },
            retired: self.retired.clone(),
        };
        stored.pretty_json()
    }

    /// The name of the key in use.
    pub fn kid(&self) -> String {
        kid(&self.current.verifying_key())
    }

    /// Since when the key in use signs.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// The keys before it, the one retired last first.
    pub fn retired(&self) -> &[RetiredKey] {
        &self.retired
    }

    /// Signs with another key from now on. What the one before it signed is believed until it ends.
    pub fn rotate(&mut self, fresh: SigningKey, now: Timestamp) {
        let before = std::mem::replace(&mut self.current, fresh).verifying_key();
        self.since = now;
        // A key that lost its use longer ago than anything it signed can last is forgotten.
        self.retired.retain(|key| now < REMEMBERED.after(key.retired));
        self.retired.insert(
            0,
            RetiredKey {
                kid: kid(&before),
                public: URL_SAFE_NO_PAD.encode(before.as_bytes()),
                retired: now,
                revoked: None,
            },
        );
        self.retired.truncate(MAX_KEYS - 1);
    }

    /// Believes nothing any more that a retired key signed. The key in use is rotated first.
    ///
    /// # Errors
    /// [`PolicyError::AssertionKeys`] if no retired key has this name.
    pub fn revoke(&mut self, kid: &str, now: Timestamp) -> Result<(), PolicyError> {
        let Some(key) = self.retired.iter_mut().find(|key| key.kid == kid) else {
            return Err(PolicyError::AssertionKeys(format!(
                "there is no retired key `{kid}`; rotate first to revoke the one in use"
            )));
        };
        key.revoked.get_or_insert(now);
        Ok(())
    }

    /// The key that signs.
    pub fn signer(&self) -> AssertionKey {
        AssertionKey::new(self.current.clone())
    }

    /// What believes all of them but the revoked ones.
    pub fn verifier(&self) -> AssertionVerifier {
        let current = Trusted { key: self.current.verifying_key(), retired: None };
        let retired = self.retired.iter().filter(|key| key.revoked.is_none());
        let retired = retired
            .filter_map(|key| Some(Trusted { key: key.public()?, retired: Some(key.retired) }));
        AssertionVerifier([current].into_iter().chain(retired).collect())
    }
}

impl fmt::Debug for AssertionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionKeys")
            .field("kid", &self.kid())
            .field("since", &self.since)
            .field("retired", &self.retired)
            .finish_non_exhaustive()
    }
}

impl RetiredKey {
    fn public(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(&bytes(&self.public)?).ok()
    }
}
