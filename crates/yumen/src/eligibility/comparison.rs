//! What a change of the policy changes: for every device and feature the verdict before and after,
//! those that differ counted by what they were and what they become, with examples.
//!
//! Where nothing that a verdict of a market and feature rests on has changed, the verdict cannot
//! have changed, and is not made.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;
use yumen_policy::{
    Answer, Device, FeatureId, FeatureTerms, Market, MarketId, Outcome, Policy, Release, Timestamp,
    Verdict, judge,
};

use super::crowd::{Census, Seen};

/// How many examples are kept of each kind of change.
const EXAMPLES: usize = 3;

/// One side of a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Side {
    /// The market the device belongs to; none where it belongs to none.
    pub market: Option<MarketId>,
    /// The answer.
    pub answer: Answer,
    /// Why, as one word.
    pub code: &'static str,
}

/// All changes of one kind.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    /// The feature.
    pub feature: FeatureId,
    /// What the verdicts were.
    pub from: Side,
    /// What they become.
    pub to: Side,
    /// How many devices.
    pub devices: u64,
    /// The rules that did not pass before, and for how many of the devices.
    pub kept_by: BTreeMap<String, u64>,
    /// The rules that do not pass now, and for how many of the devices.
    pub stopped_by: BTreeMap<String, u64>,
    /// The first devices of the population that change so.
    pub examples: Vec<serde_json::Value>,
}

impl Change {
    /// Whether the feature opens.
    pub(crate) fn opens(&self) -> bool {
        self.to.answer == Answer::Eligible && self.from.answer != Answer::Eligible
    }

    /// Whether the feature closes.
    pub(crate) fn closes(&self) -> bool {
        self.from.answer == Answer::Eligible && self.to.answer != Answer::Eligible
    }
}

/// Two policies and what can differ between them.
pub(crate) struct Comparison<'a> {
    old: &'a Policy,
    new: &'a Policy,
    features: Vec<FeatureId>,
    /// For each market that is in both, the features whose verdicts may differ, by index.
    touched: Vec<(MarketId, Vec<usize>)>,
    at: Timestamp,
}

impl<'a> Comparison<'a> {
    /// Compares two policies at one instant.
    ///
    /// `shared` says that what all markets share is the same on both sides: the packs, the parts of
    /// markets, the approvals at hand.
    pub(crate) fn new(old: &'a Policy, new: &'a Policy, shared: bool, at: Timestamp) -> Self {
        let ids: BTreeSet<_> =
            old.features().chain(new.features()).map(|terms| terms.id().clone()).collect();
        let features: Vec<_> = ids.into_iter().collect();
        let touched = old
            .markets()
            .iter()
            .filter(|market| new.market(market.id()).is_some())
            .map(|market| {
                let differs =
                    |(_, id): &(usize, &FeatureId)| !shared || !same(old, new, market.id(), id);
                let indices = features.iter().enumerate().filter(differs);
                (market.id().clone(), indices.map(|(index, _)| index).collect())
            })
            .collect();
        Self { old, new, features, touched, at }
    }

    /// The features of both sides.
    pub(crate) fn features(&self) -> &[FeatureId] {
        &self.features
    }

    /// A census with nothing counted yet.
    pub(crate) fn census(&self) -> Changes<'_> {
        Changes { comparison: self, kinds: HashMap::new() }
    }

    /// The features whose verdicts may differ for a device.
    fn candidates(&self, device: &Device) -> impl Iterator<Item = usize> {
        let all = 0..self.features.len();
        let (old, new) = (self.old.market_of(device), self.new.market_of(device));
        let touched = match (old, new) {
            (Some(old), Some(new)) if old.id() == new.id() => {
                let mut touched = self.touched.iter();
                touched.find(|(market, _)| market == old.id()).map(|(_, indices)| indices)
            }
            _ => None,
        };
        let some = touched.map(|indices| indices.iter().copied());
        let all = touched.is_none().then_some(all);
        some.into_iter().flatten().chain(all.into_iter().flatten())
    }
}

/// Whether nothing that the verdicts of a feature in a market rest on differs, but for what all
/// markets share.
fn same(old: &Policy, new: &Policy, market: &MarketId, feature: &FeatureId) -> bool {
    let file = |policy: &Policy| policy.market(market).map(Market::digest);
    let terms = |policy: &Policy| -> Option<FeatureTerms> {
        policy.features().find(|terms| terms.id() == feature).cloned()
    };
    let releases = |policy: &Policy| -> Vec<_> {
        let releases = policy.releases().filter(|release| release.market() == market);
        releases.map(Release::digest).collect()
    };
    file(old) == file(new) && terms(old) == terms(new) && releases(old) == releases(new)
}

