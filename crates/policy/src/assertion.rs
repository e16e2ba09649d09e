//! Assertions: the short-lived, signed sum of a device's verdicts, which the device presents later.
//!
//! An assertion carries the market, the features the device may have, the digest of the policy that
//! was judged by, and when it begins and ends; nothing of the device itself. Beginnings are rounded
//! down to five minutes, so that all devices of a market with the same features hold the very same
//! assertion in that time and none can be told from another by it.
//!
//! Its form is `base64url(payload).base64url(signature)` (RFC 4648 §5, no padding). The payload is
//! JSON; the signature is Ed25519 over `yumen assertion v1`, a zero byte and the payload.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::canonical::PlainData;
use crate::{Device, Digest, FeatureId, MarketId, Policy, PolicyError, Verdict, judge};

const DOMAIN: &[u8] = b"yumen assertion v1\0";

/// How long an assertion lives at most.
const MAX_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The seconds to which beginnings are rounded down.
const ROUNDING: i64 = 300;

/// Longer tokens are not looked at.
const MAX_TOKEN: usize = 16 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    market: Option<MarketId>,
    features: BTreeSet<FeatureId>,
    policy: Digest,
    issued: Timestamp,
    expires: Timestamp,
}

/// An assertion as it goes to the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedAssertion {
    /// What the device presents.
    pub token: String,
    /// The instant from which it is worth nothing.
    pub expires: Timestamp,
}

/// The key that signs assertions.
pub struct AssertionKey(SigningKey);

impl AssertionKey {
    /// Signs with this key.
    pub fn new(key: SigningKey) -> Self {
        Self(key)
    }

    /// What believes the assertions of this key.
    pub fn verifier(&self) -> AssertionVerifier {
        AssertionVerifier::new([self.0.verifying_key()])
    }

    /// Judges every feature for the device and signs which it may have.
    pub fn issue(&self, policy: &Policy, device: &Device, now: Timestamp) -> String {
        let verdicts: Vec<_> =
            policy.features().map(|feature| judge(policy, device, feature.id(), now)).collect();
        self.issue_for(policy, &verdicts, now).token
    }

    /// Signs which of these features a device may have. Verdicts of another policy, of another
    /// market than the first one's, or that are not eligible count as no.
    pub fn issue_for(
        &self,
        policy: &Policy,
        verdicts: &[Verdict],
        now: Timestamp,
    ) -> IssuedAssertion {
        let market = verdicts.iter().find_map(Verdict::market).cloned();
        let features = verdicts.iter().filter(|verdict| {
            verdict.is_eligible()
                && verdict.policy() == policy.digest()
                && verdict.market() == market.as_ref()
        });
        let features = features.map(|verdict| verdict.feature().clone()).collect();
        let second = now.as_second();
        // Only the very beginning of time cannot be rounded down.
        let issued = Timestamp::from_second(second - second.rem_euclid(ROUNDING)).unwrap_or(now);
        let expires = issued.checked_add(MAX_LIFE).unwrap_or(Timestamp::MAX);
        let claims = Claims { market, features, policy: policy.digest(), issued, expires };
        let payload = claims.json();
        let signature = self.0.sign(&message(payload.as_bytes())).to_bytes();
        let mut token = URL_SAFE_NO_PAD.encode(payload);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        IssuedAssertion { token, expires }
    }
}

impl PlainData for Claims {}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionKey").finish_non_exhaustive()
    }
}

fn message(payload: &[u8]) -> Vec<u8> {
    [DOMAIN, payload].concat()
}

/// What believes assertions: the keys of this gate, the present one and those before it.
#[derive(Clone, Debug)]
pub struct AssertionVerifier(Vec<VerifyingKey>);

impl AssertionVerifier {
    /// Believes assertions of these keys.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Believes a token if one of the keys signed it, it has begun, it has not ended and it claims
    /// no more than an hour.
    ///
    /// # Errors
    /// One of the `Assertion…` variants of [`PolicyError`].
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedAssertion, PolicyError> {
        let claims = self.claims(token)?;
        if claims.expires <= claims.issued
            || claims.expires.duration_since(claims.issued) > MAX_LIFE
        {
            Err(PolicyError::AssertionLifetime)
        } else if now < claims.issued {
            Err(PolicyError::AssertionNotYetValid)
        } else if now >= claims.expires {
            Err(PolicyError::AssertionExpired)
        } else {
            Ok(VerifiedAssertion(claims))
        }
    }

    fn claims(&self, token: &str) -> Result<Claims, PolicyError> {
        if token.len() > MAX_TOKEN {
            return Err(PolicyError::AssertionSyntax);
        }
        let (payload, signature) = token.split_once('.').ok_or(PolicyError::AssertionSyntax)?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| PolicyError::AssertionSyntax);
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        let signature =
            Signature::from_slice(&signature).map_err(|_| PolicyError::AssertionSyntax)?;
        let message = message(&payload);
        if !self.0.iter().any(|key| key.verify_strict(&message, &signature).is_ok()) {
            return Err(PolicyError::AssertionSignature);
        }
        serde_json::from_slice(&payload).map_err(|_| PolicyError::AssertionSyntax)
    }
}

/// An assertion that was believed. Only [`AssertionVerifier::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAssertion(Claims);

impl VerifiedAssertion {
    /// The market of the device; none if it belongs to none.
    pub fn market(&self) -> Option<&MarketId> {
        self.0.market.as_ref()
    }

    /// The features the device may have.
    pub fn features(&self) -> &BTreeSet<FeatureId> {
        &self.0.features
    }

    /// The policy that was judged by.
    pub fn policy(&self) -> Digest {
        self.0.policy
    }

    /// When it begins.
    pub fn issued(&self) -> Timestamp {
        self.0.issued
    }

    /// The instant from which it is worth nothing.
    pub fn expires(&self) -> Timestamp {
        self.0.expires
    }
}
