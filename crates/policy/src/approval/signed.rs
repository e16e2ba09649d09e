//! A record with its signatures, and whose of them count.
//!
//! What is counted is people: in any order, each once, however many keys they signed with.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::approval::signers::{Person, Signed};
use crate::canonical::PlainData;
use crate::{Approval, ApprovalFile, ApprovalRecord, PolicyError, Role, SignerKey, TrustedSigners};

impl PlainData for SignedApproval {}

/// How many signatures a record may bear.
const MAX_SIGNATURES: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordSignature {
    pub(crate) key: SignerKey,
    signature: Signed,
}

/// A signed record: nothing in it is believed until it is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedApproval {
    pub(crate) approval: ApprovalRecord,
    pub(crate) signatures: Vec<RecordSignature>,
}

impl SignedApproval {
    /// Reads a signed record; at most 16 signatures.
    ///
    /// # Errors
    /// [`PolicyError::ApprovalSyntax`] or [`PolicyError::Approval`]; signatures are not looked at.
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        let signed: Self = serde_json::from_slice(json)?;
        signed.approval.check()?;
        check_count(&signed.approval.number, &signed.signatures)?;
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

    /// Believes the record if at least `required` distinct trusted people whose role opens signed
    /// exactly it, and at least one in any case.
    ///
    /// # Errors
    /// [`PolicyError::ApprovalSignature`] if a trusted person's signature does not fit; if too few
    /// signed, [`PolicyError::ApprovalRole`], [`PolicyError::ApprovalSamePerson`] or
    /// [`PolicyError::ApprovalSigners`], whichever says best why.
    pub fn verify(
        self,
        trusted: &TrustedSigners,
        required: usize,
    ) -> Result<Approval, PolicyError> {
        ApprovalFile::from(self).verify(trusted, required)
    }

    /// The record with its signatures as JSON, as [`SignedApproval::parse`] reads it.
    pub fn to_json(&self) -> String {
        self.pretty_json()
    }
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
}

fn sign(record: &ApprovalRecord, keys: &[SigningKey]) -> Vec<RecordSignature> {
    let message = record.signed_bytes();
    // One signature a key, however often it is given.
    let keys: BTreeMap<[u8; 32], &SigningKey> =
        keys.iter().map(|key| (key.verifying_key().to_bytes(), key)).collect();
    keys.into_values()
        .map(|key| RecordSignature {
            key: SignerKey::of(key),
            signature: Signed::make(key, &message),
        })
        .collect()
}

pub(crate) fn check_count(number: &str, signatures: &[RecordSignature]) -> Result<(), PolicyError> {
    if signatures.len() <= MAX_SIGNATURES {
        return Ok(());
    }
    let problem = "more than 16 signatures".into();
    Err(PolicyError::Approval { number: number.to_owned(), problem })
}

/// The people whose signatures count, and why others do not.
pub(crate) struct SignedBy {
    /// Each by the smallest of their keys, and the name that goes with it.
    people: BTreeMap<Person, (SignerKey, String)>,
    authors: BTreeSet<String>,
    powerless: BTreeSet<(String, Role)>,
    twice: BTreeSet<Person>,
}

/// Counts the people who signed, whatever the order and however often.
pub(crate) fn people_of(
    record: &ApprovalRecord,
    signatures: &[RecordSignature],
    trusted: &TrustedSigners,
    authors: &BTreeSet<Person>,
) -> Result<SignedBy, PolicyError> {
    let message = record.signed_bytes();
    let mut signed = SignedBy {
        people: BTreeMap::new(),
        authors: BTreeSet::new(),
        powerless: BTreeSet::new(),
        twice: BTreeSet::new(),
    };
    for RecordSignature { key, signature } in signatures {
        let Some(by) = trusted.get(key).filter(|signer| !signer.retired) else { continue };
        if !signature.fits(key, &message) {
            let (number, key) = (record.number.clone(), key.to_string());
            return Err(PolicyError::ApprovalSignature { number, key });
        }
        let (name, person) = (by.name.clone(), by.person());
        if authors.contains(&person) {
            signed.authors.insert(name);
        } else if !by.role.opens() {
            signed.powerless.insert((name, by.role));
        } else {
            let this = (*key, name);
            let first = signed.people.entry(person.clone()).or_insert_with(|| this.clone());
            if *first != this {
                *first = this.min(first.clone());
                signed.twice.insert(person);
            }
        }
    }
    Ok(signed)
}

impl SignedBy {
    /// How many people there are.
    pub(crate) fn count(&self) -> usize {
        self.people.len()
    }

    /// One key for each.
    pub(crate) fn keys(self) -> BTreeSet<SignerKey> {
        self.people.into_values().map(|(key, _)| key).collect()
    }

    /// Whether there are as many as required, and if not, why.
    pub(crate) fn enough(&self, number: &str, required: usize) -> Result<(), PolicyError> {
        let found = self.people.len();
        if found >= required {
            return Ok(());
        }
        let number = number.to_owned();
        Err(if let Some(name) = self.authors.first().cloned() {
            PolicyError::ApprovalOwnFiling { number, name, found, required }
        } else if let Some((name, role)) = self.powerless.first().cloned() {
            PolicyError::ApprovalRole { number, name, role, found, required }
        } else if let Some(person) = self.twice.first() {
            let name = self.people.get(person).map(|(_, name)| name.clone()).unwrap_or_default();
            PolicyError::ApprovalSamePerson { number, name, found, required }
        } else {
            PolicyError::ApprovalSigners { number, found, required }
        })
    }
}
