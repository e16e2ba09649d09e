//! The decisions of the shipped markets, case by case, as a device would meet them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use std::collections::BTreeSet;

use world::{
    CHAT, DRAFT, SUMMARY, approval, at, feature, now, phone, policy, record, release, source,
};
use yumen_policy::{
    AgeBand, Answer, Basis, Device, DeviceClass, Elsewhere, Input, InputName, MarketId, Outcome,
    Platform, Policy, PolicySource, Surface, UiLanguage, Verdict, judge,
};

fn verdict(device: &Device, id: &str) -> Verdict {
    judge(&policy(), device, &feature(id), now())
}

/// The inputs that must always be known.
fn basic() -> BTreeSet<InputName> {
    InputName::ALL.iter().copied().filter(|input| input.is_basic()).collect()
}

/// The rules that did not pass, each with its input.
fn objections(verdict: &Verdict) -> Vec<(String, Option<InputName>)> {
    let reasons = verdict.reasons().into_iter();
    reasons
        .filter(|reason| reason.outcome != Outcome::Pass)
        .map(|reason| (reason.rule.to_string(), reason.input))
        .collect()
}

#[test]
fn where_a_device_was_bought_is_billed_and_is_now_decides() {
    for (purchase, billing, location, market, code) in [
        // Bought in the mainland: always the mainland market, wherever it is.
        ("CN", "CN", &["CN"][..], Some("cn"), "eligible"),
        ("CN", "US", &["US"], Some("cn"), "eligible"),
        ("CN", "US", &["CN"], Some("cn"), "eligible"),
        // Bought elsewhere: off only in the mainland with a mainland account.
        ("US", "US", &["US"], Some("us"), "eligible"),
        ("US", "CN", &["CN"], Some("us"), "rule_failed"),
        ("US", "US", &["CN"], Some("us"), "eligible"),
        ("US", "CN", &["US"], Some("us"), "eligible"),
        // A device that cannot tell whether it is in the mainland counts as being there.
        ("US", "CN", &["CN", "HK"], Some("us"), "rule_failed"),
        ("US", "CN", &["HK"], Some("us"), "eligible"),
        ("DE", "DE", &["DE"], Some("eu"), "eligible"),
        ("DE", "CN", &["CN"], Some("eu"), "rule_failed"),
        ("FR", "FR", &["CN"], Some("eu"), "eligible"),
        // Regions of no market are served nothing.
        ("JP", "JP", &["JP"], None, "market_unknown"),
        ("HK", "CN", &["CN"], None, "market_unknown"),
        ("TW", "US", &["US"], None, "market_unknown"),
        ("ZZ", "ZZ", &["ZZ"], Some("sandbox"), "eligible"),
    ] {
        for id in [CHAT, SUMMARY] {
            let verdict = verdict(&phone(purchase, billing, location), id);
            let case = format!("{id}: bought {purchase}, billed {billing}, at {location:?}");
            assert_eq!(verdict.market().map(MarketId::as_str), market, "{case}");
            assert_eq!(verdict.code(), code, "{case}");
            let answer = if code == "eligible" { Answer::Eligible } else { Answer::NotEligible };
            assert_eq!(verdict.answer(), answer, "{case}");
            assert_eq!(verdict.next_step().is_none(), code == "eligible", "{case}");
        }
    }
}

#[test]
fn the_foreign_build_in_the_mainland_is_told_why_and_what_to_do() {
    let verdict = verdict(&phone("US", "CN", &["CN"]), CHAT);
    let both = [Some(InputName::BillingRegion), Some(InputName::Location)];
    assert_eq!(objections(&verdict), both.map(|input| ("us.mainland".to_owned(), input)));
    let json = verdict.to_json(UiLanguage::Zh);
    assert_eq!(json["answer"], "not_eligible");
    assert!(json["next_step"].as_str().unwrap().contains("中国大陆以外"), "{json}");
    let json = verdict.to_json(UiLanguage::En);
    assert!(json["next_step"].as_str().unwrap().contains("outside mainland China"), "{json}");
}

