//! How often what was done in each market: what was screened, masked, refused, appealed. For the public by whole days
//! and without small counts, for the operator exactly.
//!
//! Nothing of a person, an app or a feature is counted. A passage that is in order costs one atomic addition; only what
//! the screen found takes a lock, for the length of one addition. Four times a second the desk keeps what came.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use yumen_desk::StoredDeed;
use yumen_policy::{MarketId, Timestamp};
use yumen_screen::{Action, Notice};

/// Below this a count is told as `null`, and every other is rounded down to a multiple of it: nobody is seen in a
/// difference of two answers.
const LEAST: u64 = 10;

/// What was counted, in the order of the public account.
const KINDS: [&str; 13] = [
    "screened",
    "found",
    "told",
    "masked",
    "stopped",
    "retracted",
    "refused",
    "judged",
    "unjudged",
    "warned",
    "limited",
    "suspended",
    "appeals",
];

/// The counts of a gate. Clones share them.
#[derive(Clone)]
pub(crate) struct Deeds(Arc<Inner>);

struct Inner {
    screened: BTreeMap<MarketId, AtomicU64>,
    /// What is not kept yet, by market, deed and category.
    fresh: Mutex<BTreeMap<(String, String, String), u64>>,
    /// What was ever counted here, as far back as it is kept in memory.
    kept: Mutex<BTreeMap<(String, String, String, String), u64>>,
}

impl Deeds {
    pub(crate) fn new<'a>(
        markets: impl Iterator<Item = &'a MarketId>,
        kept: Vec<StoredDeed>,
    ) -> Self {
        let deeds = Self(Arc::new(Inner {
            screened: markets.map(|market| (market.clone(), AtomicU64::new(0))).collect(),
            fresh: Mutex::default(),
            kept: Mutex::default(),
        }));
        for deed in kept {
            deeds.kept(deed);
        }
        deeds
    }

    /// A prompt or an answer was screened.
    pub(crate) fn screened(&self, market: &MarketId) {
        match self.0.screened.get(market) {
            Some(count) => drop(count.fetch_add(1, Ordering::Relaxed)),
            None => self.add(market, "screened", "", 1),
        }
    }

    /// The screen did something.
    pub(crate) fn notice(&self, market: &MarketId, notice: &Notice) {
        let deed = match notice.action {
            Action::Allow => return,
            Action::Detect => "found",
            Action::Tell => "told",
            Action::Mask | Action::Replace | Action::Pseudonymise => "masked",
            Action::Retract => "retracted",
            Action::Stop => "stopped",
            Action::Refuse => "refused",
        };
        let category = notice.category.as_deref().map_or("", |category| &category.id);
        self.add(market, deed, category, notice.count.into());
    }

    /// Something else was done.
    pub(crate) fn add(&self, market: &MarketId, deed: &str, category: &str, count: u64) {
        let key = (market.as_str().to_owned(), deed.to_owned(), category.to_owned());
        *locked(&self.0.fresh).entry(key).or_default() += count;
    }

    /// Counts what the store has already.
    pub(crate) fn kept(&self, deed: StoredDeed) {
        let StoredDeed { day, market, deed, category, count } = deed;
        *locked(&self.0.kept).entry((day, market, deed, category)).or_default() += count;
    }

    /// What came since the last call, to be kept.
    pub(crate) fn take(&self, now: Timestamp) -> Vec<StoredDeed> {
        let day = now.to_zoned(TimeZone::UTC).date().to_string();
        let mut fresh = std::mem::take(&mut *locked(&self.0.fresh));
        for (market, count) in &self.0.screened {
            let count = count.swap(0, Ordering::Relaxed);
            if count > 0 {
                let key = (market.as_str().to_owned(), "screened".to_owned(), String::new());
                *fresh.entry(key).or_default() += count;
            }
        }
        fresh
            .into_iter()
            .map(|((market, deed, category), count)| {
                let day = day.clone();
                StoredDeed { day, market, deed, category, count }
            })
            .collect()
    }

    /// What could not be kept is counted again.
    pub(crate) fn again(&self, deeds: Vec<StoredDeed>) {
        let mut fresh = locked(&self.0.fresh);
        for StoredDeed { market, deed, category, count, .. } in deeds {
            *fresh.entry((market, deed, category)).or_default() += count;
        }
    }

    /// The public account: each month of each market, complete days only.
    pub(crate) fn public(&self, now: Timestamp) -> Value {
        let today = now.to_zoned(TimeZone::UTC).date();
        let markets = self.account(|day| day < today, &|count| match count {
            0 => json!(0),
            count if count < LEAST => Value::Null,
            count => json!(count - count % LEAST),
        });
        let until = today.yesterday().unwrap_or(today);
        json!({"until": until, "least": LEAST, "markets": markets})
    }

    /// The operator's account: all of it, to the last that is kept.
    pub(crate) fn exact(&self) -> Value {
        json!({"markets": self.account(|_| true, &|count| json!(count))})
    }

    fn account(&self, wanted: impl Fn(Date) -> bool, shown: &dyn Fn(u64) -> Value) -> Vec<Value> {
        #[derive(Default)]
        struct Month {
            counts: BTreeMap<String, u64>,
            categories: BTreeMap<String, BTreeMap<String, u64>>,
        }
        let mut months: BTreeMap<(String, String), Month> = BTreeMap::new();
        for ((day, market, deed, category), count) in &*locked(&self.0.kept) {
            let Ok(date) = day.parse::<Date>() else { continue };
            if !wanted(date) {
                continue;
            }
            let month = format!("{:04}-{:02}", date.year(), date.month());
            let month = months.entry((market.clone(), month)).or_default();
            *month.counts.entry(deed.clone()).or_default() += count;
            if !category.is_empty() {
                let of = month.categories.entry(category.clone()).or_default();
                *of.entry(deed.clone()).or_default() += count;
            }
        }
        months
            .into_iter()
            .map(|((market, month), Month { counts, categories })| {
                let counted = |counts: &BTreeMap<String, u64>, deed: &str| {
                    shown(counts.get(deed).copied().unwrap_or_default())
                };
                let mut told = serde_json::Map::new();
                told.insert("market".into(), market.into());
                told.insert("month".into(), month.into());
                for kind in KINDS.into_iter().chain(["granted"]) {
                    told.insert(kind.into(), counted(&counts, kind));
                }
                let by_category = categories.iter().map(|(category, counts)| {
                    let deeds = counts.iter().map(|(deed, count)| (deed.clone(), shown(*count)));
                    json!({"category": category, "counts": deeds.collect::<serde_json::Map<_, _>>()})
                });
                told.insert("categories".into(), by_category.collect());
                Value::Object(told)
            })
            .collect()
    }
}

