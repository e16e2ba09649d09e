//! The way of an approval: which steps follow which, who may take them, and what they lead to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use world::{at, now, record};
use yumen_policy::{
    Application, Approval, ApprovalFile, ApprovalKind, ApprovalRecord, ApprovalState,
    ApprovedModel, Attached, PolicyError, Role, SignedStep, Signer, SignerKey, SigningKey,
    StepKind, StepProblem, Timestamp, TrustedSigners,
};

/// Everybody there is, by name; `Wei again` is Wei with a second key, `Gone` signs no longer, and
/// nobody trusts `Stranger`.
const PEOPLE: [(&str, Option<Role>); 9] = [
    ("Ana", Some(Role::Author)),
    ("Wei", Some(Role::Approver)),
    ("Li", Some(Role::Legal)),
    ("Tao", Some(Role::Approver)),
    ("Ops", Some(Role::Operator)),
    ("Aud", Some(Role::Auditor)),
    ("Wei again", Some(Role::Approver)),
    ("Gone", Some(Role::Approver)),
    ("Stranger", None),
];

fn key(name: &str) -> SigningKey {
    let index = PEOPLE.iter().position(|(other, _)| *other == name).unwrap();
    SigningKey::from_bytes(&[u8::try_from(index).unwrap() + 10; 32])
}

fn everybody() -> TrustedSigners {
    TrustedSigners::new(PEOPLE.iter().filter_map(|(name, role)| {
        // Spaces and case around a name do not make another person.
        let person = if *name == "Wei again" { " wei " } else { name };
        let signer = Signer::new(SignerKey::of(&key(name)), person, (*role)?);
        Some(Signer { retired: *name == "Gone", ..signer })
    }))
}

fn application() -> Application {
    let record = record();
    Application {
        case: "chat-2026".into(),
        kind: ApprovalKind::Registration,
        market: record.market,
        entity: record.entity,
        scope: record.scope,
        release: record.release,
        models: BTreeSet::new(),
        materials: BTreeSet::new(),
        replaces: None,
    }
}

fn granted() -> ApprovalRecord {
    let record = record();
    application().granted("Beijing-001", record.granted_on, record.valid_from, record.valid_until)
}

/// The day on which the steps are taken, one minute after the other.
fn start() -> Timestamp {
    at("2026-06-01T08:00:00Z")
}

/// Takes one more step, dated a minute after the last.
fn step(file: &ApprovalFile, kind: StepKind, who: &str) -> SignedStep {
    let at = file.steps().last().map_or(start(), |last| last.unverified().at + 1.minute());
    let by = SignerKey::of(&key(who));
    let step = if kind == StepKind::Granted {
        file.grant(&granted(), at, "", by)
    } else {
        file.step(kind, at, "as agreed", by)
    };
    step.sign(&key(who)).unwrap()
}

fn take(file: &ApprovalFile, kind: StepKind, who: &str) -> Result<ApprovalFile, PolicyError> {
    let attached = match kind {
        StepKind::Draft => Attached::Application(application()),
        StepKind::Granted => Attached::Record(granted()),
        _ => Attached::Nothing,
    };
    file.append(step(file, kind, who), attached, &everybody(), 2, now())
}

fn drafted() -> ApprovalFile {
    let draft = application().draft(None, start(), "first", SignerKey::of(&key("Ana")));
    let draft = draft.sign(&key("Ana")).unwrap();
    ApprovalFile::open(application(), draft, &everybody(), now()).unwrap()
}

fn decided() -> ApprovalFile {
    let file = take(&drafted(), StepKind::Submitted, "Ana").unwrap();
    take(&file, StepKind::Granted, "Ana").unwrap()
}

fn in_force() -> ApprovalFile {
    countersign(&decided(), &["Wei", "Li"])
}

fn countersign(file: &ApprovalFile, who: &[&str]) -> ApprovalFile {
    let keys: Vec<_> = who.iter().map(|name| key(name)).collect();
    file.countersigned(&file.signed().unwrap().countersign(&keys)).unwrap()
}

/// A record that came in whole, signed by Wei and Li.
fn imported(kind: ApprovalKind) -> ApprovalFile {
    let record = ApprovalRecord { kind, ..record() };
    Approval::sign(record, &[key("Wei"), key("Li")]).unwrap().into()
}

fn state(file: &ApprovalFile) -> ApprovalState {
    file.state(&everybody(), 2, now()).unwrap()
}

