//! Assertions: what they carry, when they end, and what altering them does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, ToSpan as _};
use proptest::prelude::*;
use world::{CHAT, DRAFT, SUMMARY, at, feature, now, phone, policy, source};
use yumen_policy::{
    Answer, AssertionKey, AssertionVerifier, Device, Policy, PolicyError, SigningKey, Timestamp,
    clear, judge_asserted,
};

fn key() -> AssertionKey {
    AssertionKey::new(SigningKey::from_bytes(&[7; 32]))
}

fn issue(device: &Device) -> String {
    key().issue(&policy(), device, now())
}

fn payload(token: &str) -> String {
    let (payload, _) = token.split_once('.').unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Signs a payload of one's own with the right key: what a leaked library could do, not a device.
fn forge(payload: &str) -> String {
    use ed25519_dalek::Signer as _;
    let message = [b"yumen assertion v1\0", payload.as_bytes()].concat();
    let signature = SigningKey::from_bytes(&[7; 32]).sign(&message).to_bytes();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(signature))
}

fn ask(policy: &Policy, token: &str, id: &str, when: Timestamp) -> (Answer, &'static str) {
    let assertion = key().verifier().verify(token, now()).unwrap();
    let verdict = judge_asserted(policy, &assertion.unbound().unwrap(), &feature(id), when);
    (verdict.answer(), verdict.code())
}

#[test]
fn an_assertion_lets_in_what_the_verdict_let_in() {
    let policy = policy();
    let token = issue(&phone("CN", "CN", &["CN"]));
    let assertion = key().verifier().verify(&token, now()).unwrap();
    assert_eq!(assertion.market().unwrap().as_str(), "cn");
    assert_eq!(assertion.features().len(), 2);
    assert_eq!(ask(&policy, &token, CHAT, now()), (Answer::Eligible, "eligible"));
    let no = (Answer::NotEligible, "feature_not_in_assertion");
    assert_eq!(ask(&policy, &token, DRAFT, now()), no);
    let unknown = (Answer::NotEligible, "feature_unknown");
    assert_eq!(ask(&policy, &token, "writing.poem", now()), unknown);
}

#[test]
fn it_says_nothing_of_the_device() {
    let mut other = phone("US", "GB", &["FR", "BE"]);
    other.os_version = "26.0.1".parse::<yumen_policy::OsVersion>().unwrap().into();
    other.class = yumen_policy::DeviceClass::Tablet.into();
    other.platform = yumen_policy::Platform::Android.into();
    let token = issue(&phone("US", "US", &["US"]));
    // Two devices that may have the same features hold the same assertion, all within five minutes.
    let later = now() + SignedDuration::from_secs(299);
    assert_eq!(token, key().issue(&policy(), &other, later));
    let claims: serde_json::Value = serde_json::from_str(&payload(&token)).unwrap();
    let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["expires", "features", "issued", "kid", "market", "policy"]);
}

#[test]
fn it_ends_within_the_hour() {
    let token = issue(&phone("US", "US", &["US"]));
    let verifier = key().verifier();
    let assertion = verifier.verify(&token, now()).unwrap();
    assert_eq!(assertion.expires(), assertion.issued() + 1.hour());
    let last = assertion.expires() - 1.nanosecond();
    assert!(verifier.verify(&token, last).is_ok());
    let over = verifier.verify(&token, assertion.expires());
    assert!(matches!(over, Err(PolicyError::AssertionExpired)));
    let early = verifier.verify(&token, assertion.issued() - 1.nanosecond());
    assert!(matches!(early, Err(PolicyError::AssertionNotYetValid)));

    // Verified while it held, judged when it no longer does.
    let policy = policy();
    let expired = ask(&policy, &token, CHAT, assertion.expires());
    assert_eq!(expired, (Answer::NotYet, "assertion_expired"));
    let backwards = ask(&policy, &token, CHAT, at("2026-11-21T10:00:00Z"));
    assert_eq!(backwards, (Answer::NotYet, "assertion_not_yet_valid"));
}

