//! Clearing: the last look before a request may go on, and the proof that it was taken.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::lane::{Bar, Lacking, filter};
use crate::policy::Resolved;
use crate::verdict::Code;
use crate::{
    Approval, Digest, FeatureId, Limits, MarketId, ModelRef, Policy, Release, Residency, Verdict,
};

/// How long a verdict may wait to be cleared.
const MAX_VERDICT_AGE: SignedDuration = SignedDuration::from_mins(5);

/// How long a clearance lasts at most.
const MAX_CLEARANCE: SignedDuration = SignedDuration::from_hours(1);

/// Proof that one request passed verdict, approval and freshness.
///
/// Only [`clear`] makes one. It cannot be copied: who sends under it has it, and has it once.
#[derive(Debug)]
#[must_use]
pub struct Clearance {
    /// What it was made under.
    policy: Policy,
    /// The market and the feature, by their places in the policy.
    market: usize,
    feature: usize,
    release: Arc<Release>,
    approval: Option<Arc<Approval>>,
    models: Arc<[ModelRef]>,
    limits: Option<Arc<Limits>>,
    until: Timestamp,
}

impl Clearance {
    /// The market.
    pub fn market(&self) -> &MarketId {
        self.policy.market_at(self.market).id()
    }

    /// The feature.
    pub fn feature(&self) -> &FeatureId {
        self.policy.feature_at(self.feature).terms.id()
    }

    /// The digest of the release it is served from.
    pub fn release(&self) -> Digest {
        self.release.digest()
    }

    /// The digest of the feature as the release carries it: what is about to run must have this one.
    pub fn feature_digest(&self) -> Option<Digest> {
        self.release.feature(self.feature()).map(|released| released.digest)
    }

    /// The digest of the screen the release was made with.
    pub fn screen(&self) -> Digest {
        self.release.screen()
    }

    /// The digest of the charter of the external judges the release was made with; none where nobody judges.
    pub fn judges(&self) -> Option<Digest> {
        self.release.judges()
    }

    /// The digest of the label rules the release was made with.
    pub fn label(&self) -> Digest {
        self.release.label()
    }

    /// The number of the approval it is served under; none where the market demands none.
    pub fn approval(&self) -> Option<&str> {
        self.approval.as_deref().map(Approval::number)
    }

    /// The approval it is served under: what has to be shown of it stands in its record.
    pub fn approved(&self) -> Option<&Arc<Approval>> {
        self.approval.as_ref()
    }

    /// Where what is asked in the market must be processed; none for anywhere.
    pub fn residency(&self) -> Option<&Residency> {
        self.policy.market_at(self.market).residency()
    }

    /// The models that may serve it, the preferred one first; never empty: those of the release that
    /// the approval covers, that process in the market, that are on the authority's list where it
    /// must be, that neither a kill, a drift nor a management profile takes out.
    pub fn models(&self) -> &[ModelRef] {
        &self.models
    }

    /// The same to keep, at the cost of no copy.
    pub fn shared_models(&self) -> Arc<[ModelRef]> {
        Arc::clone(&self.models)
    }

    /// What the profiles of a managed device leave, retention among it.
    pub fn limits(&self) -> Option<&Limits> {
        self.limits.as_deref()
    }

    /// The instant from which it is worth nothing: the end of the approval, of the assertion or of a
    /// grace, the next step of what grows old, and at most an hour from when it was made.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// The digest of the policy it was made under.
    pub fn policy(&self) -> Digest {
        self.policy.digest()
    }

    /// Whether it is for a development market, which every answer must say.
    pub fn is_sandbox(&self) -> bool {
        self.policy.market_at(self.market).is_development()
    }
}

/// Turns an eligible verdict into a clearance, or gives the verdict back.
///
/// Market, release, approval, models and ages are looked up again at `now`. A verdict made under
/// another policy, in the future of `now` (the clock went backwards) or more than five minutes ago is
/// refused.
///
/// # Errors
/// The verdict itself: unchanged if it was not `eligible`, else downgraded with the code
/// `policy_changed`, `clock_backwards`, `verdict_stale`, `assertion_expired`, or that of what is
/// lacking now, and a reason for it.
#[expect(
    clippy::result_large_err,
    reason = "a box would be an allocation on the way of every request"
)]
pub fn clear(policy: &Policy, verdict: Verdict, now: Timestamp) -> Result<Clearance, Verdict> {
    if !verdict.is_eligible() {
        return Err(verdict);
    }
    if !verdict.policy.is_same(policy) {
        return Err(verdict.refused(Code::PolicyChanged, None));
    }
    let at = policy.time(now);
    if at < verdict.at {
        return Err(verdict.refused(Code::ClockBackwards, None));
    }
    if at.duration_since(verdict.at) > MAX_VERDICT_AGE {
        return Err(verdict.refused(Code::VerdictStale, None));
    }
    if verdict.until.is_some_and(|until| at >= until) {
        return Err(verdict.refused(Code::AssertionExpired, None));
    }
    // Two policies of one digest may hold the same markets and features in another order.
    let place = verdict.market().map(|market| policy.resolve_id(market));
    let (Some(Resolved::Market(market)), Some(feature)) =
        (place, policy.feature_index(verdict.feature()))
    else {
        return Err(verdict.refused(Code::PolicyChanged, None));
    };
    let standing = match policy.standing(market, feature, now) {
        Ok(standing) => standing,
        Err(lacking) => return Err(verdict.refused(lacking.into(), Some(lacking))),
    };
    let limits = verdict.shared_limits().cloned();
    let models = match &limits {
        None => Arc::clone(standing.models),
        Some(limits) => {
            let bar = |model: &ModelRef| {
                limits.allows_model(verdict.feature(), model).err().map(Bar::Managed)
            };
            match filter(standing.models, bar) {
                (models, None) => models,
                (_, Some(bar)) => {
                    let lacking = Lacking::Barred(bar);
                    return Err(verdict.refused(lacking.into(), Some(lacking)));
                }
            }
        }
    };
    let ends = [
        Some(at.checked_add(MAX_CLEARANCE).unwrap_or(Timestamp::MAX)),
        standing.approval.map(|approval| approval.record().valid_until),
        standing.turn,
        verdict.until,
    ];
    Ok(Clearance {
        release: Arc::clone(standing.release),
        approval: standing.approval.map(Arc::clone),
        models,
        limits,
        until: ends.into_iter().flatten().min().unwrap_or(at),
        policy: policy.clone(),
        market,
        feature,
    })
}
