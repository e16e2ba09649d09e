//! Clearing: the last look at policy, clock and approval before a request goes on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use jiff::ToSpan as _;
use world::{CHAT, SUMMARY, approval, at, feature, now, phone, policy, record, release, source};
use yumen_policy::{
    Answer, Device, Digest, Drift, MarketId, ModelRef, Policy, Region, Release, ReleasedFeature,
    Verdict, clear, judge,
};

fn eligible(policy: &Policy, device: &Device) -> Verdict {
    let verdict = judge(policy, device, &feature(CHAT), now());
    assert_eq!(verdict.answer(), Answer::Eligible);
    verdict
}

fn mainland() -> Device {
    phone("CN", "CN", &["CN"])
}

#[test]
fn a_clearance_names_what_it_was_given_for() {
    let policy = policy();
    let clearance = clear(&policy, eligible(&policy, &mainland()), now()).unwrap();
    assert_eq!(clearance.market().as_str(), "cn");
    assert_eq!(clearance.feature().as_str(), CHAT);
    assert_eq!(clearance.release(), world::cn_release().digest());
    assert_eq!(clearance.approval(), Some("DEMO-1"));
    assert_eq!(clearance.approved().unwrap().record(), &record());
    let inside = clearance.residency().unwrap().processing();
    assert_eq!(inside.iter().map(Region::as_str).collect::<Vec<_>>(), ["CN"]);
    assert_eq!(clearance.policy(), policy.digest());
    assert_eq!(clearance.until(), now() + 1.hour());
    assert!(!clearance.is_sandbox());
    let released = world::cn_release();
    let released = released.feature(&feature(CHAT)).unwrap();
    assert_eq!(clearance.models(), released.models);
    assert_eq!(clearance.feature_digest(), Some(released.digest));

    let clearance = clear(&policy, eligible(&policy, &phone("US", "US", &["US"])), now()).unwrap();
    assert_eq!(clearance.approval(), None);
    assert!(clearance.approved().is_none() && clearance.residency().is_none());
    let clearance = clear(&policy, eligible(&policy, &phone("ZZ", "US", &["US"])), now()).unwrap();
    assert!(clearance.is_sandbox());
}

#[test]
fn what_stopped_the_model_that_could_be_asked_is_not_hidden_by_one_that_cannot() {
    let (ours, spare) = (world::model("ours", "chat", "1"), world::model("spare", "chat", "1"));
    let answered = |models: &[&ModelRef], reachable: Option<&[&str]>, drifted: bool| {
        let features = [(
            feature(CHAT),
            ReleasedFeature {
                digest: Digest::of(b"feature"),
                models: models.iter().copied().cloned().collect(),
            },
        )];
        let market: MarketId = "us".parse().unwrap();
        let (screen, label) = (Digest::of(b"screen"), Digest::of(b"label"));
        let mut source = source();
        source.releases.push(Release::new(market.clone(), features.into(), screen, label));
        source.reachable = reachable.map(|ids| ids.iter().map(|id| id.parse().unwrap()).collect());
        let drift = Drift::check(&market, &ours, Some("another"), None, now());
        source.drifts.extend(drift.filter(|_| drifted));
        let policy = Policy::new(source).unwrap();
        let verdict = judge(&policy, &phone("US", "US", &["US"]), &feature(CHAT), now());
        match clear(&policy, verdict, now()) {
            Ok(clearance) => Ok(clearance.models().to_vec()),
            Err(refused) => Err(refused.code()),
        }
    };
    let both = [&ours, &spare];
    let all = || vec![ours.clone(), spare.clone()];
    // Nothing is stopped: the release is served as it is, whoever can be asked.
    for reachable in [None, Some(&["ours", "spare"][..]), Some(&["ours"]), Some(&[])] {
        assert_eq!(answered(&both, reachable, false), Ok(all()));
    }
    // The spare goes on where it can be asked; where it cannot, the drift is the reason.
    let left = Ok(vec![spare.clone()]);
    assert_eq!(answered(&both, None, true), left);
    assert_eq!(answered(&both, Some(&["ours", "spare"]), true), left);
    assert_eq!(answered(&both, Some(&["spare"]), true), left);
    assert_eq!(answered(&both, Some(&["ours"]), true), Err("model_drifted"));
    assert_eq!(answered(&[&spare, &ours], Some(&["ours"]), true), Err("model_drifted"));
    // Where nobody can be asked, that is for whoever routes to say.
    assert_eq!(answered(&both, Some(&[]), true), left);
    assert_eq!(answered(&[&ours], Some(&[]), true), Err("model_drifted"));
    // An engine on the device is always within reach.
    let engine = world::model("device", "engine", "1");
    let both = [&ours, &engine];
    assert_eq!(answered(&both, Some(&["ours"]), true), Ok(vec![engine.clone()]));
}

