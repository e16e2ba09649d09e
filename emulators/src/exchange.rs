//! One request as it came and one response as it goes, before a partner's ways are put on them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::claims::Claims;
use crate::delivery::Delivery;
use crate::log::Record;
use crate::prices::Prices;
use crate::schedule::Schedule;
use crate::script::Script;

/// A request with its body read.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) ticket: Ticket,
    pub(crate) claims: Arc<Claims>,
    pub(crate) keys: Keys,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) script: Arc<Script>,
    pub(crate) prices: Arc<Prices>,
    pub(crate) record: Arc<Record>,
}

/// Which keys are good.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Option<Arc<str>>);

impl Keys {
    /// Only `key`; or, with none named, every key but `bad-key`.
    pub(crate) fn only(key: Option<&str>) -> Self {
        Self(key.map(Arc::from))
    }

    /// Whether `key` is good.
    pub(crate) fn admit(&self, key: &str) -> bool {
        key != "bad-key" && self.0.as_deref().is_none_or(|only| only == key)
    }

    /// The only good key, where one is named.
    pub(crate) fn named(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The key sent as `Authorization: Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, key) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim()).filter(|key| !key.is_empty())
    }

    /// Whether a good key was sent as `Authorization: Bearer`.
    pub(crate) fn has_good_bearer(&self) -> bool {
        self.bearer().is_some_and(|key| self.keys.admit(key))
    }

    /// Whether the body is declared as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.header("content-type").is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/json")
        })
    }

    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// The identity of one request: everything random-looking in its answer comes from here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    seed: u64,
    /// Which request of the emulator it is, counted from 0.
    pub(crate) number: u64,
    /// When the request arrived.
    pub(crate) arrived: SystemTime,
}

impl Ticket {
    /// The `number`th request of an emulator with the seed `seed`.
    pub(crate) fn new(number: u64, seed: u64) -> Self {
        Self { seed: mix(seed ^ number.rotate_left(32)), number, arrived: SystemTime::now() }
    }

    /// What chance draws from for this request.
    pub(crate) fn lot(&self) -> u64 {
        mix(self.seed)
    }

    /// `digits` hexadecimal digits, other ones for each `purpose`.
    pub(crate) fn hex(&self, purpose: u64, digits: usize) -> String {
        let mut state = mix(self.seed ^ mix(purpose));
        let mut out = String::with_capacity(digits + 16);
        while out.len() < digits {
            // Writing to a string cannot fail.
            let _ = write!(out, "{state:016x}");
            state = mix(state);
        }
        out.truncate(digits);
        out
    }

    /// An identifier in the form of a UUID.
    pub(crate) fn uuid(&self) -> String {
        let h = self.hex(0, 32);
        format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
    }

    /// Seconds since 1970 when the request arrived.
    pub(crate) fn unix_seconds(&self) -> u64 {
        since_epoch(self.arrived).as_secs()
    }

    /// Milliseconds since 1970 when the request arrived.
    pub(crate) fn unix_millis(&self) -> u128 {
        since_epoch(self.arrived).as_millis()
    }
}

/// A seed for an emulator that is not given one.
pub(crate) fn seed_of(started: SystemTime) -> u64 {
    let start = since_epoch(started).as_nanos();
    // The low half of a 128-bit clock reading is what varies.
    u64::try_from(start & u128::from(u64::MAX)).unwrap_or_default()
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A step of the splitmix64 sequence: spreads any number over all bits.
pub(crate) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What the emulator does with a request.
pub(crate) enum Response {
    /// It answers.
    Answer { status: StatusCode, headers: Vec<(&'static str, String)>, delivery: Delivery },
    /// It never answers.
    Silence,
    /// The connection is reset.
    Reset,
}