fn problem(result: Result<ApprovalFile, PolicyError>) -> StepProblem {
    match result {
        Err(PolicyError::Step { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_approval_goes_its_way_from_the_draft_to_its_end() {
    let file = drafted();
    assert_eq!(state(&file), ApprovalState::Draft);
    let file = take(&file, StepKind::Submitted, "Ana").unwrap();
    assert_eq!(state(&file), ApprovalState::Submitted);
    assert_eq!((file.id(), file.number()), ("chat-2026", None));
    let file = take(&file, StepKind::Granted, "Ana").unwrap();
    assert_eq!(state(&file), ApprovalState::Granted);
    assert_eq!((file.id(), file.number()), ("chat-2026", Some("Beijing-001")));
    let file = countersign(&file, &["Wei"]);
    assert_eq!(state(&file), ApprovalState::Granted);
    let file = countersign(&file, &["Li"]);
    assert_eq!(state(&file), ApprovalState::InForce);
    let file = take(&file, StepKind::Suspended, "Ops").unwrap();
    assert_eq!(state(&file), ApprovalState::Suspended);
    let file = take(&file, StepKind::Resumed, "Li").unwrap();
    assert_eq!(state(&file), ApprovalState::Suspended, "one person alone opens nothing");
    let file = take(&file, StepKind::Resumed, "Wei").unwrap();
    assert_eq!(state(&file), ApprovalState::InForce);
    let file = take(&file, StepKind::Revoked, "Ops").unwrap();
    assert_eq!(state(&file), ApprovalState::Revoked);

    let read = ApprovalFile::parse(file.to_json().as_bytes()).unwrap();
    assert_eq!(read, file);
}

#[test]
fn what_is_not_decided_is_no_approval() {
    for file in [drafted(), take(&drafted(), StepKind::Submitted, "Ana").unwrap()] {
        let error = file.verify(&everybody(), 2).unwrap_err();
        assert!(matches!(error, PolicyError::ApprovalNotGranted { .. }), "{error}");
    }
    let error = decided().verify(&everybody(), 2).unwrap_err();
    assert!(matches!(error, PolicyError::ApprovalSigners { found: 0, required: 2, .. }), "{error}");
}

#[test]
fn a_draft_can_be_written_anew_until_it_is_decided() {
    let file = take(&drafted(), StepKind::Submitted, "Ana").unwrap();
    let mut wider = application();
    wider.scope.features.insert(world::feature(world::DRAFT));
    let by = SignerKey::of(&key("Tao"));
    let draft = wider.draft(Some(&file), start() + 1.hour(), "wider", by);
    let draft = draft.sign(&key("Tao")).unwrap();
    let file =
        file.append(draft.clone(), Attached::Application(wider), &everybody(), 2, now()).unwrap();
    assert_eq!(state(&file), ApprovalState::Draft);
    let file = take(&file, StepKind::Submitted, "Ana").unwrap();
    let file = take(&file, StepKind::Granted, "Ana").unwrap();
    // Both wrote it now, and neither can open it.
    let error = countersign(&file, &["Wei", "Tao"]).verify(&everybody(), 2).unwrap_err();
    let PolicyError::ApprovalOwnFiling { name, found, required, .. } = error else {
        panic!("{error}")
    };
    assert_eq!((name.as_str(), found, required), ("Tao", 1, 2));
    assert!(countersign(&file, &["Wei", "Tao", "Li"]).verify(&everybody(), 2).is_ok());

    // A draft whose text is another than the one that came with it is refused.
    let other = Attached::Application(application());
    let refused = take(&drafted(), StepKind::Submitted, "Ana").unwrap().append(
        draft,
        other,
        &everybody(),
        2,
        now(),
    );
    assert!(matches!(refused, Err(PolicyError::Approval { .. })), "{refused:?}");
}

#[test]
fn each_step_out_of_order_is_refused_with_what_is_possible() {
    use StepKind::{Confirmed, Draft, Granted, Resumed, Revoked, Submitted, Suspended};
    let draft = drafted();
    let submitted = take(&draft, StepKind::Submitted, "Ana").unwrap();
    let suspended = take(&in_force(), StepKind::Suspended, "Wei").unwrap();
    let revoked = take(&in_force(), StepKind::Revoked, "Wei").unwrap();
    let withdrawn = take(&submitted, StepKind::Revoked, "Wei").unwrap();
    assert_eq!(state(&withdrawn), ApprovalState::Revoked);
    let may: [(&str, &ApprovalFile, &[StepKind]); 6] = [
        ("draft", &draft, &[Draft, Submitted, Revoked]),
        ("submitted", &submitted, &[Draft, Granted, Revoked]),
        ("in force", &in_force(), &[Confirmed, Suspended, Revoked]),
        ("suspended", &suspended, &[Confirmed, Suspended, Resumed, Revoked]),
        ("revoked", &revoked, &[]),
        ("withdrawn", &withdrawn, &[]),
    ];
    for (name, file, possible) in may {
        for kind in StepKind::ALL {
            // Legal may take every step.
            let result = take(file, kind, "Li");
            assert_eq!(result.is_ok(), possible.contains(&kind), "{kind} after {name}: {result:?}");
            let Err(error) = result else { continue };
            if let PolicyError::Step {
                problem: StepProblem::Order { possible: told, .. }, ..
            } = &error
            {
                for kind in possible {
                    assert!(told.contains(kind.as_str()), "{error}");
                }
                assert!(!possible.is_empty() || told.contains("over for good"), "{error}");
            } else {
                panic!("{kind} after {name}: {error}");
            }
        }
    }
}

#[test]
fn each_step_needs_its_role() {
    let suspended = take(&in_force(), StepKind::Suspended, "Wei").unwrap();
    let submitted = take(&drafted(), StepKind::Submitted, "Ana").unwrap();
    let cases: [(StepKind, &ApprovalFile, &[&str]); 6] = [
        (StepKind::Submitted, &drafted(), &["Ana", "Tao", "Li"]),
        (StepKind::Granted, &submitted, &["Ana", "Tao", "Li"]),
        (StepKind::Confirmed, &in_force(), &["Tao", "Li", "Aud"]),
        (StepKind::Suspended, &in_force(), &["Tao", "Li", "Ops"]),
        (StepKind::Revoked, &in_force(), &["Tao", "Li", "Ops"]),
        (StepKind::Resumed, &suspended, &["Tao", "Li"]),
    ];
    for (kind, file, may) in cases {
        for who in ["Ana", "Tao", "Li", "Ops", "Aud"] {
            let result = take(file, kind, who);
            assert_eq!(result.is_ok(), may.contains(&who), "{who}: {kind}");
            if result.is_err() {
                let StepProblem::Role { name, needed, .. } = problem(result) else {
                    panic!("{who}: {kind}")
                };
                assert_eq!(name, who);
                assert!(kind.roles().iter().all(|role| needed.contains(role.as_str())));
            }
        }
    }
}

#[test]
fn strangers_and_people_who_left_take_no_step() {
    let refused = problem(take(&in_force(), StepKind::Suspended, "Stranger"));
    assert!(matches!(refused, StepProblem::UnknownSigner { .. }), "{refused}");
    let refused = problem(take(&in_force(), StepKind::Suspended, "Gone"));
    assert!(matches!(refused, StepProblem::Retired { .. }), "{refused}");
}

#[test]
fn nobody_resumes_twice_and_no_author_at_all() {
    let suspended = take(&in_force(), StepKind::Suspended, "Ops").unwrap();
    let once = take(&suspended, StepKind::Resumed, "Wei").unwrap();
    for again in ["Wei", "Wei again"] {
        let refused = problem(take(&once, StepKind::Resumed, again));
        assert!(matches!(refused, StepProblem::SamePerson { .. }), "{again}: {refused}");
    }
    // Another suspension wipes out what was signed before it.
    let anew = take(&once, StepKind::Suspended, "Ops").unwrap();
    let wei = take(&anew, StepKind::Resumed, "Wei").unwrap();
    assert_eq!(state(&wei), ApprovalState::Suspended);
    assert_eq!(state(&take(&wei, StepKind::Resumed, "Tao").unwrap()), ApprovalState::InForce);

    // Tao wrote this one.
    let file = take(&drafted(), StepKind::Submitted, "Tao").unwrap();
    let file = countersign(&take(&file, StepKind::Granted, "Ana").unwrap(), &["Wei", "Li"]);
    assert_eq!(state(&file), ApprovalState::InForce);
    let suspended = take(&file, StepKind::Suspended, "Ops").unwrap();
    let refused = problem(take(&suspended, StepKind::Resumed, "Tao"));
    assert!(matches!(refused, StepProblem::OwnFiling { .. }), "{refused}");
}

#[test]
fn one_person_resumes_a_demonstration_and_as_many_as_demanded_anything_else() {
    let alone = |kind, required| {
        let file = imported(kind);
        let suspended = take(&file, StepKind::Suspended, "Ops").unwrap();
        let resumed = suspended
            .append(
                step(&suspended, StepKind::Resumed, "Tao"),
                Attached::Nothing,
                &everybody(),
                required,
                now(),
            )
            .unwrap();
        resumed.state(&everybody(), required, now()).unwrap()
    };
    assert_eq!(alone(ApprovalKind::Demonstration, 2), ApprovalState::InForce);
    assert_eq!(alone(ApprovalKind::Registration, 2), ApprovalState::Suspended);
    assert_eq!(alone(ApprovalKind::Registration, 1), ApprovalState::InForce);
    assert_eq!(alone(ApprovalKind::Registration, 0), ApprovalState::InForce);
}

#[test]
fn a_market_that_asks_for_fewer_people_than_before_leaves_old_chains_as_they_are() {
    let file = countersign(&imported(ApprovalKind::Registration), &["Tao"]);
    let suspended = take(&file, StepKind::Suspended, "Ops").unwrap();
    let wei = take(&suspended, StepKind::Resumed, "Wei").unwrap();
    let open = take(&wei, StepKind::Resumed, "Li").unwrap();
    let at = |file: &ApprovalFile, required| file.state(&everybody(), required, now()).unwrap();
    assert_eq!(at(&open, 1), ApprovalState::InForce);
    assert_eq!(at(&open, 3), ApprovalState::Suspended);
    assert_eq!(at(&take(&open, StepKind::Resumed, "Tao").unwrap(), 3), ApprovalState::InForce);
}

#[test]
fn whoever_left_opened_nothing_and_closed_what_they_closed() {
    let with = |role, retired| {
        let signers = everybody();
        TrustedSigners::new(signers.iter().map(|signer| {
            if signer.name == "Tao" {
                Signer { role, retired, ..signer.clone() }
            } else {
                signer.clone()
            }
        }))
    };
    let file = imported(ApprovalKind::Registration);
    let suspended = take(&file, StepKind::Suspended, "Tao").unwrap();
    let open = take(&take(&suspended, StepKind::Resumed, "Li").unwrap(), StepKind::Resumed, "Tao");
    let open = open.unwrap();
    let state = |file: &ApprovalFile, signers: &TrustedSigners| file.state(signers, 2, now());
    let gone = with(Role::Approver, true);
    assert_eq!(state(&open, &with(Role::Approver, false)).unwrap(), ApprovalState::InForce);
    assert_eq!(state(&suspended, &gone).unwrap(), ApprovalState::Suspended);
    assert_eq!(state(&open, &gone).unwrap(), ApprovalState::Suspended);
    // The rest of the way goes on for the others.
    let open = open
        .append(step(&open, StepKind::Suspended, "Ops"), Attached::Nothing, &gone, 2, now())
        .unwrap();
    assert_eq!(state(&open, &gone).unwrap(), ApprovalState::Suspended);
    // Their name under the record counts for nothing either.
    let file: ApprovalFile = Approval::sign(record(), &[key("Tao"), key("Li")]).unwrap().into();
    assert_eq!(state(&file, &gone).unwrap(), ApprovalState::Granted);
    assert!(file.verify(&gone, 2).is_err());
}

#[test]
fn too_few_signatures_say_why() {
    let verify = |file: &ApprovalFile| file.clone().verify(&everybody(), 2);
    let error = verify(&countersign(&decided(), &["Wei", "Wei again"])).unwrap_err();
    assert!(matches!(error, PolicyError::ApprovalSamePerson { found: 1, .. }), "{error}");
    let error = verify(&countersign(&decided(), &["Wei", "Ops"])).unwrap_err();
    let PolicyError::ApprovalRole { name, role, found: 1, .. } = &error else { panic!("{error}") };
    assert_eq!((name.as_str(), *role), ("Ops", Role::Operator));
    let error = verify(&countersign(&decided(), &["Wei", "Ana"])).unwrap_err();
    assert!(matches!(error, PolicyError::ApprovalOwnFiling { found: 1, .. }), "{error}");
    let error = verify(&countersign(&decided(), &["Wei", "Stranger", "Gone"])).unwrap_err();
    assert!(matches!(error, PolicyError::ApprovalSigners { found: 1, .. }), "{error}");

    // Enough people are enough, whoever else signed.
    let all = PEOPLE.map(|(name, _)| name);
    let approval = verify(&countersign(&decided(), &all)).unwrap();
    assert_eq!(approval.signers().len(), 3, "Wei, Li and Tao");
}

#[test]
fn each_altered_step_is_found_and_named() {
    let file = take(&in_force(), StepKind::Suspended, "Ops").unwrap();
    let file =
        take(&take(&file, StepKind::Resumed, "Li").unwrap(), StepKind::Resumed, "Wei").unwrap();
    let json: Value = serde_json::from_str(&file.to_json()).unwrap();
    let state = |json: &Value| {
        ApprovalFile::parse(json.to_string().as_bytes())
            .and_then(|file| file.state(&everybody(), 2, now()))
    };
    assert_eq!(state(&json).unwrap(), ApprovalState::InForce);
    let count = json["steps"].as_array().unwrap().len();
    assert_eq!(count, 6);
    let digest = yumen_policy::Digest::of(b"another");
    for index in 0..count {
        for (field, altered) in [
            ("approval", json!("another")),
            ("step", json!("confirmed")),
            ("at", json!("2026-06-02T00:00:00Z")),
            ("note", json!("nobody agreed")),
            ("record", json!(digest)),
            ("previous", json!(digest)),
            ("by", json!(SignerKey::of(&key("Tao")))),
        ] {
            let mut json = json.clone();
            json["steps"][index]["step"][field] = altered;
            match state(&json) {
                Err(PolicyError::Step { step, .. }) => assert_eq!(step, index + 1, "{field}"),
                other => panic!("{index} {field}: {other:?}"),
            }
        }
        // Left out, or exchanged for the one before.
        let mut without = json.clone();
        without["steps"].as_array_mut().unwrap().remove(index);
        let outcome = state(&without);
        // Only the end of a chain can be cut off unseen; here that takes one of two signatures away.
        assert_eq!(outcome.is_ok(), index + 1 == count, "{index}: {outcome:?}");
        if let Ok(state) = outcome {
            assert_eq!(state, ApprovalState::Suspended);
        }
        let mut swapped = json.clone();
        if index > 0 {
            swapped["steps"].as_array_mut().unwrap().swap(index, index - 1);
            assert!(state(&swapped).is_err(), "{index}");
        }
        // Signed by nobody, or by somebody else.
        let mut unsigned = json.clone();
        unsigned["steps"][index]["signature"] = json!("");
        assert!(state(&unsigned).is_err(), "{index}");
        let mut twice = json.clone();
        let again = twice["steps"][index].clone();
        twice["steps"].as_array_mut().unwrap().insert(index, again);
        assert!(state(&twice).is_err(), "{index}");
    }
}

#[test]
fn a_step_of_one_approval_is_none_of_another() {
    let other = ApprovalRecord { number: "DEMO-2".into(), ..record() };
    let other: ApprovalFile = Approval::sign(other, &[key("Wei"), key("Li")]).unwrap().into();
    let file = imported(ApprovalKind::Registration);
    let taken = step(&other, StepKind::Suspended, "Ops");
    let refused = problem(file.append(taken, Attached::Nothing, &everybody(), 2, now()));
    assert_eq!(refused, StepProblem::OtherApproval("DEMO-2".into()));

    // Of the same number, and about another record.
    let mut other = record();
    other.valid_until = at("2040-01-01T00:00:00Z");
    let other: ApprovalFile = Approval::sign(other, &[key("Wei"), key("Li")]).unwrap().into();
    let taken = step(&other, StepKind::Suspended, "Ops");
    let refused = problem(file.append(taken, Attached::Nothing, &everybody(), 2, now()));
    assert!(matches!(refused, StepProblem::Record { .. }), "{refused}");
}

#[test]
fn a_grant_that_goes_beyond_the_application_is_refused() {
    type Change = fn(&mut ApprovalRecord);
    let changes: [(&str, Change); 6] = [
        ("kind", |r| r.kind = ApprovalKind::Other),
        ("market", |r| r.market = world::market("us")),
        ("entity", |r| r.entity.name.push_str(" II")),
        ("release", |r| r.release = yumen_policy::Digest::of(b"another")),
        ("scope", |r| {
            r.scope.features.insert(world::feature(world::DRAFT));
        }),
        ("scope", |r| {
            // Less is fine, more is not: nothing in common is more.
            r.scope.features = [world::feature(world::DRAFT)].into();
        }),
    ];
    let submitted = take(&drafted(), StepKind::Submitted, "Ana").unwrap();
    for (expected, change) in changes {
        let mut record = granted();
        change(&mut record);
        let by = SignerKey::of(&key("Ana"));
        let step = submitted.grant(&record, start() + 1.hour(), "", by).sign(&key("Ana")).unwrap();
        let result = submitted.append(step, Attached::Record(record), &everybody(), 2, now());
        let Err(PolicyError::ApprovalBeyond { field, .. }) = result else {
            panic!("{expected}: {result:?}")
        };
        assert_eq!(field, expected);
    }
    let mut narrower = granted();
    narrower.scope.features.pop_first();
    let by = SignerKey::of(&key("Ana"));
    let step = submitted.grant(&narrower, start() + 1.hour(), "", by).sign(&key("Ana")).unwrap();
    assert!(submitted.append(step, Attached::Record(narrower), &everybody(), 2, now()).is_ok());
}

#[test]
fn a_record_is_not_slipped_under_a_grant() {
    let mut json: Value = serde_json::from_str(&in_force().to_json()).unwrap();
    let longer = json!("2040-01-01T00:00:00Z");
    json["approval"]["valid_until"] = longer;
    let file = ApprovalFile::parse(json.to_string().as_bytes()).unwrap();
    let refused = file.verify(&everybody(), 2).unwrap_err();
    let PolicyError::Step { problem: StepProblem::Record { .. }, step: 3, .. } = refused else {
        panic!("{refused}")
    };
    // A record without the step that granted it, and the step without a record.
    let mut json: Value = serde_json::from_str(&in_force().to_json()).unwrap();
    json["steps"].as_array_mut().unwrap().pop();
    let file = ApprovalFile::parse(json.to_string().as_bytes()).unwrap();
    assert!(file.verify(&everybody(), 2).is_err());
    let mut json: Value = serde_json::from_str(&decided().to_json()).unwrap();
    json.as_object_mut().unwrap().remove("approval");
    let file = ApprovalFile::parse(json.to_string().as_bytes()).unwrap();
    assert!(file.state(&everybody(), 2, now()).is_err());
}

#[test]
fn what_closes_holds_whatever_the_clock_says() {
    let file = imported(ApprovalKind::Registration);
    let suspended = take(&file, StepKind::Suspended, "Ops").unwrap();
    let approval = suspended.clone().verify(&everybody(), 2).unwrap();
    for instant in ["2026-01-01T00:00:00Z", "2026-05-31T00:00:00Z", "2026-12-01T00:00:00Z"] {
        assert_eq!(approval.state(at(instant)), ApprovalState::Suspended, "{instant}");
        assert!(!approval.in_force(at(instant)));
    }
    assert_eq!(approval.state(at("2027-01-01T00:00:00Z")), ApprovalState::Expired);
    // What opens holds from its date on, and not before.
    let wei = take(&suspended, StepKind::Resumed, "Wei").unwrap();
    let open = take(&wei, StepKind::Resumed, "Li").unwrap();
    let resumed = open.steps().last().unwrap().unverified().at;
    let approval = open.verify(&everybody(), 2).unwrap();
    assert_eq!(approval.state(resumed - 1.second()), ApprovalState::Suspended);
    assert_eq!(approval.state(resumed), ApprovalState::InForce);
}

#[test]
fn a_confirmation_says_how_fresh_an_approval_is() {
    let file = imported(ApprovalKind::Registration);
    let confirmed =
        |file: &ApprovalFile| file.clone().verify(&everybody(), 2).unwrap().confirmed_at();
    assert_eq!(confirmed(&file), at("2025-12-20T00:00:00Z"), "the day of the decision");
    let file = take(&file, StepKind::Confirmed, "Aud").unwrap();
    assert_eq!(confirmed(&file), start());
    let file = take(&file, StepKind::Confirmed, "Tao").unwrap();
    let file = take(&file, StepKind::Suspended, "Ops").unwrap();
    assert_eq!(confirmed(&file), start() + 1.minute());
}

#[test]
fn steps_are_dated_in_their_order_and_not_ahead() {
    let file = take(&imported(ApprovalKind::Registration), StepKind::Confirmed, "Aud").unwrap();
    let dated = |at| {
        let step = file.step(StepKind::Suspended, at, "", SignerKey::of(&key("Ops")));
        let step = step.sign(&key("Ops")).unwrap();
        file.append(step, Attached::Nothing, &everybody(), 2, now())
    };
    assert!(matches!(problem(dated(start() - 1.second())), StepProblem::Backwards { .. }));
    assert!(dated(start()).is_ok());
    assert!(dated(now() + 5.minutes()).is_ok());
    assert!(matches!(problem(dated(now() + 301.seconds())), StepProblem::Future { .. }));
}

#[test]
fn a_step_is_signed_by_whom_it_names_and_has_a_note_that_can_be_kept() {
    let file = imported(ApprovalKind::Registration);
    let by = SignerKey::of(&key("Ops"));
    let with = |note: &str| file.step(StepKind::Suspended, start(), note, by).sign(&key("Ops"));
    assert!(with(&"长".repeat(500)).is_ok());
    for note in ["a\u{7}b".to_owned(), "长".repeat(501)] {
        assert!(matches!(with(&note), Err(PolicyError::Step { problem: StepProblem::Note, .. })));
    }
    let other = file.step(StepKind::Suspended, start(), "", by).sign(&key("Wei"));
    let Err(PolicyError::Step { problem: StepProblem::OtherKey { .. }, .. }) = other else {
        panic!("{other:?}")
    };
}

#[test]
fn signatures_of_another_record_are_not_taken_over() {
    let mut other = granted();
    other.valid_until = at("2040-01-01T00:00:00Z");
    let signed = Approval::sign(other, &[key("Wei"), key("Li")]).unwrap();
    assert!(decided().countersigned(&signed).is_err());
    assert!(drafted().countersigned(&signed).is_err());
}

#[test]
fn a_chain_has_an_end() {
    let file = take(&imported(ApprovalKind::Registration), StepKind::Confirmed, "Aud").unwrap();
    let mut json = serde_json::to_value(&file).unwrap();
    let step = json["steps"][0].clone();
    json["steps"] = vec![step; 1000].into();
    assert!(ApprovalFile::parse(json.to_string().as_bytes()).is_ok());
    let step = json["steps"][0].clone();
    json["steps"].as_array_mut().unwrap().push(step);
    let error = ApprovalFile::parse(json.to_string().as_bytes()).unwrap_err().to_string();
    assert!(error.contains("more than 1000 steps"), "{error}");
    // Signatures are of a record.
    let mut json = serde_json::to_value(drafted()).unwrap();
    json["signatures"] = serde_json::to_value(in_force()).unwrap()["signatures"].clone();
    let error = ApprovalFile::parse(json.to_string().as_bytes()).unwrap_err().to_string();
    assert!(error.contains("no `approval` that they could be of"), "{error}");
}

#[test]
fn an_application_is_checked_like_a_record() {
    type Change = fn(&mut Application);
    let changes: [(Change, &str); 4] = [
        (|a| a.case = " ".into(), "`case`"),
        (|a| a.entity.name.clear(), "`entity.name`"),
        (|a| a.scope.surfaces.clear(), "`scope`"),
        (|a| a.replaces = Some("a\u{7}".into()), "`replaces`"),
    ];
    for (change, expected) in changes {
        let mut application = application();
        change(&mut application);
        let draft = application.draft(None, start(), "", SignerKey::of(&key("Ana")));
        let draft = draft.sign(&key("Ana")).unwrap();
        let error = ApprovalFile::open(application, draft, &everybody(), now()).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_grant_names_models_that_were_asked_for() {
    let model = |name: &str| ApprovedModel {
        partner: "alibaba".parse().unwrap(),
        model: name.parse().unwrap(),
        filing: None,
    };
    let mut asked = application();
    asked.models = [model("chat-model"), model("spare")].into();
    let by = SignerKey::of(&key("Ana"));
    let draft = asked.draft(None, start(), "", by).sign(&key("Ana")).unwrap();
    let file = ApprovalFile::open(asked, draft, &everybody(), now()).unwrap();
    let file = take(&file, StepKind::Submitted, "Ana").unwrap();
    let grant = |models: &[ApprovedModel]| {
        let record = ApprovalRecord { models: models.iter().cloned().collect(), ..granted() };
        let step = file.grant(&record, start() + 1.hour(), "", by).sign(&key("Ana")).unwrap();
        file.append(step, Attached::Record(record), &everybody(), 2, now())
    };
    assert!(grant(&[model("spare")]).is_ok());
    assert!(grant(&[model("chat-model"), model("spare")]).is_ok());
    for beyond in [&[][..], &[model("other")], &[model("spare"), model("other")]] {
        let refused = grant(beyond);
        let Err(PolicyError::ApprovalBeyond { field: "models", .. }) = refused else {
            panic!("{refused:?}")
        };
    }
}

#[test]
fn an_algorithm_filing_alone_opens_nothing() {
    let approval = |kind| {
        let approval = imported(kind).verify(&everybody(), 2).unwrap();
        let record = record();
        approval.covers(
            &record.market,
            &world::feature(world::CHAT),
            yumen_policy::Surface::Cloud,
            record.release,
        )
    };
    for kind in ApprovalKind::ALL {
        assert_eq!(approval(kind), kind != ApprovalKind::AlgorithmFiling, "{kind}");
        assert_eq!(kind.as_str().parse::<ApprovalKind>().unwrap(), kind);
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
    }
}

#[test]
fn names_read_back_as_they_are_written() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        assert_eq!(serde_json::to_value(role).unwrap(), json!(role.as_str()));
    }
    for step in StepKind::ALL {
        assert_eq!(step.as_str().parse::<StepKind>().unwrap(), step);
        assert_eq!(serde_json::to_value(step).unwrap(), json!(step.as_str()));
    }
    assert!("boss".parse::<Role>().is_err());
    assert!("signed".parse::<StepKind>().is_err());
}

/// The reference: what a chain on an imported record leads to, by looking at the whole list each time.
fn expected(steps: &[(StepKind, &str)], required: usize) -> Option<ApprovalState> {
    let person = |name: &str| if name == "Wei again" { "Wei".to_owned() } else { name.to_owned() };
    let role = |name: &str| PEOPLE.iter().find(|(other, _)| *other == name).unwrap().1;
    for (index, (kind, who)) in steps.iter().enumerate() {
        // Nothing after the end, nobody without the role, nobody who is not there.
        if steps[..index].iter().any(|(before, _)| *before == StepKind::Revoked)
            || !role(who).is_some_and(|role| kind.roles().contains(&role))
            || matches!(kind, StepKind::Draft | StepKind::Submitted | StepKind::Granted)
        {
            return None;
        }
        if *kind == StepKind::Resumed {
            // Stopped since the last suspension, with these people for going on.
            let last = steps[..index].iter().rposition(|(kind, _)| *kind == StepKind::Suspended)?;
            let people: Vec<String> = steps[last..index]
                .iter()
                .filter(|(kind, _)| *kind == StepKind::Resumed)
                .map(|(_, who)| person(who))
                .collect();
            if people.contains(&person(who)) {
                return None;
            }
        }
    }
    if steps.iter().any(|(kind, _)| *kind == StepKind::Revoked) {
        return Some(ApprovalState::Revoked);
    }
    let Some(last) = steps.iter().rposition(|(kind, _)| *kind == StepKind::Suspended) else {
        return Some(ApprovalState::InForce);
    };
    let resumed = steps[last..].iter().filter(|(kind, _)| *kind == StepKind::Resumed).count();
    Some(if resumed >= required { ApprovalState::InForce } else { ApprovalState::Suspended })
}

/// Chains with the steps in any order, of those that can lead anywhere more often than of the others.
fn chains() -> impl Strategy<Value = Vec<(StepKind, &'static str)>> {
    let kind = prop_oneof![
        4 => Just(StepKind::Suspended),
        8 => Just(StepKind::Resumed),
        2 => Just(StepKind::Confirmed),
        1 => Just(StepKind::Revoked),
        1 => prop::sample::select(StepKind::ALL.to_vec()),
    ];
    let who = prop_oneof![
        8 => prop::sample::select(vec!["Wei", "Li", "Tao"]),
        1 => prop::sample::select(vec!["Ana", "Ops", "Aud", "Wei again", "Stranger"]),
    ];
    prop::collection::vec((kind, who), 0..7)
}

/// A chain put together by somebody who checks nothing.
fn unchecked(file: ApprovalFile, steps: &[(StepKind, &'static str)]) -> ApprovalFile {
    steps.iter().fold(file, |file, (kind, who)| {
        let at = file.steps().last().map_or(start(), |last| last.unverified().at + 1.minute());
        let step = file.step(*kind, at, "", SignerKey::of(&key(who))).sign(&key(who)).unwrap();
        let mut json = serde_json::to_value(&file).unwrap();
        if json.get("steps").is_none() {
            json["steps"] = json!([]);
        }
        json["steps"].as_array_mut().unwrap().push(serde_json::to_value(step).unwrap());
        serde_json::from_value(json).unwrap()
    })
}

proptest! {
    #[test]
    fn every_chain_is_judged_as_the_reference_judges_it(
        steps in chains(),
        required in 1_usize..=3,
    ) {
        let record = ApprovalRecord { kind: ApprovalKind::Registration, ..record() };
        let signed = Approval::sign(record, &["Wei", "Li", "Tao"].map(key)).unwrap();
        let file = unchecked(signed.into(), &steps);
        let found = file.state(&everybody(), required, now()).ok();
        prop_assert_eq!(found, expected(&steps, required), "{:?}", steps);
        // What is no approval, or stopped, never serves.
        let serves = file.verify(&everybody(), required).is_ok_and(|approval| approval.in_force(now()));
        prop_assert_eq!(serves, found == Some(ApprovalState::InForce));
    }

    #[test]
    fn only_the_demanded_people_bring_it_into_force(
        people in prop::collection::vec(prop::sample::select(PEOPLE.map(|(name, _)| name).to_vec()), 0..8),
        required in 0_usize..4,
    ) {
        let file = countersign(&decided(), &people);
        let counted: BTreeSet<&str> = people
            .iter()
            .map(|name| if *name == "Wei again" { "Wei" } else { *name })
            .filter(|name| ["Wei", "Li", "Tao"].contains(name))
            .collect();
        let approval = file.clone().verify(&everybody(), required);
        prop_assert_eq!(approval.is_ok(), counted.len() >= required.max(1));
        let state = file.state(&everybody(), required, now()).unwrap();
        prop_assert_eq!(state == ApprovalState::InForce, approval.is_ok());
        if let Ok(approval) = approval {
            prop_assert_eq!(approval.signers().len(), counted.len());
        }
    }

    #[test]
    fn order_and_duplication_of_signatures_do_not_matter(
        people in prop::collection::vec(prop::sample::select(PEOPLE.map(|(name, _)| name).to_vec()), 1..6),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
    ) {
        let file = countersign(&decided(), &people);
        let json = serde_json::to_value(&file).unwrap();
        let signatures = json["signatures"].as_array().unwrap();
        // Each at least once, others several times, in another order.
        let mut shuffled: Vec<Value> = signatures.iter().rev().cloned().collect();
        for index in &order {
            if shuffled.len() < 16 {
                let again = signatures[index.index(signatures.len())].clone();
                shuffled.insert(index.index(shuffled.len()), again);
            }
        }
        let mut other = json.clone();
        other["signatures"] = shuffled.into();
        let other = ApprovalFile::parse(other.to_string().as_bytes()).unwrap();
        let shown = |file: ApprovalFile| match file.verify(&everybody(), 2) {
            Ok(approval) => serde_json::to_string(&approval).unwrap(),
            Err(error) => error.to_string(),
        };
        prop_assert_eq!(shown(file), shown(other));
    }

    #[test]
    fn revoked_is_final(steps in chains()) {
        let file = imported(ApprovalKind::Registration);
        let file = take(&file, StepKind::Revoked, "Ops").unwrap();
        for (kind, who) in steps {
            prop_assert!(take(&file, kind, who).is_err());
        }
        let approval = file.verify(&everybody(), 2).unwrap();
        for instant in [start(), now(), Timestamp::MIN, Timestamp::MAX] {
            prop_assert_eq!(approval.state(instant), ApprovalState::Revoked);
        }
    }

    #[test]
    fn what_the_desk_takes_verifies_and_what_it_refuses_changes_nothing(steps in chains()) {
        let mut file = imported(ApprovalKind::Registration);
        for (kind, who) in steps {
            let before = file.clone();
            if let Ok(next) = take(&file, kind, who) {
                prop_assert_eq!(next.steps().len(), before.steps().len() + 1);
                file = next;
            }
            prop_assert!(file.state(&everybody(), 2, now()).is_ok());
        }
    }

    #[test]
    fn whatever_comes_as_a_file_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(ApprovalFile::parse(&bytes).is_err());
        prop_assert!(SignedStep::parse(&bytes).is_err());
    }
}