#[test]
fn a_clearance_ends_with_its_approval() {
    let mut source = source();
    let mut record = record();
    record.valid_until = now() + 7.minutes();
    source.approvals = vec![approval(record)];
    let policy = Policy::new(source).unwrap();
    let clearance = clear(&policy, eligible(&policy, &mainland()), now()).unwrap();
    assert_eq!(clearance.until(), now() + 7.minutes());
}

#[test]
fn an_approval_that_ended_since_the_verdict_stops_the_request() {
    let mut source = source();
    let mut record = record();
    record.valid_until = now() + 1.second();
    source.approvals = vec![approval(record)];
    let policy = Policy::new(source).unwrap();
    let verdict = eligible(&policy, &mainland());
    let refused = clear(&policy, verdict, now() + 1.second()).unwrap_err();
    assert_eq!((refused.answer(), refused.code()), (Answer::NotYet, "approval_expired"));
    assert!(refused.next_step().is_some());
    assert_eq!(&*refused.reasons().last().unwrap().rule, "cn.approval");
}

#[test]
fn a_verdict_of_another_policy_is_refused() {
    let verdict = eligible(&policy(), &mainland());
    let mut source = source();
    source.releases.push(release("cn", "alibaba", "2"));
    let other = Policy::new(source).unwrap();
    let refused = clear(&other, verdict, now()).unwrap_err();
    assert_eq!((refused.answer(), refused.code()), (Answer::NotYet, "policy_changed"));
}

#[test]
fn a_clock_that_went_backwards_and_an_old_verdict_are_refused() {
    let policy = policy();
    let refused = clear(&policy, eligible(&policy, &mainland()), now() - 1.nanosecond());
    assert_eq!(refused.unwrap_err().code(), "clock_backwards");
    assert!(clear(&policy, eligible(&policy, &mainland()), now() + 5.minutes()).is_ok());
    let refused = clear(&policy, eligible(&policy, &mainland()), now() + 301.seconds());
    assert_eq!(refused.unwrap_err().code(), "verdict_stale");
}

#[test]
fn a_policy_is_shown_by_its_digest_alone() {
    let policy = policy();
    assert_eq!(format!("{policy:?}"), format!("Policy({:?})", policy.digest()));
}

#[test]
fn a_refused_verdict_comes_back_as_it_was() {
    let policy = policy();
    let verdict = judge(&policy, &phone("US", "CN", &["CN"]), &feature(SUMMARY), now());
    let reasons = verdict.reasons().len();
    let refused = clear(&policy, verdict, now()).unwrap_err();
    assert_eq!(refused.code(), "rule_failed");
    assert_eq!(refused.reasons().len(), reasons);
}

#[test]
fn the_end_of_time_is_no_special_day() {
    let policy = policy();
    for instant in
        [yumen_policy::Timestamp::MIN, yumen_policy::Timestamp::MAX, at("1970-01-01T00:00:00Z")]
    {
        let verdict = judge(&policy, &phone("US", "US", &["US"]), &feature(CHAT), instant);
        let clearance = clear(&policy, verdict, instant).unwrap();
        assert!(clearance.until() >= instant);
        let verdict = judge(&policy, &mainland(), &feature(CHAT), instant);
        let codes = ["approval_missing", "approval_expired"];
        assert!(codes.contains(&verdict.code()), "{}", verdict.code());
    }
}
