//! What takes away what stood: kills, drift and age.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use world::{CHAT, SUMMARY, at, feature, market, model, now, phone, source};
use yumen_policy::{
    Device, Drift, FeatureSelector, Freshness, Hand, HighWater, Kill, KillScope, LiftState,
    ModelRef, PackAge, Part, Policy, PolicySource, Step, Surface, Timestamp, Turns, clear, judge,
};

fn kill(scope: KillScope) -> Kill {
    Kill::new("k_1".parse().unwrap(), scope, "a rehearsal", Hand::person("Wei"), now()).unwrap()
}

fn scope(feature: Option<&str>, market: Option<&str>, model: Option<(&str, &str)>) -> KillScope {
    KillScope {
        feature: feature.map(|text| text.parse().unwrap()),
        market: market.map(|text| text.parse().unwrap()),
        partner: model.map(|(partner, _)| partner.parse().unwrap()),
        model: model.map(|(_, model)| model.parse().unwrap()),
    }
}

#[test]
fn a_kill_stops_what_it_names_and_nothing_else() {
    let feature_only = kill(scope(Some("assistant.*"), Some("cn"), None));
    assert!(feature_only.stops_feature(&market("cn"), &feature(CHAT)));
    assert!(!feature_only.stops_feature(&market("us"), &feature(CHAT)));
    assert!(!feature_only.stops_feature(&market("cn"), &feature(SUMMARY)));
    let chat = model("alibaba", "chat-model", "1");
    assert!(feature_only.stops_model(&market("cn"), &feature(CHAT), &chat));

    let of_model = kill(scope(None, None, Some(("alibaba", "chat-model"))));
    assert!(of_model.stops_model(&market("us"), &feature(CHAT), &chat));
    assert!(!of_model.stops_model(
        &market("us"),
        &feature(CHAT),
        &model("baidu", "chat-model", "1")
    ));
    assert!(!of_model.stops_model(&market("us"), &feature(CHAT), &model("alibaba", "spare", "1")));
    // The feature goes on with its other models.
    assert!(!of_model.stops_feature(&market("us"), &feature(CHAT)));

    let everything = kill(KillScope::default());
    assert!(everything.stops_feature(&market("eu"), &feature(SUMMARY)));
}

#[test]
fn a_model_is_meant_by_what_its_partner_calls_it_too() {
    let mut chat = model("alibaba", "chat-model", "1");
    chat.reports.insert("chat-model-2026-05-01".into());
    let kill = kill(scope(None, None, Some(("alibaba", "chat-model-2026-05-01"))));
    assert!(kill.stops_model(&market("cn"), &feature(CHAT), &chat));
}

#[test]
fn two_people_lift_a_kill_and_one_person_cannot() {
    let mut kill = kill(KillScope::default());
    assert_eq!(kill.state(), LiftState::Standing);
    assert_eq!(kill.lift(Hand::person("Wei"), now()).unwrap(), LiftState::Asked);
    assert!(kill.stops_feature(&market("cn"), &feature(CHAT)));
    let error = kill.lift(Hand::person("Wei"), now()).unwrap_err().to_string();
    assert!(error.contains("another person"), "{error}");
    assert_eq!(kill.lift(Hand::person("Li"), now()).unwrap(), LiftState::Lifted);
    assert!(!kill.stops_feature(&market("cn"), &feature(CHAT)));
    assert!(kill.lift(Hand::person("Li"), now()).is_err());
}

#[test]
fn the_local_operator_gives_both_commands() {
    let mut kill = kill(KillScope::default());
    assert_eq!(kill.lift(Hand::unnamed("local"), now()).unwrap(), LiftState::Asked);
    assert_eq!(kill.lift(Hand::unnamed("local"), now()).unwrap(), LiftState::Lifted);
    let stored = serde_json::to_string(&kill).unwrap();
    assert_eq!(serde_json::from_str::<Kill>(&stored).unwrap(), kill);
}

#[test]
fn two_commands_of_one_person_written_into_the_store_lift_nothing() {
    let lift = serde_json::json!({"by": {"name": "Wei", "person": true}, "at": now()});
    let mut stored = serde_json::to_value(kill(KillScope::default())).unwrap();
    stored["lifts"] = serde_json::json!([lift, lift]);
    let kill: Kill = serde_json::from_value(stored).unwrap();
    assert!(kill.is_in_force());
}

#[test]
fn a_kill_says_why() {
    let by = Hand::person("Wei");
    let id = || "k_1".parse().unwrap();
    assert!(Kill::new(id(), KillScope::default(), " ", by.clone(), now()).is_err());
    assert!(Kill::new(id(), KillScope::default(), &"x".repeat(1001), by, now()).is_err());
}

