//! A verdict, even an eligible one, prepares nothing: it has to be cleared.

use std::sync::Arc;

use yumen_features::{Feature, FeatureRequest, Nonce, Prompt, prepare};
use yumen_policy::{Device, Policy, Timestamp, judge};

pub fn prompt(
    policy: &Policy,
    device: &Device,
    feature: &Arc<Feature>,
    request: FeatureRequest,
    nonce: &Nonce,
) -> Prompt {
    let verdict = judge(policy, device, feature.id(), Timestamp::now());
    prepare(verdict, feature, request, nonce).unwrap()
}

fn main() {}
