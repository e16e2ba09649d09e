//! The gate's clock: the latest instant it has seen, so that a clock set back opens nothing.
//!
//! Approvals that ended, assertions that are over and ages that passed would all come back to life
//! with a clock set back. The mark only rises, while the gate runs and, through the snapshots that
//! carry the store's, over restarts.

use std::sync::atomic::{AtomicI64, Ordering};

use yumen_policy::{HighWater, Timestamp};

/// How far the clock goes on before the mark is moved, in milliseconds: requests side by side read it
/// far more often than they write it.
const STRIDE: i64 = 250;

/// The highest the clock has read, in milliseconds since 1970.
#[derive(Debug)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }

    /// Notes what the clock reads; whether it was set back.
    pub(crate) fn is_backwards(&self, now: Timestamp) -> bool {
        let read = now.as_millisecond();
        let mark = self.0.load(Ordering::Relaxed);
        if read >= mark {
            if read - STRIDE >= mark {
                self.0.fetch_max(read, Ordering::Relaxed);
            }
            return false;
        }
        self.mark().is_some_and(|mark| mark.is_backwards(now))
    }

    /// Takes over a mark that is known from elsewhere, if it is higher.
    pub(crate) fn raise(&self, mark: HighWater) {
        self.0.fetch_max(mark.instant().as_millisecond(), Ordering::Relaxed);
    }

    /// The latest instant seen, to a quarter of a second; none before the first.
    pub(crate) fn mark(&self) -> Option<HighWater> {
        let instant = Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).ok()?;
        Some(HighWater::at(instant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_set_back_is_found_out_and_one_that_goes_on_is_not() {
        let clock = Clock::new();
        assert_eq!(clock.mark(), None);
        assert!(!clock.is_backwards(at("2026-05-01T12:00:00Z")));
        assert!(!clock.is_backwards(at("2026-05-01T11:56:00Z")), "as NTP corrects it");
        assert!(clock.is_backwards(at("2026-05-01T11:54:00Z")));
        assert!(clock.is_backwards(at("2025-05-01T12:00:00Z")), "reading it did not move the mark");
        assert!(!clock.is_backwards(at("2026-05-01T12:00:01Z")));
        assert_eq!(clock.mark(), Some(HighWater::at(at("2026-05-01T12:00:01Z"))));
    }

    #[test]
    fn a_mark_from_the_store_holds_from_the_start() {
        let clock = Clock::new();
        clock.raise(HighWater::at(at("2026-05-01T12:00:00Z")));
        clock.raise(HighWater::at(at("2020-05-01T12:00:00Z")));
        assert!(clock.is_backwards(at("2026-04-01T12:00:00Z")));
    }
}
