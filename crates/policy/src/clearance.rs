//! Clearing: the last look before a request may go on, and the proof that it was taken.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::policy::{Lacking, Resolved, Standing};
use crate::verdict::Code;
use crate::{Approval, Digest, FeatureId, MarketId, ModelRef, Policy, Release, Text, Verdict};

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
    market: MarketId,
    feature: FeatureId,
    release: Arc<Release>,
    approval: Option<Arc<Approval>>,
    until: Timestamp,
    policy: Digest,
    sandbox: bool,
}

impl Clearance {
    /// The market.
    pub fn market(&self) -> &MarketId {
        &self.market
    }

    /// The feature.
    pub fn feature(&self) -> &FeatureId {
        &self.feature
    }

    /// The digest of the release it is served from.
    pub fn release(&self) -> Digest {
        self.release.digest()
    }

    /// The digest of the feature as the release carries it: what is about to run must have this one.
    pub fn feature_digest(&self) -> Option<Digest> {
        self.release.feature(&self.feature).map(|released| released.digest)
    }

    /// The digest of the screen the release was made with.
    pub fn screen(&self) -> Digest {
        self.release.screen()
    }

    /// The digest of the label rules the release was made with.
    pub fn label(&self) -> Digest {
        self.release.label()
    }

    /// The number of the approval it is served under; none where the market demands none.
    pub fn approval(&self) -> Option<&str> {
        self.approval.as_deref().map(Approval::number)
    }

    /// The models that may serve it, the preferred one first; never empty.
    pub fn models(&self) -> &[ModelRef] {
        self.release.feature(&self.feature).map_or(&[], |released| &released.models)
    }

    /// The instant from which it is worth nothing: the end of the approval or of the assertion, and
    /// at most an hour from when it was made.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// The digest of the policy it was made under.
    pub fn policy(&self) -> Digest {
        self.policy
    }

    /// Whether it is for a development market, which every answer must say.
    pub fn is_sandbox(&self) -> bool {
        self.sandbox
    }
}

/// Turns an eligible verdict into a clearance, or gives the verdict back.
///
/// Approval and release are looked up again at `now`. A verdict made under another policy, in the
/// future of `now` (the clock went backwards) or more than five minutes ago is refused.
///
/// # Errors
/// The verdict itself: unchanged if it was not `eligible`, else downgraded to `not_yet` with the code
/// `policy_changed`, `clock_backwards`, `verdict_stale`, `assertion_expired`, `release_missing` or
/// `approval_missing`, and a reason for it.
pub fn clear(policy: &Policy, verdict: Verdict, now: Timestamp) -> Result<Clearance, Verdict> {
    if !verdict.is_eligible() {
        return Err(verdict);
    }
    if verdict.policy() != policy.digest() {
        return Err(again(
            verdict,
            Code::PolicyChanged,
            Text::new("The policy has changed since the verdict.", "判定之后政策已变更。"),
        ));
    }
    if now < verdict.at {
        return Err(verdict.refused(
            Code::ClockBackwards,
            "clear.clock",
            Text::new("The clock of the gate went backwards.", "网关的时钟发生了倒退。"),
            Text::new("The operator must correct the clock.", "请运营者校正时钟。"),
        ));
    }
    if now.duration_since(verdict.at) > MAX_VERDICT_AGE {
        return Err(again(
            verdict,
            Code::VerdictStale,
            Text::new("The verdict is too old to act on.", "判定结果已过时，不能据以执行。"),
        ));
    }
    if verdict.until.is_some_and(|until| now >= until) {
        return Err(again(
            verdict,
            Code::AssertionExpired,
            Text::new("The assertion has expired.", "资格凭证已过期。"),
        ));
    }
    // An eligible verdict of this very policy names a market and a feature of it.
    let place = verdict.market().map(|market| policy.resolve_id(market));
    let (Some(Resolved::Market(market)), Some(feature)) =
        (place, policy.feature_index(verdict.feature()))
    else {
        return Err(again(
            verdict,
            Code::PolicyChanged,
            Text::new("The policy has no such market or feature.", "政策中没有该市场或功能。"),
        ));
    };
    let Standing { release, approval } = match policy.standing(market, feature, now) {
        Ok(standing) => standing,
        Err(Lacking::Release) => {
            return Err(verdict.refused(
                Code::ReleaseMissing,
                "market.release",
                Text::new(
                    "No release of this market carries the feature.",
                    "该市场尚无包含此功能的发布版本。",
                ),
                Text::new("Wait until the feature is released.", "请等待此功能发布。"),
            ));
        }
        Err(Lacking::Approval | Lacking::ApprovalToCome | Lacking::ApprovalOver) => {
            let market = policy.market_at(market);
            return Err(verdict.refused(
                Code::ApprovalMissing,
                market.approval_rule(),
                Text::new(
                    "No approval that covers this feature and release is in force any more.",
                    "涵盖此功能及该发布版本的批准已不再有效。",
                ),
                market.approval().next_step().clone(),
            ));
        }
    };
    let market = policy.market_at(market);
    let ends = [
        Some(now.checked_add(MAX_CLEARANCE).unwrap_or(Timestamp::MAX)),
        approval.as_ref().map(|approval| approval.record().valid_until),
        verdict.until,
    ];
    Ok(Clearance {
        market: market.id().clone(),
        feature: verdict.feature,
        release,
        approval,
        until: ends.into_iter().flatten().min().unwrap_or(now),
        policy: policy.digest(),
        sandbox: market.is_development(),
    })
}

fn again(verdict: Verdict, code: Code, text: Text) -> Verdict {
    let next_step = Text::new("Ask again.", "请重新请求。");
    verdict.refused(code, "clear.fresh", text, next_step)
}
