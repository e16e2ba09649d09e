//! Management profiles: each takes away, the strictest wins, and every difference is listed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};
use world::{CHAT, SUMMARY, feature, market};
use yumen_policy::{
    FeatureSelector, Managed, Management, PartnerId, Profile, Region, Switch, Tier,
};

fn profile(json: &Value) -> Profile {
    Profile::from_json(json.to_string().as_bytes()).unwrap()
}

fn merge(profiles: &[Value]) -> Management {
    Management::merge(profiles.iter().map(profile))
}

#[test]
fn a_profile_of_every_key_is_read_from_toml() {
    let profile = Profile::from_toml(
        r#"
        id = "example.school"
        features_off = ["image.*"]
        markets = ["cn", "us"]
        allowed_external_workspace_ids = ["school"]

        [switches]
        allow_writing_tools = false
        force_on_device_translation = true

        [limits]
        tiers = ["device", "partner"]
        partners = ["alibaba"]
        regions = ["CN"]
        retention_days = 7
        force_on_device = ["summary.*"]

        [in_market.us]
        tiers = ["device"]
        "#,
    )
    .unwrap();
    let management = Management::merge([profile]);
    assert_eq!(management.workspaces().unwrap().len(), 1);
    assert_eq!(
        management.restricted().collect::<Vec<_>>(),
        [Switch::AllowWritingTools, Switch::ForceOnDeviceTranslation]
    );
    let cn = management.limits_in(&market("cn"));
    assert_eq!(cn.retention_days, Some(7));
    assert!(cn.force_on_device.contains(&"translation.*".parse::<FeatureSelector>().unwrap()));
    let us = management.limits_in(&market("us"));
    assert_eq!(us.tiers.unwrap().into_iter().collect::<Vec<_>>(), [Tier::Device]);
    // What it says is what it reads back as.
    let written = serde_json::to_string(&management).unwrap();
    assert_eq!(serde_json::from_str::<Management>(&written).unwrap(), management);
}

#[test]
fn each_key_stops_what_it_is_for() {
    let cn = market("cn");
    let allows = |profile: Value, name: &str, tier, partner: &str, region: &str| {
        let partner: PartnerId = partner.parse().unwrap();
        let region: Region = region.parse().unwrap();
        let management = merge(&[profile]);
        management.allows(&feature(name), tier, Some(&partner), Some(region), &cn)
    };
    let partner = |profile, name| allows(profile, name, Tier::Partner, "alibaba", "CN");
    let device = |profile, name| allows(profile, name, Tier::Device, "device", "CN");
    let off = json!({"id": "p", "switches": {"allow_writing_tools": false}});
    assert_eq!(device(off.clone(), SUMMARY), Err(Managed::Switch(Switch::AllowWritingTools)));
    assert_eq!(partner(off, CHAT), Ok(()));
    // Saying what holds anyway takes nothing away.
    let on = json!({"id": "p", "switches": {"allow_writing_tools": true}});
    assert_eq!(device(on, SUMMARY), Ok(()));
    let off = json!({"id": "p", "features_off": ["assistant.*"]});
    assert_eq!(partner(off, CHAT), Err(Managed::Features));
    let elsewhere = json!({"id": "p", "markets": ["us"]});
    assert_eq!(partner(elsewhere, CHAT), Err(Managed::Markets));
    let no_partner = json!({"id": "p", "switches": {"allow_external_intelligence": false}});
    assert_eq!(partner(no_partner.clone(), CHAT), Err(Managed::Tiers));
    assert_eq!(device(no_partner, SUMMARY), Ok(()));
    let others = json!({"id": "p", "limits": {"partners": ["baidu"]}});
    assert_eq!(partner(others.clone(), CHAT), Err(Managed::Partners));
    assert_eq!(device(others, SUMMARY), Ok(()));
    let elsewhere = json!({"id": "p", "limits": {"regions": ["SG"]}});
    assert_eq!(partner(elsewhere.clone(), CHAT), Err(Managed::Regions));
    assert_eq!(device(elsewhere, SUMMARY), Ok(()));
    let on_device = json!({"id": "p", "limits": {"force_on_device": ["assistant.chat"]}});
    assert_eq!(partner(on_device.clone(), CHAT), Err(Managed::ForceOnDevice));
    assert_eq!(device(on_device, CHAT), Ok(()));
    let here = json!({"id": "p", "in_market": {"cn": {"tiers": ["device"]}}});
    assert_eq!(partner(here, CHAT), Err(Managed::Tiers));
    let there = json!({"id": "p", "in_market": {"us": {"tiers": ["device"]}}});
    assert_eq!(partner(there, CHAT), Ok(()));
}

