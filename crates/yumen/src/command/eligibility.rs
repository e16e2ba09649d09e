//! `yumen eligibility`: who may have what, and what a change of the catalogue changes.

mod diff;
mod explain;
mod simulate;

use std::path::Path;

use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use yumen_desk::Holdings;
use yumen_policy::{
    Approval, ApprovalKind, ApprovalRecord, Entity, FeatureId, Policy, Role, Scope, Signer,
    SignerKey, Surface, TrustedSigners, UiLanguage,
};
use yumen_screen::Pack;

use super::{Output, read_config};
use crate::catalog::Shipped;
use crate::cli::{EligibilityCommand, Lang, StandingArgs, Under};
use crate::compose::Build;
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};

/// How long a supposed approval holds.
const SUPPOSED_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);

pub(super) fn run(command: EligibilityCommand, output: Output) -> Result<(), Failure> {
    match command {
        EligibilityCommand::Explain { under, device, feature, market, lang } => {
            let court = Court::under(&under)?;
            explain::run(&court, &device, &feature, &market, lang.into(), output)
        }
        EligibilityCommand::Simulate { under, count, seed, out } => {
            let court = Court::under(&under)?;
            simulate::run(&court, count, seed, out.as_deref(), output)
        }
        EligibilityCommand::Diff {
            old,
            new,
            population,
            count,
            seed,
            fail_on_opened,
            standing,
        } => {
            let (old, new) = (Court::named(&old, &standing)?, Court::named(&new, &standing)?);
            let crowd = match population {
                Some(path) => diff::Crowd::File(path),
                None => {
                    diff::Crowd::Synthetic { count: count.unwrap_or(0), seed: seed.unwrap_or(1) }
                }
            };
            diff::run(&old, &new, &crowd, fail_on_opened, output)
        }
    }
}

impl From<Lang> for UiLanguage {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::En,
            Lang::Zh => Self::Zh,
        }
    }
}

/// What verdicts are made under: a catalogue, the approvals that count, an instant.
pub(super) struct Court {
    build: Build,
    policy: Policy,
    at: Timestamp,
    /// Which catalogue, to people.
    catalog: String,
    /// Whether approvals are only supposed.
    supposed: bool,
}

impl Court {
    /// The catalogue that was named, else the configuration's, else the shipped one.
    fn under(under: &Under) -> Result<Self, Failure> {
        let configured = match (&under.catalog, &under.standing.config) {
            (None, Some(config)) => read_config(config, None)?.catalog,
            _ => None,
        };
        Self::open(under.catalog.as_deref().or(configured.as_deref()), &under.standing)
    }

    /// The catalogue that `diff` calls by this name.
    fn named(name: &Path, standing: &StandingArgs) -> Result<Self, Failure> {
        let shipped = name == Path::new("shipped") || name == Path::new("-");
        Self::open((!shipped).then_some(name), standing)
    }

    fn open(catalog: Option<&Path>, standing: &StandingArgs) -> Result<Self, Failure> {
        let at = standing.at.unwrap_or_else(Timestamp::now);
        let build = Build::over(catalog)?;
        let (data, sandbox) = match (&standing.config, &standing.data_dir) {
            (Some(config), _) => {
                let config = read_config(config, None)?;
                (Some(existing(&config.data_dir)?), config.sandbox)
            }
            (None, Some(data_dir)) => (Some(existing(data_dir)?), false),
            (None, None) => (None, false),
        };
        let holdings = match data {
            Some(data) => build.holdings(&data, &data.store()?)?,
            None if standing.assume_approved => {
                Holdings { approvals: supposed(&build, at)?, ..Holdings::default() }
            }
            None => Holdings::default(),
        };
        let policy = Policy::new(build.policy_source(holdings, sandbox))
            .context("the policy does not fit together")?;
        let catalog = catalog.map_or_else(
            || "the shipped catalogue".to_owned(),
            |folder| format!("the shipped catalogue under {}", folder.display()),
        );
        Ok(Self { build, policy, at, catalog, supposed: standing.assume_approved })
    }

    /// The features there are, in order.
    fn features(&self) -> Vec<FeatureId> {
        self.build.shipped.features.iter().map(|feature| feature.id().clone()).collect()
    }

    /// Whether what all markets share is the same under both catalogues.
    fn shares_with(&self, other: &Self) -> bool {
        let (own, others) = (&self.build.shipped, &other.build.shipped);
        let parts = |shipped: &Shipped| -> Vec<_> {
            shipped.overlays.iter().map(|part| (part.id().clone(), part.digest())).collect()
        };
        let digests =
            |shipped: &Shipped| shipped.packs().iter().map(Pack::digest).collect::<Vec<_>>();
        digests(own) == digests(others) && parts(own) == parts(others)
    }

    /// What has to be said about what the verdicts rest on.
    fn caveat(&self) -> Option<&'static str> {
        self.supposed.then_some(
            "supposed: every release is approved (--assume-approved); none need be in fact",
        )
    }
}

/// A data directory that is there; asking a question makes none.
fn existing(path: &Path) -> Result<DataDir, Failure> {
    if path.is_dir() {
        DataDir::open(path)
    } else {
        Err(Failure::new(format!("there is no data directory {}", path.display())))
    }
}

/// An approval of every release that needs one, by people who do not exist.
fn supposed(build: &Build, at: Timestamp) -> Result<Vec<Approval>, Failure> {
    let until = at.checked_add(SUPPOSED_LIFE).context("the time is beyond all dates")?;
    let from = at.checked_sub(SUPPOSED_LIFE).context("the time is before all dates")?;
    let mut approvals = Vec::new();
    for market in build.shipped.markets.iter().filter(|market| market.approval().is_required()) {
        let Some(release) = build.release(market.id().as_str()) else { continue };
        let people = u8::try_from(market.approval().signers())
            .context(format!("{} wants more signers than there are to suppose", market.id()))?;
        let keys: Vec<_> =
            (1..=people).map(|person| SigningKey::from_bytes(&[person; 32])).collect();
        let signers = keys.iter().map(|key| {
            let key = SignerKey::of(key);
            Signer::new(key, format!("supposed {key}"), Role::Approver)
        });
        let record = ApprovalRecord {
            number: "SUPPOSED".to_owned(),
            kind: ApprovalKind::Demonstration,
            market: market.id().clone(),
            entity: Entity { name: "supposed".to_owned(), uscc: None },
            scope: Scope {
                features: release.features().map(|(id, _)| id.clone()).collect(),
                surfaces: [Surface::Cloud, Surface::Device].into(),
            },
            release: release.digest(),
            granted_on: from.to_zoned(TimeZone::UTC).date(),
            valid_from: from,
            valid_until: until,
            models: std::collections::BTreeSet::new(),
            algorithm_number: None,
            materials: std::collections::BTreeSet::new(),
            service_number: None,
            replaces: None,
        };
        let approval = Approval::sign(record, &keys)
            .and_then(|signed| {
                signed.verify(&TrustedSigners::new(signers), market.approval().signers())
            })
            .context("an approval cannot be supposed")?;
        approvals.push(approval);
    }
    Ok(approvals)
}
