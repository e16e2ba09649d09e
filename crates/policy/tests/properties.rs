//! What holds for every device, every set of approvals and every instant, against a second opinion
//! that is written as plainly as possible.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use std::collections::BTreeSet;

use proptest::prelude::*;
use world::{CHAT, SUMMARY, at, feature, now, release, signers, source, trusted};
use yumen_policy::{
    AgeBand, Answer, Approval, ApprovalRecord, Device, DeviceClass, FeatureId, Input, InputName,
    LanguageTag, Outcome, Places, Platform, Policy, Surface, Timestamp, clear, judge,
};

fn input<T: Clone + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Input<T>> {
    prop_oneof![
        24 => value.prop_map(Input::Set),
        1 => Just(Input::Unset),
        1 => Just(Input::Error),
    ]
}

fn region() -> impl Strategy<Value = yumen_policy::Region> {
    prop::sample::select(vec!["CN", "CN", "US", "US", "DE", "JP", "ZZ"])
        .prop_map(|code| code.parse().unwrap())
}

fn language() -> impl Strategy<Value = LanguageTag> {
    prop::sample::select(vec!["en", "en-GB", "zh-Hans", "zh-Hans-CN", "zh-CN", "zh-Hant", "fr"])
        .prop_map(|tag| tag.parse().unwrap())
}

fn device() -> impl Strategy<Value = Device> {
    let capabilities =
        prop::sample::select(vec![vec![], vec!["generative"], vec!["generative", "camera"]]);
    (
        (
            input(region()),
            input(region()),
            input(prop::collection::vec(region(), 0..4).prop_map(Places::from_iter)),
        ),
        input(prop::sample::select(DeviceClass::ALL[..3].to_vec())),
        input(prop::sample::select(vec![Platform::Ios, Platform::Android, Platform::Linux])),
        input(prop::sample::select(vec!["18.1", "18.2", "26.1"]).prop_map(|v| v.parse().unwrap())),
        (input(language()), input(language())),
        input(capabilities.prop_map(|words| words.into_iter().map(str::to_owned).collect())),
        input(prop::sample::select(AgeBand::ALL.to_vec())),
    )
        .prop_map(
            |(regions, class, platform, os_version, languages, capabilities, age_band)| {
                let (purchase_region, billing_region, location) = regions;
                let (language, assistant_language) = languages;
                Device {
                    purchase_region,
                    billing_region,
                    location,
                    class,
                    platform,
                    os_version,
                    language,
                    assistant_language,
                    capabilities,
                    age_band,
                    ..Device::default()
                }
            },
        )
}

/// A device that meets every term, of any of the markets.
fn fit_device() -> impl Strategy<Value = Device> {
    (region(), region(), prop::collection::vec(region(), 1..3)).prop_map(|(p, b, l)| {
        let mut device = world::phone("US", "US", &["US"]);
        device.purchase_region = Input::Set(p);
        device.billing_region = Input::Set(b);
        device.location = Input::Set(l.into_iter().collect());
        device
    })
}

fn instant() -> impl Strategy<Value = Timestamp> {
    prop::sample::select(vec![
        "2025-06-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
        "2026-11-22T10:00:00Z",
        "2027-01-01T00:00:00Z",
        "2028-02-29T00:00:00Z",
    ])
    .prop_map(at)
}

fn asked() -> impl Strategy<Value = FeatureId> {
    prop::sample::select(vec![CHAT, SUMMARY]).prop_map(feature)
}

/// Signed by one or both of the trusted people.
fn approval() -> impl Strategy<Value = Approval> {
    let features = prop::collection::btree_set(asked(), 1..3);
    let surfaces = prop::sample::subsequence(vec![Surface::Device, Surface::Cloud], 1..=2);
    let market = prop::sample::select(vec!["cn", "cn", "cn", "us"]);
    let build = prop::sample::select(vec!["1", "2", "3"]);
    (features, surfaces, market, build, instant(), instant(), 1..=2_usize).prop_filter_map(
        "ends after it begins",
        |(features, surfaces, market, build, valid_from, valid_until, people)| {
            let mut record = ApprovalRecord { valid_from, valid_until, ..world::record() };
            record.scope.features = features;
            record.scope.surfaces = surfaces.into_iter().collect();
            record.market = world::market(market);
            record.release = release("cn", "alibaba", build).digest();
            let signed = Approval::sign(record, &signers()[..people]).ok()?;
            Some(signed.verify(&trusted(), 1).unwrap())
        },
    )
}

fn policy_with(approvals: Vec<Approval>) -> Policy {
    let mut source = source();
    source.releases.push(release("cn", "alibaba", "2"));
    source.approvals = approvals;
    Policy::new(source).unwrap()
}

/// Whether one of the approvals carries this feature in the mainland at this instant.
fn is_approved(approvals: &[Approval], id: &FeatureId, when: Timestamp) -> bool {
    let surface = if id.as_str() == CHAT { Surface::Cloud } else { Surface::Device };
    let known = ["1", "2"].map(|build| release("cn", "alibaba", build).digest());
    approvals.iter().any(|approval| {
        let record = approval.record();
        record.market.as_str() == "cn"
            && known.contains(&record.release)
            && record.scope.features.contains(id)
            && record.scope.surfaces.contains(&surface)
            && record.valid_from <= when
            && when < record.valid_until
            && approval.signers().len() == 2
    })
}

