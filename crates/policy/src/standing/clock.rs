//! The clock: the latest instant that was ever known, against which a clock set back is found out.
//!
//! Ages, ends and graces are only worth as much as the clock they are measured with. What was over
//! once stays over: time is read as the later of the clock and the high water.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Text;

/// How far a clock may fall behind the high water before it counts as set back: more than any
/// correction by NTP, less than anybody gains by.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The latest instant ever known to this gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HighWater(Timestamp);

impl HighWater {
    /// A mark at this instant.
    pub const fn at(instant: Timestamp) -> Self {
        Self(instant)
    }

    /// The instant.
    pub const fn instant(self) -> Timestamp {
        self.0
    }

    /// The mark after this instant was seen as well.
    #[must_use]
    pub fn raised(self, seen: Timestamp) -> Self {
        Self(self.0.max(seen))
    }

    /// Whether a clock that reads `now` was set back: by more than five minutes.
    pub fn is_backwards(self, now: Timestamp) -> bool {
        self.0.duration_since(now) > TOLERANCE
    }

    /// The time to measure by when the clock reads `now`: never before the mark.
    pub fn time(self, now: Timestamp) -> Timestamp {
        self.0.max(now)
    }

    /// What is said when the clock was set back.
    pub fn text() -> Text {
        Text::new(
            "The clock of the gate is behind a time it has already seen.",
            "网关的时钟早于其已经历过的时间。",
        )
    }

    /// What the operator can do.
    pub fn next_step() -> Text {
        Text::new(
            "The operator must set the clock right; nothing is served until then.",
            "请运营者校正时钟；在此之前不提供任何服务。",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_fall_back_five_minutes_and_no_more() {
        let mark = HighWater::at("2026-05-01T12:00:00Z".parse().unwrap());
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(!mark.is_backwards(at("2026-05-01T11:55:00Z")));
        assert!(mark.is_backwards(at("2026-05-01T11:54:59.999Z")));
        assert!(!mark.is_backwards(at("2027-01-01T00:00:00Z")));
        assert_eq!(mark.time(at("2020-01-01T00:00:00Z")), mark.instant());
        assert_eq!(mark.raised(at("2020-01-01T00:00:00Z")), mark);
        assert_eq!(mark.raised(at("2026-06-01T00:00:00Z")).instant(), at("2026-06-01T00:00:00Z"));
    }
}
