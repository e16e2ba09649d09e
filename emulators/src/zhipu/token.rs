//! The signed tokens a client may send in place of its key: HS256 over the secret, with times in
//! milliseconds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// What is to be thought of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    Expired,
    Bad,
}

/// Checks `token` against the only account: signature, header, account, and the time it is good
/// for. `now` is in milliseconds since 1970.
pub(super) fn verify(token: &str, id: &str, secret: &str, now: u128) -> Verdict {
    let Some(payload) = payload(token, id, secret) else { return Verdict::Bad };
    let time = |name: &str| payload[name].as_u64().map(u128::from);
    match (time("exp"), time("timestamp")) {
        (Some(end), Some(made)) if made < end => {
            if now < end {
                Verdict::Good
            } else {
                Verdict::Expired
            }
        }
        _ => Verdict::Bad,
    }
}

/// What a token says that is signed with `secret` for the account `id`.
fn payload(token: &str, id: &str, secret: &str) -> Option<Value> {
    let (signed, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(signed.as_bytes());
    mac.verify_slice(&signature).ok()?;
    let (header, payload) = signed.split_once('.')?;
    let read = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let (header, payload) = (read(header)?, read(payload)?);
    let good = header["alg"] == "HS256" && header["sign_type"] == "SIGN";
    (good && payload["api_key"] == id).then_some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sent by `zai-sdk` 0.2.3 for the key `testid.testsecret`, good until 1795336679512.
    const SENT: &str = "eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04iLCJ0eXAiOiJKV1QifQ.\
        eyJhcGlfa2V5IjoidGVzdGlkIiwiZXhwIjoxNzk1MzM2Njc5NTEyLCJ0aW1lc3RhbXAiOjE3OTUzMzY0Njk1MTJ9.\
        Rx5SUvb2x-MGKQs0Y3U04H93NODh4HkmuP46eB8WW0A";

    #[test]
    fn a_token_of_the_vendors_client_is_good_until_its_end() {
        let verdict = |now| verify(SENT, "testid", "testsecret", now);
        assert_eq!(verdict(1_795_336_469_512), Verdict::Good);
        assert_eq!(verdict(1_795_336_679_511), Verdict::Good);
        assert_eq!(verdict(1_795_336_679_512), Verdict::Expired);
    }

    #[test]
    fn another_secret_another_account_and_a_changed_token_are_bad() {
        let now = 1_795_336_469_512;
        assert_eq!(verify(SENT, "testid", "another", now), Verdict::Bad);
        assert_eq!(verify(SENT, "another", "testsecret", now), Verdict::Bad);
        let later = SENT.replace("NTEy", "NTE5");
        assert_eq!(verify(&later, "testid", "testsecret", now), Verdict::Bad);
        assert_eq!(verify("a.b.c", "testid", "testsecret", now), Verdict::Bad);
        assert_eq!(verify("...", "testid", "testsecret", now), Verdict::Bad);
    }
}
