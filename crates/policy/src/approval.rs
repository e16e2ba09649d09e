//! Approvals: a regulator's decision on a release, as a record that trusted people signed.
//!
//! What is signed is not the JSON as it came but the record typed and written again, after the
//! prefix `yumen approval v1` and a zero byte: spelling, order and unknown fields cannot be played
//! with, and a signature made for something else is worth nothing here. Signatures are Ed25519
//! (RFC 8032), verified strictly.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::canonical::PlainData;
use crate::ids::{read_hex, write_hex};
use crate::{Digest, FeatureId, MarketId, PolicyError, Surface, Uscc};

impl PlainData for ApprovalRecord {}
impl PlainData for SignedApproval {}
impl PlainData for Approval {}

/// What kind of decision an approval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// 备案: a filed generative service.
    Filing,
    /// 登记: an application that calls a filed model.
    Registration,
    /// Any other decision of an authority.
    Other,
    /// Made up for a demonstration; never a decision of an authority.
    Demonstration,
}

/// The legal entity an approval was given to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Its registered name.
    pub name: String,
    /// Its unified social credit code, where it has one.
    #[serde(default)]
    pub uscc: Option<Uscc>,
}

/// What an approval covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The features.
    pub features: BTreeSet<FeatureId>,
    /// The surfaces.
    pub surfaces: BTreeSet<Surface>,
}

/// The content of an approval: what the signers put their names to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRecord {
    /// The number the authority gave it.
    pub number: String,
    /// What kind of decision it is.
    pub kind: ApprovalKind,
    /// The market it holds in.
    pub market: MarketId,
    /// Who holds it.
    pub entity: Entity,
    /// What it covers.
    pub scope: Scope,
    /// The one release it covers.
    pub release: Digest,
    /// The day of the decision.
    pub granted_on: Date,
    /// The instant from which it holds.
    pub valid_from: Timestamp,
    /// The instant from which it no longer holds.
    pub valid_until: Timestamp,
}

impl ApprovalRecord {
    fn check(&self) -> Result<(), PolicyError> {
        let problem = if self.number.trim().is_empty() || self.number.chars().count() > 128 {
            "`number` must have 1 to 128 characters"
        } else if self.number.chars().any(char::is_control) {
            "`number` has a control character"
        } else if self.entity.name.trim().is_empty() {
            "`entity.name` is empty"
        } else if self.scope.features.is_empty() || self.scope.surfaces.is_empty() {
            "`scope` covers nothing"
        } else if self.valid_from >= self.valid_until {
            "`valid_until` must come after `valid_from`"
        } else {
            return Ok(());
        };
        let number = self.number.chars().take(128).collect();
        Err(PolicyError::Approval { number, problem: problem.into() })
    }

    fn signed_bytes(&self) -> Vec<u8> {
        self.canonical("yumen approval v1")
    }
}

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

/// The people whose signatures on approvals count.
#[derive(Clone, Debug, Default)]
pub struct TrustedSigners(BTreeSet<SignerKey>);