#[test]
fn where_it_processes_must_be_known_if_regions_are_limited() {
    let limits =
        merge(&[json!({"id": "p", "limits": {"regions": ["CN"]}})]).limits_in(&market("cn"));
    let mut chat = world::model("alibaba", "chat-model", "1");
    chat.region = None;
    assert_eq!(limits.allows_model(&feature(CHAT), &chat), Err(Managed::Regions));
    chat.region = Some("CN".parse().unwrap());
    assert_eq!(limits.allows_model(&feature(CHAT), &chat), Ok(()));
}

#[test]
fn the_strictest_wins_and_the_conflict_says_who_said_what() {
    let management = merge(&[
        json!({"id": "school", "switches": {"allow_siri_ai": true, "force_profanity_filter": true},
               "limits": {"retention_days": 30, "partners": ["alibaba", "baidu"]}}),
        json!({"id": "state", "switches": {"allow_siri_ai": false, "force_profanity_filter": true},
               "limits": {"retention_days": 7, "partners": ["baidu", "openai"]}}),
    ]);
    let conflicts = serde_json::to_value(management.conflicts()).unwrap();
    assert_eq!(
        conflicts,
        json!([
            {"key": "limits.partners",
             "values": [["school", ["alibaba", "baidu"]], ["state", ["baidu", "openai"]]],
             "chosen": ["baidu"]},
            {"key": "limits.retention_days", "values": [["school", 30], ["state", 7]], "chosen": 7},
            {"key": "switches.allow_siri_ai",
             "values": [["school", true], ["state", false]], "chosen": false},
        ])
    );
}