#[test]
fn a_clearance_does_not_outlive_its_assertion() {
    let policy = policy();
    let token = issue(&phone("CN", "CN", &["CN"]));
    let assertion = key().verifier().verify(&token, now()).unwrap();
    let when = assertion.expires() - 1.minute();
    let presented = assertion.clone().unbound().unwrap();
    let verdict = judge_asserted(&policy, &presented, &feature(CHAT), when);
    assert_eq!(clear(&policy, verdict, when).unwrap().until(), assertion.expires());
    let verdict = judge_asserted(&policy, &presented, &feature(CHAT), when);
    let over = clear(&policy, verdict, assertion.expires()).unwrap_err();
    assert_eq!(over.code(), "assertion_expired");
}

#[test]
fn any_change_of_the_policy_makes_it_stale() {
    type Change = fn(&mut yumen_policy::PolicySource);
    let token = issue(&phone("CN", "CN", &["CN"]));
    let changes: [Change; 4] = [
        |s| s.approvals.clear(),
        |s| s.sandbox = false,
        |s| s.releases.push(world::release("cn", "alibaba", "2")),
        |s| s.markets.truncate(3),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut source = source();
        if index == 3 {
            source.releases.truncate(3);
        }
        change(&mut source);
        let policy = Policy::new(source).unwrap();
        let stale = (Answer::NotYet, "assertion_stale");
        assert_eq!(ask(&policy, &token, SUMMARY, now()), stale, "{index}");
    }
}

#[test]
fn an_approval_that_ends_ends_the_assertions_it_carried() {
    let mut source = source();
    let mut record = world::record();
    record.valid_until = now() + 10.minutes();
    source.approvals = vec![world::approval(record)];
    let policy = Policy::new(source).unwrap();
    let token = key().issue(&policy, &phone("CN", "CN", &["CN"]), now());
    assert_eq!(ask(&policy, &token, CHAT, now() + 9.minutes()), (Answer::Eligible, "eligible"));
    let over = (Answer::NotYet, "approval_expired");
    assert_eq!(ask(&policy, &token, CHAT, now() + 10.minutes()), over);
}

#[test]
fn a_device_of_no_market_gets_an_assertion_that_opens_nothing() {
    let policy = policy();
    for device in [phone("JP", "JP", &["JP"]), Device::default()] {
        let token = key().issue(&policy, &device, now());
        assert_eq!(ask(&policy, &token, CHAT, now()), (Answer::NotEligible, "market_unknown"));
    }
    let mut source = source();
    source.sandbox = false;
    let closed = Policy::new(source).unwrap();
    let token = key().issue(&closed, &phone("ZZ", "ZZ", &["ZZ"]), now());
    assert_eq!(ask(&closed, &token, CHAT, now()), (Answer::NotEligible, "sandbox_disabled"));
}

#[test]
fn other_keys_other_forms_and_longer_lives_are_refused() {
    let token = issue(&phone("US", "US", &["US"]));
    let stranger = AssertionKey::new(SigningKey::from_bytes(&[8; 32]));
    let foreign = stranger.verifier().verify(&token, now());
    assert!(matches!(foreign, Err(PolicyError::AssertionSignature)));
    // After a change of keys the old one still counts.
    let both = [8, 7].map(|seed| SigningKey::from_bytes(&[seed; 32]).verifying_key());
    assert!(AssertionVerifier::new(both).verify(&token, now()).is_ok());

    let long = payload(&token).replace("T11:00:00Z", "T11:00:01Z");
    assert_ne!(long, payload(&token));
    let long = key().verifier().verify(&forge(&long), now());
    assert!(matches!(long, Err(PolicyError::AssertionLifetime)), "{long:?}");
    let unknown = payload(&token).replacen('{', "{\"name\":\"x\",", 1);
    let unknown = key().verifier().verify(&forge(&unknown), now());
    assert!(matches!(unknown, Err(PolicyError::AssertionSyntax)));
    assert!(key().verifier().verify(&forge(&payload(&token)), now()).is_ok());

    let huge = "A".repeat(1 << 20);
    for bad in ["", ".", "a.b", "..", huge.as_str(), token.split('.').next().unwrap()] {
        let refused = key().verifier().verify(bad, now());
        assert!(matches!(refused, Err(PolicyError::AssertionSyntax)));
    }
}

proptest! {
    #[test]
    fn one_changed_character_is_refused(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let token = issue(&phone("US", "US", &["US"]));
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != token);
        prop_assert!(key().verifier().verify(&changed, now()).is_err());
    }

    #[test]
    fn whatever_comes_as_a_token_is_answered(token in ".{0,200}") {
        prop_assert!(key().verifier().verify(&token, now()).is_err());
    }
}
