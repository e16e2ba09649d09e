//! What the head of a partner's answer says about it, whatever the partner calls it.
//!
//! Header names from `facts/partners/*.md`: `x-request-id` (OpenAI, Alibaba, Volcengine, Zhipu),
//! `request-id` (Anthropic), `x-tc-requestid` (Tencent), `msh-request-id` (Moonshot, unconfirmed),
//! `x-ds-trace-id` (DeepSeek, unconfirmed); `retry-after-ms`, `retry-after` in seconds or as a date
//! (RFC 9110, section 10.2.3), `x-should-retry` (OpenAI's and Volcengine's SDKs).

use std::time::Duration;

use crate::http_date;

/// Where the id of a request may stand, the surest first.
const REQUEST_ID: [&str; 5] =
    ["x-request-id", "request-id", "x-tc-requestid", "msh-request-id", "x-ds-trace-id"];

/// Longest request id that is kept, in bytes.
const LONGEST_ID: usize = 128;

/// The head of an answer, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The HTTP status.
    pub status: u16,
    /// How long the partner asks us to wait before another request.
    pub retry_after: Option<Duration>,
    /// The partner's id of the request.
    pub request_id: Option<&'a str>,
    /// Whether the partner says that asking again helps, or that it does not.
    pub should_retry: Option<bool>,
}

impl<'a> Head<'a> {
    /// A head of which only the status is known.
    pub const fn new(status: u16) -> Self {
        Self { status, retry_after: None, request_id: None, should_retry: None }
    }

    /// Reads a head. `now_unix` is the time in seconds since 1970, against which a date to wait for
    /// is measured; `header` gives the value of a header by its name in lower case.
    pub fn read(
        status: u16,
        now_unix: u64,
        header: impl Fn(&'static str) -> Option<&'a str>,
    ) -> Self {
        let millis = || header("retry-after-ms")?.trim().parse().ok().map(Duration::from_millis);
        let retry_after =
            || header("retry-after").and_then(|value| wait_for(value.trim(), now_unix));
        let id_fits = |id: &&str| !id.is_empty() && id.len() <= LONGEST_ID;
        Self {
            status,
            retry_after: millis().or_else(retry_after),
            request_id: REQUEST_ID.into_iter().find_map(|name| header(name).filter(id_fits)),
            should_retry: header("x-should-retry").and_then(|value| match value.trim() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            }),
        }
    }

    /// Whether the status says that the body is an answer.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// `Retry-After`: seconds (fractions are seen in the wild), or a date.
fn wait_for(value: &str, now_unix: u64) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = http_date::unix_seconds(value)?;
    Some(Duration::from_secs(at.saturating_sub(now_unix)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(headers: &'a [(&'static str, &'a str)]) -> Head<'a> {
        let header =
            |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        Head::read(429, 784_111_700, header)
    }

    #[test]
    fn waits_are_read_in_every_form() {
        let wait = |name, value| read(&[(name, value)]).retry_after;
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after", "0.25"), Some(Duration::from_millis(250)));
        assert_eq!(wait("retry-after-ms", "1500"), Some(Duration::from_millis(1_500)));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(wait("retry-after", date), Some(Duration::from_secs(77)));
        let long_ago = "Sat, 05 Nov 1994 08:49:37 GMT";
        assert_eq!(wait("retry-after", long_ago), Some(Duration::ZERO));
        for nonsense in ["", "-1", "soon", "NaN", "inf", "99999999999999999999999"] {
            let read = wait("retry-after", nonsense);
            assert!(read.is_none() || nonsense.starts_with('9'), "{nonsense}: {read:?}");
        }
        let both = read(&[("retry-after", "9"), ("retry-after-ms", "20")]);
        assert_eq!(both.retry_after, Some(Duration::from_millis(20)), "the finer one counts");
    }

    #[test]
    fn ids_and_advice_are_read_under_every_partners_name() {
        let head = read(&[("x-tc-requestid", "t-1"), ("x-should-retry", "false")]);
        assert_eq!((head.request_id, head.should_retry), (Some("t-1"), Some(false)));
        let head = read(&[("x-request-id", ""), ("request-id", "a-1"), ("x-should-retry", "1")]);
        assert_eq!((head.request_id, head.should_retry), (Some("a-1"), None));
    }
}
