//! TC3-HMAC-SHA256, as the server sees it: the signature is made again from what came, and compared.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::errors::Refusal;
use crate::exchange::Request;

/// How far a request's clock may be off, in seconds.
const TOLERANCE: u64 = 300;
const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// The service, as it stands in what is signed.
const SERVICE: &str = "hunyuan";
/// The only key there is where none is named: its id and its secret.
const DEFAULT: (&str, &str) = ("AKIDtest", "SECRETtest");

/// What stands in the `Authorization` header.
struct Authorization<'a> {
    id: &'a str,
    date: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(value: &'a str) -> Option<Self> {
        let rest = value.strip_prefix(ALGORITHM)?.trim_start();
        let mut parts = rest.split(',').map(str::trim);
        let mut next = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
        let credential = next("Credential")?;
        let signed_headers = next("SignedHeaders")?;
        let signature = next("Signature")?;
        let mut scope = credential.split('/');
        let (id, date) = (scope.next()?, scope.next()?);
        (scope.next()? == SERVICE && scope.next()? == "tc3_request" && scope.next().is_none())
            .then_some(Self { id, date, signed_headers, signature })
    }
}

/// Checks the time and the signature of `request`, which came at `now` in seconds since 1970.
pub(super) fn check(request: &Request, now: u64) -> Result<(), Refusal> {
    let header = request.header("authorization").ok_or_else(Refusal::unsigned)?;
    let authorization = Authorization::read(header).ok_or_else(Refusal::unsigned)?;
    let time =
        request.header("x-tc-timestamp").ok_or_else(|| Refusal::missing("X-TC-Timestamp"))?;
    let seconds: u64 = time.parse().map_err(|_| Refusal::invalid("X-TC-Timestamp"))?;
    if seconds.abs_diff(now) > TOLERANCE || authorization.date != date(seconds) {
        return Err(Refusal::expired());
    }
    let (id, secret) = request.keys.named().and_then(|key| key.split_once(':')).unwrap_or(DEFAULT);
    if authorization.id != id {
        return Err(Refusal::no_such_key());
    }
    let canonical = canonical(request, authorization.signed_headers)?;
    let signature = signature(secret, authorization.date, time, SERVICE, &canonical);
    if signature == authorization.signature { Ok(()) } else { Err(Refusal::signature()) }
}

/// The day of a time, in UTC.
fn date(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

/// The request in the form that is signed.
fn canonical(request: &Request, signed: &str) -> Result<String, Refusal> {
    let names: Vec<&str> = signed.split(';').collect();
    if !names.contains(&"content-type") || !names.contains(&"host") || !names.is_sorted() {
        return Err(Refusal::signature());
    }
    let mut headers = String::new();
    for name in names {
        let value = request.header(name).ok_or_else(Refusal::signature)?;
        for piece in [name, ":", value.trim().to_lowercase().as_str(), "\n"] {
            headers.push_str(piece);
        }
    }
    let body = hex(&Sha256::digest(&request.body));
    Ok(format!("{}\n/\n\n{headers}\n{signed}\n{body}", request.method))
}

fn signature(secret: &str, date: &str, time: &str, service: &str, canonical: &str) -> String {
    let hash = hex(&Sha256::digest(canonical));
    let wanted = format!("{ALGORITHM}\n{time}\n{date}/{service}/tc3_request\n{hash}");
    let mut key = keyed(format!("TC3{secret}").as_bytes(), date);
    for step in [service, "tc3_request", &wanted] {
        key = keyed(&key, step);
    }
    hex(&key)
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Tencent's documents, as it can be recomputed (facts/partners/tencent-hunyuan.md).
    #[test]
    fn the_published_example_comes_out() {
        let body = r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        let hash = hex(&Sha256::digest(body));
        assert_eq!(hash, "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064");
        let canonical = format!(
            "POST\n/\n\ncontent-type:application/json; charset=utf-8\n\
             host:cvm.tencentcloudapi.com\n\ncontent-type;host\n{hash}"
        );
        let key = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE";
        assert_eq!(
            signature(key, &date(1_551_113_065), "1551113065", "cvm", &canonical),
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
    }

    #[test]
    fn the_header_is_read_and_its_scope_checked() {
        let good = "TC3-HMAC-SHA256 Credential=AKIDtest/2026-11-22/hunyuan/tc3_request, \
                    SignedHeaders=content-type;host, Signature=ab";
        let read = Authorization::read(good).unwrap();
        assert_eq!((read.id, read.date, read.signature), ("AKIDtest", "2026-11-22", "ab"));
        assert!(Authorization::read(&good.replace("hunyuan", "cvm")).is_none());
        assert!(Authorization::read("Bearer x").is_none());
    }
}
