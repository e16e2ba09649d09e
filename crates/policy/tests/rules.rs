//! The language of rules, form by form: what each test holds for, overlays, platforms, graces.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use std::fmt::Write as _;

use jiff::ToSpan as _;
use serde_json::{Value, json};
use world::{CHAT, SUMMARY, feature, now};
use yumen_policy::{
    Answer, Basis, Device, Market, Matches, Overlay, Policy, PolicySource, Source, Surface,
    Timestamp, UiLanguage, Verdict, judge, judge_remembering,
};

const WORDS: &str = r#"text = { en = "t", zh = "文" }
next_step = { en = "n", zh = "步" }
source = { clause = "c" }
"#;

/// A market of two regions with these rules, given as their fields.
fn market(rules: &[&str]) -> Result<Market, String> {
    let mut file = format!(
        "id = \"us\"\nname = {{ en = \"X\", zh = \"某地\" }}\nregions = [\"US\", \"XX\"]\n\
         [approval]\nrequired = false\n{WORDS}[label]\nany = 1\n"
    );
    for (at, rule) in rules.iter().enumerate() {
        let features = if rule.contains("features") { "" } else { "features = [\"*\"]\n" };
        writeln!(file, "[[rule]]\nid = \"us.{at}\"\n{features}{rule}\n{WORDS}").unwrap();
    }
    Market::parse(&file).map_err(|error| error.to_string())
}

fn source(rules: &[&str]) -> PolicySource {
    let terms = "languages = ['en', 'zh', 'fr', 'pt']\noptional = ['assistant_language']";
    PolicySource {
        markets: vec![market(rules).unwrap()],
        terms: vec![
            world::terms(CHAT, Surface::Cloud, terms),
            world::terms(SUMMARY, Surface::Device, terms),
        ],
        releases: vec![world::release("us", "openai", "1")],
        ..PolicySource::default()
    }
}

fn policy(rules: &[&str]) -> Policy {
    Policy::new(source(rules)).unwrap()
}

fn device(change: &Value) -> Device {
    let mut device = json!({
        "purchase_region": "US", "billing_region": "US", "location": ["US"], "class": "phone",
        "platform": "ios", "os_version": "26.1", "language": "en-US", "assistant_language": "en-US",
        "capabilities": ["generative"], "age_band": "adult",
    });
    for (input, value) in change.as_object().unwrap() {
        device[input] = value.clone();
    }
    Device::parse(device.to_string().as_bytes()).unwrap()
}

fn code(rule: &str, change: &Value) -> &'static str {
    judge(&policy(&[rule]), &device(change), &feature(CHAT), now()).code()
}

