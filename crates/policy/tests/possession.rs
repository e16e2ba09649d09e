//! Assertions bound to a device key, the keys that sign them, and grace tickets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../../fuzz/src/possession.rs"]
mod fuzzed;
mod world;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer as _;
use jiff::{SignedDuration, ToSpan as _};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use world::{CHAT, feature, market, now, phone, policy};
use yumen_policy::{
    Asked, AssertionKeys, AssertionVerifier, DeviceKey, Grace, Matches, PolicyError, Proof,
    SigningKey, Thumbprint, Timestamp, VerifiedAssertion, judge, judge_asserted,
};

/// A device with its key: in tests also the private half.
enum Device {
    P256(EcdsaKeyPair),
    Ed25519(SigningKey),
}

impl Device {
    fn phone() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap())
    }

    fn desktop(seed: u8) -> Self {
        Self::Ed25519(SigningKey::from_bytes(&[seed; 32]))
    }

    fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::P256(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Self::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": text(key.verifying_key().as_bytes())})
            }
        }
    }

    fn alg(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn thumbprint(&self) -> Thumbprint {
        serde_json::from_value::<DeviceKey>(self.jwk()).unwrap().thumbprint()
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": self.alg(), "jwk": self.jwk()})
    }

    fn sign(&self, header: &Value, payload: &Value) -> String {
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", text(header), text(payload));
        let signature = match self {
            Self::P256(key) => {
                key.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
            }
            Self::Ed25519(key) => key.sign(message.as_bytes()).to_bytes().to_vec(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn proof(&self, token: &str) -> String {
        self.sign(&self.header(), &payload(token))
    }
}

fn payload(token: &str) -> Value {
    let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
    json!({"jti": "once", "htm": "POST", "htu": "https://gate.example/v1/features/assistant.chat",
           "iat": now().as_second(), "ath": ath})
}

const ASKED: Asked<'_> =
    Asked { method: "POST", authority: "gate.example", path: "/v1/features/assistant.chat" };

fn keys() -> AssertionKeys {
    AssertionKeys::new(SigningKey::from_bytes(&[7; 32]), now() - 24.hours())
}

fn issue(keys: &AssertionKeys, key: Option<Thumbprint>, when: Timestamp) -> String {
    let policy = policy();
    let device = phone("CN", "CN", &["CN"]);
    let verdicts: Vec<_> =
        policy.features().map(|feature| judge(&policy, &device, feature.id(), when)).collect();
    keys.signer().issue_for(&policy, &verdicts, key, when).token
}

fn verify(token: &str) -> VerifiedAssertion {
    keys().verifier().verify(token, now()).unwrap()
}

fn why(error: &PolicyError) -> String {
    let text = error.to_string();
    if let PolicyError::PossessionInvalid { zh, .. } = error {
        assert!(!zh.is_empty());
    }
    text
}

#[test]
fn a_bound_assertion_is_served_with_a_proof_of_its_key() {
    for device in [Device::phone(), Device::desktop(1)] {
        let token = issue(&keys(), Some(device.thumbprint()), now());
        let proof = Proof::verify(&device.proof(&token), ASKED, now()).unwrap();
        let presented = verify(&token).with(&proof).unwrap();
        let verdict = judge_asserted(&policy(), &presented, &feature(CHAT), now());
        assert_eq!(verdict.code(), "eligible");
        assert_eq!(proof.until(), now() + SignedDuration::from_secs(60) - fraction());
    }
}

/// Proofs tell whole seconds.
fn fraction() -> SignedDuration {
    SignedDuration::from_nanos(i64::from(now().subsec_nanosecond()))
}

#[test]
fn without_the_proof_or_with_another_it_is_worth_nothing() {
    let (device, other) = (Device::phone(), Device::phone());
    let token = issue(&keys(), Some(device.thumbprint()), now());
    assert!(matches!(verify(&token).unbound(), Err(PolicyError::PossessionMissing)));
    let of = |proof: &str| Proof::verify(proof, ASKED, now()).unwrap();
    let error = verify(&token).with(&of(&other.proof(&token))).unwrap_err();
    assert!(why(&error).contains("another key"));
    // Made for another assertion of the same device.
    let another = issue(&keys(), Some(device.thumbprint()), now() + 10.minutes());
    let error = verify(&token).with(&of(&device.proof(&another))).unwrap_err();
    assert!(why(&error).contains("ath"));
    let mut without = payload(&token);
    without.as_object_mut().unwrap().remove("ath");
    let error = verify(&token).with(&of(&device.sign(&device.header(), &without))).unwrap_err();
    assert!(why(&error).contains("ath"));
    // A proof makes nothing of an assertion that is bound to no key.
    let unbound = issue(&keys(), None, now());
    assert!(verify(&unbound).with(&of(&device.proof(&unbound))).is_err());
    assert!(verify(&unbound).unbound().is_ok());
}

#[test]
fn a_proof_must_be_of_its_form() {
    let device = Device::phone();
    let token = issue(&keys(), Some(device.thumbprint()), now());
    let header = |key: &str, value: Value| {
        let mut header = device.header();
        header[key] = value;
        device.sign(&header, &payload(&token))
    };
    let claim = |key: &str, value: Value| {
        let mut payload = payload(&token);
        payload[key] = value;
        device.sign(&device.header(), &payload)
    };
    let seconds = |shift: i64| json!(now().as_second() + shift);
    let mut private = device.jwk();
    private["d"] = private["x"].clone();
    let desktop = Device::desktop(3);
    for (proof, wrong) in [
        (header("typ", json!("JWT")), "typ"),
        (header("alg", json!("none")), "alg"),
        (header("alg", json!("HS256")), "alg"),
        (header("alg", json!("EdDSA")), "alg"),
        (header("jwk", private), "public key"),
        (header("jwk", json!({"kty": "oct", "k": "AAAA"})), "public key"),
        (header("jwk", desktop.jwk()), "alg"),
        (header("jwk", Device::phone().jwk()), "did not sign"),
        (header("crit", json!(["b64"])), "crit"),
        (claim("htm", json!("GET")), "htm"),
        (claim("htm", json!("post")), "htm"),
        (claim("htu", json!("https://gate.example/v1/features/writing.summary")), "htu"),
        (claim("htu", json!("https://other.example/v1/features/assistant.chat")), "htu"),
        (claim("htu", json!("https://gate.example:8443/v1/features/assistant.chat")), "htu"),
        (claim("htu", json!("ftp://gate.example/v1/features/assistant.chat")), "htu"),
        (claim("htu", json!("/v1/features/assistant.chat")), "htu"),
        (claim("iat", seconds(-61)), "60 seconds"),
        (claim("iat", seconds(61)), "60 seconds"),
        (claim("iat", json!(1e300)), "no time"),
        (claim("iat", json!("now")), "payload"),
        (claim("jti", json!("")), "jti"),
        (claim("jti", json!("x".repeat(129))), "jti"),
        (claim("ath", json!("AAAA")), "ath"),
        (format!("{}A", device.proof(&token)), "did not sign"),
        (device.proof(&token).replace('.', ""), "three parts"),
        (format!("{}.x", device.proof(&token)), "base64url"),
        ("a".repeat(5000), "4096"),
        (String::new(), "three parts"),
    ] {
        let error = Proof::verify(&proof, ASKED, now()).unwrap_err();
        assert!(why(&error).contains(wrong), "{error}, not {wrong}");
    }
    for proof in [
        header("typ", json!("application/dpop+jwt")),
        header("typ", json!("DPoP+JWT")),
        header("kid", json!("whatever")),
        claim("htu", json!("https://GATE.example:443/v1/features/assistant.chat?a=b#c")),
        claim("htu", json!("http://gate.example/v1/features/assistant.chat")),
        claim("iat", seconds(-60)),
        claim("iat", seconds(60)),
        claim("nonce", json!("not asked for")),
    ] {
        Proof::verify(&proof, ASKED, now()).unwrap();
    }
}

#[test]
fn the_proof_of_rfc_9449_holds() {
    // RFC 9449 §4.1, figure 2: a proof for POST https://server.example.com/token.
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgt\
                 MzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VO\
                 SmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFR\
                 jIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijo\
                 xNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FN\
                 yJK70nfbV37xRZT3Lg";
    let asked = Asked { method: "POST", authority: "server.example.com", path: "/token" };
    let then = Timestamp::from_second(1_562_262_616).unwrap();
    let proof = Proof::verify(proof, asked, then).unwrap();
    let key = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    assert_eq!(proof.thumbprint().to_string(), key);
}

#[test]
fn two_keys_may_use_the_same_id_and_one_key_may_not() {
    let (first, second) = (Device::desktop(1), Device::desktop(2));
    let mark = |device: &Device, token: &str| {
        Proof::verify(&device.proof(token), ASKED, now()).unwrap().once()
    };
    assert_ne!(mark(&first, "a"), mark(&second, "a"));
    assert_eq!(mark(&first, "a"), mark(&first, "b"));
}

/// An assertion as gates before the first device key wrote it: without `kid`, `cnf` and `limits`.
#[test]
fn an_assertion_of_before_is_believed() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let claims = json!({"market": "cn", "features": [CHAT], "policy": policy().digest(),
                        "issued": now(), "expires": now() + 1.hour()});
    let payload = claims.to_string();
    let signature = key.sign(&[b"yumen assertion v1\0", payload.as_bytes()].concat()).to_bytes();
    let token =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&payload), URL_SAFE_NO_PAD.encode(signature));
    let presented = verify(&token).unbound().unwrap();
    assert!(judge_asserted(&policy(), &presented, &feature(CHAT), now()).is_eligible());
}

