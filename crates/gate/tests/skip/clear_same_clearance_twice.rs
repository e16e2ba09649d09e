//! One clearance, one prompt.

use std::sync::Arc;

use yumen_features::{Feature, FeatureRequest, Prompt, prepare};
use yumen_policy::Clearance;

pub fn prompts(
    clearance: Clearance,
    feature: &Arc<Feature>,
    first: FeatureRequest,
    second: FeatureRequest,
) -> [Prompt; 2] {
    let first = prepare(clearance, feature, first).unwrap();
    let second = prepare(clearance, feature, second).unwrap();
    [first, second]
}

fn main() {}
