//! Identify: who calls, and on what the verdict is to be made.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use yumen_policy::{
    AssertionVerifier, Device, FeatureId, Policy, PolicyError, Presented, Timestamp, Verdict,
    VerifiedAssertion, judge, judge_asserted,
};

use crate::problem::Problem;
use crate::snapshot::AppKey;
use crate::visit::Visit;

/// The header in which a device presents its assertion.
pub(crate) const ASSERTION_HEADER: &str = "yumen-assertion";

/// A known app, asking for a device whose standing is known.
pub(crate) struct Caller {
    key: Arc<AppKey>,
    assertion: Option<Presented>,
}

impl Caller {
    /// Takes the key's device profile or, where it has none, reads the assertion.
    ///
    /// A profile wins over an assertion: a bound key cannot be widened by a header.
    pub(crate) fn identify(
        visit: &Visit,
        assertions: &Assertions,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let key = Arc::clone(&visit.key);
        if key.profile.is_some() {
            return Ok(Self { key, assertion: None });
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
        let assertion = assertions
            .verify(token, now)
            .and_then(VerifiedAssertion::unbound)
            .map_err(|error| match error {
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
        Ok(Self { key, assertion: Some(assertion) })
    }

    /// The key's id, by which the ledger knows the caller.
    pub(crate) fn key_id(&self) -> &str {
        &self.key.id
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

/// What believes assertions, and remembers which it believed.
///
/// Verifying a signature costs more than all the rest of the decision; a device presents one
/// assertion for an hour. Each thread remembers for itself, so nothing is locked. Whether a
/// remembered assertion still holds (its end, its policy) is judged anew on each request.
pub(crate) struct Assertions {
    verifier: AssertionVerifier,
}

/// The most assertions a thread remembers. Devices of equal standing hold the same one, so there
/// are few at a time.
const REMEMBERED: usize = 1024;

thread_local! {
    static BELIEVED: RefCell<HashMap<Box<str>, VerifiedAssertion>> = RefCell::default();
}

impl Assertions {
    pub(crate) fn new(verifier: AssertionVerifier) -> Self {
        Self { verifier }
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedAssertion, PolicyError> {
        if let Some(known) = BELIEVED.with_borrow(|known| known.get(token).cloned()) {
            return Ok(known);
        }
        let assertion = self.verifier.verify(token, now)?;
        BELIEVED.with_borrow_mut(|known| {
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(token.into(), assertion.clone());
        });
        Ok(assertion)
    }
}