#[test]
fn a_partner_that_reports_another_model_has_drifted() {
    let cn = market("cn");
    let mut chat = model("alibaba", "chat-model", "1");
    let check = |chat: &_, reported, print| Drift::check(&cn, chat, reported, print, now());
    assert_eq!(check(&chat, Some("chat-model"), Some("fp_1")), None);
    assert_eq!(check(&chat, None, None), None);
    let drift = check(&chat, Some("chat-model-2"), None).unwrap();
    assert_eq!(drift.expected, ["chat-model"]);
    assert!(drift.stops(&cn, &chat));
    assert!(!drift.stops(&market("us"), &chat));
    assert!(!drift.stops(&cn, &model("alibaba", "spare", "1")));

    // A release that names what is now reported is not stopped by it; its approval is another matter.
    chat.reports.insert("chat-model-2".into());
    assert!(!drift.stops(&cn, &chat));
    // Where the release lists what is reported, the model's own id is no longer enough.
    assert!(check(&chat, Some("chat-model"), None).is_some());
    assert!(check(&chat, None, None).is_some());

    chat.fingerprints.insert("fp_1".into());
    assert_eq!(check(&chat, Some("chat-model-2"), Some("fp_1")), None);
    let drift = check(&chat, Some("chat-model-2"), Some("fp_2")).unwrap();
    assert_eq!(drift.expected, ["chat-model-2", "fp_1"]);
    assert!(check(&chat, Some("chat-model-2"), None).is_some());
    chat.fingerprints.insert("fp_2".into());
    assert!(!drift.stops(&cn, &chat));
}

#[test]
fn a_name_with_hidden_characters_is_another_name() {
    let chat = model("alibaba", "chat-model", "1");
    for reported in ["chat-model\0", "\u{7f}chat-model", "chat\n-model", "chat-model "] {
        let drift = Drift::check(&market("cn"), &chat, Some(reported), None, now()).unwrap();
        assert!(drift.stops(&market("cn"), &chat), "{reported:?}");
    }
    let long = "x".repeat(10_000);
    let drift = Drift::check(&market("cn"), &chat, Some(&long), None, now()).unwrap();
    assert!(drift.reported.unwrap().len() < 300);
}

fn freshness() -> Freshness {
    toml::from_str("policy = '30d'\npacks = '10d'\ngrace = '7d'\ndevice = '14d'").unwrap()
}

#[test]
fn age_takes_away_in_steps() {
    let turns = freshness().turns(Part::Policy, Some(at("2026-01-01T00:00:00Z")));
    for (when, step) in [
        ("2026-01-01T00:00:00Z", Step::Fresh),
        ("2026-01-30T23:59:59Z", Step::Fresh),
        ("2026-01-31T00:00:00Z", Step::Warn),
        ("2026-02-07T00:00:00Z", Step::CloudOff),
        ("2026-02-20T23:59:59Z", Step::CloudOff),
        ("2026-02-21T00:00:00Z", Step::AllOff),
        ("2036-01-01T00:00:00Z", Step::AllOff),
    ] {
        assert_eq!(turns.step(at(when)), step, "{when}");
    }
    assert_eq!(turns.next(at("2026-01-31T00:00:00Z")), Some(at("2026-02-07T00:00:00Z")));
    assert_eq!(turns.next(at("2026-03-01T00:00:00Z")), None);
    assert!(!Step::Warn.stops(Surface::Cloud));
    assert!(Step::CloudOff.stops(Surface::Cloud) && !Step::CloudOff.stops(Surface::Device));
    assert!(Step::AllOff.stops(Surface::Device));
    for part in [Part::Policy, Part::Packs, Part::Approval] {
        assert_eq!(Step::Fresh.text(part), None);
        for step in [Step::Warn, Step::CloudOff, Step::AllOff] {
            assert!(step.text(part).unwrap().is_complete());
        }
        assert!(part.next_step().is_complete());
    }
}

#[test]
fn what_must_have_a_date_and_has_none_is_off_at_once() {
    assert_eq!(freshness().turns(Part::Policy, None).step(now()), Step::AllOff);
    // No age is set for approvals.
    assert_eq!(freshness().turns(Part::Approval, None), Turns::NEVER);
    assert_eq!(freshness().turns_of_packs([]).step(now()), Step::AllOff);
    assert_eq!(Freshness::default().turns_of_packs([]), Turns::NEVER);
    // A file of next month is no file of today: somebody's clock is wrong.
    let ahead = freshness().turns(Part::Policy, Some(now() + SignedDuration::from_hours(24 * 30)));
    assert_eq!(ahead.step(now()), Step::AllOff);
    let tomorrow = freshness().turns(Part::Policy, Some(now() + SignedDuration::from_hours(24)));
    assert_eq!(tomorrow.step(now()), Step::Fresh);
}