#[test]
fn a_rotated_key_is_believed_until_what_it_signed_is_over_and_a_revoked_one_no_more() {
    let mut keys = keys();
    let old = keys.kid();
    let token = issue(&keys, None, now());
    keys.rotate(SigningKey::from_bytes(&[9; 32]), now() + 1.minute());
    assert_ne!(keys.kid(), old);
    let soon = now() + 30.minutes();
    let verifier = keys.verifier();
    let believed = verifier.verify(&token, soon).unwrap();
    assert!(verifier.still_trusts(&believed));
    // What the old key signs after its time is not its gate's.
    let late = issue(&self::keys(), None, now() + 10.minutes());
    assert!(matches!(verifier.verify(&late, soon), Err(PolicyError::AssertionSignature)));
    let fresh = issue(&keys, None, soon);
    assert!(verifier.verify(&fresh, soon).is_ok());

    keys.revoke(&old, soon).unwrap();
    let verifier = keys.verifier();
    assert!(matches!(verifier.verify(&token, soon), Err(PolicyError::AssertionSignature)));
    assert!(!verifier.still_trusts(&believed));
    assert!(verifier.verify(&fresh, soon).is_ok());
    let error = keys.revoke(&keys.kid(), soon).unwrap_err().to_string();
    assert!(error.contains("rotate first"), "{error}");
}