#[test]
fn each_test_holds_for_what_it_says() {
    for (clause, change, holds) in [
        ("location = { intersects = ['XX'] }", json!({"location": ["XX", "US"]}), true),
        ("location = { intersects = ['XX'] }", json!({"location": ["US"]}), false),
        (
            "location = { intersects = ['XX'] }",
            json!({"location": [{"region": "XX", "confidence": 0.5}]}),
            true,
        ),
        (
            "location = { intersects = ['XX'] }",
            json!({"location": [{"region": "XX", "confidence": 0.49}, "US"]}),
            false,
        ),
        (
            "location = { disjoint = ['XX'] }",
            json!({"location": [{"region": "XX", "confidence": 0.01}, "US"]}),
            false,
        ),
        ("location = { disjoint = ['XX'] }", json!({"location": ["US"]}), true),
        ("subdivision = { intersects = ['US-CA'] }", json!({"subdivision": ["US-CA"]}), true),
        ("subdivision = { intersects = ['US-CA'] }", json!({"subdivision": ["US-NY"]}), false),
        ("subdivision = { disjoint = ['US-CA'] }", json!({"subdivision": ["US-CA"]}), false),
        (
            "capabilities = { contains_all = ['a', 'b'] }",
            json!({"capabilities": ["b", "a", "c"]}),
            true,
        ),
        ("capabilities = { contains_all = ['a', 'b'] }", json!({"capabilities": ["a"]}), false),
        ("capabilities = { intersects = ['a', 'b'] }", json!({"capabilities": ["a"]}), true),
        ("capabilities = { disjoint = ['a'] }", json!({"capabilities": ["a"]}), false),
        ("os_version = { at_least = '26.1' }", json!({}), true),
        ("os_version = { at_least = '26.1.1' }", json!({}), false),
        ("language = { in = ['en'] }", json!({"language": "en-GB"}), true),
        (
            "language = { in = ['en'], except = ['en-SG', 'en-IN'] }",
            json!({"language": "en-IN"}),
            false,
        ),
        ("language = { in = ['en'], except = ['en-IN'] }", json!({"language": "en-GB"}), true),
        ("language = { in = ['en'], exact = ['fr-CA'] }", json!({"language": "fr-CA"}), true),
        ("language = { in = ['en'], exact = ['fr-CA'] }", json!({"language": "fr-FR"}), false),
        ("language = { exact = ['pt-BR'] }", json!({"language": "pt"}), false),
        (
            "language = { in = ['en'], exact = ['en-IN'], except = ['en-IN'] }",
            json!({"language": "en-IN"}),
            true,
        ),
        ("language = { not_in = ['en'] }", json!({"language": "en-GB"}), false),
        ("locale = { not_in = ['en'] }", json!({"locale": "fr"}), true),
        ("must_match = [['language', 'locale']]", json!({"locale": "en-SG"}), true),
        ("must_match = [['language', 'locale']]", json!({"locale": "fr"}), false),
        ("must_match = [['billing_region', 'setup_region']]", json!({"setup_region": "US"}), true),
        ("must_match = [['billing_region', 'setup_region']]", json!({"setup_region": "XX"}), false),
        ("must_match = [['purchase_region', 'billing_region']]", json!({}), true),
        (
            "must_match = [['purchase_region', 'billing_region']]",
            json!({"billing_region": "XX"}),
            false,
        ),
        (
            "must_match = [['developer_region', 'billing_region']]",
            json!({"developer_region": "US"}),
            true,
        ),
        (
            "must_match = [['developer_region', 'billing_region']]",
            json!({"developer_region": "XX"}),
            false,
        ),
        (
            "must_match = [['language', 'assistant_language']]",
            json!({"assistant_language": "en-GB"}),
            true,
        ),
        (
            "must_match = [['language', 'assistant_language']]",
            json!({"assistant_language": "zh"}),
            false,
        ),
        ("cellular = { not_in = ['mainland'] }", json!({"cellular": "global"}), true),
        ("waitlist = { in = ['admitted'] }", json!({"waitlist": "queued"}), false),
        ("boot_volume = { in = ['internal'] }", json!({"boot_volume": "external"}), false),
        ("sharing = { in = ['personal'] }", json!({"sharing": "personal"}), true),
        ("assistant_mode = { in = ['on'] }", json!({"assistant_mode": "consent_needed"}), false),
        ("developer_region = { not_in = ['XX'] }", json!({"developer_region": "XX"}), false),
        ("setup_region = { in = ['US'] }", json!({"setup_region": "US"}), true),
    ] {
        let expected = if holds { "eligible" } else { "rule_failed" };
        assert_eq!(
            code(&format!("any = [{{ {clause} }}]"), &change),
            expected,
            "{clause} {change}"
        );
    }
}

#[test]
fn an_input_beyond_the_basic_ones_counts_only_where_a_rule_reads_it() {
    let plain = "any = [{ class = { in = ['phone'] } }]";
    let reads = "any = [{ waitlist = { in = ['admitted'] } }]";
    for (rule, value, expected) in [
        (plain, json!(null), "eligible"),
        (plain, json!({"error": "x"}), "eligible"),
        (plain, json!({"status": "no_account"}), "eligible"),
        (reads, json!(null), "input_unset"),
        (reads, json!({"error": "x"}), "input_error"),
        (reads, json!({"status": "expired"}), "input_error"),
        (reads, json!({"status": "no_account"}), "input_error"),
        (reads, json!({"value": "admitted", "source": "store"}), "eligible"),
    ] {
        assert_eq!(code(rule, &json!({"waitlist": value})), expected, "{rule} {value}");
    }
}

