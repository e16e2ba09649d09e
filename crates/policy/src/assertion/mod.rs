//! Assertions: the short-lived, signed sum of a device's verdicts, which the device presents later.
//!
//! An assertion carries the market, the features the device may have, the digest of the policy that
//! was judged by, and when it begins and ends; nothing of the device itself. Beginnings are rounded
//! down to five minutes, so that all devices of a market with the same features hold the very same
//! assertion in that time and none can be told from another by it.
//!
//! A device may have its assertion bound to a key of its own. Then it is worth nothing without a
//! proof, made for each request, that its holder has the key; and the requests made with it can be
//! told to be of one key. A managed device's assertion carries the limits of its profiles.
//!
//! Its form is `base64url(payload).base64url(signature)` (RFC 4648 §5, no padding). The payload is
//! JSON; the signature is Ed25519 over `yumen assertion v1`, a zero byte and the payload.

pub(crate) mod device_key;
pub(crate) mod grace;
pub(crate) mod keys;
pub(crate) mod matches;
pub(crate) mod possession;

pub use self::device_key::{DeviceKey, Thumbprint};
pub use self::grace::Grace;
pub use self::keys::{AssertionKey, AssertionKeys, AssertionVerifier, RetiredKey};
pub use self::matches::Matches;
pub use self::possession::{Asked, Proof};

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::canonical::PlainData;
use crate::{Device, Digest, FeatureId, Limits, MarketId, Policy, PolicyError, Verdict, judge};

const DOMAIN: &[u8] = b"yumen assertion v1\0";

/// How long an assertion lives at most.
pub(crate) const MAX_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The seconds to which beginnings are rounded down.
const ROUNDING: i64 = 300;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    market: Option<MarketId>,
    features: BTreeSet<FeatureId>,
    policy: Digest,
    issued: Timestamp,
    expires: Timestamp,
    /// Which key signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    /// The key of the device it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    /// What the profiles of a managed device leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
}

/// The confirmation of RFC 7800 with the member of RFC 9449 §6.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmation {
    jkt: Thumbprint,
}

impl PlainData for Claims {}

/// An assertion as it goes to the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedAssertion {
    /// What the device presents.
    pub token: String,
    /// The instant from which it is worth nothing.
    pub expires: Timestamp,
}

impl AssertionKey {
    /// Judges every feature for the device and signs which it may have, bound to no key.
    pub fn issue(&self, policy: &Policy, device: &Device, now: Timestamp) -> String {
        let verdicts: Vec<_> =
            policy.features().map(|feature| judge(policy, device, feature.id(), now)).collect();
        self.issue_for(policy, &verdicts, None, now).token
    }

    /// Signs which of these features a device may have. Verdicts of another policy, of another
    /// market than the first one's, that are not eligible or rest on something that is over count
    /// as no. It ends no later than anything its verdicts rest on, and carries the limits of the
    /// profiles they were made with. With a `key`, it is worth nothing without that device key;
    /// without one, whoever has it may present it.
    pub fn issue_for(
        &self,
        policy: &Policy,
        verdicts: &[Verdict],
        key: Option<Thumbprint>,
        now: Timestamp,
    ) -> IssuedAssertion {
        let market = verdicts.iter().find_map(Verdict::market).cloned();
        let second = now.as_second();
        // Only the very beginning of time cannot be rounded down.
        let issued = Timestamp::from_second(second - second.rem_euclid(ROUNDING)).unwrap_or(now);
        let mut expires = issued.checked_add(MAX_LIFE).unwrap_or(Timestamp::MAX);
        let mut features = BTreeSet::new();
        for verdict in verdicts {
            let holds = verdict.is_eligible()
                && verdict.policy() == policy.digest()
                && verdict.market() == market.as_ref()
                && verdict.until.is_none_or(|until| now < until);
            if holds {
                expires = verdict.until.map_or(expires, |until| until.min(expires));
                features.insert(verdict.feature().clone());
            }
        }
        // The profiles that the device was judged with bind the gate that serves it.
        let mut limits = Limits::default();
        verdicts.iter().filter_map(Verdict::limits).for_each(|more| limits.merge(more));
        let claims = Claims {
            market,
            features,
            policy: policy.digest(),
            issued,
            expires,
            kid: Some(self.kid().to_owned()),
            cnf: key.map(|jkt| Confirmation { jkt }),
            limits: (!limits.is_none()).then_some(limits),
        };
        IssuedAssertion { token: self.sign(DOMAIN, &claims.json()), expires }
    }
}

