//! Zhipu's token: a JWT over the two halves of the key, times in milliseconds.
//!
//! Source: `facts/partners/zhipu.md` (zai-sdk 0.2.3 and zhipuai 2.1.5 `core/_jwt_token.py`, tokens of
//! both recorded): header `alg`, `sign_type`, `typ`; payload `api_key`, `exp`, `timestamp`; it lives
//! 210 s, and the SDKs send one token for 180 s.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use super::credential::Pair;
use super::hmac_sha256;
use crate::wire_chat::to_vec;

/// Seconds for which one token is sent, half a minute short of its life.
pub(super) const REUSED_FOR_S: u64 = 180;

const LIFE_MS: u64 = 210_000;

const HEADER: &str = r#"{"alg":"HS256","sign_type":"SIGN","typ":"JWT"}"#;

#[derive(Serialize)]
struct Payload<'a> {
    api_key: &'a str,
    exp: u64,
    timestamp: u64,
}

/// The token for one moment, in milliseconds since 1970.
pub(super) fn token(pair: &Pair, now_ms: u64) -> String {
    let payload =
        Payload { api_key: &pair.id, exp: now_ms.saturating_add(LIFE_MS), timestamp: now_ms };
    let mut token = URL_SAFE_NO_PAD.encode(HEADER);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(to_vec(&payload), &mut token);
    let signature = hmac_sha256(pair.secret.as_bytes(), token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn the_token_is_the_one_both_sdks_send() {
        // Recorded from zai-sdk 0.2.3 and zhipuai 2.1.5 with the key `testid.testsecret`.
        let pair = Pair { id: "testid".into(), secret: Zeroizing::new("testsecret".into()) };
        for (now_ms, recorded) in [
            (
                1_795_336_469_512,
                "eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04iLCJ0eXAiOiJKV1QifQ.eyJhcGlfa2V5IjoidGVzdGlkIiwiZXhwIjoxNzk1MzM2Njc5NTEyLCJ0aW1lc3RhbXAiOjE3OTUzMzY0Njk1MTJ9.Rx5SUvb2x-MGKQs0Y3U04H93NODh4HkmuP46eB8WW0A",
            ),
            (
                1_795_336_478_028,
                "eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04iLCJ0eXAiOiJKV1QifQ.eyJhcGlfa2V5IjoidGVzdGlkIiwiZXhwIjoxNzk1MzM2Njg4MDI4LCJ0aW1lc3RhbXAiOjE3OTUzMzY0NzgwMjh9.zsJbxjg-EjBYDcDRD83z9gU9aoX8PB9rb2mSABC14Sw",
            ),
        ] {
            assert_eq!(token(&pair, now_ms), recorded);
        }
    }
}