#[test]
fn a_rule_for_platforms_leaves_the_others_alone_but_not_the_unknown() {
    let rule = "platforms = ['ios']\nany = [{ boot_volume = { in = ['internal'] } }]";
    for (change, expected) in [
        (json!({"boot_volume": "external"}), "rule_failed"),
        (json!({"boot_volume": "external", "platform": "macos"}), "eligible"),
        (json!({"platform": "macos"}), "eligible"),
        (json!({}), "input_unset"),
        (json!({"boot_volume": "internal", "platform": null}), "input_unset"),
        (json!({"boot_volume": "internal", "platform": {"error": "x"}}), "input_error"),
    ] {
        assert_eq!(code(rule, &change), expected, "{change}");
    }
}

#[test]
fn rules_hold_in_any_order_and_one_more_never_opens() {
    let rules = [
        "any = [{ age_band = { not_in = ['child'] } }]",
        "any = [{ billing_region = { not_in = ['XX'] } }, { location = { disjoint = ['XX'] } }]",
        "surfaces = ['cloud']\nany = [{ cellular = { in = ['global', 'none'] } }]",
    ];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let policies: Vec<_> = orders.iter().map(|order| policy(&order.map(|at| rules[at]))).collect();
    let fewer: Vec<_> =
        orders.iter().map(|order| policy(&[rules[order[0]], rules[order[1]]])).collect();
    for age in [json!("child"), json!("adult"), json!(null), json!({"error": "x"})] {
        for billing in [json!("US"), json!("XX"), json!(null)] {
            for location in [json!(["US"]), json!(["XX", "US"]), json!(null)] {
                for cellular in
                    [json!("global"), json!("mainland"), json!(null), json!({"status": "expired"})]
                {
                    let device = device(&json!({
                        "age_band": age, "billing_region": billing, "location": location,
                        "cellular": cellular,
                    }));
                    let ask = |policy: &Policy| judge(policy, &device, &feature(CHAT), now());
                    let code = ask(&policies[0]).code();
                    for (policy, fewer) in policies.iter().zip(&fewer) {
                        assert_eq!(ask(policy).code(), code, "{device:?}");
                        let less = ask(fewer).answer();
                        assert!(less <= ask(policy).answer(), "{device:?}");
                    }
                }
            }
        }
    }
}

const PLACE: &str = "grace = '30d'\nany = [{ location = { intersects = ['US'] }, age_band = { in = ['adult'] } }, { billing_region = { in = ['AQ'] } }]";

fn remembered(change: &Value, met: Option<Timestamp>, when: Timestamp) -> Verdict {
    let matches: Matches = met.into_iter().map(|at| ("us.0", at)).collect();
    judge_remembering(&policy(&[PLACE]), &device(change), &feature(CHAT), &matches, when)
}

#[test]
fn a_grace_arms_only_by_a_match_and_covers_only_the_place() {
    let away = json!({"location": ["XX"]});
    let met = now() - 29.hours();
    // Never in the right place: no first use.
    assert_eq!(remembered(&away, None, now()).code(), "rule_failed");
    // In the right place not long ago.
    let verdict = remembered(&away, Some(met), now());
    assert_eq!(verdict.code(), "eligible");
    let end = met + (30 * 24).hours();
    assert_eq!(verdict.until(), Some(end));
    assert!(verdict.matches().is_empty());
    let text = verdict.reasons().into_iter().find(|reason| &*reason.rule == "us.0").unwrap().text;
    assert!(text.en.contains("grace") && text.zh.contains("宽限"), "{text:?}");
    // It ends, to the nanosecond, and a match in the future is worth nothing.
    assert_eq!(remembered(&away, Some(met), end - 1.nanosecond()).code(), "eligible");
    assert_eq!(remembered(&away, Some(met), end).code(), "rule_failed");
    assert_eq!(remembered(&away, Some(now() + 1.second()), now()).code(), "rule_failed");
    assert_eq!(remembered(&away, Some(now()), now()).code(), "eligible");
    // Only the place is forgiven, and what is not known is no place.
    let child = json!({"location": ["XX"], "age_band": "teen"});
    assert_eq!(remembered(&child, Some(met), now()).code(), "rule_failed");
    assert_eq!(remembered(&json!({"location": null}), Some(met), now()).code(), "input_unset");
    // Being there arms it; passing another way does not.
    let there = remembered(&json!({}), None, now());
    assert_eq!(there.matches().iter().collect::<Vec<_>>(), [("us.0", now())]);
    assert_eq!(there.until(), None);
    let otherwise = remembered(&json!({"location": ["XX"], "billing_region": "AQ"}), None, now());
    assert_eq!(otherwise.code(), "eligible");
    assert!(otherwise.matches().is_empty());
}