#[test]
fn an_eligible_verdict_speaks_of_every_input() {
    for purchase in ["CN", "US", "DE", "ZZ"] {
        let verdict = verdict(&phone(purchase, "US", &["US"]), CHAT);
        assert_eq!(verdict.code(), "eligible");
        let spoken: BTreeSet<_> =
            verdict.reasons().iter().filter_map(|reason| reason.input).collect();
        assert_eq!(spoken, basic(), "{purchase}");
    }
}

fn without(device: &Device, input: InputName, error: bool) -> Device {
    fn lose<T>(input: &mut Input<T>, error: bool) {
        *input = if error { Input::Error } else { Input::Unset };
    }
    let mut device = device.clone();
    match input {
        InputName::PurchaseRegion => lose(&mut device.purchase_region, error),
        InputName::BillingRegion => lose(&mut device.billing_region, error),
        InputName::Location => lose(&mut device.location, error),
        InputName::Class => lose(&mut device.class, error),
        InputName::Platform => lose(&mut device.platform, error),
        InputName::OsVersion => lose(&mut device.os_version, error),
        InputName::Language => lose(&mut device.language, error),
        InputName::AssistantLanguage => lose(&mut device.assistant_language, error),
        InputName::Capabilities => lose(&mut device.capabilities, error),
        InputName::AgeBand => lose(&mut device.age_band, error),
        _ => unreachable!("not one of the basic inputs"),
    }
    device
}

#[test]
fn each_unset_input_means_not_yet_and_is_named_each_error_means_no() {
    for device in [phone("CN", "CN", &["CN"]), phone("US", "US", &["US"])] {
        for input in basic() {
            let unset = verdict(&without(&device, input, false), CHAT);
            assert_eq!((unset.answer(), unset.code()), (Answer::NotYet, "input_unset"), "{input}");
            let named = |outcome| {
                move |reason: &yumen_policy::Reason| {
                    reason.input == Some(input) && reason.outcome == outcome
                }
            };
            assert!(unset.reasons().iter().any(named(Outcome::Unset)), "{input}");
            assert!(unset.next_step().unwrap().en.contains(&input.text().en), "{input}");

            let error = verdict(&without(&device, input, true), CHAT);
            let expected = (Answer::NotEligible, "input_error");
            assert_eq!((error.answer(), error.code()), expected, "{input}");
            assert!(error.reasons().iter().any(named(Outcome::Error)), "{input}");
        }
    }
}

#[test]
fn an_error_comes_before_a_failed_rule_and_that_before_an_unset_input() {
    let abroad = phone("US", "CN", &["CN"]);
    let unset = without(&abroad, InputName::AgeBand, false);
    assert_eq!(verdict(&unset, CHAT).code(), "rule_failed");
    let error = without(&unset, InputName::Class, true);
    assert_eq!(verdict(&error, CHAT).code(), "input_error");
    // All of them are said, whichever decides.
    let verdict = verdict(&error, CHAT);
    let named: BTreeSet<_> = objections(&verdict).into_iter().filter_map(|(_, i)| i).collect();
    let expected =
        [InputName::BillingRegion, InputName::Location, InputName::Class, InputName::AgeBand];
    assert_eq!(named, BTreeSet::from(expected));
}

#[test]
fn a_device_of_which_nothing_is_known_is_told_all_that_is_missing() {
    let verdict = verdict(&Device::default(), CHAT);
    assert_eq!((verdict.answer(), verdict.market()), (Answer::NotYet, None));
    let named: BTreeSet<_> = objections(&verdict).into_iter().filter_map(|(_, i)| i).collect();
    assert_eq!(named, basic());
}

