//! Putting the gate together from what ships, what the operator configured and what the store holds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use yumen_device::Engine;
use yumen_features::{Feature, Task};
use yumen_gate::{AppKey, AppKeys, Gate, Mode, Parts, Snapshot};
use yumen_label::{LabelRules, Labeller, ProviderCode};
use yumen_partners::{PartnerConfig, Partners};
use yumen_policy::{
    Approval, AssertionKey, FeatureId, MarketId, ModelId, ModelRef, PartnerId, Policy,
    PolicySource, Release, SignedApproval, SignerKey, TrustedSigners,
};
use yumen_screen::Screen;
use yumen_store::Store;

use crate::catalog::Shipped;
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};

/// How often the store is asked whether another process changed it.
const STORE_POLL: Duration = Duration::from_millis(250);

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
    /// The operator's provider code, written into labels.
    pub provider: Option<ProviderCode>,
}

impl Build {
    /// Loads what is embedded in the binary.
    pub(crate) fn load() -> Result<Self, Failure> {
        let shipped = Shipped::load().context("the embedded catalogue is broken")?;
        let screen = Arc::new(Shipped::screen().context("the embedded screen packs are broken")?);
        let mut labels = BTreeMap::new();
        for market in &shipped.markets {
            let rules = LabelRules::parse(market.label())
                .context(format!("the label rules of {} are broken", market.id()))?;
            labels.insert(market.id().clone(), rules);
        }
        let digests = labels.iter().map(|(id, rules)| (id.clone(), rules.digest())).collect();
        let engine = Engine::new();
        let releases = shipped
            .releases(screen.digest(), &digests, |feature| engine_model(&engine, feature));
        Ok(Self { shipped, screen, releases, labels })
    }

    /// The release of a market.
    pub(crate) fn release(&self, market: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.market().as_str() == market)
    }

    /// How many signatures a market wants under an approval.
    pub(crate) fn signatures_needed(&self, market: &MarketId) -> usize {
        self.shipped
            .markets
            .iter()
            .find(|known| known.id() == market)
            .map_or(usize::MAX, |market| market.approval().signers())
    }

    /// Verifies a signed approval against the store's trusted signers.
    pub(crate) fn verify(&self, store: &Store, signed: SignedApproval) -> Result<Approval, Failure> {
        let needed = self.signatures_needed(&signed.unverified().market);
        let signers = trusted_signers(store)?;
        signed.verify(&signers, needed).context("the approval does not verify").map_err(|failure| {
            failure
                .help("`yumen signer list` shows who is trusted, `yumen approval sign` adds a signature")
                .code(crate::failure::CHECK_FAILED)
        })
    }

    /// Whether a market's answers cannot be labelled without the operator's provider code.
    pub(crate) fn needs_provider(&self, market: &MarketId) -> bool {
        self.labels.get(market).is_some_and(LabelRules::demands_embedded)
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

    /// The decision's inputs as the store holds them now.
    pub(crate) fn snapshot(&self, store: &Store, settings: &Settings) -> Result<Snapshot, Failure> {
        let shipped = Shipped::load().context("the embedded catalogue is broken")?;
        let approvals = self.approvals(store)?;
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
            keys.insert(key.secret_hash, AppKey { id: key.id, development: key.development, profile });
        }
        let policy = Policy::new(PolicySource {
            markets: shipped.markets,
            terms: shipped.features.iter().map(|feature| feature.terms().clone()).collect(),
            releases: self.releases.clone(),
            approvals,
            sandbox: settings.sandbox,
        })
        .context("the policy does not fit together")?;
        let labellers = self
            .labels
            .iter()
            .filter_map(|(market, rules)| {
                // Without its provider code the operator cannot label there, so nothing is served.
                let labeller = Labeller::new(rules, settings.provider.clone())?;
                Some((market.clone(), labeller))
            })
            .collect();
        Ok(Snapshot { policy, keys, labellers })
    }
}