#[test]
fn an_overlay_is_in_force_where_the_device_is_or_may_be() {
    let file = format!(
        "id = \"us-ca\"\nname = {{ en = \"A\", zh = \"甲\" }}\nparent = \"us\"\n\
         subdivisions = [\"US-CA\"]\n[[rule]]\nid = \"us-ca.minors\"\nfeatures = [\"*\"]\n\
         any = [{{ age_band = {{ in = [\"adult\"] }} }}]\n{WORDS}"
    );
    let mut source = source(&["any = [{ class = { in = ['phone'] } }]"]);
    source.overlays = vec![Overlay::parse(&file).unwrap()];
    let policy = Policy::new(source).unwrap();
    for (subdivision, in_force) in [
        (json!(["US-CA"]), true),
        (json!(["US-NY"]), false),
        (json!(["US-NY", "US-CA"]), true),
        (json!(null), true),
        (json!([]), true),
        (json!({"error": "x"}), true),
    ] {
        for (age, expected) in [("adult", "eligible"), ("teen", "rule_failed")] {
            let device = device(&json!({"subdivision": subdivision, "age_band": age}));
            let verdict = judge(&policy, &device, &feature(SUMMARY), now());
            let expected = if in_force { expected } else { "eligible" };
            assert_eq!(verdict.code(), expected, "{subdivision} {age}");
            assert_eq!(verdict.overlays().count(), usize::from(in_force), "{subdivision}");
        }
    }
    for (from, to, says) in [
        ("parent = \"us\"", "parent = \"mars\"", "no market"),
        ("US-CA", "CN-11", "no part of"),
        ("id = \"us-ca\"", "id = \"us\"", "market id, a dot"),
    ] {
        let mut source = self::source(&["any = [{ class = { in = ['phone'] } }]"]);
        let wrong = match Overlay::parse(&file.replace(from, to)) {
            Err(error) => error.to_string(),
            Ok(overlay) => {
                source.overlays.push(overlay);
                Policy::new(source).map(|_| ()).unwrap_err().to_string()
            }
        };
        assert!(wrong.contains(says), "{to}: {wrong}");
    }
}

#[test]
fn each_overlay_is_in_force_for_its_own_part() {
    let overlay = |part: &str, age: &str| {
        let file = format!(
            "id = \"us-{part}\"\nname = {{ en = \"A\", zh = \"甲\" }}\nparent = \"us\"\n\
             subdivisions = [\"US-{}\"]\n[[rule]]\nid = \"us-{part}.minors\"\n\
             features = [\"*\"]\nany = [{{ age_band = {{ not_in = [\"{age}\"] }} }}]\n{WORDS}",
            part.to_uppercase()
        );
        Overlay::parse(&file).unwrap()
    };
    let mut source = source(&["any = [{ class = { in = ['phone'] } }]"]);
    source.overlays = vec![overlay("ny", "teen"), overlay("ca", "adult"), overlay("tx", "child")];
    let policy = Policy::new(source).unwrap();
    for (parts, ages) in [
        (json!(["US-CA"]), vec!["adult"]),
        (json!(["US-NY"]), vec!["teen"]),
        (json!(["US-TX"]), vec!["child"]),
        (json!(["US-CA", "US-TX"]), vec!["adult", "child"]),
        (json!(["US-WA"]), vec![]),
        (json!(null), vec!["adult", "teen", "child"]),
    ] {
        for age in ["adult", "teen", "child"] {
            let device = device(&json!({"subdivision": parts, "age_band": age}));
            let verdict = judge(&policy, &device, &feature(SUMMARY), now());
            let expected = if ages.contains(&age) { "rule_failed" } else { "eligible" };
            assert_eq!(verdict.code(), expected, "{parts} {age}");
            assert_eq!(verdict.overlays().count(), ages.len(), "{parts}");
        }
    }
}

