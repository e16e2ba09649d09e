//! Alibaba Cloud's signature of version 3, ACS3-HMAC-SHA256.
//!
//! Source: "V3 request structure and signature", <https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature>,
//! whose worked example is the test below.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// An access key of two parts, of which the second is secret.
pub(crate) struct Pair {
    id: String,
    secret: Zeroizing<String>,
}

impl Pair {
    /// Reads `AccessKeyId:AccessKeySecret`.
    pub(crate) fn split(key: &str) -> Option<Self> {
        let (id, secret) = key.split_once(':')?;
        let pair = Self { id: id.to_owned(), secret: Zeroizing::new(secret.to_owned()) };
        (!id.is_empty() && !secret.is_empty()).then_some(pair)
    }
}

/// The value of the `Authorization` header of a POST to `/`. `headers` are those that are signed, `host` among them, sorted
/// by their names in lower case; `query` is canonical already.
pub(super) fn authorization(
    pair: &Pair,
    query: &str,
    headers: &[(&str, String)],
    payload_hash: &str,
) -> String {
    let mut canonical = format!("POST\n/\n{query}\n");
    for (name, value) in headers {
        // Writing to a string cannot fail.
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let signed = names.join(";");
    let _ = write!(canonical, "\n{signed}\n{payload_hash}");
    let to_sign = format!("{ALGORITHM}\n{}", hash(canonical.as_bytes()));
    // HMAC takes a key of any length: a long one is hashed first, a short one padded.
    let mut mac = Hmac::<Sha256>::new_from_slice(pair.secret.as_bytes()).expect("any length");
    mac.update(to_sign.as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    format!("{ALGORITHM} Credential={},SignedHeaders={signed},Signature={signature}", pair.id)
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_the_documentation() {
        let pair = Pair::split("YourAccessKeyId:YourAccessKeySecret").unwrap();
        let empty = hash(b"");
        let headers = [
            ("host", "ecs.cn-shanghai.aliyuncs.com".to_owned()),
            ("x-acs-action", "RunInstances".to_owned()),
            ("x-acs-content-sha256", empty.clone()),
            ("x-acs-date", "2023-10-26T10:22:32Z".to_owned()),
            ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d".to_owned()),
            ("x-acs-version", "2014-05-26".to_owned()),
        ];
        let query =
            "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai";
        let expected = "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;\
            x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,\
            Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0";
        assert_eq!(authorization(&pair, query, &headers, &empty), expected);
    }

    #[test]
    fn a_key_has_two_parts() {
        for bad in ["", "id", "id:", ":secret"] {
            assert!(Pair::split(bad).is_none(), "{bad:?}");
        }
    }
}
