//! One model at one partner, with all that is remembered of it between requests: its breaker, which
//! keys rest at it, how soon it began to answer, how many requests it has under way.
//!
//! While all is well, asking it touches atomics only; the breaker's lock is taken when something
//! failed of late.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{
            AtomicBool, AtomicU16, AtomicU32, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::Duration,
};

use yumen_policy::ModelId;

use crate::{
    BreakerConfig, Capabilities, ModelConfig, Price,
    breaker::{Admit, Breaker},
    keys::Rests,
    limit::Place,
};

/// One model at one partner.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) model: ModelId,
    /// Its number among all of this process.
    pub(crate) number: u16,
    /// Its name at the partner, where that is another.
    pub(crate) upstream: Option<String>,
    pub(crate) can: Capabilities,
    pub(crate) price: Option<Price>,
    /// Keys that asked too much of it for now.
    pub(crate) limited: Rests,
    /// Keys that may not use it.
    pub(crate) barred: Rests,
    /// Whether the breaker has nothing to remember; while it is, nobody takes the lock.
    calm: AtomicBool,
    breaker: Mutex<Breaker>,
    busy: AtomicU32,
    /// Time to the first token of late, in milliseconds; 0 for none.
    latency: AtomicU64,
    /// When that was measured, in milliseconds since the partners were set up.
    measured: AtomicU64,
}

impl Lane {
    fn new(config: &ModelConfig, breaker: BreakerConfig, keys: usize, number: u16) -> Self {
        Self {
            model: config.id.clone(),
            number,
            upstream: config.upstream.clone(),
            can: config.capabilities,
            price: config.price,
            limited: Rests::of(keys),
            barred: Rests::of(keys),
            calm: AtomicBool::new(true),
            breaker: Mutex::new(Breaker::new(breaker)),
            busy: AtomicU32::new(0),
            latency: AtomicU64::new(0),
            measured: AtomicU64::new(0),
        }
    }

    /// The model's name at the partner.
    pub(crate) fn name(&self) -> &str {
        self.upstream.as_deref().unwrap_or(self.model.as_str())
    }

    /// What the breaker would say.
    pub(crate) fn look(&self, now: Duration) -> Admit {
        if self.calm.load(Acquire) { Admit::Free } else { self.breaker().look(now) }
    }

    /// Whether a request may go now; the probe, where one is due, is then taken.
    pub(crate) fn admit(&self, now: Duration) -> Admit {
        if self.calm.load(Acquire) { Admit::Free } else { self.breaker().admit(now) }
    }

    /// Requests under way.
    pub(crate) fn busy(&self) -> u32 {
        self.busy.load(Relaxed)
    }

    /// Time to the first token of late, and how old that is.
    pub(crate) fn latency(&self, now: Duration) -> Option<(Duration, Duration)> {
        let latency = self.latency.load(Relaxed);
        let measured = Duration::from_millis(self.measured.load(Relaxed));
        (latency > 0).then(|| (Duration::from_millis(latency), now.saturating_sub(measured)))
    }

    /// Notes how soon an answer began: each new one counts a quarter.
    fn began(&self, now: Duration, latency: Duration) {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (new, old) = (millis(latency).clamp(1, 1 << 40), self.latency.load(Relaxed));
        // Two that write at once lose one measurement; that is as well.
        self.latency.store(if old == 0 { new } else { (3 * old + new) / 4 }, Relaxed);
        self.measured.store(millis(now), Relaxed);
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the breaker, and looks whether there is still something to remember.
    fn change(&self, now: Duration, change: impl FnOnce(&mut Breaker)) {
        let mut breaker = self.breaker();
        change(&mut breaker);
        let calm = breaker.is_calm(now);
        self.calm.store(calm, Release);
    }

    fn succeeded(&self, now: Duration, begun: Duration) {
        if !self.calm.load(Acquire) {
            self.change(now, |breaker| breaker.succeeded(now, begun));
        }
    }
}

/// One request that a lane has under way, from when it was let through to when its outcome is known.
#[derive(Debug)]
pub(crate) struct Turn {
    lane: Arc<Lane>,
    begun: Duration,
    /// Whether it is the breaker's one probe.
    probe: bool,
    _place: Place,
}

impl Turn {
    pub(crate) fn begin(lane: &Arc<Lane>, begun: Duration, probe: bool, place: Place) -> Self {
        lane.busy.fetch_add(1, Relaxed);
        Self { lane: Arc::clone(lane), begun, probe, _place: place }
    }

    /// The first token has come: a probe has found what it was sent for.
    pub(crate) fn first_token(&mut self, now: Duration, latency: Duration) {
        self.lane.began(now, latency);
        if std::mem::take(&mut self.probe) {
            self.lane.succeeded(now, self.begun);
        }
    }

    /// The answer came whole.
    pub(crate) fn succeeded(mut self, now: Duration) {
        self.probe = false;
        self.lane.succeeded(now, self.begun);
    }