#[test]
fn the_terms_of_the_feature_are_kept_in_every_market() {
    type Change = fn(&mut Device);
    let cases: [(Change, &str, InputName); 10] = [
        (|d| d.class = Input::Set(DeviceClass::Watch), "feature.class", InputName::Class),
        (|d| d.platform = Input::Set(Platform::Linux), "feature.platform", InputName::Platform),
        (
            |d| d.os_version = Input::Set("18.1.9".parse().unwrap()),
            "feature.os_version",
            InputName::OsVersion,
        ),
        (
            |d| d.capabilities = Input::Set(BTreeSet::new()),
            "feature.capabilities",
            InputName::Capabilities,
        ),
        (
            |d| d.language = Input::Set("fr".parse().unwrap()),
            "feature.language",
            InputName::Language,
        ),
        (
            |d| d.language = Input::Set("zh-Hant".parse().unwrap()),
            "feature.language",
            InputName::Language,
        ),
        (
            |d| d.assistant_language = Input::Set("de".parse().unwrap()),
            "feature.assistant_language",
            InputName::AssistantLanguage,
        ),
        (
            |d| d.assistant_language = Input::Set("zh-TW".parse().unwrap()),
            "feature.assistant_language",
            InputName::AssistantLanguage,
        ),
        (
            |d| {
                d.language = Input::Set("en-GB".parse().unwrap());
                d.assistant_language = Input::Set("zh-Hans".parse().unwrap());
            },
            "feature.languages_match",
            InputName::AssistantLanguage,
        ),
        (|d| d.age_band = Input::Set(AgeBand::Child), "cn.child", InputName::AgeBand),
    ];
    for (change, rule, input) in cases {
        let mut device = phone("CN", "CN", &["CN"]);
        change(&mut device);
        let verdict = verdict(&device, CHAT);
        assert_eq!(verdict.code(), "rule_failed", "{rule}");
        assert!(objections(&verdict).contains(&(rule.to_owned(), Some(input))), "{rule}");
        let reason = verdict.reasons().into_iter().find(|reason| &*reason.rule == rule).unwrap();
        assert!(reason.text.is_complete() && verdict.next_step().unwrap().is_complete(), "{rule}");
    }
}

#[test]
fn the_lowest_version_and_regional_languages_are_enough() {
    let mut device = phone("US", "US", &["US"]);
    device.os_version = Input::Set("18.2".parse().unwrap());
    device.language = Input::Set("zh-CN".parse().unwrap());
    device.assistant_language = Input::Set("zh".parse().unwrap());
    assert_eq!(verdict(&device, CHAT).code(), "eligible");
    device.platform = Input::Set(Platform::Android);
    device.os_version = Input::Set("14.9".parse().unwrap());
    assert_eq!(verdict(&device, CHAT).code(), "rule_failed");
}

#[test]
fn a_child_keeps_the_features_that_stay_on_the_device() {
    for purchase in ["CN", "US", "DE"] {
        let mut device = phone(purchase, "US", &["US"]);
        device.age_band = Input::Set(AgeBand::Child);
        assert_eq!(verdict(&device, SUMMARY).code(), "eligible", "{purchase}");
        assert_eq!(verdict(&device, CHAT).code(), "rule_failed", "{purchase}");
    }
}

#[test]
fn terms_can_do_without_an_input_but_not_without_its_errors() {
    let mut source = source();
    let table = "languages = ['en']\noptional = ['assistant_language', 'age_band']";
    source.terms[1] = world::terms(SUMMARY, Surface::Device, table);
    let policy = Policy::new(source).unwrap();
    let mut device = phone("US", "US", &["US"]);
    device.assistant_language = Input::Unset;
    device.age_band = Input::Unset;
    let ask = |device: &Device| judge(&policy, device, &feature(SUMMARY), now());
    assert_eq!(ask(&device).code(), "eligible");
    device.age_band = Input::Error;
    assert_eq!(ask(&device).code(), "input_error");
    device.age_band = Input::Unset;
    device.assistant_language = Input::Set("fr".parse().unwrap());
    assert_eq!(ask(&device).code(), "rule_failed");
}

#[test]
fn a_feature_made_for_one_market_is_refused_in_the_others() {
    let mut source = source();
    source.terms[1] =
        world::terms(SUMMARY, Surface::Device, "languages = ['en', 'zh']\nmarkets = ['cn']");
    let policy = Policy::new(source).unwrap();
    let ask = |device| judge(&policy, &device, &feature(SUMMARY), now());
    assert_eq!(ask(phone("CN", "CN", &["CN"])).code(), "eligible");
    let refused = ask(phone("US", "US", &["US"]));
    assert_eq!(refused.code(), "rule_failed");
    assert_eq!(objections(&refused)[0].0, "feature.market");
}

