//! The gate itself: what every request shares, and how it is put together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use serde::Deserialize;
use yumen_desk::{Aftermath, Operations};
use yumen_device::Engine;
use yumen_features::Catalogue;
use yumen_judges::{Asked, Failure, Judges};
use yumen_ledger::{Canonical, Ledger, LedgerError};
use yumen_partners::Partners;
use yumen_policy::{
    AssertionKeys, Digest, FeatureId, HighWater, Market, MarketId, MarketState, Part, Timestamp,
};
use yumen_screen::PseudonymSecret;

use crate::alarm::{About, Alarm, AlarmKind, Alarms};
use crate::caller::Assertions;
use crate::clock::Clock;
use crate::deeds::{Counted, Deeds};
use crate::device::DeviceTier;
use crate::display::ModelNames;
use crate::drift::Drifts;
use crate::metrics::Metrics;
use crate::people::People;
use crate::possession::Replays;
use crate::snapshot::Snapshot;

/// How the program was started; it is said wherever a person could mistake one for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `yumen demo`: emulated partners, a fictitious company's approvals.
    Demo,
    /// `yumen serve`: the operator's configuration.
    Serve,
}

/// When the record of a request must be durable. There is no less than these two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Durability {
    /// Before the first byte of its answer leaves.
    #[default]
    BeforeFirstByte,
    /// Before the end of its answer leaves. A streamed answer may begin earlier; if its record turns
    /// out not to be written, it ends with an error.
    BeforeEnd,
}

/// What a gate is made of.
pub struct Parts {
    /// How the program was started.
    pub mode: Mode,
    /// The features that ship.
    pub catalogue: Catalogue,
    /// The first snapshot; [`Gate::publish`] replaces it.
    pub snapshot: Snapshot,
    /// The partners that can be asked.
    pub partners: Partners,
    /// Who judges text beside the screen.
    pub judges: Judges,
    /// What the models are called, for people.
    pub names: ModelNames,
    /// The on-device engine.
    pub engine: Arc<Engine>,
    /// The record.
    pub ledger: Ledger,
    /// When the record of a request must be durable.
    pub durable: Durability,
    /// The ledger's public key in the form of a C2SP verifier key.
    pub ledger_key: String,
    /// The keys that sign assertions; [`Gate::rekey`] replaces them.
    pub assertions: AssertionKeys,
    /// Whether only assertions bound to a device key are made and taken.
    pub require_device_key: bool,
    /// Model names of plain clients, each standing for a feature.
    pub aliases: BTreeMap<String, FeatureId>,
    /// What the tokens that stand for people's values are made from.
    pub pseudonyms: PseudonymSecret,
    /// What the pseudonyms of people are made with. Whoever destroys it makes them nobody's.
    pub person_secret: [u8; 32],
    /// What was counted before, as it was kept.
    pub counted: Counted,
    /// The markets in which pictures may go to partners.
    pub pictures: BTreeSet<MarketId>,
}

/// Everything the requests share. Nothing in it is locked on the way of a request.
pub struct Gate {
    pub(crate) mode: Mode,
    pub(crate) catalogue: Catalogue,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) partners: Partners,
    pub(crate) judges: Arc<Judges>,
    /// What a release must name of the judges, in the markets where any judges.
    pub(crate) charters: BTreeMap<MarketId, Digest>,
    pub(crate) names: Arc<ModelNames>,
    pub(crate) device: DeviceTier,
    pub(crate) ledger: Ledger,
    pub(crate) durable: Durability,
    pub(crate) alarms: Alarms,
    pub(crate) clock: Clock,
    pub(crate) ledger_key: String,
    pub(crate) assertions: Assertions,
    pub(crate) require_device_key: bool,
    pub(crate) replays: Replays,
    pub(crate) aliases: BTreeMap<String, FeatureId>,
    pub(crate) pseudonyms: PseudonymSecret,
    pub(crate) pictures: BTreeSet<MarketId>,
    pub(crate) metrics: Metrics,
    pub(crate) openapi: Vec<u8>,
    pub(crate) drifts: Drifts,
    pub(crate) people: People,
    pub(crate) deeds: Deeds,
    operations: Arc<OnceLock<Arc<dyn Operations>>>,
}