#[test]
fn a_slip_of_the_pen_is_an_error() {
    for (json, why) in [
        (json!({"switches": {}}), "id"),
        (json!({"id": "p", "switch": {}}), "switch"),
        (json!({"id": "p", "switches": {"allow_writing_tool": false}}), "allow_writing_tool"),
        (json!({"id": "p", "switches": {"allow_writing_tools": "no"}}), "boolean"),
        (json!({"id": "p", "limits": {"tier": ["device"]}}), "tier"),
        (json!({"id": "p", "limits": {"retention_days": -1}}), "-1"),
        (json!({"id": "p", "in_market": {"cn": {"markets": []}}}), "markets"),
        (json!({"id": "p", "features_off": ["Writing"]}), "Writing"),
        (json!({"id": "p", "allowed_external_workspace_ids": [""]}), "workspace"),
        (
            json!({"id": "p", "markets": (0..65).map(|n| format!("m{n}")).collect::<Vec<_>>()}),
            "at most 64",
        ),
    ] {
        let error = Profile::from_json(json.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{json}: {error}");
    }
    let nine: Vec<_> = (0..9).map(|n| json!({"id": format!("p{n}")})).collect();
    assert!(serde_json::from_value::<Management>(json!(nine)).is_err());
}

#[test]
fn every_switch_has_keys_of_its_own_and_governs_what_can_be_chosen() {
    for (index, switch) in Switch::ALL.iter().enumerate() {
        for other in &Switch::ALL[..index] {
            assert_ne!(switch.key(), other.key());
            assert_ne!(switch.mdm_key(), other.mdm_key());
        }
        for selector in switch.features() {
            selector.parse::<FeatureSelector>().unwrap();
        }
        assert_eq!(switch.key().parse::<Switch>().unwrap(), *switch);
    }
}

#[test]
fn the_manual_names_every_switch_with_what_it_stops() {
    let manual = include_str!("../../../docs/management.md");
    for switch in Switch::ALL {
        let row = format!("| `{}` | `{}` |", switch.key(), switch.mdm_key());
        let row = manual.lines().find(|line| line.starts_with(&row));
        let row = row.unwrap_or_else(|| panic!("no row of `{switch}`"));
        for selector in switch.features() {
            assert!(row.contains(&format!("`{selector}`")), "{row}");
        }
    }
}

fn any_limits() -> impl Strategy<Value = Value> {
    (
        prop::option::of(subsequence(vec!["device", "private", "partner"], 0..=3)),
        prop::option::of(subsequence(vec!["alibaba", "baidu"], 0..=2)),
        prop::option::of(subsequence(vec!["CN", "SG"], 0..=2)),
        prop::option::of(0_u16..40),
        subsequence(vec!["assistant.*", "writing.summary"], 0..=2),
    )
        .prop_map(|(tiers, partners, regions, retention, forced)| {
            let mut limits = json!({"force_on_device": forced});
            let mut set = |key: &str, value: Value| {
                if !value.is_null() {
                    limits[key] = value;
                }
            };
            set("tiers", json!(tiers));
            set("partners", json!(partners));
            set("regions", json!(regions));
            set("retention_days", json!(retention));
            limits
        })
}

fn any_profile() -> impl Strategy<Value = Profile> {
    let switches = prop::collection::btree_map(select(Switch::ALL), any::<bool>(), 0..6);
    (
        select(vec!["a", "b", "c"]),
        switches,
        subsequence(vec!["*", "image.*", "writing.summary"], 0..=1),
        prop::option::of(subsequence(vec!["cn", "us"], 0..=2)),
        any_limits(),
        prop::option::of(any_limits()),
    )
        .prop_map(|(id, switches, off, markets, limits, in_cn)| {
            let mut json = json!({"id": id, "switches": switches, "features_off": off,
                                  "limits": limits});
            if let Some(markets) = markets {
                json["markets"] = json!(markets);
            }
            if let Some(limits) = in_cn {
                json["in_market"] = json!({"cn": limits});
            }
            profile(&json)
        })
}

/// Every question that can be asked of profiles, with the answer.
fn answers(management: &Management) -> Vec<bool> {
    let mut answers = Vec::new();
    for id in ["cn", "us", "eu"] {
        for name in [CHAT, SUMMARY, "image.playground", "dictation.notes"] {
            for tier in [Tier::Device, Tier::Private, Tier::Partner] {
                for partner in ["alibaba", "baidu", "openai"] {
                    for region in ["CN", "SG", "US"] {
                        let partner: PartnerId = partner.parse().unwrap();
                        let region = Some(region.parse().unwrap());
                        let (name, id) = (feature(name), market(id));
                        let answer = management.allows(&name, tier, Some(&partner), region, &id);
                        answers.push(answer.is_ok());
                    }
                }
            }
        }
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn order_grouping_and_repetition_change_nothing(
        (a, b, c) in (any_profile(), any_profile(), any_profile()),
    ) {
        let of = |profiles: &[&Profile]| Management::merge(profiles.iter().copied().cloned());
        let (one, two, three) = (of(&[&a]), of(&[&b]), of(&[&c]));
        let all = of(&[&a, &b, &c]);
        prop_assert_eq!(&of(&[&c, &a, &b]), &all);
        prop_assert_eq!(&one.with(&two).with(&three), &all);
        prop_assert_eq!(&one.with(&two.with(&three)), &all);
        prop_assert_eq!(&one.with(&two), &two.with(&one));
        prop_assert_eq!(&all.with(&all), &all);
        prop_assert_eq!(&of(&[&a, &a]), &one);
        prop_assert_eq!(&all.with(&Management::default()), &all);
    }

    #[test]
    fn a_profile_can_only_take_away(profiles in prop::collection::vec(any_profile(), 0..4),
                                    more in any_profile()) {
        let before = Management::merge(profiles);
        let after = before.with(&Management::merge([more.clone()]));
        let alone = answers(&Management::merge([more]));
        let answers = answers(&before).into_iter().zip(answers(&after)).zip(alone);
        for ((before, after), alone) in answers {
            prop_assert!(!after || before, "it opened something");
            // Merging keeps every single prohibition, and invents none that none of them had.
            prop_assert!(!after || alone);
            prop_assert!(after || !(before && alone));
        }
        let (before, after) = (before.limits_in(&market("cn")), after.limits_in(&market("cn")));
        let days = |limits: yumen_policy::Limits| limits.retention_days.unwrap_or(u16::MAX);
        prop_assert!(days(after) <= days(before));
    }

    #[test]
    fn every_difference_is_a_conflict_and_nothing_else_is(
        (a, b) in (any_profile(), any_profile()),
    ) {
        let merged = Management::merge([a.clone(), b.clone()]);
        let (a, b) = (serde_json::to_value(a).unwrap(), serde_json::to_value(b).unwrap());
        for switch in Switch::ALL {
            let said = |profile: &Value| profile["switches"][switch.key()].as_bool();
            let differ = matches!((said(&a), said(&b)), (Some(a), Some(b)) if a != b);
            let key = format!("switches.{switch}");
            let listed = merged.conflicts().iter().find(|conflict| conflict.key == key);
            prop_assert_eq!(listed.is_some(), differ);
            if let Some(conflict) = listed {
                prop_assert!(switch.restricts(conflict.chosen.as_bool().unwrap()));
            }
        }
    }
}
