//! An assertion that was not verified gives no verdict.

use yumen_policy::{FeatureId, Policy, Timestamp, Verdict, judge_asserted};

pub fn verdict(policy: &Policy, assertion: &str, feature: &FeatureId) -> Verdict {
    judge_asserted(policy, assertion, feature, Timestamp::now())
}

fn main() {}