impl Gate {
    /// Puts a gate together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let metrics = Metrics::new();
        let operations = Arc::default();
        let Counted { people, deeds } = parts.counted;
        let markets = parts.snapshot.policy.markets().iter().map(Market::id);
        let deeds = Deeds::new(markets, deeds);
        let alarms = Alarms::new(parts.ledger.clone(), metrics.counters().clone());
        Arc::new(Self {
            openapi: crate::openapi::document(&parts.catalogue),
            people: People::new(parts.person_secret, people),
            deeds,
            drifts: Drifts::new(alarms.clone(), Arc::clone(&operations)),
            operations,
            mode: parts.mode,
            catalogue: parts.catalogue,
            partners: parts.partners,
            charters: parts.judges.charters(parts.snapshot.policy.markets()),
            snapshot: ArcSwap::from_pointee(parts.snapshot),
            judges: {
                let (counters, alarms) = (metrics.counters().clone(), alarms.clone());
                Arc::new(parts.judges.observed(Box::new(move |asked| {
                    counters.judged(&asked);
                    alarm_of(&alarms, &asked);
                })))
            },
            names: Arc::new(parts.names),
            device: DeviceTier::new(parts.engine),
            ledger: parts.ledger,
            durable: parts.durable,
            alarms,
            clock: Clock::new(),
            ledger_key: parts.ledger_key,
            assertions: Assertions::new(&parts.assertions),
            require_device_key: parts.require_device_key,
            replays: Replays::default(),
            aliases: parts.aliases,
            pseudonyms: parts.pseudonyms,
            pictures: parts.pictures,
            metrics,
        })
    }

    /// Decides from now on by `snapshot`; requests on their way keep the one they began with. Gives that one back: who
    /// holds it to their end spares them taking it apart.
    pub fn publish(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        self.snapshot.swap(Arc::new(snapshot))
    }

    /// Signs and believes assertions by these keys from now on. What a key signed that they do not
    /// hold, or hold as revoked, is refused from the next request on.
    pub fn rekey(&self, keys: &AssertionKeys) {
        self.assertions.replace(keys);
    }

    /// Writes an entry that belongs to no request, such as an approval that came or went.
    ///
    /// # Errors
    /// When the ledger takes no entries.
    pub async fn record(&self, entry: Canonical) -> Result<(), LedgerError> {
        self.ledger.append(entry).await.map(drop)
    }

    /// Takes over the latest instant that is known from elsewhere, such as the store: the clock
    /// must not be behind it.
    pub fn saw(&self, mark: HighWater) {
        self.clock.raise(mark);
    }

    /// The latest instant this gate has seen; none before its first request.
    pub fn high_water(&self) -> Option<HighWater> {
        self.clock.mark()
    }

    /// Appoints who carries out what the admin addresses and the gate itself ask for; the first one
    /// stays. It comes after the gate, because what it changes it publishes here.
    pub fn appoint(&self, operations: Arc<dyn Operations>) {
        let _ = self.operations.set(operations);
    }

    /// Who carries out actions.
    pub(crate) fn operations(&self) -> Option<&Arc<dyn Operations>> {
        self.operations.get()
    }

    /// What was counted since the last call, for whoever keeps it.
    pub fn take_counted(&self, now: Timestamp) -> Counted {
        Counted { people: self.people.take_changed(now), deeds: self.deeds.take(now) }
    }

    /// Says that what was counted is kept.
    pub fn kept(&self, counted: Counted) {
        counted.deeds.into_iter().for_each(|deed| self.deeds.kept(deed));
    }

    /// Says that what was counted could not be kept: it is given again.
    pub fn not_kept(&self, counted: Counted) {
        self.people.again(counted.people);
        self.deeds.again(counted.deeds);
    }

    /// Goes on after a change at the desk.
    pub fn follow(&self, after: Aftermath) {
        match after {
            Aftermath::Freed { person } => self.people.free(&person),
            Aftermath::Done(deed) => self.deeds.kept(deed),
        }
    }

    /// Raises an alarm. `detail` says in English what exactly happened, and holds nothing of a person's.
    pub fn alarm(&self, kind: AlarmKind, about: About, detail: impl Into<String>) {
        self.alarms.raise(kind, about, detail);
    }

    /// The alarms that are kept, the one raised last first.
    pub fn alarms(&self) -> Vec<Alarm> {
        self.alarms.list()
    }

    /// Warns the operator of what is over its age, in the markets that are open: before anything
    /// closes for it, and while it is closed.
    pub(crate) fn look_at_ages(&self, now: Timestamp) {
        self.people.sweep(now);
        let snapshot = self.snapshot.load();
        let policy = &snapshot.policy;
        let open =
            |market: &&Market| market.state() == MarketState::Open && !market.is_development();
        for market in policy.markets().iter().filter(open) {
            for (part, number, step) in policy.aging(market.id(), now) {
                let kind = match part {
                    Part::Policy => AlarmKind::PolicyStale,
                    Part::Packs => AlarmKind::PacksStale,
                    Part::Approval => AlarmKind::ApprovalStale,
                };
                let about = About {
                    market: Some(market.id().clone()),
                    subject: number.map(str::to_owned),
                    release: None,
                };
                self.alarms.raise(kind, about, step.as_str());
            }
        }
    }

    /// Serves nothing until the next [`Gate::publish`]: no key is known any longer.
    pub fn close(&self) {
        self.snapshot.store(Arc::new(Snapshot::closed()));
    }
}

/// How often in a row a judge fails before the operator hears of it; of what stays as it is, at once.
const FAILURES_TOLD: u32 = 3;

/// Tells the operator of a judge that gives no verdicts.
fn alarm_of(alarms: &Alarms, asked: &Asked<'_>) {
    let Some(failure) = asked.failure.filter(|failure| failure.is_of_the_judge()) else { return };
    if asked.in_a_row < FAILURES_TOLD && !failure.is_lasting() {
        return;
    }
    let subject = Some(asked.judge.to_owned());
    // One that may not be asked in a market may be in others.
    let market = (failure == Failure::OutOfMarket).then(|| asked.market.clone());
    let about = About { market, subject, release: None };
    alarms.raise(AlarmKind::JudgeFailing, about, format!("{failure}; {} in a row", asked.in_a_row));
}