#[test]
fn the_keys_are_kept_as_they_are_and_errors_do_not_tell_the_secret() {
    let mut keys = keys();
    keys.rotate(SigningKey::from_bytes(&[9; 32]), now());
    keys.rotate(SigningKey::from_bytes(&[10; 32]), now() + 1.hour());
    let old = keys.retired()[1].kid.clone();
    keys.revoke(&old, now() + 2.hours()).unwrap();
    let stored = keys.to_json();
    let read = AssertionKeys::from_json(stored.as_bytes()).unwrap();
    assert_eq!(read.to_json(), stored);
    assert_eq!(read.kid(), keys.kid());
    let secret = URL_SAFE_NO_PAD.encode([10; 32]);
    assert!(stored.contains(&secret));
    assert!(!format!("{keys:?}").contains(&secret));
    for (from, to) in [
        ("\"current\"", "\"curent\""),
        ("\"secret\": \"", "\"secret\": \"!"),
        (old.as_str(), "another-name"),
        ("\"since\": \"2", "\"since\": \"x"),
    ] {
        assert!(stored.contains(from));
        let wrong = stored.replace(from, to);
        let error = AssertionKeys::from_json(wrong.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains(&secret[..8]), "{error}");
    }
}

#[test]
fn keys_that_nothing_is_left_of_are_forgotten() {
    let mut keys = keys();
    keys.rotate(SigningKey::from_bytes(&[1; 32]), now());
    keys.rotate(SigningKey::from_bytes(&[2; 32]), now() + 24.hours());
    assert_eq!(keys.retired().len(), 2);
    keys.rotate(SigningKey::from_bytes(&[3; 32]), now() + (24 * 181).hours());
    assert_eq!(keys.retired().len(), 1);
    for _ in 0..100 {
        keys.rotate(SigningKey::from_bytes(&[4; 32]), now() + (24 * 181).hours());
    }
    assert!(keys.retired().len() < 64);
}

fn grace(
    device: &Device,
    ticket: &str,
    verifier: &AssertionVerifier,
) -> Result<Grace, PolicyError> {
    let proof = Proof::verify(&device.proof("any"), ASKED, now()).unwrap();
    verifier.verify_grace(ticket, &proof)
}

