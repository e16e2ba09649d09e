//! Tencent Cloud's signature, TC3-HMAC-SHA256.
//!
//! Source: `facts/partners/tencent-hunyuan.md` (tencentcloud-sdk-python-common 3.1.195 `sign.py` and
//! `abstract_client.py`, requests recorded; the vector of Tencent's older document). Like the SDK,
//! this signs the content type, the host and the body; the path is always `/`.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::credential::Pair;
use super::hmac_sha256;
use crate::protocol::Outgoing;

const ALGORITHM: &str = "TC3-HMAC-SHA256";
const SIGNED: &str = "content-type;host";

/// The value of the `Authorization` header.
pub(super) fn authorization(
    pair: &Pair,
    service: &str,
    host: &str,
    outgoing: &Outgoing,
    now_unix: u64,
) -> String {
    let date = utc_date(now_unix);
    let scope = format!("{date}/{service}/tc3_request");
    let canonical = format!(
        "POST\n/\n\ncontent-type:{}\nhost:{}\n\n{SIGNED}\n{}",
        content_type(outgoing).trim_ascii().to_ascii_lowercase(),
        host.trim_ascii().to_ascii_lowercase(),
        hex(&Sha256::digest(&outgoing.body)),
    );
    let to_sign = format!("{ALGORITHM}\n{now_unix}\n{scope}\n{}", hex(&Sha256::digest(canonical)));

    let secret = Zeroizing::new(format!("TC3{}", *pair.secret));
    let of_date = Zeroizing::new(hmac_sha256(secret.as_bytes(), date.as_bytes()));
    let of_service = Zeroizing::new(hmac_sha256(&*of_date, service.as_bytes()));
    let signing = Zeroizing::new(hmac_sha256(&*of_service, b"tc3_request"));
    let signature = hex(&hmac_sha256(&*signing, to_sign.as_bytes()));
    format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={SIGNED}, Signature={signature}",
        pair.id
    )
}

fn content_type(outgoing: &Outgoing) -> &str {
    let named = outgoing.headers.iter().find(|(name, _)| *name == "content-type");
    named.map_or("", |(_, value)| value.as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes every write");
        hex
    })
}

/// The day of a moment as `2019-02-25`, in the proleptic Gregorian calendar.
///
/// Counts in years that begin in March, whose leap day comes last, and in eras of 400 years.
fn utc_date(unix: u64) -> String {
    const DAYS_OF_ERA: u64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const DAYS_BEFORE_1970: u64 = 719_468;
    let days = unix / 86_400 + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let (month, later) = if march_month < 10 { (march_month + 3, 0) } else { (march_month - 9, 1) };
    let year = 400 * era + year_of_era + later;
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_across_leap_years_and_centuries() {
        for (unix, date) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_551_113_065, "2019-02-25"),
            (1_767_225_599, "2025-12-31"),
            (1_767_225_600, "2026-01-01"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(utc_date(unix), date, "{unix}");
        }
    }
}