#[test]
fn an_overlay_is_there_once_and_no_feature_has_more_rules_than_can_be_looked_at() {
    let overlay = |id: &str| {
        let file = format!(
            "id = \"{id}\"\nname = {{ en = \"A\", zh = \"甲\" }}\nparent = \"us\"\n\
             subdivisions = [\"US-CA\"]\n[[rule]]\nid = \"{id}.minors\"\nfeatures = [\"*\"]\n\
             any = [{{ age_band = {{ in = [\"adult\"] }} }}]\n{WORDS}"
        );
        Overlay::parse(&file).unwrap()
    };
    let rule = "any = [{ class = { in = ['phone'] } }]";
    let made = |rules: usize, overlays: &[&str]| {
        let mut source = source(&vec![rule; rules]);
        source.overlays = overlays.iter().map(|id| overlay(id)).collect();
        Policy::new(source).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(made(1, &["us-ca", "us-cb"]), Ok(()));
    assert!(made(1, &["us-ca", "us-ca"]).unwrap_err().contains("us-ca"));
    assert_eq!(made(128, &[]), Ok(()));
    assert!(made(129, &[]).unwrap_err().contains("at most 128"));
    assert_eq!(made(127, &["us-ca"]), Ok(()));
    assert!(made(128, &["us-ca"]).unwrap_err().contains("129 rules"));
}

#[test]
fn a_rule_is_for_features_there_are() {
    let made = |features: &str| {
        let rule = format!("features = ['{features}']\nany = [{{ class = {{ in = ['phone'] }} }}]");
        Policy::new(source(&[&rule])).map(|_| ()).map_err(|error| error.to_string())
    };
    for there in ["*", "assistant.*", CHAT] {
        assert_eq!(made(there), Ok(()), "{there}");
    }
    assert!(made("assistant.nothing").unwrap_err().contains("assistant.nothing"));
}

#[test]
fn a_source_is_named_and_verified_by_somebody_on_a_day() {
    let basis = |rest: &str| {
        let source: Source = toml::from_str(&format!("clause = 'c'\n{rest}")).unwrap();
        source.basis()
    };
    assert_eq!(basis(""), Basis::Unverified);
    assert_eq!(basis("verified_on = '2026-01-01'"), Basis::Unverified);
    assert_eq!(basis("verified_by = 'A'"), Basis::Unverified);
    assert_eq!(basis("verified_on = '2026-01-01'\nverified_by = 'A'"), Basis::Verified);

    let unnamed = "any = [{ class = { in = ['phone'] } }]\ntext = { en = 't', zh = '文' }\n\
                   next_step = { en = 'n', zh = '步' }\nsource = { clause = ' ' }";
    let file = format!(
        "id = 'us'\nname = {{ en = 'X', zh = '某地' }}\nregions = ['US']\n\
         [approval]\nrequired = false\n{WORDS}[label]\nany = 1\n\
         [[rule]]\nid = 'us.a'\nfeatures = ['*']\n{unnamed}"
    );
    let error = Market::parse(&file).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("`clause` is empty"), "{error}");
}

