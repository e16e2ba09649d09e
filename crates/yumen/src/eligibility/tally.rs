//! How a population comes out: devices by market, feature, answer and code.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use yumen_policy::{Answer, Device, FeatureId, MarketId, Policy, Timestamp, judge};

use super::crowd::{Census, Seen};

/// One way a verdict comes out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Case {
    /// The market; none where the device belongs to none.
    pub market: Option<MarketId>,
    /// The feature.
    pub feature: FeatureId,
    /// The answer.
    pub answer: Answer,
    /// Why, as one word.
    pub code: &'static str,
}

/// How many devices come out which way.
pub(crate) struct Tally<'a> {
    policy: &'a Policy,
    features: &'a [FeatureId],
    at: Timestamp,
    counts: HashMap<Case, u64>,
}

impl<'a> Tally<'a> {
    /// Nothing counted yet.
    pub(crate) fn new(policy: &'a Policy, features: &'a [FeatureId], at: Timestamp) -> Self {
        Self { policy, features, at, counts: HashMap::new() }
    }

    /// What was counted, in order.
    pub(crate) fn cases(self) -> BTreeMap<Case, u64> {
        self.counts.into_iter().collect()
    }
}

impl Census for Tally<'_> {
    fn take(&mut self, device: &Device, seen: Seen) {
        for feature in self.features {
            let verdict = judge(self.policy, device, feature, self.at);
            let case = Case {
                market: verdict.market().cloned(),
                feature: feature.clone(),
                answer: verdict.answer(),
                code: verdict.code(),
            };
            *self.counts.entry(case).or_default() += seen.times;
        }
    }

    fn add(&mut self, other: Self) {
        for (case, times) in other.counts {
            *self.counts.entry(case).or_default() += times;
        }
    }
}
