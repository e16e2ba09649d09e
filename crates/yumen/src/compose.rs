//! What the gate is put together from: what ships, what the operator decides, what the store holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use yumen_device::Engine;
use yumen_features::Task;
use yumen_gate::{AppKey, AppKeys, Snapshot};
use yumen_label::{LabelRules, Labeller, Provider};
use yumen_policy::{
    Approval, MarketId, ModelId, ModelRef, PartnerId, Policy, PolicySource, Release, Role,
    SignedApproval, Signer, SignerKey, TrustedSigners,
};
use yumen_screen::Screen;
use yumen_store::Store;

use crate::catalog::Shipped;
use crate::failure::{CHECK_FAILED, Context as _, Failure};

/// What ships, compiled: everything that is the same for every data directory.
pub(crate) struct Build {
    /// The catalogue.
    pub shipped: Shipped,
    /// The safety check.
    pub screen: Arc<Screen>,
    /// What each market gets from this build.
    pub releases: Vec<Release>,
    labels: BTreeMap<MarketId, LabelRules>,
}

/// What the operator decides about a snapshot.
pub(crate) struct Settings {
    /// Whether the market `sandbox` exists.
    pub sandbox: bool,
    /// Who provides the service, written into labels.
    pub provider: Provider,
}

impl Build {
    /// Loads what is embedded in the binary.
    pub(crate) fn load() -> Result<Self, Failure> {
        Self::over(None)
    }

    /// Loads what is embedded in the binary under an overlay of the operator's, a folder shaped like
    /// `catalog/`.
    pub(crate) fn over(overlay: Option<&Path>) -> Result<Self, Failure> {
        let shipped = Shipped::load(overlay).context("the catalogue cannot be used")?;
        let screen = Arc::new(shipped.screen().context("the screen packs cannot be used")?);
        let mut labels = BTreeMap::new();
        for market in &shipped.markets {
            let rules = LabelRules::parse(market.label())
                .context(format!("the label rules of {} are broken", market.id()))?;
            labels.insert(market.id().clone(), rules);
        }
        let engine = Engine::new();
        let releases = shipped
            .releases(&screen, &labels, |feature| match feature.task() {
                Task::Device(kind) => device_model(engine.model(kind)),
                Task::Chat | Task::Rewrite => None,
            })
            .context("the releases do not fit together")?;
        Ok(Self { shipped, screen, releases, labels })
    }

    /// The release of a market.
    pub(crate) fn release(&self, market: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.market().as_str() == market)
    }

    /// Verifies a signed approval against the store's trusted signers.
    pub(crate) fn verify(
        &self,
        store: &Store,
        signed: SignedApproval,
    ) -> Result<Approval, Failure> {
        let id = &signed.unverified().market;
        let Some(market) = self.shipped.markets.iter().find(|market| market.id() == id) else {
            return Err(Failure::new(format!("this build knows no market {id}")).code(CHECK_FAILED));
        };
        let needed = market.approval().signers();
        let signers = trusted_signers(store)?;
        signed.verify(&signers, needed).context("the approval does not verify").map_err(|failure| {
            failure
                .help("`yumen signer list` shows who is trusted, `yumen approval sign` adds a signature")
                .code(CHECK_FAILED)
        })
    }

    /// The store's approvals that verify. One that no longer does is left out and logged: what it
    /// covered is closed.
    pub(crate) fn approvals(&self, store: &Store) -> Result<Vec<Approval>, Failure> {
        let mut approvals = Vec::new();
        for stored in store.list_approvals().context("cannot read the approvals")? {
            if stored.removed_at.is_some() {
                continue;
            }
            let verified = SignedApproval::parse(stored.record.as_bytes())
                .context(format!("approval {} cannot be read", stored.number))
                .and_then(|signed| self.verify(store, signed));
            match verified {
                Ok(approval) => approvals.push(approval),
                Err(failure) => {
                    tracing::error!(number = stored.number, ?failure, "approval left out");
                }
            }
        }
        Ok(approvals)
    }

    /// What the catalogue gives a policy, with these approvals.
    pub(crate) fn policy_source(&self, approvals: Vec<Approval>, sandbox: bool) -> PolicySource {
        PolicySource {
            markets: self.shipped.markets.clone(),
            terms: self.shipped.features.iter().map(|feature| feature.terms().clone()).collect(),
            releases: self.releases.clone(),
            approvals,
            sandbox,
            overlays: self.shipped.overlays.clone(),
            elsewhere: self.shipped.elsewhere.clone(),
            packs: self.shipped.pack_ages(),
            ..PolicySource::default()
        }
    }

    /// The decision's inputs as the store holds them now.
    ///
    /// `approvals` are those of [`Self::approvals`].
    pub(crate) fn snapshot(
        &self,
        store: &Store,
        approvals: Vec<Approval>,
        settings: &Settings,
    ) -> Result<Snapshot, Failure> {
        let mut keys = AppKeys::default();
        for key in store.list_keys().context("cannot read the app keys")? {
            if key.revoked_at.is_some() {
                continue;
            }
            let profile = match key.device {
                None => None,
                Some(json) => Some(
                    serde_json::from_str(&json)
                        .context(format!("the device profile of key {} cannot be read", key.id))?,
                ),
            };
            keys.insert(
                key.secret_hash,
                AppKey { id: key.id, development: key.development, profile },
            );
        }
        let policy = Policy::new(self.policy_source(approvals, settings.sandbox))
            .context("the policy does not fit together")?;
        let labellers = self
            .labels
            .iter()
            .filter_map(|(market, rules)| {
                // Where a code is demanded and there is none, nothing can be labelled nor served.
                let labeller = Labeller::new(rules, &settings.provider)?;
                Some((market.clone(), labeller))
            })
            .collect();
        Ok(Snapshot { policy, keys, labellers })
    }
}

/// An on-device engine as it stands in releases.
fn device_model(name: &str) -> Option<ModelRef> {
    let partner = PartnerId::DEVICE.parse::<PartnerId>().ok()?;
    Some(ModelRef::new(partner, name.parse::<ModelId>().ok()?, name))
}

/// The people whose signatures count. One whose role is none of this program's may do nothing.
fn trusted_signers(store: &Store) -> Result<TrustedSigners, Failure> {
    let mut signers = Vec::new();
    for signer in store.list_signers().context("cannot read the signers")? {
        let key: SignerKey =
            signer.key.parse().context(format!("the key of signer {} is broken", signer.name))?;
        match signer.role.parse::<Role>() {
            Ok(role) => signers.push(Signer::new(key, signer.name, role)),
            Err(error) => tracing::error!(%error, signer = signer.name, "signer left out"),
        }
    }
    Ok(TrustedSigners::new(signers))
}
