//! The five clocks that bound every wait for a partner, the least rate of an answer, and how they are
//! written in a file.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long each step of a partner's answer may take, and how slow it may be.
///
/// In a configuration file each clock is a number of seconds (`connect_seconds = 5`, fractions
/// allowed), above 0 and at most a day; a clock that is not named keeps its default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clocks {
    /// Opening a connection: name, TCP and TLS. Runs only when no open connection is free.
    /// Default 5 s.
    #[serde(rename = "connect_seconds", with = "seconds")]
    pub connect: Duration,
    /// From a ready connection to the head of the answer. A partner sends the head of a whole
    /// (not streamed) answer only when the answer is written, so this must leave room for that.
    /// Default 120 s.
    #[serde(rename = "headers_seconds", with = "seconds")]
    pub headers: Duration,
    /// Streams only: from a ready connection to the first piece of text, reasoning or tool call.
    /// Comments and empty opening events do not stop it. Default 60 s.
    #[serde(rename = "first_token_seconds", with = "seconds")]
    pub first_token: Duration,
    /// The same, where another model could be asked instead and no reasoning was asked for: nobody
    /// is made to wait for the slow one. Never longer than `first_token`. Default 10 s.
    #[serde(rename = "first_token_failover_seconds", with = "seconds")]
    pub first_token_failover: Duration,
    /// Between two events of a stream, or two pieces of a whole answer's body, while we wait for
    /// them; the time a slow reader takes does not count. Comments do not reset it. Default 20 s.
    #[serde(rename = "gap_seconds", with = "seconds")]
    pub gap: Duration,
    /// One attempt, to its last byte. Default 600 s. What all attempts may take together is the
    /// `deadline` of [`crate::Routing`].
    #[serde(rename = "total_seconds", with = "seconds")]
    pub total: Duration,
    /// The least tokens a second a stream must give after its first, over each
    /// `rate_window_seconds`; a piece without a count is taken for one token, or one for four bytes
    /// where that is more. 0 is no limit. Default 0.5.
    pub min_tokens_per_second: f64,
    /// Over how long the rate is taken. Default 30 s.
    #[serde(rename = "rate_window_seconds", with = "seconds")]
    pub rate_window: Duration,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            headers: Duration::from_mins(2),
            first_token: Duration::from_mins(1),
            first_token_failover: Duration::from_secs(10),
            gap: Duration::from_secs(20),
            total: Duration::from_mins(10),
            min_tokens_per_second: 0.5,
            rate_window: Duration::from_secs(30),
        }
    }
}

/// Seconds as a number in a file.
pub(crate) mod seconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    const MOST: f64 = 86_400.0;

    pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(value.as_secs_f64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        if seconds > 0.0 && seconds <= MOST {
            Ok(Duration::from_secs_f64(seconds))
        } else {
            Err(serde::de::Error::custom("a time is a number of seconds above 0, at most 86400"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read_in_seconds_and_keep_their_defaults() {
        let clocks: Clocks = toml::from_str("connect_seconds = 2\ngap_seconds = 0.25").unwrap();
        assert_eq!(clocks.connect, Duration::from_secs(2));
        assert_eq!(clocks.gap, Duration::from_millis(250));
        assert_eq!(clocks.total, Clocks::default().total);
    }

    #[test]
    fn impossible_clocks_are_refused() {
        for bad in ["gap_seconds = 0", "gap_seconds = -1", "gap_seconds = nan", "gap_seconds = inf"]
        {
            assert!(toml::from_str::<Clocks>(bad).is_err(), "{bad} was taken");
        }
        assert!(toml::from_str::<Clocks>("gap = 3").is_err(), "an unknown clock was taken");
    }
}