/// What a gate counted and the desk has to keep.
#[derive(Debug, Default, Serialize)]
pub struct Counted {
    /// How people stand whose standing changed.
    #[serde(skip)]
    pub people: Vec<crate::people::PersonKept>,
    /// What was done.
    #[serde(skip)]
    pub deeds: Vec<StoredDeed>,
}

impl Counted {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.deeds.is_empty()
    }
}

/// A thread that panicked left whole counts.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(day: &str, deed: &str, category: &str, count: u64) -> StoredDeed {
        let owned = |text: &str| text.to_owned();
        let (day, market) = (owned(day), owned("cn"));
        StoredDeed { day, market, deed: owned(deed), category: owned(category), count }
    }

    #[test]
    fn the_public_sees_whole_days_and_no_small_counts() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let kept = vec![
            deed("2026-11-20", "screened", "", 1234),
            deed("2026-11-20", "refused", "lanterns", 9),
            deed("2026-11-21", "refused", "parcels", 17),
            deed("2026-11-22", "refused", "parcels", 500),
        ];
        let cn: MarketId = "cn".parse().unwrap();
        let deeds = Deeds::new([&cn].into_iter(), kept);
        let public = deeds.public(now);
        let month = &public["markets"][0];
        assert_eq!((&month["screened"], &month["refused"]), (&json!(1230), &json!(20)));
        assert_eq!(month["masked"], 0);
        assert_eq!(month["categories"][0]["counts"]["refused"], Value::Null);
        assert_eq!(month["categories"][1]["counts"]["refused"], 10);
        assert_eq!(public["until"], "2026-11-21");
        assert_eq!(deeds.exact()["markets"][0]["refused"], 526);
    }

    #[test]
    fn what_could_not_be_kept_is_not_lost_and_nothing_is_kept_twice() {
        let now = Timestamp::now();
        let cn: MarketId = "cn".parse().unwrap();
        let deeds = Deeds::new([&cn].into_iter(), Vec::new());
        deeds.screened(&cn);
        deeds.screened(&cn);
        deeds.add(&cn, "refused", "lanterns", 3);
        let taken = deeds.take(now);
        assert_eq!(taken.iter().map(|deed| deed.count).collect::<Vec<_>>(), [3, 2]);
        assert!(deeds.take(now).is_empty());
        deeds.again(taken.clone());
        assert_eq!(deeds.take(now), taken);
    }
}
