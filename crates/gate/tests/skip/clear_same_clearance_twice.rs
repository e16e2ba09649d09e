//! One clearance, one prompt.

use std::sync::Arc;

use yumen_features::{Feature, FeatureRequest, Nonce, Prompt, prepare};
use yumen_policy::Clearance;

pub fn prompts(
    clearance: Clearance,
    feature: &Arc<Feature>,
    first: FeatureRequest,
    second: FeatureRequest,
    nonce: &Nonce,
) -> [Prompt; 2] {
    let first = prepare(clearance, feature, first, nonce).unwrap();
    let second = prepare(clearance, feature, second, nonce).unwrap();
    [first, second]
}

fn main() {}
