//! A small world to decide in: the shipped markets, three features, releases, signers and devices.

#![allow(dead_code, reason = "each test file uses its own part of the world")]

use std::collections::{BTreeMap, BTreeSet};

use yumen_policy::{
    AgeBand, Approval, ApprovalKind, ApprovalRecord, Device, DeviceClass, Digest, Entity,
    FeatureId, FeatureTerms, Input, Market, MarketId, ModelRef, PartnerId, Platform, Policy,
    PolicySource, Region, Release, ReleasedFeature, Role, Scope, Signer, SignerKey, SigningKey,
    Surface, Terms, Timestamp, TrustedSigners,
};

pub(crate) const CN: &str = include_str!("../../../../catalog/markets/cn.toml");
pub(crate) const US: &str = include_str!("../../../../catalog/markets/us.toml");
pub(crate) const EU: &str = include_str!("../../../../catalog/markets/eu.toml");
pub(crate) const SANDBOX: &str = include_str!("../../../../catalog/markets/sandbox.toml");

/// An assistant in the cloud.
pub(crate) const CHAT: &str = "assistant.chat";
/// A summary on the device.
pub(crate) const SUMMARY: &str = "writing.summary";
/// A feature that no release carries.
pub(crate) const DRAFT: &str = "writing.draft";

const TERMS: &str = r#"
    platforms = { ios = "18.2", android = "15" }
    classes = ["phone", "tablet"]
    capabilities = ["generative"]
    languages = ["en", "zh-Hans"]
    languages_must_match = true
    age_bands = ["child", "teen", "adult"]
"#;

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-22T10:00:00Z")
}

pub(crate) fn feature(id: &str) -> FeatureId {
    id.parse().unwrap()
}

pub(crate) fn market(id: &str) -> MarketId {
    id.parse().unwrap()
}

pub(crate) fn terms(id: &str, surface: Surface, table: &str) -> FeatureTerms {
    FeatureTerms::new(feature(id), surface, toml::from_str::<Terms>(table).unwrap()).unwrap()
}

pub(crate) fn all_terms() -> Vec<FeatureTerms> {
    vec![
        terms(CHAT, Surface::Cloud, TERMS),
        terms(SUMMARY, Surface::Device, TERMS),
        terms(DRAFT, Surface::Device, TERMS),
    ]
}

pub(crate) fn model(partner: &str, model: &str, version: &str) -> ModelRef {
    ModelRef::new(partner.parse().unwrap(), model.parse().unwrap(), version)
}

/// A release of a market; another `build` is another release.
pub(crate) fn release(id: &str, partner: &str, build: &str) -> Release {
    let of = |models| ReleasedFeature { digest: Digest::of(build.as_bytes()), models };
    // Each partner processes in its own market, as the mainland demands.
    let region = Some(if partner == "alibaba" { "CN" } else { "US" }.parse().unwrap());
    let cloud = |name| ModelRef { region, ..model(partner, name, build) };
    let features = BTreeMap::from([
        (feature(CHAT), of(vec![cloud("chat-model"), cloud("spare")])),
        (feature(SUMMARY), of(vec![model(PartnerId::DEVICE, "extractive", build)])),
    ]);
    Release::new(market(id), features, Digest::of(b"screen"), Digest::of(b"label"))
}

pub(crate) fn cn_release() -> Release {
    release("cn", "alibaba", "1")
}

/// Two people who sign, and one whom nobody trusts.
pub(crate) fn signers() -> [SigningKey; 3] {
    [1, 2, 3].map(|seed| SigningKey::from_bytes(&[seed; 32]))
}

pub(crate) fn trusted() -> TrustedSigners {
    let [first, second, _] = signers().map(|key| SignerKey::of(&key));
    TrustedSigners::new([
        Signer::new(first, "Wei", Role::Approver),
        Signer::new(second, "Li", Role::Legal),
    ])
}

/// An approval of the mainland release for the year 2026.
pub(crate) fn record() -> ApprovalRecord {
    ApprovalRecord {
        number: "DEMO-1".into(),
        kind: ApprovalKind::Demonstration,
        market: market("cn"),
        entity: Entity { name: "Muster Ltd".into(), uscc: None },
        scope: Scope {
            features: BTreeSet::from([feature(CHAT), feature(SUMMARY)]),
            surfaces: BTreeSet::from([Surface::Device, Surface::Cloud]),
        },
        release: cn_release().digest(),
        granted_on: "2025-12-20".parse().unwrap(),
        valid_from: at("2026-01-01T00:00:00Z"),
        valid_until: at("2027-01-01T00:00:00Z"),
        models: BTreeSet::new(),
        algorithm_number: None,
        service_number: None,
        materials: BTreeSet::new(),
        replaces: None,
    }
}

pub(crate) fn approval(record: ApprovalRecord) -> Approval {
    let signed = Approval::sign(record, &signers()[..2]).unwrap();
    signed.verify(&trusted(), 2).unwrap()
}

/// A market file without its `[freshness]`: in this world nothing grows old, so that every instant
/// can be asked about. `tests/standing.rs` is about age.
pub(crate) fn ageless(file: &str) -> String {
    let tables = file.split_inclusive("\n\n");
    tables.filter(|table| !table.lines().any(|line| line == "[freshness]")).collect()
}

pub(crate) fn source() -> PolicySource {
    PolicySource {
        markets: [CN, US, EU, SANDBOX].map(|file| Market::parse(&ageless(file)).unwrap()).into(),
        terms: all_terms(),
        releases: vec![
            cn_release(),
            release("us", "openai", "1"),
            release("eu", "openai", "1"),
            release("sandbox", "openai", "1"),
        ],
        approvals: vec![approval(record())],
        sandbox: true,
        ..PolicySource::default()
    }
}

pub(crate) fn policy() -> Policy {
    Policy::new(source()).unwrap()
}

/// A phone that meets every term, bought, billed and now in these regions.
pub(crate) fn phone(purchase: &str, billing: &str, location: &[&str]) -> Device {
    let language = if purchase == "CN" { "zh-Hans-CN" } else { "en-US" };
    Device {
        purchase_region: Input::Set(purchase.parse().unwrap()),
        billing_region: Input::Set(billing.parse().unwrap()),
        location: Input::Set(location.iter().map(|code| code.parse::<Region>().unwrap()).collect()),
        class: Input::Set(DeviceClass::Phone),
        platform: Input::Set(Platform::Ios),
        os_version: Input::Set("26.1".parse().unwrap()),
        language: Input::Set(language.parse().unwrap()),
        assistant_language: Input::Set(language.parse().unwrap()),
        capabilities: Input::Set(BTreeSet::from(["generative".to_owned()])),
        age_band: Input::Set(AgeBand::Adult),
        ..Device::default()
    }
}