#[test]
fn rules_that_could_not_do_what_they_say_are_refused() {
    for (rule, says) in [
        ("grace = '30d'\nany = [{ class = { in = ['phone'] } }]", "does not ask for one"),
        ("grace = '181d'\nany = [{ location = { intersects = ['US'] } }]", "180 days"),
        ("grace = 'long'\nany = [{ location = { intersects = ['US'] } }]", "length of time"),
        ("confidence = 0.9\nany = [{ class = { in = ['phone'] } }]", "does not read"),
        ("confidence = 1.1\nany = [{ location = { intersects = ['US'] } }]", "0 to 1"),
        ("platforms = []\nany = [{ class = { in = ['phone'] } }]", "no platform"),
        ("any = [{ must_match = [['language', 'billing_region']] }]", "must_match"),
        ("any = [{ must_match = [['language', 'language']] }]", "must_match"),
        ("any = [{ must_match = [] }]", "at least one test"),
        ("any = [{ language = { except = ['en'] } }]", "language test"),
        ("any = [{ language = { in = ['en'], not_in = ['fr'] } }]", "language test"),
        ("any = [{ management = { in = ['x'] } }]", "management"),
        ("any = [{ purchase_region = { in = [] } }]", "`purchase_region` has an empty list"),
        ("any = [{ location = { disjoint = [] } }]", "`location` has an empty list"),
        ("any = [{ class = { not_in = [] } }]", "`class` has an empty list"),
        ("any = [{ age_band = { in = [] } }]", "`age_band` has an empty list"),
        ("any = [{ subdivision = { intersects = [] } }]", "`subdivision` has an empty list"),
        ("any = [{ subdivision = { disjoint = [] } }]", "`subdivision` has an empty list"),
        ("any = [{ capabilities = { contains_all = [] } }]", "`capabilities` has an empty list"),
        ("any = [{ capabilities = { contains_all = ['A B'] } }]", "capability"),
        ("any = [{ language = { in = [] } }]", "`language` has an empty list"),
        ("any = [{ locale = { exact = [] } }]", "`locale` has an empty list"),
    ] {
        let error = market(&[rule]).map(|_| ()).unwrap_err();
        assert!(error.contains(says), "{rule}: {error}");
    }
}

#[test]
fn the_verdict_lists_inputs_by_class_and_says_what_is_missing() {
    let rules =
        ["any = [{ waitlist = { in = ['admitted'] } }]", "any = [{ class = { in = ['phone'] } }]"];
    let device = device(&json!({
        "location": {"value": ["US", "AQ"], "set_at": "2026-11-22T09:00:00Z", "source": "gps"},
        "billing_region": "XX", "class": "watch", "age_band": null, "sharing": {"status": "expired"},
    }));
    let verdict = judge(&policy(&rules), &device, &feature(CHAT), now());
    assert_eq!((verdict.answer(), verdict.code()), (Answer::NotEligible, "rule_failed"));
    let json = verdict.to_json(UiLanguage::Zh);
    let line = |input: &str| {
        let lines = json["inputs"].as_array().unwrap();
        lines.iter().find(|line| line["input"] == input).cloned().unwrap_or_default()
    };
    let location = json!({"input": "location", "status": "set", "class": "several",
                          "set_at": "2026-11-22T09:00:00Z", "source": "gps"});
    assert_eq!(line("location"), location);
    assert_eq!(line("billing_region")["class"], "in_market");
    assert_eq!(line("class")["class"], "does_not_fit");
    assert_eq!(line("platform")["class"], "known");
    assert_eq!(line("language")["class"], "fits");
    assert_eq!(line("age_band"), json!({"input": "age_band", "status": "unset", "class": null}));
    assert_eq!(line("waitlist")["status"], "unset");
    assert_eq!(line("sharing")["status"], "expired");
    assert_eq!(line("cellular"), Value::Null);
    assert_eq!(json["missing"], json!(["age_band", "waitlist"]));
    assert_eq!(json["stage"], Value::Null);
    // Classes, never values.
    for value in ["AQ", "XX", "watch", "en-US", "26.1"] {
        assert!(!json["inputs"].to_string().contains(value), "{value}");
    }
}
