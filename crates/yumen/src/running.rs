//! A gate that serves, and follows its store while it does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use yumen_device::Engine;
use yumen_gate::{Durability, Gate, Mode, Parts, Snapshot};
use yumen_ledger::{ApprovalStep, Canonical, Entry, Step};
use yumen_partners::{PartnerConfig, Partners};
use yumen_policy::{ApprovalRecord, AssertionKeys, Digest, FeatureId, SignedApproval, Timestamp};
use yumen_store::{DataVersion, Store, StoredApproval};

use crate::compose::{Build, Settings};
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};

/// How often the store is asked whether another process changed it.
const STORE_POLL: Duration = Duration::from_millis(250);

/// A gate with the store it follows.
pub(crate) struct Running {
    gate: Arc<Gate>,
    following: Following,
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
        aliases: BTreeMap<String, FeatureId>,
    ) -> Result<Self, Failure> {
        let catalogue = build.shipped.features.clone();
        let screen = Arc::clone(&build.screen);
        // Before the ledger is held: what another process changes from here on, this one sees.
        let (following, snapshot) = Following::start(build, store, settings)?;
        let gate = Gate::new(Parts {
            mode,
            catalogue,
            snapshot,
            screen,
            partners: Partners::new(partners).context("the partners cannot be set up")?,
            engine: Arc::new(Engine::new()),
            ledger: data.ledger()?,
            durable: Durability::default(),
            ledger_key: data.ledger_key()?.to_string(),
            assertions: AssertionKeys::new(data.signing_key("assertion")?, Timestamp::now()),
            require_device_key: false,
            aliases,
        });
        Ok(Self { gate, following })
    }

    /// Serves until the process is told to stop, following the store's changes.
    pub(crate) async fn serve(self, listener: TcpListener) -> Result<(), Failure> {
        let Self { gate, following } = self;
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
    /// Looks for the first time. The version is read before what it stands for, so that a change in
    /// between is seen at the next look.
    fn start(build: Build, store: Store, settings: Settings) -> Result<(Self, Snapshot), Failure> {
        let version = store.data_version().context("cannot read the store")?;
        let approvals = approvals_of(&store)?;
        let snapshot = build.snapshot(&store, build.approvals(&store)?, &settings)?;
        Ok((Self { build, store, settings, version: Some(version), approvals }, snapshot))
    }

    /// Looks once; `None` when nothing changed.
    fn look(&mut self) -> Result<Option<Change>, Failure> {
        let version = self.store.data_version().context("cannot read the store")?;
        if self.version == Some(version) {
            return Ok(None);
        }
        self.version = None;
        let verified = self.build.approvals(&self.store)?;
        let snapshot = self.build.snapshot(&self.store, verified, &self.settings)?;
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

/// Records that an approval came or went, from a process that serves nothing. Where a gate holds the
/// ledger, that gate sees the change in the store and records it.
pub(crate) fn note_step(data: &DataDir, record: &ApprovalRecord, json: &str, step: Step) {
    let Ok(ledger) = data.ledger() else { return };
    if let Err(error) = ledger.append_blocking(approval_step(record, json, step)) {
        tracing::error!(%error, number = record.number, "the step could not be recorded");
    }
}

/// The ledger's entry on an approval that came or went.
fn approval_step(record: &ApprovalRecord, json: &str, step: Step) -> Canonical {
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
