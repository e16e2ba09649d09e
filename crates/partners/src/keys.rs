//! Which of a partner's keys a request carries: in turn, and none that rests.
//!
//! A dead or spent key rests for the whole partner, one that is limited or barred for the model it
//! was limited at. So there are several [`Rests`], and a key goes out only when it rests in none of
//! them. All of it is atomic: picking a key waits for nobody.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How long a key rests that the partner does not know, or whose account has nothing left.
pub(crate) const DEAD_REST: Duration = Duration::from_mins(5);
/// How long a key rests that may not use a model.
pub(crate) const BARRED_REST: Duration = Duration::from_mins(1);
/// How long a key rests that was limited and not told for how long, where there are others.
pub(crate) const LIMITED_REST: Duration = Duration::from_secs(1);
/// The longest a partner may bid a key to rest.
pub(crate) const LONGEST_TOLD: Duration = Duration::from_mins(1);

/// Until when each key rests.
#[derive(Debug)]
pub(crate) struct Rests {
    until: Box<[AtomicU64]>, // milliseconds since the partners were set up
}

/// The choice of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// This one, by its place.
    Key(usize),
    /// None before then.
    Resting(Duration),
}

impl Rests {
    /// Of so many keys, all awake.
    pub(crate) fn of(keys: usize) -> Self {
        Self { until: (0..keys).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Lays a key to rest; a longer rest stands.
    pub(crate) fn rest(&self, key: usize, now: Duration, rest: Duration) {
        if let Some(until) = self.until.get(key) {
            until.fetch_max(millis(now + rest), Relaxed);
        }
    }

    fn until(&self, key: usize) -> u64 {
        self.until.get(key).map_or(0, |until| until.load(Relaxed))
    }
}

/// Picks the first of so many keys, from `first` on, that rests in none of these.
pub(crate) fn pick(keys: usize, rests: &[&Rests], first: usize, now: Duration) -> Pick {
    let (keys, now) = (keys.max(1), millis(now));
    let mut soonest = u64::MAX;
    for step in 0..keys {
        let key = (first % keys + step) % keys;
        let until = rests.iter().map(|rests| rests.until(key)).max().unwrap_or(0);
        if until <= now {
            return Pick::Key(key);
        }
        soonest = soonest.min(until);
    }
    Pick::Resting(Duration::from_millis(soonest))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn keys_take_turns_and_resting_ones_are_passed_over() {
        let (partner, model) = (Rests::of(3), Rests::of(3));
        let turns: Vec<_> = (0..6).map(|turn| pick(3, &[&partner, &model], turn, at(0))).collect();
        assert_eq!(turns, [0, 1, 2, 0, 1, 2].map(Pick::Key));
        partner.rest(0, at(0), at(9));
        model.rest(1, at(0), at(5));
        assert_eq!(pick(3, &[&partner, &model], 0, at(4)), Pick::Key(2));
        partner.rest(2, at(4), at(9));
        assert_eq!(pick(3, &[&partner, &model], 2, at(4)), Pick::Resting(at(5)));
        assert_eq!(pick(3, &[&partner, &model], 2, at(5)), Pick::Key(1));
        let other = Rests::of(3);
        assert_eq!(
            pick(3, &[&partner, &other], 1, at(4)),
            Pick::Key(1),
            "limits are the model's own"
        );
    }

    proptest! {
        #[test]
        fn no_resting_key_goes_out_and_no_awake_one_is_withheld(
            rests in proptest::collection::vec((0..4_usize, any::<bool>(), 0..50_u64, 0..50_u64), 0..40),
            first in any::<usize>(),
            now in 0..120_u64,
        ) {
            let (partner, model) = (Rests::of(4), Rests::of(4));
            let mut until = [0; 4];
            for (key, at_partner, from, rest) in rests {
                let ring = if at_partner { &partner } else { &model };
                ring.rest(key, at(from), at(rest));
                until[key] = until[key].max(from + rest);
            }
            match pick(4, &[&partner, &model], first, at(now)) {
                Pick::Key(key) => prop_assert!(until[key] <= now),
                Pick::Resting(soonest) => {
                    prop_assert!(until.iter().all(|&until| until > now));
                    prop_assert_eq!(Some(soonest), until.iter().min().copied().map(at));
                }
            }
        }
    }
}
