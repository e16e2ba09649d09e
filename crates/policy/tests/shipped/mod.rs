//! The catalogue as it ships, released and approved everywhere: the raw files and the policy of them.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use yumen_policy::{
    Approval, ApprovalKind, ApprovalRecord, Digest, Entity, FeatureId, FeatureTerms, MarketFile,
    MarketId, ModelRef, PackAge, PartnerId, PolicySource, Release, ReleasedFeature, Role, Scope,
    Signer, SignerKey, SigningKey, Surface, Timestamp, TrustedSigners,
};

/// A file of the catalogue, as text.
pub(crate) struct File {
    pub(crate) text: String,
    pub(crate) table: toml::Table,
}

impl File {
    pub(crate) fn id(&self) -> &str {
        self.table["id"].as_str().unwrap()
    }
}

fn files(folder: &str) -> Vec<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog").join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let text = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    text.map(|text| File { table: text.parse().unwrap(), text }).collect()
}

pub(crate) fn markets() -> Vec<File> {
    files("markets")
}

pub(crate) fn features() -> Vec<File> {
    files("features")
}

pub(crate) fn surface(feature: &File) -> Surface {
    match feature.table["tier"].as_str().unwrap() {
        "device" => Surface::Device,
        _ => Surface::Cloud,
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn signers() -> [SigningKey; 2] {
    [1, 2].map(|seed| SigningKey::from_bytes(&[seed; 32]))
}

/// One partner in the cloud, who processes in the market, and the engine on the device.
fn models(surface: Surface, region: &str) -> Vec<ModelRef> {
    let partner: PartnerId = match surface {
        Surface::Device => PartnerId::DEVICE.parse().unwrap(),
        Surface::Cloud => "partner".parse().unwrap(),
    };
    let model = ModelRef::new(partner, "model".parse().unwrap(), "1");
    let region = (surface == Surface::Cloud).then(|| region.parse().unwrap());
    vec![ModelRef { region, ..model }]
}

/// The policy of these files, every feature released in every market and approved where it must be.
pub(crate) fn source(markets: &[File], features: &[File]) -> PolicySource {
    let mut source = PolicySource { sandbox: true, ..PolicySource::default() };
    for feature in features {
        let terms = feature.table["eligibility"].clone().try_into().unwrap();
        let terms = FeatureTerms::new(feature.id().parse().unwrap(), surface(feature), terms);
        source.terms.push(terms.unwrap());
    }
    for file in markets {
        match MarketFile::parse(&file.text).unwrap() {
            MarketFile::Overlay(overlay) => source.overlays.push(overlay),
            MarketFile::Elsewhere(elsewhere) => source.elsewhere = Some(elsewhere),
            MarketFile::Market(market) => {
                let region = market.regions().first().unwrap().as_str();
                let released: BTreeMap<FeatureId, ReleasedFeature> = features
                    .iter()
                    .map(|feature| {
                        let models = models(surface(feature), region);
                        let digest = Digest::of(feature.id().as_bytes());
                        (feature.id().parse().unwrap(), ReleasedFeature { digest, models })
                    })
                    .collect();
                let (screen, label) = (Digest::of(b"screen"), Digest::of(b"label"));
                let release = Release::new(market.id().clone(), released, screen, label);
                if market.approval().is_required() {
                    source.approvals.push(approval(
                        market.id(),
                        &release,
                        market.approval().signers(),
                    ));
                }
                source.releases.push(release);
                source.markets.push(market);
            }
        }
    }
    source.packs.push(PackAge {
        id: "pii".into(),
        issued: now(),
        expires: None,
        markets: BTreeSet::new(),
    });
    source
}

fn approval(market: &MarketId, release: &Release, signatures: usize) -> Approval {
    let record = ApprovalRecord {
        number: format!("DEMO-{market}"),
        kind: ApprovalKind::Demonstration,
        market: market.clone(),
        entity: Entity { name: "Muster Ltd".into(), uscc: None },
        scope: Scope {
            features: release.features().map(|(id, _)| id.clone()).collect(),
            surfaces: BTreeSet::from([Surface::Device, Surface::Cloud]),
        },
        release: release.digest(),
        granted_on: "2026-11-20".parse().unwrap(),
        valid_from: "2026-11-21T00:00:00Z".parse().unwrap(),
        valid_until: "2027-11-21T00:00:00Z".parse().unwrap(),
        models: BTreeSet::new(),
        algorithm_number: None,
        service_number: None,
        materials: BTreeSet::new(),
        replaces: None,
    };
    let keys = signers();
    let people = keys.iter().zip(["Wei", "Li"]);
    let trusted = TrustedSigners::new(
        people.map(|(key, name)| Signer::new(SignerKey::of(key), name, Role::Approver)),
    );
    Approval::sign(record, &keys).unwrap().verify(&trusted, signatures).unwrap()
}
