//! Lengths of time as rules state them: whole days or hours, written `30d` or `12h`.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::PolicyError;

/// A whole number of hours, written in days (`30d`) where they are whole, else in hours (`12h`).
///
/// A day is 24 hours: no rule here depends on a calendar. At most a hundred years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lapse(u32);

/// A hundred years of 365 days, in hours.
const MOST: u32 = 100 * 365 * 24;

impl Lapse {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many days.
    pub const fn days(days: u16) -> Self {
        let hours = days as u32 * 24;
        Self(if hours > MOST { MOST } else { hours })
    }

    /// The same as a duration.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.0))
    }

    /// The instant this long after another, or the end of time.
    pub fn after(self, instant: Timestamp) -> Timestamp {
        instant.checked_add(self.duration()).unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for Lapse {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        let hours = || {
            let (number, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
            let digits =
                (1..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: u32 = number.parse().ok().filter(|_| digits)?;
            let hours = match unit {
                "d" => number.checked_mul(24)?,
                "h" => number,
                _ => return None,
            };
            (hours <= MOST).then_some(hours)
        };
        hours().map(Self).ok_or_else(|| {
            PolicyError::form("length of time", value, "days or hours: `30d`, `12h`")
        })
    }
}

impl fmt::Display for Lapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(24) {
            write!(f, "{}d", self.0 / 24)
        } else {
            write!(f, "{}h", self.0)
        }
    }
}

impl Serialize for Lapse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Lapse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read_and_written() {
        for (text, hours, again) in
            [("30d", 720, "30d"), ("12h", 12, "12h"), ("48h", 48, "2d"), ("0d", 0, "0d")]
        {
            let lapse: Lapse = text.parse().unwrap();
            assert_eq!(lapse.duration(), SignedDuration::from_hours(hours));
            assert_eq!(lapse.to_string(), again);
        }
        for bad in ["", "d", "30", "-1d", "+1d", "1.5d", "30 d", "36501d", "9999999h", "30天"] {
            assert!(bad.parse::<Lapse>().is_err(), "{bad}");
        }
    }
}
