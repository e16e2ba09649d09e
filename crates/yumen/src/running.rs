//! A gate that serves, carries out what the desk is asked for, and follows its store.
//!
//! There is one desk, one store and one snapshot at a time: whoever changes or reads them holds the lock from the
//! change to the published snapshot, so that no older snapshot is published over a newer one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use yumen_desk::{Acting, Action, Actor, Desk, DeskError, InstallOrder, Operations};
use yumen_device::Engine;
use yumen_gate::{About, AlarmKind, Durability, Gate, Mode, Parts, Snapshot, in_background};
use yumen_judges::{JudgeConfig, Judges};
use yumen_ledger::Ledger;
use yumen_partners::{PartnerConfig, Partners, Routing};
use yumen_policy::{FeatureId, HighWater, MarketId, Role, Timestamp};
use yumen_screen::PseudonymSecret;
use yumen_store::{DataVersion, Store, hash_secret};

use crate::compose::{Build, Settings};
use crate::control::Control;
use crate::counted;
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};

/// How often the store is asked whether another process changed it.
const STORE_POLL: Duration = Duration::from_millis(250);

/// The role of an admin key that may do everything an admin key can: the demo's.
pub(crate) const DEMONSTRATION: &str = "demonstration";

/// A data directory taken for one gate: its ledger is held, its desk is open. Made off the async runtime.
pub(crate) struct Premises {
    build: Build,
    data: DataDir,
    ledger: Ledger,
    desk: Desk,
    seen: Option<HighWater>,
}

impl Premises {
    /// Takes a data directory.
    pub(crate) fn take(mut build: Build, data: DataDir) -> Result<Self, Failure> {
        let store = data.store()?;
        build.equip(&store)?;
        let ledger = data.ledger()?;
        let seen = data.last_seen()?;
        let desk = data.desk(store, ledger.clone(), &build)?;
        Ok(Self { build, data, ledger, desk, seen })
    }

    /// What runs here.
    pub(crate) fn build(&self) -> &Build {
        &self.build
    }

    /// The directory.
    pub(crate) fn data(&self) -> &DataDir {
        &self.data
    }

    /// The desk, before anything is served.
    pub(crate) fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }
}

/// What an operator decides about a gate, besides what the desk holds.
pub(crate) struct Service {
    /// How the program was started.
    pub mode: Mode,
    /// What goes into snapshots.
    pub settings: Settings,
    /// The partners that can be asked.
    pub partners: Vec<PartnerConfig>,
    /// How requests are spread over them.
    pub routing: Routing,
    /// Who judges text beside the screen.
    pub judges: Vec<JudgeConfig>,
    /// Model names of plain clients, each standing for a chat feature.
    pub aliases: BTreeMap<String, FeatureId>,
    /// When the record of a request must be durable.
    pub durable: Durability,
    /// Whether only assertions bound to a device key are made and taken.
    pub require_device_key: bool,
    /// The markets in which pictures may go to partners.
    pub pictures: BTreeSet<MarketId>,
}

/// A gate with its desk.
pub(crate) struct Running {
    gate: Arc<Gate>,
    office: Arc<Office>,
    data: DataDir,
}

impl Running {
    /// Puts a gate together on its premises.
    pub(crate) fn new(premises: Premises, service: Service) -> Result<Self, Failure> {
        let Premises { build, data, ledger, desk, seen } = premises;
        let Service {
            mode,
            settings,
            partners,
            routing,
            judges,
            aliases,
            durable,
            require_device_key,
            pictures,
        } = service;
        let catalogue = build.shipped.features.clone();
        let partners = Partners::new(partners, routing).context("the partners cannot be set up")?;
        let judges = Judges::new(judges).context("the judges cannot be set up")?;
        let names = build.names();
        let mut books = Books { build, desk, settings, seen, version: None };
        let view = books.read()?;
        let broken = books.build.broken_screens().to_vec();
        let gate = Gate::new(Parts {
            mode,
            catalogue,
            snapshot: view.snapshot,
            partners,
            judges,
            names,
            engine: Arc::new(Engine::new()),
            ledger,
            durable,
            ledger_key: data.ledger_key()?.to_string(),
            assertions: books.desk.assertion_keys().clone(),
            require_device_key,
            aliases,
            pseudonyms: PseudonymSecret::new(data.secret("pseudonym")?),
            person_secret: data.secret("person")?,
            counted: counted::read(books.desk.store(), Timestamp::now())?,
            pictures,
        });
        if let Some(seen) = seen {
            gate.saw(seen);
        }
        alarm_of(&gate, &broken);
        let office = Arc::new(Office {
            gate: Arc::downgrade(&gate),
            admins: RwLock::new(view.admins),
            control: Control::new_token()?,
            former: Mutex::default(),
            books: Mutex::new(books),
        });
        gate.appoint(Arc::new(Counter(Arc::clone(&office))));
        Ok(Self { gate, office, data })
    }