/// The on-device engine's model for a feature, as it stands in releases.
fn engine_model(engine: &Engine, feature: &Feature) -> Option<ModelRef> {
    let Task::Device(kind) = feature.task() else { return None };
    let name = engine.model(kind);
    Some(ModelRef {
        partner: PartnerId::DEVICE.parse::<PartnerId>().ok()?,
        model: name.parse::<ModelId>().ok()?,
        version: name.to_owned(),
    })
}

/// The people whose signatures count.
pub(crate) fn trusted_signers(store: &Store) -> Result<TrustedSigners, Failure> {
    let mut keys = Vec::new();
    for signer in store.list_signers().context("cannot read the signers")? {
        let key: SignerKey =
            signer.key.parse().context(format!("the key of signer {} is broken", signer.name))?;
        keys.push(key);
    }
    Ok(TrustedSigners::new(keys))
}

/// A gate with the store it follows.
pub(crate) struct Running {
    gate: Arc<Gate>,
    build: Build,
    store: Store,
    settings: Settings,
}

impl Running {
    /// Puts a gate together on a data directory.
    pub(crate) fn new(
        mode: Mode,
        build: Build,
        data: &DataDir,
        store: Store,
        settings: Settings,
        partners: Vec<PartnerConfig>,
        aliases: &BTreeMap<String, String>,
    ) -> Result<Self, Failure> {
        let snapshot = build.snapshot(&store, &settings)?;
        let mut resolved = BTreeMap::new();
        for (alias, feature) in aliases {
            let known = build.shipped.features.get(feature).filter(|f| f.task() == Task::Chat);
            let Some(known) = known else {
                return Err(Failure::new(format!(
                    "the alias {alias:?} stands for {feature:?}, which is no chat feature"
                ))
                .help("use `assistant.chat`"));
            };
            let id: FeatureId = known.id().clone();
            resolved.insert(alias.clone(), id);
        }
        let gate = Gate::new(Parts {
            mode,
            catalogue: build.shipped.features.clone(),
            snapshot,
            screen: Arc::clone(&build.screen),
            partners: Partners::new(partners).context("the partners cannot be set up")?,
            engine: Arc::new(Engine::new()),
            ledger: data.ledger()?,
            ledger_key: data.ledger_key()?.to_string(),
            assertions: AssertionKey::new(data.signing_key("assertion")?),
            aliases: resolved,
        });
        Ok(Self { gate, build, store, settings })
    }

    /// Serves until the process is told to stop, following the store's changes.
    pub(crate) async fn serve(self, listener: TcpListener) -> Result<(), Failure> {
        let Self { gate, build, store, settings } = self;
        let follower = tokio::spawn(follow(Arc::clone(&gate), build, store, settings));
        let served = yumen_gate::serve(gate, listener, stop_signal()).await;
        follower.abort();
        served.context("the listener failed")
    }
}

/// Publishes a new snapshot whenever the store was changed, by this process or another.
async fn follow(gate: Arc<Gate>, build: Build, store: Store, settings: Settings) {
    let mut seen = store.data_version().ok();
    let mut state = Some((build, store, settings));
    while let Some((build, store, settings)) = state.take() {
        tokio::time::sleep(STORE_POLL).await;
        let known = seen;
        let work = tokio::task::spawn_blocking(move || {
            let version = store.data_version().ok();
            let changed = version.is_none() || version != known;
            let snapshot = changed.then(|| build.snapshot(&store, &settings));
            (version, snapshot, (build, store, settings))
        });
        match work.await {
            Ok((version, snapshot, back)) => {
                match snapshot {
                    None => seen = version,
                    Some(Ok(snapshot)) => {
                        gate.publish(snapshot);
                        seen = version;
                    }
                    // Closed by default: what cannot be read is not in force.
                    Some(Err(failure)) => {
                        tracing::error!(?failure, "the store cannot be read; nothing is served");
                        gate.close();
                        seen = None;
                    }
                }
                state = Some(back);
            }
            Err(error) => {
                tracing::error!(%error, "the store is no longer followed; nothing is served");
                gate.close();
            }
        }
    }
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
