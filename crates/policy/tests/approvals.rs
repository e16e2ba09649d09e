//! Approvals: who must have signed what, and what altering a record does to it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use proptest::prelude::*;
use serde_json::{Value, json};
use world::{at, record, signers, trusted};
use yumen_policy::{
    Approval, ApprovalFile, ApprovalRecord, ApprovedModel, Digest, Material, ModelRef, PolicyError,
    Role, SignedApproval, Signer, SignerKey, Surface, TrustedSigners,
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

#[test]
fn the_optional_numbers_and_materials_are_checked_too() {
    type Change = fn(&mut ApprovalRecord);
    let cases: [(Change, &str); 9] = [
        (|r| r.number = "九".repeat(128), ""),
        (|r| r.number = "九".repeat(129), "`number` must have 1 to 128 characters"),
        (|r| r.service_number = Some(String::new()), "`service_number`"),
        (|r| r.service_number = Some("上线\u{7}1".into()), "`service_number` has a control"),
        (|r| r.algorithm_number = Some(" ".into()), "`algorithm_number`"),
        (|r| r.replaces = Some(String::new()), "`replaces`"),
        (|r| r.replaces = Some("DEMO-0".into()), ""),
        (|r| r.materials = [material("")].into(), "one of the `materials` has no name"),
        (|r| r.materials = [material("登记表")].into(), ""),
    ];
    for (change, expected) in cases {
        let mut record = record();
        change(&mut record);
        match Approval::sign(record, &signers()[..1]) {
            Ok(_) => assert!(expected.is_empty(), "{expected}"),
            Err(error) => {
                let error = error.to_string();
                assert!(!expected.is_empty() && error.contains(expected), "{expected}: {error}");
            }
        }
    }
}

fn material(name: &str) -> Material {
    Material { name: name.into(), digest: Digest::of(b"a file") }
}

#[test]
fn every_optional_field_is_signed_too() {
    let mut full = record();
    full.models = [approved(None)].into();
    full.algorithm_number = Some("网信算备330110507206401230035号".into());
    full.service_number = Some("上线 1".into());
    full.materials = [material("登记表")].into();
    full.replaces = Some("DEMO-0".into());
    let signed = Approval::sign(full, &signers()[..2]).unwrap();
    let signed: Value = serde_json::from_str(&signed.to_json()).unwrap();
    verify(&signed, 2).unwrap();
    for field in ["models", "algorithm_number", "service_number", "materials", "replaces"] {
        let mut json = signed.clone();
        json["approval"].as_object_mut().unwrap().remove(field).unwrap();
        let error = verify(&json, 1).unwrap_err();
        assert!(matches!(error, PolicyError::ApprovalSignature { .. }), "{field}: {error}");
    }
}

fn approved(filing: Option<&str>) -> ApprovedModel {
    ApprovedModel {
        partner: "alibaba".parse().unwrap(),
        model: "chat-model".parse().unwrap(),
        filing: filing.map(str::to_owned),
    }
}

#[test]
fn an_approval_that_names_models_covers_those() {
    let with = |models: &[ApprovedModel]| {
        world::approval(ApprovalRecord { models: models.iter().cloned().collect(), ..record() })
    };
    let released = |partner, model, filing: Option<&str>| ModelRef {
        filing: filing.map(str::to_owned),
        ..world::model(partner, model, "1")
    };
    let any = with(&[]);
    assert!(any.covers_model(&released("openai", "other", None)));
    assert_eq!(
        any.filing_of(&released("openai", "other", Some("A-B-20250101"))),
        Some("A-B-20250101")
    );
    assert_eq!(any.filing_of(&released("openai", "other", None)), None);

    let named = with(&[approved(Some("A-B-20250101"))]);
    let plain = released("alibaba", "chat-model", None);
    assert!(named.covers_model(&plain));
    assert_eq!(named.filing_of(&plain), Some("A-B-20250101"));
    let same = released("alibaba", "chat-model", Some("a-b-20250101"));
    assert!(named.covers_model(&same));
    assert_eq!(named.filing_of(&same), Some("a-b-20250101"));
    assert!(!named.covers_model(&released("alibaba", "chat-model", Some("A-B-20250102"))));
    assert!(!named.covers_model(&released("alibaba", "spare", None)));
    assert!(!named.covers_model(&released("openai", "chat-model", None)));
    // Nobody filed it, as far as the approval says.
    assert!(with(&[approved(None)]).covers_model(&same));
}

#[test]
fn an_approval_covers_what_it_says_and_nothing_more() {
    let approval = world::approval(record());
    let covers = |market: &str, feature: &str, surface, release| {
        approval.covers(&world::market(market), &world::feature(feature), surface, release)
    };
    let release = record().release;
    assert!(covers("cn", world::CHAT, Surface::Cloud, release));
    assert!(!covers("us", world::CHAT, Surface::Cloud, release));
    assert!(!covers("cn", world::DRAFT, Surface::Cloud, release));
    assert!(!covers("cn", world::CHAT, Surface::Cloud, Digest::of(b"another")));
    let mut narrow = record();
    narrow.scope.surfaces = [Surface::Device].into();
    let narrow = world::approval(narrow);
    let (cn, chat) = (world::market("cn"), world::feature(world::CHAT));
    assert!(narrow.covers(&cn, &chat, Surface::Device, release));
    assert!(!narrow.covers(&cn, &chat, Surface::Cloud, release));
}

#[test]
fn a_file_holds_so_many_signatures_and_no_more() {
    let keys: Vec<_> =
        (0..17).map(|seed| yumen_policy::SigningKey::from_bytes(&[seed; 32])).collect();
    let json = |count| Approval::sign(record(), &keys[..count]).unwrap().to_json();
    assert!(SignedApproval::parse(json(16).as_bytes()).is_ok());
    assert!(ApprovalFile::parse(json(16).as_bytes()).is_ok());
    assert!(SignedApproval::parse(json(17).as_bytes()).is_err());
    assert!(ApprovalFile::parse(json(17).as_bytes()).is_err());
    // One key signs once, however often it is given.
    let twice = Approval::sign(record(), &[keys[0].clone(), keys[0].clone()]).unwrap();
    assert_eq!(twice.signers().count(), 1);
    // A file is of something.
    for nothing in ["{}", r#"{"signatures": []}"#] {
        let error = ApprovalFile::parse(nothing.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("neither an `application` nor an `approval`"), "{error}");
    }
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