#[test]
fn the_mainland_serves_nothing_without_an_approval_in_force() {
    let ask = |source| {
        let policy = Policy::new(source).unwrap();
        judge(&policy, &phone("CN", "CN", &["CN"]), &feature(CHAT), now())
    };
    let missing = |verdict: Verdict, says: &str| {
        let code = if says == "ended" { "approval_expired" } else { "approval_missing" };
        assert_eq!((verdict.answer(), verdict.code()), (Answer::NotYet, code));
        assert_eq!(objections(&verdict), [("cn.approval".to_owned(), None)]);
        let reason = verdict.reasons().pop().unwrap();
        assert!(reason.text.en.contains(says), "{}", reason.text.en);
        assert!(verdict.next_step().unwrap().en.contains("yumen approval import"));
    };
    let with = |change: fn(&mut yumen_policy::ApprovalRecord)| {
        let mut record = record();
        change(&mut record);
        let mut source = source();
        source.approvals = vec![approval(record)];
        ask(source)
    };
    let mut none = source();
    none.approvals.clear();
    missing(ask(none), "filing or registration");
    missing(with(|r| r.valid_until = at("2026-11-22T10:00:00Z")), "ended");
    missing(with(|r| r.valid_from = at("2026-11-22T10:00:00.000000001Z")), "not begun");
    missing(with(|r| r.market = "us".parse().unwrap()), "filing or registration");
    missing(with(|r| r.release = release("cn", "alibaba", "2").digest()), "filing or registration");
    missing(
        with(|r| r.scope.surfaces = BTreeSet::from([Surface::Device])),
        "filing or registration",
    );
    missing(
        with(|r| r.scope.features = BTreeSet::from([feature(SUMMARY)])),
        "filing or registration",
    );
    assert_eq!(with(|r| r.valid_from = now()).code(), "eligible");
}

#[test]
fn an_approval_signed_by_too_few_for_the_market_covers_nothing() {
    let [first, ..] = world::signers();
    let signed = yumen_policy::Approval::sign(record(), &[first]).unwrap();
    let mut source = source();
    source.approvals = vec![signed.verify(&world::trusted(), 1).unwrap()];
    let policy = Policy::new(source).unwrap();
    let verdict = judge(&policy, &phone("CN", "CN", &["CN"]), &feature(CHAT), now());
    assert_eq!(verdict.code(), "approval_missing");
}

#[test]
fn the_newest_approved_release_is_served_not_the_newest() {
    let mut source = source();
    source.releases.push(release("cn", "alibaba", "2"));
    let policy = Policy::new(source).unwrap();
    let verdict = judge(&policy, &phone("CN", "CN", &["CN"]), &feature(CHAT), now());
    let clearance = yumen_policy::clear(&policy, verdict, now()).unwrap();
    assert_eq!(clearance.release(), world::cn_release().digest());

    let mut source = world::source();
    source.releases.push(release("us", "openai", "2"));
    let policy = Policy::new(source).unwrap();
    let verdict = judge(&policy, &phone("US", "US", &["US"]), &feature(CHAT), now());
    let clearance = yumen_policy::clear(&policy, verdict, now()).unwrap();
    assert_eq!(clearance.release(), release("us", "openai", "2").digest());
}

#[test]
fn a_feature_nobody_released_and_one_nobody_made_are_told_apart() {
    let device = phone("US", "US", &["US"]);
    let unreleased = verdict(&device, DRAFT);
    assert_eq!((unreleased.answer(), unreleased.code()), (Answer::NotYet, "release_missing"));
    let unknown = verdict(&device, "writing.poem");
    assert_eq!((unknown.answer(), unknown.code()), (Answer::NotEligible, "feature_unknown"));
}

#[test]
fn a_device_of_no_market_is_told_what_the_file_for_it_says() {
    const UNKNOWN: &str = include_str!("../../../catalog/markets/unknown.toml");
    let said = |elsewhere: Option<Elsewhere>| {
        let policy = Policy::new(PolicySource { elsewhere, ..source() }).unwrap();
        let verdict = judge(&policy, &phone("BR", "BR", &["BR"]), &feature(CHAT), now());
        assert_eq!(verdict.code(), "market_unknown");
        verdict.next_step().unwrap().en.clone()
    };
    assert!(said(Some(Elsewhere::parse(UNKNOWN).unwrap())).starts_with("Counsel must say"));
    assert!(!said(None).starts_with("Counsel must say"));
}