impl TrustedSigners {
    /// Trusts these keys.
    pub fn new(keys: impl IntoIterator<Item = SignerKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// The trusted keys.
    pub fn keys(&self) -> impl Iterator<Item = &SignerKey> {
        self.0.iter()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordSignature {
    key: SignerKey,
    /// Base64 (RFC 4648 §4) of the 64 bytes.
    signature: String,
}

/// An approval as a file carries it: nothing in it is believed until it is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedApproval {
    approval: ApprovalRecord,
    signatures: Vec<RecordSignature>,
}

impl SignedApproval {
    /// Reads a signed record; at most 16 signatures.
    ///
    /// # Errors
    /// [`PolicyError::ApprovalSyntax`] or [`PolicyError::Approval`]; signatures are not looked at.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        let signed: Self = serde_json::from_slice(json)?;
        signed.approval.check()?;
        if signed.signatures.len() > 16 {
            let problem = "more than 16 signatures".into();
            return Err(PolicyError::Approval { number: signed.approval.number, problem });
        }
        Ok(signed)
    }

    /// The record, not yet believed: for showing, never for deciding.
    pub fn unverified(&self) -> &ApprovalRecord {
        &self.approval
    }

    /// The keys that claim to have signed.
    pub fn signers(&self) -> impl Iterator<Item = SignerKey> {
        self.signatures.iter().map(|signature| signature.key)
    }

    /// Adds the signatures of further people.
    #[must_use]
    pub fn countersign(mut self, keys: &[SigningKey]) -> Self {
        self.signatures.extend(sign(&self.approval, keys));
        self
    }

    /// Believes the record if at least `required` distinct trusted people signed exactly it, and
    /// at least one in any case.
    ///
    /// # Errors
    /// [`PolicyError::ApprovalSignature`] if a trusted person's signature does not fit, and
    /// [`PolicyError::ApprovalSigners`] if too few of them signed.
    pub fn verify(
        self,
        trusted: &TrustedSigners,
        required: usize,
    ) -> Result<Approval, PolicyError> {
        let message = self.approval.signed_bytes();
        let mut signers = BTreeSet::new();
        for RecordSignature { key, signature } in &self.signatures {
            if !trusted.0.contains(key) {
                continue;
            }
            let fits = STANDARD
                .decode(signature)
                .ok()
                .and_then(|bytes| Signature::from_slice(&bytes).ok())
                .is_some_and(|signature| key.0.verify_strict(&message, &signature).is_ok());
            if !fits {
                let (number, key) = (self.approval.number, key.to_string());
                return Err(PolicyError::ApprovalSignature { number, key });
            }
            signers.insert(*key);
        }
        let (found, required) = (signers.len(), required.max(1));
        if found < required {
            let number = self.approval.number;
            return Err(PolicyError::ApprovalSigners { number, found, required });
        }
        Ok(Approval { record: self.approval, signers })
    }

    /// The record with its signatures as JSON, as [`SignedApproval::parse`] reads it.
    pub fn to_json(&self) -> String {
        self.pretty_json()
    }
}

fn sign(record: &ApprovalRecord, keys: &[SigningKey]) -> Vec<RecordSignature> {
    let message = record.signed_bytes();
    // One signature a person, however often the key is given.
    let keys: BTreeMap<[u8; 32], &SigningKey> =
        keys.iter().map(|key| (key.verifying_key().to_bytes(), key)).collect();
    keys.into_values()
        .map(|key| RecordSignature {
            key: SignerKey::of(key),
            signature: STANDARD.encode(key.sign(&message).to_bytes()),
        })
        .collect()
}

/// An approval that trusted people signed. Only [`SignedApproval::verify`] makes one.
#[derive(Clone, Debug, Serialize)]
pub struct Approval {
    record: ApprovalRecord,
    signers: BTreeSet<SignerKey>,
}

impl Approval {
    /// Writes and signs a record.
    ///
    /// # Errors
    /// [`PolicyError::Approval`] if the record says something that cannot be.
    pub fn sign(
        record: ApprovalRecord,
        keys: &[SigningKey],
    ) -> Result<SignedApproval, PolicyError> {
        record.check()?;
        let signatures = sign(&record, keys);
        Ok(SignedApproval { approval: record, signatures })
    }

    /// What was approved.
    pub fn record(&self) -> &ApprovalRecord {
        &self.record
    }

    /// The number the authority gave it.
    pub fn number(&self) -> &str {
        &self.record.number
    }

    /// The trusted people who signed it.
    pub fn signers(&self) -> impl ExactSizeIterator<Item = &SignerKey> {
        self.signers.iter()
    }

    /// Whether it holds at this instant: from `valid_from` until just before `valid_until`.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.record.valid_from <= now && now < self.record.valid_until
    }

    /// Whether it covers this feature of this release on this surface in this market, whatever
    /// the time.
    pub fn covers(
        &self,
        market: &MarketId,
        feature: &FeatureId,
        surface: Surface,
        release: Digest,
    ) -> bool {
        self.record.market == *market
            && self.record.release == release
            && self.record.scope.features.contains(feature)
            && self.record.scope.surfaces.contains(&surface)
    }
}