fn states(device: &Device) -> Vec<(InputName, Outcome)> {
    fn state<T>(input: &Input<T>) -> Outcome {
        match input {
            Input::Set(_) => Outcome::Pass,
            Input::Unset => Outcome::Unset,
            _ => Outcome::Error,
        }
    }
    let nowhere = device.location.get().is_some_and(Places::is_empty);
    vec![
        (InputName::PurchaseRegion, state(&device.purchase_region)),
        (InputName::BillingRegion, state(&device.billing_region)),
        (InputName::Location, if nowhere { Outcome::Unset } else { state(&device.location) }),
        (InputName::Class, state(&device.class)),
        (InputName::Platform, state(&device.platform)),
        (InputName::OsVersion, state(&device.os_version)),
        (InputName::Language, state(&device.language)),
        (InputName::AssistantLanguage, state(&device.assistant_language)),
        (InputName::Capabilities, state(&device.capabilities)),
        (InputName::AgeBand, state(&device.age_band)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_unknown_is_ever_eligible(device in device(), id in asked(), when in instant()) {
        let policy = policy_with(vec![world::approval(world::record())]);
        let verdict = judge(&policy, &device, &id, when);
        let states = states(&device);
        let any = |outcome| states.iter().any(|(_, state)| *state == outcome);
        if verdict.is_eligible() {
            prop_assert!(!any(Outcome::Unset) && !any(Outcome::Error));
        }
        if verdict.market().is_some() || device.purchase_region.get().is_none() {
            // A market that answers names every input that is missing, and says no to every error.
            for (input, state) in states.iter().filter(|(_, state)| *state != Outcome::Pass) {
                let mut reasons = verdict.reasons().into_iter();
                let named = reasons.any(|r| r.input == Some(*input) && r.outcome == *state);
                prop_assert!(named, "{} {:?}", input, verdict);
            }
            prop_assert_eq!(verdict.code() == "input_error", any(Outcome::Error));
        }
        if any(Outcome::Error) {
            prop_assert_eq!(verdict.answer(), Answer::NotEligible);
        }
        prop_assert_eq!(verdict.next_step().is_none(), verdict.is_eligible());
        let objections = verdict.reasons().iter().filter(|r| r.outcome != Outcome::Pass).count();
        prop_assert_eq!(objections == 0, verdict.is_eligible());
    }

    #[test]
    fn the_mainland_is_eligible_exactly_when_approved(
        approvals in prop::collection::vec(approval(), 0..5),
        id in asked(),
        when in instant(),
    ) {
        let expected = is_approved(&approvals, &id, when);
        let policy = policy_with(approvals);
        let verdict = judge(&policy, &world::phone("CN", "CN", &["CN"]), &id, when);
        prop_assert_eq!(verdict.is_eligible(), expected);
        if !expected {
            prop_assert!(["approval_missing", "approval_expired"].contains(&verdict.code()));
        }
    }

    #[test]
    fn a_fit_device_is_refused_only_for_where_it_belongs(device in fit_device(), id in asked()) {
        let policy = policy_with(vec![world::approval(world::record())]);
        let verdict = judge(&policy, &device, &id, now());
        let of = |input: &Input<yumen_policy::Region>| input.get().unwrap().as_str().to_owned();
        let mainland = "CN".parse().unwrap();
        let expected = match of(&device.purchase_region).as_str() {
            "CN" | "ZZ" => Answer::Eligible,
            "US" | "DE" => {
                let there = device.location.get().unwrap().contains(mainland);
                if there && of(&device.billing_region) == "CN" {
                    Answer::NotEligible
                } else {
                    Answer::Eligible
                }
            }
            _ => Answer::NotEligible,
        };
        prop_assert_eq!(verdict.answer(), expected);
    }

    #[test]
    fn a_clearance_never_goes_beyond_its_release(
        approvals in prop::collection::vec(approval(), 0..5),
        device in fit_device(),
        id in asked(),
        when in instant(),
    ) {
        let policy = policy_with(approvals.clone());
        let verdict = judge(&policy, &device, &id, when);
        let market = verdict.market().cloned();
        if let Ok(clearance) = clear(&policy, verdict, when) {
            prop_assert_eq!(Some(clearance.market()), market.as_ref());
            let release = policy.releases().find(|r| r.digest() == clearance.release()).unwrap();
            prop_assert_eq!(release.market(), clearance.market());
            let released = &release.feature(&id).unwrap().models;
            prop_assert!(!clearance.models().is_empty());
            prop_assert!(clearance.models().iter().all(|model| released.contains(model)));
            prop_assert!(when < clearance.until());
            prop_assert!(clearance.until().duration_since(when) <= jiff::SignedDuration::from_hours(1));
            if clearance.market().as_str() == "cn" {
                prop_assert!(is_approved(&approvals, &id, when));
                prop_assert!(clearance.approval().is_some());
            }
        }
    }

    #[test]
    fn whatever_comes_as_a_device_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(device) = Device::parse(&bytes) {
            prop_assert_eq!(device, Device::default());
        }
    }

    #[test]
    fn a_device_reads_back_as_it_was_written(device in device()) {
        let json = serde_json::to_vec(&device).unwrap();
        prop_assert_eq!(Device::parse(&json).unwrap(), device);
    }

    #[test]
    fn a_language_tag_is_kept_in_one_form(text in "[A-Za-z0-9-]{0,24}") {
        if let Ok(tag) = text.parse::<LanguageTag>() {
            prop_assert!(tag.as_str().eq_ignore_ascii_case(&text));
            prop_assert_eq!(tag.as_str().parse::<LanguageTag>().unwrap(), tag.clone());
            prop_assert!(tag.is_among(&BTreeSet::from([tag.clone()])));
        }
    }
}