    /// Tells commands on this machine where the gate listens, until what this gives is dropped.
    pub(crate) fn announce(&self, listener: &TcpListener) -> Result<Control, Failure> {
        let address = listener.local_addr().context("the listener has no address")?;
        Control::announce(&self.data, address, &self.office.control)
    }

    /// Serves until the process is told to stop, following the store's changes.
    pub(crate) async fn serve(self, listener: TcpListener) -> Result<(), Failure> {
        let Self { gate, office, data: _ } = self;
        let held = Arc::clone(&gate);
        let follower = tokio::spawn(follow(Arc::clone(&office)));
        let served = yumen_gate::serve(gate, listener, stop_signal()).await;
        follower.abort();
        // What was counted since the last look.
        if let Err(error) = tokio::task::spawn_blocking(move || office.at_desk(|_| ())).await {
            tracing::error!(%error, "the last counts are not kept");
        }
        drop(held);
        served.context("the listener failed")
    }
}

/// What one reading of the store gives.
struct View {
    snapshot: Snapshot,
    admins: Admins,
}

/// The people who may work at the desk, by the hash of their key's secret.
type Admins = HashMap<[u8; 32], Actor>;

/// The desk with what a snapshot is made of besides.
struct Books {
    build: Build,
    desk: Desk,
    settings: Settings,
    seen: Option<HighWater>,
    /// The state of the store that was read last; none when reading it failed.
    version: Option<DataVersion>,
}

impl Books {
    /// Reads everything anew. The version is read before what it stands for, so that a change in
    /// between is seen at the next look.
    fn read(&mut self) -> Result<View, Failure> {
        self.version = None;
        let store = self.desk.store();
        let version = store.data_version().context("cannot read the store")?;
        self.build.equip(store)?;
        self.desk.turn_to(self.build.book());
        let store = self.desk.store();
        let holdings = self.desk.holdings().context("cannot read the store")?;
        self.seen = self.seen.map(|seen| seen.raised(Timestamp::now()));
        let snapshot = self.build.snapshot(store, holdings, &self.settings, self.seen)?;
        let admins = admins(store)?;
        self.version = Some(version);
        Ok(View { snapshot, admins })
    }

    fn is_current(&self) -> bool {
        !self.build.screens_end(Timestamp::now())
            && self.version.is_some_and(|version| {
                self.desk.store().data_version().is_ok_and(|current| current == version)
            })
    }
}

fn admins(store: &Store) -> Result<Admins, Failure> {
    let mut admins = Admins::new();
    for key in store.list_admin_keys().context("cannot read the admin keys")? {
        if key.revoked_at.is_some() {
            continue;
        }
        let actor = if key.role == DEMONSTRATION {
            Actor::demonstration(key.id)
        } else {
            match key.role.parse::<Role>() {
                Ok(role) => Actor::of_key(key.id, key.name, role),
                Err(error) => {
                    tracing::error!(%error, key = key.id, "admin key left out");
                    continue;
                }
            }
        };
        admins.insert(key.secret_hash, actor);
    }
    Ok(admins)
}

/// Where the desk stands in a running gate.
struct Office {
    /// Weak, because the gate holds the counter.
    gate: Weak<Gate>,
    books: Mutex<Books>,
    admins: RwLock<Admins>,
    /// The token of commands on this machine.
    control: String,
    /// Snapshots that were replaced, and that requests on their way may still hold.
    former: Mutex<Vec<Arc<Snapshot>>>,
}

/// A change of what screens are made of.
enum Change {
    /// A pack comes, in the place of the one of its name.
    Comes(InstallOrder),
    /// A pack goes.
    Goes(String),
    /// The packs stay, and some of their rules are over.
    NewDay,
}

impl Change {
    /// What an action would change, if this actor may.
    fn of(actor: &Actor, action: &Action) -> Option<Self> {
        actor.may(action.duty()).ok()?;
        match action {
            Action::InstallPack(order) => Some(Self::Comes(order.clone())),
            Action::RemovePack { pack, .. } => Some(Self::Goes(pack.clone())),
            _ => None,
        }
    }
}

impl Office {
    /// The books. A thread that panicked at the desk left a store that is as it was before, or after a whole change.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiles the screens after a change, so that they are at hand when it is made, and keeps a new pack's file beside:
    /// requests go first, and nobody at the desk waits meanwhile. What cannot be made ready is found out at the desk, and said there. Blocking.
    fn make_ready(&self, change: Change) {
        let (workshop, folder) = {
            let books = self.books();
            (Arc::clone(books.build.workshop()), books.desk.store().pack_folder().clone())
        };
        let now = Timestamp::now();
        let mut kept = None;
        let (replaced, more) = match change {
            Change::Comes(InstallOrder { file, scope, .. }) => {
                let (workshop, tried) = (Arc::clone(&workshop), file.clone());
                let tried = in_background(move || workshop.try_pack(&tried, now));
                let Some(Ok(pack)) = tried else { return };
                // It waits for the disk, and the compiling for the processor.
                let keep = move || drop(folder.keep(&file.digest().to_string(), file.bytes()));
                kept = thread::Builder::new().name("pack".into()).spawn(keep).ok();
                (Some(pack.id().to_owned()), Some((pack, scope)))
            }
            Change::Goes(id) => (Some(id), None),
            Change::NewDay => (None, None),
        };
        let found = workshop.besides(self.books().desk.store(), replaced.as_deref());
        if let Ok(found) = found {
            in_background(move || workshop.compile(found, more, now));
        }
        if let Some(kept) = kept {
            let _ = kept.join();
        }
    }

