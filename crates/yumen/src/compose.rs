//! Putting the gate together from what ships, what the operator configured and what the store holds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use yumen_device::Engine;
use yumen_features::Task;
use yumen_gate::{AppKey, AppKeys, Gate, Mode, Parts, Snapshot};
use yumen_label::{LabelRules, Labeller, ProviderCode};
use yumen_ledger::{ApprovalStep, Canonical, Entry, Step};
use yumen_partners::{PartnerConfig, Partners};
use yumen_policy::{
    Approval, ApprovalRecord, AssertionKey, Digest, FeatureId, MarketId, ModelId, ModelRef,
    PartnerId, Policy, PolicySource, Release, SignedApproval, SignerKey, Timestamp, TrustedSigners,
};
use yumen_screen::Screen;
use yumen_store::{DataVersion, Store, StoredApproval};

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
        let releases =
            shipped.releases(screen.digest(), &digests, |feature| match feature.task() {
                Task::Device(kind) => device_model(engine.model(kind)),
                Task::Chat | Task::Rewrite => None,
            });
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
    pub(crate) fn verify(
        &self,
        store: &Store,
        signed: SignedApproval,
    ) -> Result<Approval, Failure> {
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
            keys.insert(
                key.secret_hash,
                AppKey { id: key.id, development: key.development, profile },
            );
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

/// An on-device engine as it stands in releases.
fn device_model(name: &str) -> Option<ModelRef> {
    Some(ModelRef {
        partner: PartnerId::DEVICE.parse::<PartnerId>().ok()?,
        model: name.parse::<ModelId>().ok()?,
        version: name.to_owned(),
    })
}

/// The people whose signatures count.
fn trusted_signers(store: &Store) -> Result<TrustedSigners, Failure> {
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
        let following = Following::new(build, store, settings)?;
        let follower = tokio::spawn(follow(Arc::clone(&gate), following));
        let served = yumen_gate::serve(gate, listener, stop_signal()).await;
        follower.abort();
        served.context("the listener failed")
    }
}

/// What the gate follows: the store, and what was last seen in it.
struct Following {
    build: Build,
    store: Store,
    settings: Settings,
    version: Option<DataVersion>,
    approvals: Approvals,
}

/// The approvals that are not removed, by number.
type Approvals = BTreeMap<String, StoredApproval>;

/// What changed in the store since it was last looked at.
struct Change {
    snapshot: Snapshot,
    steps: Vec<(Step, StoredApproval)>,
}

impl Following {
    fn new(build: Build, store: Store, settings: Settings) -> Result<Self, Failure> {
        let version = store.data_version().ok();
        let approvals = approvals_of(&store)?;
        Ok(Self { build, store, settings, version, approvals })
    }

    /// Looks once; `None` when nothing changed.
    fn look(&mut self) -> Result<Option<Change>, Failure> {
        let version = self.store.data_version().context("cannot read the store")?;
        if self.version == Some(version) {
            return Ok(None);
        }
        self.version = None;
        let snapshot = self.build.snapshot(&self.store, &self.settings)?;
        let approvals = approvals_of(&self.store)?;
        let steps = changes(&self.approvals, &approvals, Step::Removed)
            .chain(changes(&approvals, &self.approvals, Step::Imported))
            .collect();
        self.approvals = approvals;
        self.version = Some(version);
        Ok(Some(Change { snapshot, steps }))
    }
}

fn approvals_of(store: &Store) -> Result<Approvals, Failure> {
    let all = store.list_approvals().context("cannot read the approvals")?;
    let kept = all.into_iter().filter(|approval| approval.removed_at.is_none());
    Ok(kept.map(|approval| (approval.number.clone(), approval)).collect())
}

/// The approvals of `here` that `there` does not have.
fn changes<'a>(
    here: &'a Approvals,
    there: &'a Approvals,
    step: Step,
) -> impl Iterator<Item = (Step, StoredApproval)> + 'a {
    here.values()
        .filter(|approval| !there.contains_key(&approval.number))
        .map(move |approval| (step, approval.clone()))
}

/// Publishes a new snapshot whenever the store was changed, by this process or another, and
/// records which approvals came and went.
async fn follow(gate: Arc<Gate>, following: Following) {
    let mut state = Some(following);
    while let Some(mut following) = state.take() {
        tokio::time::sleep(STORE_POLL).await;
        let look = tokio::task::spawn_blocking(move || (following.look(), following));
        match look.await {
            Ok((result, back)) => {
                state = Some(back);
                match result {
                    Ok(None) => {}
                    Ok(Some(Change { snapshot, steps })) => {
                        gate.publish(snapshot);
                        for (step, approval) in steps {
                            record_step(&gate, step, &approval).await;
                        }
                    }
                    // Closed by default: what cannot be read is not in force.
                    Err(failure) => {
                        tracing::error!(?failure, "the store cannot be read; nothing is served");
                        gate.close();
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "the store is no longer followed; nothing is served");
                gate.close();
            }
        }
    }
}

async fn record_step(gate: &Gate, step: Step, approval: &StoredApproval) {
    let Ok(signed) = SignedApproval::parse(approval.record.as_bytes()) else { return };
    if let Err(error) =
        gate.record(approval_step(signed.unverified(), &approval.record, step)).await
    {
        tracing::error!(%error, number = approval.number, "the step could not be recorded");
    }
}

/// The ledger's entry on an approval that came or went.
pub(crate) fn approval_step(record: &ApprovalRecord, json: &str, step: Step) -> Canonical {
    Canonical::from(Entry::Approval(ApprovalStep {
        digest: Digest::of(json.as_bytes()).to_string().into(),
        market: record.market.as_str().into(),
        number: record.number.as_str().into(),
        release: record.release.to_string().into(),
        step,
        time: Timestamp::now(),
    }))
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
