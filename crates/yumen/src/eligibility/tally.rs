//! How a population comes out: devices by market, feature, answer and code.

use std::collections::BTreeMap;

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
    /// For each feature the ways it came out: a few dozen, and the common ones are found first.
    counts: Vec<Vec<(Case, u64)>>,
}

impl<'a> Tally<'a> {
    /// Nothing counted yet.
    pub(crate) fn new(policy: &'a Policy, features: &'a [FeatureId], at: Timestamp) -> Self {
        Self { policy, features, at, counts: vec![Vec::new(); features.len()] }
    }

    /// What was counted, in order.
    pub(crate) fn cases(self) -> BTreeMap<Case, u64> {
        self.counts.into_iter().flatten().collect()
    }
}

impl Census for Tally<'_> {
    fn take(&mut self, device: &Device, seen: Seen) {
        for (feature, counts) in self.features.iter().zip(&mut self.counts) {
            let verdict = judge(self.policy, device, feature, self.at);
            let (market, answer, code) = (verdict.market(), verdict.answer(), verdict.code());
            let same = |(case, _): &&mut (Case, u64)| {
                case.code == code && case.answer == answer && case.market.as_ref() == market
            };
            if let Some((_, times)) = counts.iter_mut().find(same) {
                *times += seen.times;
                continue;
            }
            let case = Case { market: market.cloned(), feature: feature.clone(), answer, code };
            counts.push((case, seen.times));
        }
    }

    fn add(&mut self, other: Self) {
        for (counts, others) in self.counts.iter_mut().zip(other.counts) {
            for (case, times) in others {
                match counts.iter_mut().find(|(own, _)| *own == case) {
                    Some((_, own)) => *own += times,
                    None => counts.push((case, times)),
                }
            }
        }
    }
}