    /// It failed, through the partner's fault.
    pub(crate) fn failed(mut self, now: Duration, stay_away: Option<Duration>) {
        let probe = std::mem::take(&mut self.probe);
        self.lane.change(now, |breaker| {
            breaker.failed(now, self.begun, probe);
            if let Some(wait) = stay_away {
                breaker.stay_away(now, wait);
            }
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.lane.busy.fetch_sub(1, Relaxed);
        if self.probe {
            self.lane.breaker().probe_returned();
        }
    }
}

/// The lanes of one partner: those of its configuration, and one for each model that a release names
/// beside them. Found without a lock; never taken away.
#[derive(Debug)]
pub(crate) struct Lanes {
    configured: Vec<ModelConfig>,
    breaker: BreakerConfig,
    keys: usize,
    first: OnceLock<Box<Link>>,
}

#[derive(Debug)]
struct Link {
    lane: Arc<Lane>,
    next: OnceLock<Box<Link>>,
}

/// Numbers the lanes of a process.
static NUMBERS: AtomicU16 = AtomicU16::new(0);

impl Lanes {
    pub(crate) fn new(configured: Vec<ModelConfig>, breaker: BreakerConfig, keys: usize) -> Self {
        Self { configured, breaker, keys, first: OnceLock::new() }
    }

    /// The lane of a model.
    pub(crate) fn of(&self, model: &ModelId) -> &Arc<Lane> {
        let mut place = &self.first;
        loop {
            let link = place.get_or_init(|| {
                let lane = Arc::new(self.make(model));
                Box::new(Link { lane, next: OnceLock::new() })
            });
            if link.lane.model == *model {
                return &link.lane;
            }
            place = &link.next;
        }
    }

    /// The lanes that were used.
    pub(crate) fn used(&self) -> impl Iterator<Item = &Arc<Lane>> {
        std::iter::successors(self.first.get(), |link| link.next.get()).map(|link| &link.lane)
    }

    fn make(&self, model: &ModelId) -> Lane {
        let number = NUMBERS.fetch_add(1, Relaxed);
        let known = self.configured.iter().find(|config| config.id == *model);
        if let Some(config) = known {
            return Lane::new(config, self.breaker, self.keys, number);
        }
        let unknown = ModelConfig::unknown(model.clone());
        Lane::new(&unknown, self.breaker, self.keys, number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Limit;

    fn lanes() -> Lanes {
        let known = ModelConfig {
            upstream: Some("ep-7".to_owned()),
            ..ModelConfig::unknown("m-1".parse().unwrap())
        };
        Lanes::new(vec![known], BreakerConfig { failures: 1, ..BreakerConfig::default() }, 1)
    }

    fn turn(lane: &Arc<Lane>, now: Duration, probe: bool) -> Turn {
        Turn::begin(lane, now, probe, Limit::of(None).try_take().unwrap())
    }

    #[test]
    fn a_model_has_one_lane_whoever_asks_first() {
        let lanes = lanes();
        let [one, two] = ["m-1", "m-2"].map(|model| model.parse::<ModelId>().unwrap());
        let made: Vec<_> = std::thread::scope(|scope| {
            let lanes = &lanes;
            let ask = |model| scope.spawn(move || Arc::as_ptr(lanes.of(model)) as usize);
            let threads: Vec<_> =
                (0..8).map(|n| ask(if n % 2 == 0 { &one } else { &two })).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(made.iter().step_by(2).all(|lane| *lane == made[0]));
        assert!(made.iter().skip(1).step_by(2).all(|lane| *lane == made[1]));
        assert_ne!(lanes.of(&one).number, lanes.of(&two).number);
        assert_eq!((lanes.of(&one).name(), lanes.of(&two).name()), ("ep-7", "m-2"));
    }

    #[test]
    fn a_probe_that_is_dropped_is_given_back_and_its_first_token_closes_the_breaker() {
        let lanes = lanes();
        let lane = lanes.of(&"m-1".parse().unwrap());
        let at = Duration::from_secs;
        assert_eq!(lane.admit(at(1)), Admit::Free);
        turn(lane, at(1), false).failed(at(1), None);
        assert_eq!(lane.look(at(1)), Admit::Resting(at(6)));
        assert_eq!(lane.admit(at(6)), Admit::Probe);
        let probe = turn(lane, at(6), true);
        assert_eq!((lane.busy(), lane.look(at(6)) == Admit::Probe), (1, false));
        drop(probe);
        assert_eq!((lane.busy(), lane.admit(at(7))), (0, Admit::Probe));
        let mut probe = turn(lane, at(7), true);
        probe.first_token(at(8), at(1));
        assert_eq!(lane.look(at(8)), Admit::Free);
        assert_eq!(lane.latency(at(10)), Some((at(1), at(2))));
    }
}
