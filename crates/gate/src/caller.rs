//! Identify: who calls, and on what the verdict is to be made.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use yumen_policy::{
    AssertionKey, AssertionKeys, AssertionVerifier, Device, FeatureId, Policy, PolicyError,
    Presented, Timestamp, Verdict, VerifiedAssertion, judge, judge_asserted,
};

use crate::gate::Gate;
use crate::people::Naming;
use crate::possession;
use crate::problem::Problem;
use crate::snapshot::AppKey;
use crate::visit::Visit;

/// The header in which a device presents its assertion.
pub(crate) const ASSERTION_HEADER: &str = "yumen-assertion";

/// A known app, asking for a device whose standing is known.
pub(crate) struct Caller {
    key: Arc<AppKey>,
    assertion: Option<Presented>,
    naming: Option<Naming>,
}

impl Caller {
    /// Takes the key's device profile or, where it has none, the assertion, and for one that is
    /// bound to a device key the proof that the device has it.
    ///
    /// A profile wins over an assertion: a bound key cannot be widened by a header.
    pub(crate) fn identify(gate: &Gate, visit: &Visit, now: Timestamp) -> Result<Self, Problem> {
        let key = Arc::clone(&visit.key);
        if key.profile.is_some() {
            let naming = Naming::of(&visit.headers, &key.id, None)?;
            return Ok(Self { key, assertion: None, naming });
        }
        let token = visit
            .headers
            .get(ASSERTION_HEADER)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| {
                Problem::new(
                    "assertion_missing",
                    "Ask POST /v1/eligibility for an assertion and send it in the Yumen-Assertion header.",
                    "请先调用 POST /v1/eligibility 取得资格凭证，并放入 Yumen-Assertion 请求头。",
                )
            })?;
        let assertion = gate.assertions.verify(token, now).map_err(|error| match error {
            PolicyError::AssertionExpired => Problem::new(
                "assertion_expired",
                "The assertion is over; ask POST /v1/eligibility for a new one.",
                "资格凭证已过期，请重新调用 POST /v1/eligibility。",
            ),
            _ => Problem::new(
                "assertion_invalid",
                "The assertion was not made by this gate or was changed.",
                "资格凭证并非由本网关签发，或已被改动。",
            ),
        })?;
        let naming = Naming::of(&visit.headers, &key.id, assertion.bound_to())?;
        let presented = Self::present(gate, visit, assertion, now)?;
        Ok(Self { key, assertion: Some(presented), naming })
    }

    fn present(
        gate: &Gate,
        visit: &Visit,
        assertion: VerifiedAssertion,
        now: Timestamp,
    ) -> Result<Presented, Problem> {
        if assertion.bound_to().is_none() {
            if gate.require_device_key {
                return Err(device_key_missing());
            }
            return assertion.unbound().map_err(|error| possession::refused(&error));
        }
        let proof = possession::proof(visit, now)?
            .ok_or_else(|| possession::refused(&PolicyError::PossessionMissing))?;
        let presented = assertion.with(&proof).map_err(|error| possession::refused(&error))?;
        gate.replays.admit(&proof, now)?;
        Ok(presented)
    }

    /// The key's id, by which the ledger knows the caller.
    pub(crate) fn key_id(&self) -> &str {
        &self.key.id
    }

    /// SHA-256 of the key's secret.
    pub(crate) fn secret_hash(&self) -> &[u8; 32] {
        &self.key.secret_hash
    }

    /// Who is behind the request, where the app or the device says so.
    pub(crate) fn naming(&self) -> Option<&Naming> {
        self.naming.as_ref()
    }

    /// Whether the key may use development markets.
    pub(crate) fn is_development(&self) -> bool {
        self.key.development
    }

    /// The verdict on one feature for the device behind this caller.
    pub(crate) fn judge(&self, policy: &Policy, feature: &FeatureId, now: Timestamp) -> Verdict {
        match (&self.assertion, &self.key.profile) {
            (Some(assertion), _) => judge_asserted(policy, assertion, feature, now),
            (None, Some(device)) => judge(policy, device, feature, now),
            // `identify` lets no caller through without one of the two; a device of which nothing
            // is known may do nothing.
            (None, None) => judge(policy, &Device::default(), feature, now),
        }
    }
}

/// What is said where the operator takes only assertions bound to a device key.
pub(crate) fn device_key_missing() -> Problem {
    Problem::new(
        "device_key_missing",
        "This gate takes only assertions bound to a device key; send `device_key` to POST /v1/eligibility.",
        "本网关仅接受绑定设备密钥的资格凭证；请在 POST /v1/eligibility 中提供 `device_key`。",
    )
}

/// What signs assertions and what believes them; changed whole when the keys are.
///
/// Verifying a signature costs more than all the rest of the decision; a device presents one
/// assertion for an hour. Each thread remembers for itself which it believed, so nothing is locked.
/// Whether a remembered assertion still holds (its key, its end, its policy) is looked at anew on
/// each request.
pub(crate) struct Assertions(ArcSwap<Pair>);

struct Pair {
    signer: AssertionKey,
    verifier: AssertionVerifier,
}

/// The most assertions a thread remembers. Devices of equal standing hold the same one unless it is
/// bound to a key, so there are few at a time, or more than any number.
const REMEMBERED: usize = 1024;

thread_local! {
    static BELIEVED: RefCell<HashMap<Box<str>, VerifiedAssertion>> = RefCell::default();
}

impl Assertions {
    pub(crate) fn new(keys: &AssertionKeys) -> Self {
        Self(ArcSwap::from_pointee(Pair::of(keys)))
    }

    /// Signs and believes by these keys from now on.
    pub(crate) fn replace(&self, keys: &AssertionKeys) {
        self.0.store(Arc::new(Pair::of(keys)));
    }

    /// Does something with the key that signs and the keys that are believed.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&AssertionKey, &AssertionVerifier) -> T) -> T {
        let pair = self.0.load();
        act(&pair.signer, &pair.verifier)
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedAssertion, PolicyError> {
        self.with(|_, verifier| {
            let known = BELIEVED.with_borrow(|known| known.get(token).cloned());
            if let Some(known) = known.filter(|known| verifier.still_trusts(known)) {
                return Ok(known);
            }
            let assertion = verifier.verify(token, now)?;
            BELIEVED.with_borrow_mut(|known| {
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.insert(token.into(), assertion.clone());
            });
            Ok(assertion)
        })
    }
}

impl Pair {
    fn of(keys: &AssertionKeys) -> Self {
        Self { signer: keys.signer(), verifier: keys.verifier() }
    }
}