    /// Takes apart what was replaced, when no request holds it any longer. Blocking.
    fn tidy(&self) {
        let former = {
            let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
            let (held, over) =
                former.drain(..).partition(|snapshot| Arc::strong_count(snapshot) > 1);
            *former = held;
            over
        };
        let over: (Vec<_>, _) = (former, self.books().build.workshop().unused());
        if !over.0.is_empty() || !over.1.is_empty() {
            in_background(move || drop(over));
        }
    }

    /// Does something at the desk; if the store is another afterwards, the gate already decides by it when this
    /// returns. Blocking.
    fn at_desk<T>(&self, what: impl FnOnce(&mut Desk) -> T) -> T {
        let mut books = self.books();
        let former = books.desk.assertion_keys().to_json();
        let gate = self.gate.upgrade();
        if let Some(gate) = &gate {
            // Whoever looks or decides does so on what was counted until now.
            counted::keep(gate, &mut books.desk, Timestamp::now());
        }
        let done = what(&mut books.desk);
        let aftermath = books.desk.take_aftermath();
        if let Some(gate) = &gate {
            for after in aftermath {
                gate.follow(after);
            }
        }
        if books.desk.assertion_keys().to_json() != former
            && let Some(gate) = self.gate.upgrade()
        {
            gate.rekey(books.desk.assertion_keys());
        }
        if !books.is_current()
            && let Some(gate) = self.gate.upgrade()
        {
            match books.read() {
                Ok(View { snapshot, admins }) => {
                    let former = gate.publish(snapshot);
                    self.former.lock().unwrap_or_else(PoisonError::into_inner).push(former);
                    alarm_of(&gate, books.build.broken_screens());
                    *self.admins.write().unwrap_or_else(PoisonError::into_inner) = admins;
                }
                // Closed by default: what cannot be read is not in force.
                Err(failure) => {
                    let detail = format!("{failure:?}");
                    gate.alarm(AlarmKind::StoreUnavailable, About::default(), detail);
                    gate.close();
                }
            }
        }
        done
    }
}

/// Tells the operator which markets have no screen.
fn alarm_of(gate: &Gate, broken: &[(MarketId, String)]) {
    for (market, why) in broken {
        let about = About { market: Some(market.clone()), ..About::default() };
        gate.alarm(AlarmKind::PacksUnusable, about, why.as_str());
    }
}

/// What the gate knows of the office.
struct Counter(Arc<Office>);

impl Operations for Counter {
    fn identify(&self, secret: &str) -> Option<Actor> {
        let hash = hash_secret(secret);
        // Hashes are compared: the time it takes tells nothing of the secrets.
        if hash == hash_secret(&self.0.control) {
            return Some(Actor::local());
        }
        self.0.admins.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned()
    }

    fn act(&self, actor: Actor, action: Action) -> Acting {
        let office = Arc::clone(&self.0);
        // Begun at once, and carried out to its end even if nobody waits for it.
        let acting = tokio::task::spawn_blocking(move || {
            let now = Timestamp::now();
            if let Action::Keep(what) = action {
                // It may take minutes, in which the desk is there for others.
                let keeper = office.books().desk.keeper();
                let kept = in_background(move || keeper.act(&actor, what, now));
                return kept.unwrap_or_else(|| Err(failed()));
            }
            let change = Change::of(&actor, &action);
            let changes = change.is_some();
            if let Some(change) = change {
                office.make_ready(change);
            }
            let done = office.at_desk(|desk| desk.act(&actor, action, Timestamp::now()));
            if changes {
                office.books().build.forget_trials();
            }
            done
        });
        Box::pin(async move { acting.await.unwrap_or_else(|_| Err(failed())) })
    }
}

/// Somebody at the desk panicked.
fn failed() -> DeskError {
    DeskError::Invalid("the desk failed; whether it was done is in the ledger".into())
}

/// Publishes a new snapshot whenever another process changed the store, and records what such a process left
/// unrecorded.
async fn follow(office: Arc<Office>) {
    loop {
        tokio::time::sleep(STORE_POLL).await;
        let office = Arc::clone(&office);
        let look = tokio::task::spawn_blocking(move || {
            let ends = office.books().build.screens_end(Timestamp::now());
            if ends {
                office.make_ready(Change::NewDay);
            }
            office.at_desk(|desk| {
                if let Err(error) = desk.deliver_outgoing() {
                    tracing::error!(%error, "a change waits for its record");
                }
            });
            office.tidy();
        });
        if let Err(error) = look.await {
            tracing::error!(%error, "the store could not be looked at");
        }
    }
}

/// Resolves when the process is told to stop.
pub(crate) async fn stop_signal() {
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
