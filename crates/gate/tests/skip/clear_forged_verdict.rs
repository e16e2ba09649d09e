//! A verdict cannot be made by hand, to be cleared afterwards.

use yumen_policy::{FeatureId, MarketId, Verdict};

pub fn verdict(feature: FeatureId, market: MarketId) -> Verdict {
    Verdict { feature, market: Some(market), reasons: Vec::new(), next_step: None }
}

fn main() {}