#[test]
fn the_oldest_pack_counts() {
    let pack = |id: &str, issued: &str| PackAge {
        id: id.into(),
        issued: at(issued),
        expires: None,
        markets: BTreeSet::new(),
    };
    let packs = [pack("pii", "2026-11-20T00:00:00Z"), pack("injection", "2026-11-08T00:00:00Z")];
    assert_eq!(freshness().turns_of_packs(&packs).step(now()), Step::Warn);
    assert_eq!(freshness().turns_of_packs(&packs[..1]).step(now()), Step::Fresh);
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (1_700_000_000_i64..1_900_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #[test]
    fn nothing_gets_fresher_by_waiting_or_by_another_pack(
        dated in prop::collection::vec(instant(), 1..5),
        (first, second) in (instant(), instant()),
    ) {
        let packs: Vec<_> = dated
            .iter()
            .map(|&issued| PackAge {
                id: "pack".into(),
                issued,
                expires: None,
                markets: BTreeSet::new(),
            })
            .collect();
        let turns = freshness().turns_of_packs(&packs);
        let (early, late) = (first.min(second), first.max(second));
        // From the day of the newest pack on; before that its date is no date.
        let begins = *dated.iter().max().unwrap();
        if early >= begins {
            prop_assert!(turns.step(early) <= turns.step(late));
        }
        let fewer = freshness().turns_of_packs(&packs[1..]);
        if packs.len() > 1 {
            prop_assert!(fewer.step(early) <= turns.step(early));
        }
    }

    #[test]
    fn a_clock_set_back_revives_nothing(
        dated in instant(),
        (seen, clock) in (instant(), instant()),
    ) {
        let turns = freshness().turns(Part::Policy, Some(dated));
        let mark = HighWater::at(seen);
        // Measured as the gate measures: never before what it has seen.
        let then = turns.step(mark.time(seen));
        let after = turns.step(mark.time(clock));
        if seen >= dated {
            prop_assert!(after >= then);
        }
        prop_assert!(clock >= seen || mark.raised(clock) == mark);
    }

    #[test]
    fn a_feature_that_is_stopped_has_no_model_left(scope in any_scope()) {
        let kill = kill(scope);
        let models = [model("alibaba", "chat-model", "1"), model("device", "extractive", "1")];
        for id in ["cn", "us"] {
            for name in [CHAT, SUMMARY] {
                let (market, feature) = (market(id), feature(name));
                let stopped = kill.stops_feature(&market, &feature);
                for model in &models {
                    prop_assert!(!stopped || kill.stops_model(&market, &feature, model));
                }
            }
        }
    }
}

/// The models that may serve a device, if it is served.
fn eligible_models(change: &Change, device: &Device, name: &str) -> Option<Vec<ModelRef>> {
    let source = PolicySource {
        kills: change.kills.iter().cloned().map(kill).collect(),
        drifts: change.drifts.clone(),
        ..source()
    };
    let policy = Policy::new(source).unwrap();
    let clearance = clear(&policy, judge(&policy, device, &feature(name), now()), now()).ok()?;
    let models = clearance.models().to_vec();
    assert!(!models.is_empty());
    Some(models)
}

#[derive(Clone, Debug, Default)]
struct Change {
    kills: Vec<KillScope>,
    drifts: Vec<Drift>,
}

fn any_drift() -> impl Strategy<Value = Drift> {
    let markets = vec!["cn", "us", "eu"];
    let models = vec![("alibaba", "chat-model"), ("openai", "chat-model"), ("openai", "spare")];
    (prop::sample::select(markets), prop::sample::select(models)).prop_map(|(id, (at, name))| {
        let model = model(at, name, "1");
        Drift::check(&market(id), &model, Some("another"), None, now()).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn one_more_kill_or_drift_never_opens_anything(
        kills in prop::collection::vec(any_scope(), 0..3),
        drifts in prop::collection::vec(any_drift(), 0..3),
        (kill, drift) in (prop::option::of(any_scope()), prop::option::of(any_drift())),
    ) {
        let before = Change { kills, drifts };
        let mut after = before.clone();
        after.kills.extend(kill);
        after.drifts.extend(drift);
        for device in [phone("CN", "CN", &["CN"]), phone("US", "US", &["US"])] {
            for name in [CHAT, SUMMARY] {
                let was = eligible_models(&before, &device, name);
                let is = eligible_models(&after, &device, name);
                if let Some(is) = is {
                    let was = was.expect("it was opened");
                    prop_assert!(is.iter().all(|model| was.contains(model)));
                }
            }
        }
    }
}

fn any_scope() -> impl Strategy<Value = KillScope> {
    let features = BTreeSet::from(["*", "assistant.*", SUMMARY]);
    let features: Vec<FeatureSelector> =
        features.into_iter().map(|text| text.parse().unwrap()).collect();
    (
        prop::option::of(prop::sample::select(features)),
        prop::option::of(prop::sample::select(vec![market("cn"), market("us")])),
        prop::option::of(prop::sample::select(vec!["alibaba", "device"])),
        prop::option::of(prop::sample::select(vec!["chat-model", "extractive"])),
    )
        .prop_map(|(feature, market, partner, model)| KillScope {
            feature,
            market,
            partner: partner.map(|id| id.parse().unwrap()),
            model: model.map(|id| id.parse().unwrap()),
        })
}