#[test]
fn a_ticket_tells_the_hour_of_the_match_to_the_gate_that_wrote_it() {
    let (device, other) = (Device::desktop(1), Device::desktop(2));
    let cn = market("cn");
    let met: Matches = [("cn.place", now())].into_iter().collect();
    let signer = keys().signer();
    let ticket = signer.issue_grace(&cn, &met, None, device.thumbprint(), now()).unwrap();
    let believed = grace(&device, &ticket, &keys().verifier()).unwrap();
    let matched = believed.matches_in(&cn).get("cn.place").unwrap();
    assert_eq!(matched.as_second() % 3600, 0);
    assert!(matched <= now() && now() < matched + 1.hour());
    assert!(believed.matches_in(&market("us")).is_empty());

    assert!(
        why(&grace(&other, &ticket, &keys().verifier()).unwrap_err()).contains("another device")
    );
    let stranger = AssertionKeys::new(SigningKey::from_bytes(&[8; 32]), now());
    assert!(grace(&device, &ticket, &stranger.verifier()).is_err());
    // An assertion is no ticket, though the same key signed it.
    let assertion = issue(&keys(), Some(device.thumbprint()), now());
    assert!(grace(&device, &assertion, &keys().verifier()).is_err());
    assert!(keys().verifier().verify(&ticket, now()).is_err());
    // Nothing was met: there is nothing to write.
    assert_eq!(signer.issue_grace(&cn, Matches::NONE, None, device.thumbprint(), now()), None);
}

#[test]
fn a_ticket_is_renewed_with_what_was_met_before_and_forgets_in_the_end() {
    let device = Device::desktop(1);
    let cn = market("cn");
    let signer = keys().signer();
    let met = |rule: &str, at| [(rule, at)].into_iter().collect::<Matches>();
    let long_ago = now() - (24 * 100).hours();
    let first = signer
        .issue_grace(&cn, &met("cn.first", long_ago), None, device.thumbprint(), long_ago)
        .unwrap();
    let first = grace(&device, &first, &keys().verifier()).unwrap();
    let both = signer
        .issue_grace(&cn, &met("cn.second", now()), Some(&first), device.thumbprint(), now())
        .unwrap();
    let both = grace(&device, &both, &keys().verifier()).unwrap();
    assert_eq!(both.matches_in(&cn).iter().len(), 2);
    let later = now() + (24 * 100).hours();
    let rest =
        signer.issue_grace(&cn, Matches::NONE, Some(&both), device.thumbprint(), later).unwrap();
    let rest = grace(&device, &rest, &keys().verifier()).unwrap();
    assert_eq!(
        rest.matches_in(&cn).iter().map(|(rule, _)| rule).collect::<Vec<_>>(),
        ["cn.second"]
    );
    // A ticket of another market brings nothing.
    let us =
        signer.issue_grace(&market("us"), Matches::NONE, Some(&both), device.thumbprint(), now());
    assert_eq!(us, None);
}

#[test]
fn a_ticket_outlives_the_rotation_of_its_key_and_not_its_revocation() {
    let device = Device::desktop(1);
    let cn = market("cn");
    let met: Matches = [("cn.place", now())].into_iter().collect();
    let mut keys = keys();
    let old = keys.kid();
    let ticket = keys.signer().issue_grace(&cn, &met, None, device.thumbprint(), now()).unwrap();
    keys.rotate(SigningKey::from_bytes(&[9; 32]), now() + 1.minute());
    assert!(grace(&device, &ticket, &keys.verifier()).is_ok());
    // The old key cannot write matches of after its time.
    let after: Matches = [("cn.place", now() + 3.hours())].into_iter().collect();
    let forged = self::keys().signer().issue_grace(
        &cn,
        &after,
        None,
        device.thumbprint(),
        now() + 3.hours(),
    );
    assert!(grace(&device, &forged.unwrap(), &keys.verifier()).is_err());
    keys.revoke(&old, now() + 2.minutes()).unwrap();
    assert!(grace(&device, &ticket, &keys.verifier()).is_err());
}

#[test]
fn no_seed_of_the_fuzzer_is_let_in() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/proof");
    let mut seeds = 0;
    for seed in std::fs::read_dir(corpus).unwrap() {
        fuzzed::proof(&std::fs::read(seed.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds > 0);
}

proptest! {
    #[test]
    fn an_altered_proof_is_refused(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_-]") {
        let device = Device::desktop(1);
        let proof = device.proof("token");
        let at = at.index(proof.len());
        prop_assume!(&proof[at..=at] != "." && proof[at..=at] != letter);
        let altered = format!("{}{letter}{}", &proof[..at], &proof[at + 1..]);
        prop_assert!(Proof::verify(&altered, ASKED, now()).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(proof in "[ -~]{0,200}|(\\PC{0,40}\\.){0,4}") {
        prop_assert!(Proof::verify(&proof, ASKED, now()).is_err());
    }
}
