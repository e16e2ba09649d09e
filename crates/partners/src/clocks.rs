//! The five clocks that bound every wait for a partner, and how they are written in a file.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long each step of a partner's answer may take.
///
/// In a configuration file each is a number of seconds (`connect_seconds = 5`, fractions allowed),
/// above 0 and at most a day; a clock that is not named keeps its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Between two events of a stream, or two pieces of a whole answer's body, while we wait for
    /// them; the time a slow reader takes does not count. Comments do not reset it. Default 30 s.
    #[serde(rename = "gap_seconds", with = "seconds")]
    pub gap: Duration,
    /// The whole of `ask`, a second attempt included, to the last byte. Default 600 s.
    #[serde(rename = "total_seconds", with = "seconds")]
    pub total: Duration,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            headers: Duration::from_mins(2),
            first_token: Duration::from_mins(1),
            gap: Duration::from_secs(30),
            total: Duration::from_mins(10),
        }
    }
}

/// Seconds as a number in a file.
mod seconds {
    use super::{Deserialize, Deserializer, Duration, Serializer};

    const MOST: f64 = 86_400.0;

    pub(super) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(value.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        if seconds > 0.0 && seconds <= MOST {
            Ok(Duration::from_secs_f64(seconds))
        } else {
            Err(serde::de::Error::custom("a clock is a number of seconds above 0, at most 86400"))
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
