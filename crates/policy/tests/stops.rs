//! Everything that can stop a feature in a market, in every combination, against a plain list of what
//! comes first; and that nothing of it ever opens anything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::ToSpan as _;
use world::{CHAT, SUMMARY, at, feature, now, phone};
use yumen_policy::{
    Answer, Approval, ApprovalFile, ApprovedModel, Attached, Device, Digest, Drift, FiledModels,
    Hand, HighWater, Kill, KillScope, Management, Market, ModelRef, PackAge, Part, Policy,
    PolicySource, Profile, Release, ReleasedFeature, SignerKey, Stage, Step, StepKind, clear,
    judge,
};

/// One world: what is the case, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    status: &'static str,
    approval: &'static str,
    /// Whether the approval names the first model only.
    names: bool,
    kill: &'static str,
    drift: bool,
    region: &'static str,
    filed: &'static str,
    age: &'static str,
    clock: &'static str,
}

fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for status in ["open", "preparing"] {
        for approval in ["none", "to come", "in force", "over"] {
            for names in [false, true] {
                for kill in ["none", "feature", "first", "both", "elsewhere", "lifted"] {
                    for drift in [false, true] {
                        for region in ["inside", "outside", "unknown"] {
                            for filed in ["as you like", "no list", "both", "second", "optional"] {
                                for age in ["fresh", "policy", "packs", "approval"] {
                                    for clock in ["right", "back"] {
                                        worlds.push(World {
                                            status,
                                            approval,
                                            names,
                                            kill,
                                            drift,
                                            region,
                                            filed,
                                            age,
                                            clock,
                                        });
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    worlds
}

/// The code, and the models that are left, the first one being `one` and the second `two`.
fn expected(world: World) -> (&'static str, Vec<&'static str>) {
    let stop = |code| (code, Vec::new());
    if world.clock == "back" {
        return stop("clock_backwards");
    }
    if world.status == "preparing" {
        return stop("market_preparing");
    }
    if world.kill == "feature" {
        return stop("killed");
    }
    match world.approval {
        "none" | "to come" => return stop("approval_missing"),
        "over" => return stop("approval_expired"),
        _ => {}
    }
    if world.age == "approval" {
        return stop("approval_stale");
    }
    // Why each model is out: the second always processes inside and never drifts.
    let first = if ["first", "both"].contains(&world.kill) {
        "killed"
    } else if world.drift {
        "model_drifted"
    } else if world.region != "inside" {
        "model_out_of_market"
    } else if ["no list", "second", "optional"].contains(&world.filed) {
        "model_not_filed"
    } else {
        "in"
    };
    let second = if world.kill == "both" {
        "killed"
    } else if world.names {
        "approval_missing"
    } else if world.filed == "no list" {
        "model_not_filed"
    } else {
        "in"
    };
    let models: Vec<_> =
        [("one", first), ("two", second)].into_iter().filter(|(_, out)| *out == "in").collect();
    if models.is_empty() {
        return stop(first);
    }
    match world.age {
        "policy" => stop("policy_stale"),
        "packs" => stop("packs_stale"),
        _ => ("eligible", models.into_iter().map(|(name, _)| name).collect()),
    }
}

fn market(world: World) -> Market {
    let words = r#"text = { en = "t", zh = "文" }
        next_step = { en = "n", zh = "步" }
        source = { clause = "c" }"#;
    let wants = ["no list", "both", "second"].contains(&world.filed);
    let issued = if world.age == "policy" { "2026-08-01" } else { "2026-11-01" };
    let file = format!(
        r#"
        id = "xx"
        name = {{ en = "X", zh = "某地" }}
        regions = ["XX"]
        issued = "{issued}"
        [status]
        state = "{status}"
        {words}
        [approval]
        required = true
        signers = 2
        models_filed = {wants}
        {words}
        [residency]
        processing = ["XX"]
        source = {{ clause = "c" }}
        [freshness]
        policy = "60d"
        packs = "60d"
        approvals = "60d"
        grace = "7d"
        device = "7d"
        [[rule]]
        id = "xx.purchase"
        features = ["*"]
        any = [{{ purchase_region = {{ in = ["XX"] }} }}]
        {words}
        [label]
        any = 1
        "#,
        status = world.status,
    );
    Market::parse(&file).unwrap()
}

fn models(world: World) -> Vec<ModelRef> {
    let region = match world.region {
        "inside" => Some("XX".parse().unwrap()),
        "outside" => Some("YY".parse().unwrap()),
        _ => None,
    };
    let one = ModelRef {
        region,
        filing: Some("Shanghai-XuNiYi-202601010001".into()),
        ..world::model("partner", "one", "1")
    };
    let two = ModelRef {
        region: Some("XX".parse().unwrap()),
        filing: Some("Shanghai-XuNiEr-202601010002".into()),
        ..world::model("partner", "two", "1")
    };
    vec![one, two]
}

/// Kills, with which of them say `lifted`.
fn kills(world: World) -> Vec<Kill> {
    let kill = |id: &str, scope| {
        let by = Hand::person("Wei");
        Kill::new(id.parse().unwrap(), scope, "a test", by, now()).unwrap()
    };
    let model = |id: &str| KillScope { model: Some(id.parse().unwrap()), ..KillScope::default() };
    let all = KillScope { feature: Some("assistant.*".parse().unwrap()), ..KillScope::default() };
    match world.kill {
        "feature" => vec![kill("k-1", all)],
        "first" => vec![kill("k-1", model("one"))],
        "both" => vec![kill("k-1", model("one")), kill("k-2", model("two"))],
        "elsewhere" => {
            let there = KillScope { market: Some("us".parse().unwrap()), ..KillScope::default() };
            let other = Some("writing.summary".parse().unwrap());
            vec![
                kill("k-1", there),
                kill("k-2", KillScope { feature: other, ..KillScope::default() }),
            ]
        }
        "lifted" => {
            let mut kill = kill("k-1", all);
            kill.lift(Hand::person("Wei"), now()).unwrap();
            kill.lift(Hand::person("Li"), now()).unwrap();
            vec![kill]
        }
        _ => Vec::new(),
    }
}

fn filed(world: World) -> Option<FiledModels> {
    let list = |numbers: &[&str]| {
        let mut table = "序号,属地,模型名称,备案单位,备案编号,备案时间\n".to_owned();
        for (at, number) in numbers.iter().enumerate() {
            writeln!(table, "{},某地,模型{at},单位,{number},2026年1月1日", at + 1).unwrap();
        }
        FiledModels::import(table.as_bytes()).unwrap().models
    };
    match world.filed {
        "both" => Some(list(&["Shanghai-XuNiYi-202601010001", "Shanghai-XuNiEr-202601010002"])),
        "second" | "optional" => Some(list(&["Shanghai-XuNiEr-202601010002"])),
        _ => None,
    }
}

/// Approvals are signed once: signing is what takes time.
fn source(world: World, approvals: &mut BTreeMap<String, yumen_policy::Approval>) -> PolicySource {
    let released = ReleasedFeature { digest: Digest::of(b"feature"), models: models(world) };
    let engine = world::model("device", "engine", "1");
    let on_device = ReleasedFeature { digest: Digest::of(b"summary"), models: vec![engine] };
    let features = [(feature(CHAT), released), (feature(SUMMARY), on_device)].into();
    let release =
        Release::new("xx".parse().unwrap(), features, Digest::of(b"screen"), Digest::of(b"label"));
    let mut source = PolicySource {
        markets: vec![market(world), Market::parse(world::US).unwrap()],
        terms: world::all_terms(),
        kills: kills(world),
        filed: filed(world),
        ..PolicySource::default()
    };
    if world.approval != "none" {
        let key =
            format!("{:?} {} {} {}", release.digest(), world.approval, world.names, world.age);
        let approval = approvals.entry(key).or_insert_with(|| {
            let mut record = world::record();
            record.market = "xx".parse().unwrap();
            record.release = release.digest();
            record.granted_on =
                if world.age == "approval" { "2026-08-01" } else { "2026-11-01" }.parse().unwrap();
            match world.approval {
                "to come" => record.valid_from = now() + 1.hour(),
                "over" => record.valid_until = now(),
                _ => {}
            }
            if world.names {
                let model = ApprovedModel {
                    partner: "partner".parse().unwrap(),
                    model: "one".parse().unwrap(),
                    filing: None,
                };
                record.models = [model].into();
            }
            world::approval(record)
        });
        source.approvals.push(approval.clone());
    }
    if world.drift {
        let market = "xx".parse().unwrap();
        source.drifts.extend(Drift::check(&market, &models(world)[0], Some("new"), None, now()));
    }
    let old = if world.age == "packs" { "2026-08-01T00:00:00Z" } else { "2026-11-01T00:00:00Z" };
    source.packs.push(PackAge {
        id: "pii".into(),
        issued: at(old),
        expires: None,
        markets: std::collections::BTreeSet::new(),
    });
    if world.clock == "back" {
        source.high_water = Some(HighWater::at(now() + 6.minutes()));
    }
    source.releases.push(release);
    source
}

fn device() -> Device {
    phone("XX", "XX", &["XX"])
}

/// The code and the models of a policy, by judging and by clearing.
fn found(policy: &Policy) -> (&'static str, Vec<String>) {
    let verdict = judge(policy, &device(), &feature(CHAT), now());
    let code = verdict.code();
    let stops = verdict.reasons().iter().filter(|r| r.outcome.as_str() == "fail").count();
    assert_eq!(stops == 0, code == "eligible");
    assert_eq!(verdict.next_step().is_none(), code == "eligible");
    match clear(policy, verdict, now()) {
        Ok(clearance) => {
            (code, clearance.models().iter().map(|model| model.model.to_string()).collect())
        }
        Err(refused) => {
            assert_eq!(refused.code(), code);
            (code, Vec::new())
        }
    }
}

#[test]
fn every_combination_of_what_can_stop_a_feature_ends_as_the_list_says() {
    let mut approvals = BTreeMap::new();
    let mut seen: BTreeMap<World, Vec<String>> = BTreeMap::new();
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    // What comes before models are looked at is not combined with every list of filed ones.
    let early = |world: &World| world.clock == "back" || world.status == "preparing";
    for world in worlds().into_iter().filter(|w| !early(w) || w.filed == "as you like") {
        let policy = Policy::new(source(world, &mut approvals)).unwrap();
        let (code, models) = found(&policy);
        let (wanted, left) = expected(world);
        assert_eq!(code, wanted, "{world:?}");
        assert_eq!(models, left, "{world:?}");
        *codes.entry(code).or_default() += 1;
        seen.insert(world, models);
    }
    println!("{} worlds: {codes:?}", seen.len());
    assert_eq!(codes.len(), 12, "{codes:?}");
    // Nothing that stops something opens anything: take one stop away, and no model is lost.
    for (world, models) in &seen {
        for less in [
            World { kill: "none", ..*world },
            World { drift: false, ..*world },
            World { region: "inside", ..*world },
            World { names: false, ..*world },
            World { age: "fresh", ..*world },
            World { clock: "right", ..*world },
            World { status: "open", ..*world },
        ] {
            assert!(models.iter().all(|model| seen[&less].contains(model)), "{world:?}");
        }
    }
}

const FINE: World = World {
    status: "open",
    approval: "in force",
    names: false,
    kill: "none",
    drift: false,
    region: "inside",
    filed: "as you like",
    age: "fresh",
    clock: "right",
};

fn policy(change: impl FnOnce(&mut PolicySource)) -> Policy {
    let mut source = source(FINE, &mut BTreeMap::new());
    change(&mut source);
    Policy::new(source).unwrap()
}

#[test]
fn the_order_of_what_a_policy_is_made_from_does_not_matter() {
    let mut approvals = BTreeMap::new();
    let world = World { kill: "both", drift: true, ..FINE };
    let mut one = source(world, &mut approvals);
    let mut other = source(world, &mut approvals);
    for source in [&mut one, &mut other] {
        let mut longer = source.approvals[0].record().clone();
        longer.number = "DEMO-2".into();
        longer.valid_until = at("2028-01-01T00:00:00Z");
        source.approvals.push(world::approval(longer));
        source.kills.remove(0);
    }
    other.markets.reverse();
    other.terms.reverse();
    other.approvals.reverse();
    other.kills.reverse();
    let (one, other) = (Policy::new(one).unwrap(), Policy::new(other).unwrap());
    assert_eq!(one.digest(), other.digest());
    assert_eq!(found(&one), found(&other));
    // A verdict of one of them is cleared by the other: they are the same policy.
    let verdict = judge(&one, &phone("US", "US", &["US"]), &feature(CHAT), now());
    assert_eq!(verdict.code(), "release_missing");
    let fine = || source_of(FINE);
    let (mut first, mut second) = (fine(), fine());
    for source in [&mut first, &mut second] {
        let mut longer = source.approvals[0].record().clone();
        longer.number = "DEMO-2".into();
        longer.valid_until = at("2028-01-01T00:00:00Z");
        source.approvals.push(world::approval(longer));
    }
    second.approvals.reverse();
    second.markets.reverse();
    let (first, second) = (Policy::new(first).unwrap(), Policy::new(second).unwrap());
    let clearance = clear(&second, judge(&first, &device(), &feature(CHAT), now()), now()).unwrap();
    assert_eq!(clearance.approval(), Some("DEMO-2"));
    assert_eq!(clearance.market().as_str(), "xx");
}

fn source_of(world: World) -> PolicySource {
    source(world, &mut BTreeMap::new())
}

#[test]
fn what_is_looked_at_anew_does_not_change_the_digest() {
    let plain = policy(|_| {}).digest();
    let killed = source_of(World { kill: "feature", drift: true, clock: "back", ..FINE });
    assert_eq!(Policy::new(killed).unwrap().digest(), plain);
    let profile = Profile::from_toml("id = 'house'\nfeatures_off = ['writing.*']").unwrap();
    let managed = policy(|source| source.management = Management::merge([profile]));
    assert_ne!(managed.digest(), plain);
}

#[test]
fn a_kill_between_verdict_and_clearance_stops_the_request() {
    let before = policy(|_| {});
    let after = Policy::new(source_of(World { kill: "feature", ..FINE })).unwrap();
    let verdict = judge(&before, &device(), &feature(CHAT), now());
    let refused = clear(&after, verdict, now()).unwrap_err();
    assert_eq!((refused.answer(), refused.code()), (Answer::NotYet, "killed"));
    assert_eq!(&*refused.reasons().last().unwrap().rule, "operator.kill");
    assert!(refused.next_step().is_some());
    assert_eq!(refused.stage(), None);
}

#[test]
fn a_profile_of_the_device_or_of_the_operator_takes_features_and_partners_away() {
    let off = |toml: &str| Management::merge([Profile::from_toml(toml).unwrap()]);
    let whole = policy(|_| {});
    let ask = |policy: &Policy, management: Option<Management>| {
        let mut device = device();
        if let Some(management) = management {
            device.management = yumen_policy::Input::Set(management);
        }
        judge(policy, &device, &feature(CHAT), now())
    };
    assert_eq!(ask(&whole, None).code(), "eligible");
    for toml in [
        "id = 'a'\nfeatures_off = ['assistant.*']",
        "id = 'a'\nmarkets = ['us']",
        "id = 'a'\n[limits]\npartners = ['somebody']",
        "id = 'a'\n[limits]\nregions = ['YY']",
        "id = 'a'\n[limits]\ntiers = ['device']",
    ] {
        let verdict = ask(&whole, Some(off(toml)));
        let found = (verdict.answer(), verdict.code());
        assert_eq!(found, (Answer::NotEligible, "managed_off"), "{toml}");
        assert!(verdict.next_step().unwrap().en.contains("manages"), "{toml}");
        let house = policy(|source| source.management = off(toml));
        let verdict = ask(&house, None);
        assert_eq!(
            (verdict.answer(), verdict.code()),
            (Answer::NotEligible, "managed_off"),
            "{toml}"
        );
    }
    // Limits that leave something go along to the clearance.
    let left = "id = 'a'\n[limits]\npartners = ['partner']\nretention_days = 0";
    let clearance = clear(&whole, ask(&whole, Some(off(left))), now()).unwrap();
    assert_eq!(clearance.models().len(), 2);
    assert_eq!(clearance.limits().unwrap().retention_days, Some(0));
    let mut device = device();
    device.management = yumen_policy::Input::Expired;
    assert_eq!(judge(&whole, &device, &feature(CHAT), now()).code(), "input_error");
}

#[test]
fn what_is_too_old_stops_the_cloud_first_and_the_device_later() {
    // Issued on 20 September: 60 days, 7 days of grace for the cloud, 7 more for the device.
    for (day, chat, summary, steps) in [
        ("2026-11-18T23:59:59Z", "eligible", "eligible", 0),
        ("2026-11-19T00:00:00Z", "eligible", "eligible", 1),
        ("2026-11-25T23:59:59Z", "eligible", "eligible", 1),
        ("2026-11-26T00:00:00Z", "packs_stale", "eligible", 1),
        ("2026-12-02T23:59:59Z", "packs_stale", "eligible", 1),
        ("2026-12-03T00:00:00Z", "packs_stale", "packs_stale", 1),
    ] {
        let policy = policy(|source| {
            source.packs[0].issued = at("2026-09-20T00:00:00Z");
            source.confirmed.insert("DEMO-1".into(), at(day));
        });
        let ask = |id: &str| judge(&policy, &device(), &feature(id), at(day));
        assert_eq!(ask(CHAT).code(), chat, "{day}");
        assert_eq!(ask(SUMMARY).code(), summary, "{day}");
        assert_eq!(policy.aging(&"xx".parse().unwrap(), at(day)).len(), steps, "{day}");
        if let Ok(clearance) = clear(&policy, ask(CHAT), at(day)) {
            assert!(clearance.until() <= at("2026-11-26T00:00:00Z"), "{day}");
        }
    }
}

#[test]
fn what_has_aged_is_listed_by_what_it_is() {
    // The rules and the approval are of 1 November.
    let day = "2026-12-31T12:00:00Z";
    let policy = policy(|source| source.packs[0].issued = at("2026-10-20T00:00:00Z"));
    let aged = [
        (Part::Policy, None, Step::Warn),
        (Part::Packs, None, Step::CloudOff),
        (Part::Approval, Some("DEMO-1"), Step::Warn),
    ];
    assert_eq!(policy.aging(&"xx".parse().unwrap(), at(day)), aged);
    assert!(policy.aging(&"zz".parse().unwrap(), at(day)).is_empty());
}

/// An approval of this release, suspended or revoked by a step.
fn stepped(release: Digest, number: &str, kind: StepKind) -> Approval {
    let mut record = world::record();
    record.number = number.into();
    record.market = "xx".parse().unwrap();
    record.release = release;
    record.granted_on = "2026-11-01".parse().unwrap();
    let [first, second, _] = world::signers();
    let file: ApprovalFile = Approval::sign(record, &[first.clone(), second]).unwrap().into();
    let step = file.step(kind, now() - 1.hour(), "as agreed", SignerKey::of(&first));
    let step = step.sign(&first).unwrap();
    let trusted = world::trusted();
    let file = file.append(step, Attached::Nothing, &trusted, 2, now()).unwrap();
    file.verify(&trusted, 2).unwrap()
}

#[test]
fn of_several_approvals_the_one_nearest_to_being_in_force_is_told() {
    let release = source_of(FINE).releases[0].digest();
    let dated =
        |state: &'static str| source_of(World { approval: state, ..FINE }).approvals.remove(0);
    // The nearest first.
    let all = [
        ("approval_suspended", stepped(release, "S", StepKind::Suspended)),
        ("approval_missing", dated("to come")),
        ("approval_expired", dated("over")),
        ("approval_revoked", stepped(release, "R", StepKind::Revoked)),
    ];
    for (at, (code, approval)) in all.iter().enumerate() {
        for (_, other) in &all[at..] {
            for approvals in [[approval, other], [other, approval]] {
                let policy = policy(|source| source.approvals = approvals.map(Clone::clone).into());
                let (found, models) = found(&policy);
                assert_eq!((found, models.len()), (*code, 0));
            }
        }
    }
    // One in force is enough, whatever became of the others.
    let fine = dated("in force");
    let policy = policy(|source| {
        source.approvals = all.iter().map(|(_, approval)| approval.clone()).collect();
        source.approvals.push(fine);
    });
    assert_eq!(found(&policy).0, "eligible");
}

#[test]
fn a_clearance_ends_when_something_becomes_too_old() {
    let policy = policy(|source| source.packs[0].issued = at("2026-09-20T00:00:00Z"));
    let when = at("2026-11-25T23:30:00Z");
    let clearance = clear(&policy, judge(&policy, &device(), &feature(CHAT), when), when).unwrap();
    assert_eq!(clearance.until(), at("2026-11-26T00:00:00Z"));
}

#[test]
fn being_prepared_and_never_here_are_told_apart() {
    let stage = |world: World| {
        let policy = Policy::new(source_of(world)).unwrap();
        judge(&policy, &device(), &feature(CHAT), now()).stage()
    };
    assert_eq!(stage(FINE), None);
    assert_eq!(stage(World { status: "preparing", ..FINE }), Some(Stage::Preparing));
    assert_eq!(stage(World { approval: "none", ..FINE }), Some(Stage::Preparing));
    assert_eq!(stage(World { approval: "over", ..FINE }), None);
    let policy = policy(|_| {});
    let nowhere = judge(&policy, &phone("BR", "BR", &["BR"]), &feature(CHAT), now());
    assert_eq!((nowhere.code(), nowhere.stage()), ("market_unknown", Some(Stage::Never)));
}