#[test]
fn the_sandbox_opens_only_where_it_is_switched_on_and_says_what_it_is() {
    let device = phone("ZZ", "US", &["CN"]);
    let open = verdict(&device, CHAT);
    assert_eq!(open.code(), "eligible");
    let reasons = open.reasons();
    let said = reasons.iter().filter(|reason| reason.text.en.contains("evelopment only"));
    assert!(said.count() >= 1);
    assert!(open.reasons().iter().any(|reason| &*reason.rule == "market.development"));

    let mut source = source();
    source.sandbox = false;
    let policy = Policy::new(source).unwrap();
    let closed = judge(&policy, &device, &feature(CHAT), now());
    assert_eq!((closed.answer(), closed.code()), (Answer::NotEligible, "sandbox_disabled"));
    assert!(policy.market_of(&device).is_none());
    assert!(!policy.opens_sandbox());

    let open = self::policy();
    assert!(open.opens_sandbox());
    let home = |device: &Device| open.market_of(device).map(|market| market.id().to_string());
    assert_eq!(home(&device).as_deref(), Some("sandbox"));
    assert_eq!(home(&phone("CN", "US", &["US"])).as_deref(), Some("cn"));
    assert_eq!(home(&phone("BR", "CN", &["CN"])), None);
    assert_eq!(home(&Device::default()), None);
    let all: Vec<_> = open.markets().iter().map(|market| market.id().as_str()).collect();
    assert_eq!(all, ["cn", "us", "eu", "sandbox"]);
}

#[test]
fn no_reason_claims_that_an_unverified_rule_was_checked() {
    for device in [phone("CN", "CN", &["CN"]), phone("US", "US", &["US"])] {
        let verdict = verdict(&device, CHAT);
        let policy = policy();
        let market = policy.market(verdict.market().unwrap()).unwrap();
        for reason in verdict.reasons() {
            let rule = market.rules().iter().find(|rule| rule.id() == &*reason.rule);
            let basis = rule.map(|rule| rule.source().basis());
            assert!(basis.is_none_or(|basis| basis == reason.basis), "{}", reason.rule);
            assert_ne!(reason.basis, Basis::Verified, "no shipped rule is verified yet");
        }
    }
}

#[test]
fn the_verdict_has_the_shape_of_the_api() {
    let json = verdict(&phone("CN", "CN", &["CN"]), CHAT).to_json(UiLanguage::En);
    assert_eq!(json["feature"], CHAT);
    assert_eq!(json["market"], "cn");
    assert_eq!(json["answer"], "eligible");
    assert_eq!(json["code"], "eligible");
    assert_eq!(json["next_step"], serde_json::Value::Null);
    assert_eq!(json["policy"], policy().digest().to_string());
    let first = &json["reasons"][0];
    assert_eq!(first["rule"], "cn.purchase");
    assert_eq!(first["input"], "purchase_region");
    assert_eq!(first["outcome"], "pass");
    assert_eq!(first["basis"], "unverified");
    assert!(first["text"].as_str().unwrap().contains("mainland China"));
    // Where a device is billed is told by how that stands to its market.
    for (billing, class) in [("US", "in_market"), ("CN", "other_market"), ("AQ", "no_market")] {
        let json = verdict(&phone("US", billing, &["US"]), CHAT).to_json(UiLanguage::En);
        assert_eq!(json["inputs"][1]["input"], "billing_region");
        assert_eq!(json["inputs"][1]["class"], class);
    }
}

#[test]
fn the_shipped_features_can_be_judged() {
    let files = [
        include_str!("../../../catalog/features/assistant.chat.toml"),
        include_str!("../../../catalog/features/writing.key_points.toml"),
        include_str!("../../../catalog/features/writing.proofread.toml"),
        include_str!("../../../catalog/features/writing.rewrite.toml"),
        include_str!("../../../catalog/features/writing.summary.toml"),
    ];
    for file in files {
        let file: toml::Table = toml::from_str(file).unwrap();
        let id = file["id"].as_str().unwrap().parse().unwrap();
        let terms = file["eligibility"].clone().try_into().unwrap();
        yumen_policy::FeatureTerms::new(id, Surface::Cloud, terms).unwrap();
    }
}
