//! An assertion that was believed is not yet presented: one that is bound to a device key gives a
//! verdict only to the holder of that key.

use yumen_policy::{FeatureId, Policy, Timestamp, Verdict, VerifiedAssertion, judge_asserted};

pub fn verdict(policy: &Policy, assertion: &VerifiedAssertion, feature: &FeatureId) -> Verdict {
    judge_asserted(policy, assertion, feature, Timestamp::now())
}

fn main() {}