/// What one worker found.
pub(crate) struct Changes<'a> {
    comparison: &'a Comparison<'a>,
    kinds: HashMap<Kind, Found>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Kind {
    feature: usize,
    from: Side,
    to: Side,
}

#[derive(Default)]
struct Found {
    devices: u64,
    kept_by: BTreeMap<String, u64>,
    stopped_by: BTreeMap<String, u64>,
    /// The first ones, by their number.
    examples: BTreeMap<u64, String>,
}

impl Side {
    fn of(verdict: &Verdict) -> Self {
        Self { market: verdict.market().cloned(), answer: verdict.answer(), code: verdict.code() }
    }
}

impl Changes<'_> {
    /// What was found, the largest changes of a feature first.
    pub(crate) fn changes(self) -> Vec<Change> {
        let mut changes: Vec<_> = self
            .kinds
            .into_iter()
            .map(|(kind, found)| Change {
                feature: self.comparison.features[kind.feature].clone(),
                from: kind.from,
                to: kind.to,
                devices: found.devices,
                kept_by: found.kept_by,
                stopped_by: found.stopped_by,
                examples: found
                    .examples
                    .into_values()
                    .take(EXAMPLES)
                    .filter_map(|json| serde_json::from_str(&json).ok())
                    .collect(),
            })
            .collect();
        changes.sort_by(|a, b| {
            (&a.feature, b.devices, &a.from, &a.to).cmp(&(&b.feature, a.devices, &b.from, &b.to))
        });
        changes
    }
}

impl Census for Changes<'_> {
    fn take(&mut self, device: &Device, seen: Seen) {
        let Comparison { old, new, features, at, .. } = self.comparison;
        for index in self.comparison.candidates(device) {
            let before = judge(old, device, &features[index], *at);
            let after = judge(new, device, &features[index], *at);
            let same = before.code() == after.code()
                && before.answer() == after.answer()
                && before.market() == after.market();
            if same {
                continue;
            }
            let kind = Kind { feature: index, from: Side::of(&before), to: Side::of(&after) };
            let found = self.kinds.entry(kind).or_default();
            found.devices += seen.times;
            found.note(device, seen);
            faults(&before, &mut found.kept_by, seen.times);
            faults(&after, &mut found.stopped_by, seen.times);
        }
    }

    fn add(&mut self, other: Self) {
        for (kind, found) in other.kinds {
            let own = self.kinds.entry(kind).or_default();
            own.devices += found.devices;
            for (rule, times) in found.kept_by {
                *own.kept_by.entry(rule).or_default() += times;
            }
            for (rule, times) in found.stopped_by {
                *own.stopped_by.entry(rule).or_default() += times;
            }
            for (first, json) in found.examples {
                own.keep(first, || json);
            }
        }
    }
}

/// Counts the rules that do not pass.
fn faults(verdict: &Verdict, rules: &mut BTreeMap<String, u64>, times: u64) {
    let mut told: Vec<&str> = Vec::new();
    let reasons = verdict.reasons();
    for reason in &reasons {
        if reason.outcome == Outcome::Pass || told.contains(&&*reason.rule) {
            continue;
        }
        match rules.get_mut(&*reason.rule) {
            Some(count) => *count += times,
            None => {
                rules.insert(reason.rule.to_string(), times);
            }
        }
        told.push(&reason.rule);
    }
}

impl Found {
    fn note(&mut self, device: &Device, seen: Seen) {
        self.keep(seen.first, || serde_json::to_string(device).unwrap_or_default());
    }

    /// Keeps an example when it is among the first, and no example twice.
    fn keep(&mut self, first: u64, json: impl FnOnce() -> String) {
        let full = self.examples.len() >= EXAMPLES;
        if full && self.examples.last_key_value().is_some_and(|(last, _)| *last < first) {
            return;
        }
        let json = json();
        if let Some((&known, _)) = self.examples.iter().find(|(_, other)| **other == json) {
            if known <= first {
                return;
            }
            self.examples.remove(&known);
        }
        self.examples.insert(first, json);
        if self.examples.len() > EXAMPLES {
            self.examples.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_examples_are_kept_whatever_order_they_come_in() {
        let devices = [(9, "i"), (2, "b"), (7, "g"), (4, "b"), (3, "c"), (8, "h"), (5, "a")];
        for turn in 0..devices.len() {
            let mut found = Found::default();
            for (first, json) in devices.iter().cycle().skip(turn).take(devices.len()) {
                found.keep(*first, || (*json).to_owned());
            }
            // The device that came as 2 and as 4 is one, and counts where it came first.
            let kept: Vec<_> = found.examples.iter().map(|(n, json)| (*n, json.as_str())).collect();
            assert_eq!(kept, [(2, "b"), (3, "c"), (5, "a")], "{turn}");
        }
    }
}
