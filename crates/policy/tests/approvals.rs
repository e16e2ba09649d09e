//! Approvals: who must have signed what, and what altering a record does to it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use proptest::prelude::*;
use serde_json::{Value, json};
use world::{at, record, signers, trusted};
use yumen_policy::{
    Approval, ApprovalRecord, PolicyError, Role, SignedApproval, Signer, SignerKey, TrustedSigners,
};

fn signed() -> Value {
    let signed = Approval::sign(record(), &signers()[..2]).unwrap();
    serde_json::from_str(&signed.to_json()).unwrap()
}

fn verify(json: &Value, required: usize) -> Result<Approval, PolicyError> {
    SignedApproval::parse(json.to_string().as_bytes())?.verify(&trusted(), required)
}

#[test]
fn two_trusted_people_make_an_approval_believed() {
    let approval = verify(&signed(), 2).unwrap();
    assert_eq!(approval.record(), &record());
    assert_eq!(approval.signers().len(), 2);
}

#[test]
fn spelling_does_not_matter_content_does() {
    // Another order of keys, other spaces and another offset of the same instant.
    let mut json = signed();
    json["approval"]["valid_from"] = "2026-01-01T08:00:00+08:00".into();
    assert!(verify(&json, 2).is_ok());
}

#[test]
fn every_altered_field_breaks_the_signatures() {
    let entity = json!({"name": "Muster Ltd", "uscc": "91110102MACQD9K640"});
    for (field, altered) in [
        ("number", json!("DEMO-2")),
        ("kind", json!("filing")),
        ("market", json!("us")),
        ("entity", entity),
        ("scope", json!({"features": ["writing.rewrite"], "surfaces": ["cloud"]})),
        ("release", json!(yumen_policy::Digest::of(b"another"))),
        ("granted_on", json!("2026-01-02")),
        ("valid_from", json!("2025-01-01T00:00:00Z")),
        ("valid_until", json!("2030-01-01T00:00:00Z")),
    ] {
        let mut json = signed();
        assert_ne!(json["approval"][field], altered, "{field}");
        json["approval"][field] = altered;
        let error = verify(&json, 1).unwrap_err();
        assert!(matches!(error, PolicyError::ApprovalSignature { .. }), "{field}: {error}");
    }
}

#[test]
fn one_person_counts_once_and_a_stranger_not_at_all() {
    let [first, second, stranger] = signers();
    let short = |keys: &[_], required| {
        let signed = Approval::sign(record(), keys).unwrap();
        match signed.verify(&trusted(), required) {
            Err(PolicyError::ApprovalSigners { found, .. }) => found,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(short(&[first.clone(), first.clone()], 2), 1);
    assert_eq!(short(&[first.clone(), stranger.clone()], 2), 1);
    assert_eq!(short(&[stranger], 1), 0);
    assert_eq!(short(&[], 0), 0, "nothing is believed without a signature");

    // The same signature written twice is still one person.
    let mut json = serde_json::to_value(Approval::sign(record(), &[first]).unwrap()).unwrap();
    let twice = json["signatures"][0].clone();
    json["signatures"].as_array_mut().unwrap().push(twice);
    assert!(matches!(verify(&json, 2), Err(PolicyError::ApprovalSigners { found: 1, .. })));

    // A second person adds a name later.
    let once: SignedApproval = serde_json::from_value(json).unwrap();
    assert!(once.countersign(&[second]).verify(&trusted(), 2).is_ok());
}

#[test]
fn a_signature_moved_to_another_person_or_record_is_refused() {
    let mut json = signed();
    let first = json["signatures"][0]["signature"].clone();
    json["signatures"][1]["signature"] = first;
    assert!(matches!(verify(&json, 1), Err(PolicyError::ApprovalSignature { .. })));

    let mut json = signed();
    json["signatures"][0]["signature"] = "not base64".into();
    assert!(matches!(verify(&json, 1), Err(PolicyError::ApprovalSignature { .. })));
}

#[test]
fn a_record_that_cannot_be_is_not_signed_and_not_read() {
    type Change = fn(&mut ApprovalRecord);
    let changes: [Change; 6] = [
        |r| r.number = " ".into(),
        |r| r.number = "A\u{7}1".into(),
        |r| r.entity.name.clear(),
        |r| r.scope.features.clear(),
        |r| r.scope.surfaces.clear(),
        |r| r.valid_until = r.valid_from,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut record = record();
        change(&mut record);
        assert!(Approval::sign(record.clone(), &signers()).is_err(), "{index}");
        let json = json!({"approval": record, "signatures": []});
        assert!(SignedApproval::parse(json.to_string().as_bytes()).is_err(), "{index}");
    }
    let mut unknown = signed();
    unknown["approval"]["waived"] = true.into();
    assert!(verify(&unknown, 2).is_err());
    let mut uscc = signed();
    uscc["approval"]["entity"]["uscc"] = "91110102MACQD9K641".into();
    assert!(verify(&uscc, 2).unwrap_err().to_string().contains("social credit code"));
}

#[test]
fn an_approval_holds_from_its_beginning_until_just_before_its_end() {
    let approval = world::approval(record());
    for (instant, expected) in [
        ("2025-12-31T23:59:59.999999999Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2026-12-31T23:59:59.999999999Z", true),
        ("2027-01-01T00:00:00Z", false),
    ] {
        assert_eq!(approval.in_force(at(instant)), expected, "{instant}");
    }
}

#[test]
fn keys_that_sign_anything_are_not_trusted() {
    // The neutral element of the curve: a key for which signatures of anything can be made.
    let weak = format!("ed25519:01{}", "0".repeat(62));
    assert!(weak.parse::<SignerKey>().is_err());
    assert!("ed25519:zz".parse::<SignerKey>().is_err());
    let key = SignerKey::of(&signers()[0]);
    assert_eq!(key.to_string().parse::<SignerKey>().unwrap(), key);
    let twice = [Role::Approver, Role::Legal].map(|role| Signer::new(key, "Wei", role));
    assert_eq!(TrustedSigners::new(twice).keys().count(), 1);
}

proptest! {
    #[test]
    fn whatever_comes_as_an_approval_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(SignedApproval::parse(&bytes).is_err());
    }

    #[test]
    fn one_changed_byte_is_never_believed_as_something_else(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = signed().to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(signed) = SignedApproval::parse(&bytes)
            && let Ok(approval) = signed.verify(&trusted(), 2)
        {
            prop_assert_eq!(approval.record(), &record());
        }
    }
}
