//! Who may sign what: the keys the operator trusts, the people behind them, and their roles.
//!
//! A key is not a person. Two keys of one name are one person, so nobody makes two signatures by
//! keeping two keys.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::PolicyError;
use crate::ids::{read_hex, write_hex};

/// The public key of somebody who signs approvals; written `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignerKey(VerifyingKey);

impl SignerKey {
    /// The public half of a signing key.
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key())
    }

    fn bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Signs bytes (RFC 8032). They begin with what they are for and a zero byte, so that a signature made for one purpose is
    /// worth nothing for another.
    pub fn sign(key: &SigningKey, message: &[u8]) -> [u8; 64] {
        key.sign(message).to_bytes()
    }

    /// Whether it is this key's signature of these bytes (RFC 8032, strict).
    pub fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl PartialOrd for SignerKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SignerKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl fmt::Display for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ed25519:")?;
        write_hex(f, self.bytes())
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SignerKey {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        value
            .strip_prefix("ed25519:")
            .and_then(read_hex)
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
            .filter(|key| !key.is_weak())
            .map(Self)
            .ok_or_else(|| {
                let form = "`ed25519:` and the 64 lower-case hexadecimal digits of a key";
                PolicyError::form("signer key", value, form)
            })
    }
}

impl Serialize for SignerKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SignerKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a person may do with approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes filings and hands them in; opens nothing.
    Author,
    /// Signs what opens a market.
    Approver,
    /// Signs what opens a market, for the legal side.
    Legal,
    /// Runs the service: may close at once, and open nothing.
    Operator,
    /// Reads, and confirms that an approval still stands.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Author, Self::Approver, Self::Legal, Self::Operator, Self::Auditor];

    /// The role as it is written: `approver`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Approver => "approver",
            Self::Legal => "legal",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// Whether its signature counts for what opens a market: the record itself, and resuming.
    pub fn opens(self) -> bool {
        matches!(self, Self::Approver | Self::Legal)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        Self::ALL.into_iter().find(|role| role.as_str() == value).ok_or_else(|| {
            let form = "`author`, `approver`, `legal`, `operator` or `auditor`";
            PolicyError::form("role", value, form)
        })
    }
}

/// Somebody the operator trusts, by one of their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The public key.
    pub key: SignerKey,
    /// Who holds it.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign no longer. What they wrote down in the past stays true: a filing, a
    /// suspension, a revocation, a confirmation. What they opened counts for nothing any more.
    pub retired: bool,
}

impl Signer {
    /// Somebody who may sign.
    pub fn new(key: SignerKey, name: impl Into<String>, role: Role) -> Self {
        Self { key, name: name.into(), role, retired: false }
    }

    /// The person: the name without regard to case and to spaces around it.
    pub(crate) fn person(&self) -> Person {
        Person(self.name.trim().to_lowercase())
    }
}

/// One human being, however many keys they hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Person(String);

/// The people whose signatures on approvals count.
#[derive(Clone, Debug, Default)]
pub struct TrustedSigners(BTreeMap<SignerKey, Signer>);

impl TrustedSigners {
    /// Trusts these people. Of two entries with one key, the later counts.
    pub fn new(signers: impl IntoIterator<Item = Signer>) -> Self {
        Self(signers.into_iter().map(|signer| (signer.key, signer)).collect())
    }

    /// Who holds this key.
    pub fn get(&self, key: &SignerKey) -> Option<&Signer> {
        self.0.get(key)
    }

    /// The people with their keys, in the order of the keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Signer> {
        self.0.values()
    }

    /// The trusted keys.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &SignerKey> {
        self.0.keys()
    }
}

/// A signature as a file carries it: base64 (RFC 4648 §4) of the 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Signed(String);

impl Signed {
    /// Signs a message.
    pub(crate) fn make(key: &SigningKey, message: &[u8]) -> Self {
        Self(STANDARD.encode(key.sign(message).to_bytes()))
    }

    /// Whether it is this key's signature of this message (RFC 8032, strict).
    pub(crate) fn fits(&self, key: &SignerKey, message: &[u8]) -> bool {
        STANDARD
            .decode(&self.0)
            .ok()
            .and_then(|bytes| Signature::from_slice(&bytes).ok())
            .is_some_and(|signature| key.0.verify_strict(message, &signature).is_ok())
    }
}