impl AssertionVerifier {
    /// Believes a token if a key it trusts signed it while in use, it has begun, it has not ended
    /// and it claims no more than an hour.
    ///
    /// # Errors
    /// One of the `Assertion…` variants of [`PolicyError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedAssertion, PolicyError> {
        let (payload, signer) = self.open(DOMAIN, token)?;
        let claims: Claims =
            serde_json::from_slice(&payload).map_err(|_| PolicyError::AssertionSyntax)?;
        if claims.expires <= claims.issued
            || claims.expires.duration_since(claims.issued) > MAX_LIFE
        {
            Err(PolicyError::AssertionLifetime)
        } else if now < claims.issued {
            Err(PolicyError::AssertionNotYetValid)
        } else if now >= claims.expires {
            Err(PolicyError::AssertionExpired)
        } else if !self.trusts(&signer, claims.issued) {
            Err(PolicyError::AssertionSignature)
        } else {
            let token = Digest::of(token.as_bytes());
            Ok(VerifiedAssertion(Arc::new(Verified { claims, signer, token })))
        }
    }

    /// Whether it would still believe an assertion that was believed before: its key was not
    /// revoked since.
    pub fn still_trusts(&self, assertion: &VerifiedAssertion) -> bool {
        self.trusts(&assertion.0.signer, assertion.issued())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Verified {
    claims: Claims,
    signer: [u8; 32],
    token: Digest,
}

/// An assertion that was believed. Only [`AssertionVerifier::verify`] makes one.
///
/// It gives no verdict yet: one that is bound to a device key must first be shown to be presented by
/// the holder of that key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAssertion(Arc<Verified>);

impl VerifiedAssertion {
    /// The market of the device; none if it belongs to none.
    pub fn market(&self) -> Option<&MarketId> {
        self.0.claims.market.as_ref()
    }

    /// The features the device may have.
    pub fn features(&self) -> &BTreeSet<FeatureId> {
        &self.0.claims.features
    }

    /// The policy that was judged by.
    pub fn policy(&self) -> Digest {
        self.0.claims.policy
    }

    /// When it begins.
    pub fn issued(&self) -> Timestamp {
        self.0.claims.issued
    }

    /// The instant from which it is worth nothing.
    pub fn expires(&self) -> Timestamp {
        self.0.claims.expires
    }

    /// The device key it is bound to.
    pub fn bound_to(&self) -> Option<Thumbprint> {
        self.0.claims.cnf.as_ref().map(|confirmation| confirmation.jkt)
    }

    /// What the profiles of a managed device leave in its market.
    pub fn limits(&self) -> Option<&Limits> {
        self.0.claims.limits.as_ref()
    }

    /// Presents an assertion that is bound to no key.
    ///
    /// # Errors
    /// [`PolicyError::PossessionMissing`] if it is bound to one.
    pub fn unbound(self) -> Result<Presented, PolicyError> {
        match self.bound_to() {
            None => Ok(Presented(self)),
            Some(_) => Err(PolicyError::PossessionMissing),
        }
    }

    /// Presents it with a proof, made for this very assertion by the key it is bound to.
    ///
    /// # Errors
    /// [`PolicyError::PossessionInvalid`] if the proof is of another key or for another assertion,
    /// or if the assertion is bound to no key: a proof for it would prove nothing.
    pub fn with(self, proof: &Proof) -> Result<Presented, PolicyError> {
        let wrong = |en, zh| Err(PolicyError::PossessionInvalid { en, zh });
        match self.bound_to() {
            None => wrong("the assertion is bound to no device key", "资格凭证未绑定设备密钥"),
            Some(key) if key != proof.thumbprint() => wrong(
                "it is made with another key than the assertion is bound to",
                "所用密钥并非资格凭证所绑定的密钥",
            ),
            Some(_) if proof.token() != Some(self.0.token) => wrong(
                "its `ath` is not the SHA-256 of this assertion",
                "`ath` 不是此资格凭证的 SHA-256",
            ),
            Some(_) => Ok(Presented(self)),
        }
    }
}

/// An assertion, presented by somebody who may: [`judge_asserted`](crate::judge_asserted) takes no
/// other. Only [`VerifiedAssertion::unbound`] and [`VerifiedAssertion::with`] make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented(VerifiedAssertion);

impl Presented {
    /// The assertion.
    pub fn assertion(&self) -> &VerifiedAssertion {
        &self.0
    }
}
