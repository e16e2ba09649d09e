//! The circuit breaker of one model at one partner: when to leave it alone, and when to look again.
//!
//! It only counts what is the partner's own fault; whose fault a failure is, is decided elsewhere
//! (`conduct.rs`). It is a machine without a clock: every call is told what time it is, as the time
//! since the partners were set up.
//!
//! Promises, held by the property tests below: an open breaker lets one probe through again no later
//! than [`BreakerConfig::longest_rest`] after the last failed one, whatever other requests did
//! meanwhile; one good probe closes it; no more than one probe is out at a time; outcomes of attempts
//! that were begun before it last opened or closed change nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clocks::seconds;

/// When the breaker of a model opens, and for how long.
///
/// It opens when at least `failures` attempts within `window` failed through the partner's fault, and
/// they are at least `failure_share` of the attempts since the first of them. After `rest` one
/// request is let through as a probe: an answer closes the breaker, a failure doubles the rest, up to
/// `longest_rest`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// Failures that open it. Default 5.
    pub failures: u32,
    /// Their least share of the attempts, 0 to 1. Default 0.5.
    pub failure_share: f64,
    /// How long a failure counts. Default 30 s.
    #[serde(rename = "window_seconds", with = "seconds")]
    pub window: Duration,
    /// How long the model is left alone at first. Default 5 s.
    #[serde(rename = "rest_seconds", with = "seconds")]
    pub rest: Duration,
    /// How long it is left alone at most. Default 15 s, so that a partner that has recovered is
    /// asked again well within 30 s.
    #[serde(rename = "longest_rest_seconds", with = "seconds")]
    pub longest_rest: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failures: 5,
            failure_share: 0.5,
            window: Duration::from_secs(30),
            rest: Duration::from_secs(5),
            longest_rest: Duration::from_secs(15),
        }
    }
}

/// The longest a partner may bid us to stay away.
pub(crate) const LONGEST_TOLD: Duration = Duration::from_mins(1);
/// After this long a probe of which nothing was heard counts as lost.
const PROBE_LOST: Duration = Duration::from_secs(30);

/// Whether a request may go to the model now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admit {
    /// Yes.
    Free,
    /// Yes, as the one probe that is out.
    Probe,
    /// Rather not before then; where there is no other way, it may.
    Resting(Duration),
    /// Not before then: the partner said so.
    Told(Duration),
}

/// The breaker of one model at one partner.
#[derive(Debug)]
pub struct Breaker {
    config: BreakerConfig,
    state: State,
    /// When it last opened or closed.
    since: Duration,
    /// Before this the partner does not want to be asked.
    told: Duration,
}

#[derive(Debug)]
enum State {
    Closed { now: Tally, before: Tally },
    Open { until: Duration, rest: Duration, probe: Option<Duration> },
}

/// What happened in one half of a window.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    from: Duration,
    failures: u32,
    successes: u32,
}

const CLOSED: State = State::Closed {
    now: Tally { from: Duration::ZERO, failures: 0, successes: 0 },
    before: Tally { from: Duration::ZERO, failures: 0, successes: 0 },
};

impl Breaker {
    /// A closed one.
    pub fn new(config: BreakerConfig) -> Self {
        Self { config, state: CLOSED, since: Duration::ZERO, told: Duration::ZERO }
    }

    /// What [`Breaker::admit`] would say, without taking the probe.
    pub fn look(&self, now: Duration) -> Admit {
        if now < self.told {
            return Admit::Told(self.told);
        }
        match self.state {
            State::Closed { .. } => Admit::Free,
            State::Open { until, .. } if now < until => Admit::Resting(until),
            State::Open { probe: Some(out), .. } if now < out + PROBE_LOST => {
                Admit::Resting(out + PROBE_LOST)
            }
            State::Open { .. } => Admit::Probe,
        }
    }

    /// Whether a request may go now. A probe is out until one of its outcomes is told.
    pub fn admit(&mut self, now: Duration) -> Admit {
        let admitted = self.look(now);
        if admitted == Admit::Probe
            && let State::Open { probe, .. } = &mut self.state
        {
            *probe = Some(now);
        }
        admitted
    }

    /// An attempt begun at `begun` was answered.
    pub fn succeeded(&mut self, now: Duration, begun: Duration) {
        if begun < self.since {
            return;
        }
        match &mut self.state {
            State::Closed { now: tally, before } => {
                turn(tally, before, now, self.config.window);
                tally.successes += 1;
            }
            State::Open { .. } => {
                self.state = CLOSED;
                self.since = now;
            }
        }
    }

    /// An attempt begun at `begun` failed through the partner's fault.
    pub fn failed(&mut self, now: Duration, begun: Duration, was_probe: bool) {
        if begun < self.since {
            return;
        }
        match &mut self.state {
            State::Closed { now: tally, before } => {
                turn(tally, before, now, self.config.window);
                tally.failures += 1;
                let failures = tally.failures + before.failures;
                let all = failures + tally.successes + before.successes;
                if failures >= self.config.failures.max(1)
                    && f64::from(failures) >= self.config.failure_share * f64::from(all)
                {
                    let rest = self.config.rest.min(self.config.longest_rest);
                    self.state = State::Open { until: now + rest, rest, probe: None };
                    self.since = now;
                }
            }
            State::Open { until, rest, probe } if was_probe => {
                *rest = (*rest * 2).min(self.config.longest_rest);
                *until = now + *rest;
                *probe = None;
            }
            // Who had no other way and went all the same does not put the next probe off.
            State::Open { .. } => {}
        }
    }

    /// A probe ended without saying anything of the partner: another may go.
    pub fn probe_returned(&mut self) {
        if let State::Open { probe, .. } = &mut self.state {
            *probe = None;
        }
    }

    /// The partner asked not to be asked for a while.
    pub fn stay_away(&mut self, now: Duration, wait: Duration) {
        self.told = self.told.max(now + wait.min(LONGEST_TOLD));
    }

    /// Whether there is nothing to remember: closed, and no failure that still counts.
    pub fn is_calm(&mut self, now: Duration) -> bool {
        let window = self.config.window;
        now >= self.told
            && match &mut self.state {
                State::Open { .. } => false,
                State::Closed { now: tally, before } => {
                    turn(tally, before, now, window);
                    tally.failures + before.failures == 0
                }
            }
    }
}

/// Lets go of what is too old to count.
fn turn(tally: &mut Tally, before: &mut Tally, now: Duration, window: Duration) {
    let half = window / 2;
    let age = now.saturating_sub(tally.from);
    if age >= half {
        *before = if age < window { *tally } else { Tally::default() };
        *tally = Tally { from: now, ..Tally::default() };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONFIG: BreakerConfig = BreakerConfig {
        failures: 3,
        failure_share: 0.5,
        window: Duration::from_secs(30),
        rest: Duration::from_secs(5),
        longest_rest: Duration::from_secs(15),
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn opened(at: Duration) -> Breaker {
        let mut breaker = Breaker::new(CONFIG);
        for _ in 0..3 {
            assert_eq!(breaker.admit(at), Admit::Free);
            breaker.failed(at, at, false);
        }
        breaker
    }

    #[test]
    fn it_opens_rests_probes_and_closes() {
        let mut breaker = opened(at(10));
        assert_eq!(breaker.admit(at(10)), Admit::Resting(at(15)));
        assert_eq!(breaker.admit(at(15)), Admit::Probe);
        assert_eq!(breaker.admit(at(16)), Admit::Resting(at(45)), "one probe at a time");
        breaker.failed(at(16), at(15), true);
        assert_eq!(breaker.admit(at(17)), Admit::Resting(at(26)), "the rest doubles");
        assert_eq!(breaker.admit(at(26)), Admit::Probe);
        breaker.failed(at(26), at(26), true);
        assert_eq!(breaker.admit(at(41)), Admit::Probe, "and stays below the longest");
        breaker.succeeded(at(42), at(41));
        assert_eq!(breaker.admit(at(42)), Admit::Free);
        assert!(breaker.is_calm(at(42)));
    }

    #[test]
    fn a_few_failures_among_many_answers_do_not_open_it() {
        let mut breaker = Breaker::new(CONFIG);
        for second in 0..60 {
            breaker.succeeded(at(second), at(second));
            breaker.succeeded(at(second), at(second));
            if second % 2 == 0 {
                breaker.failed(at(second), at(second), false);
            }
            assert_eq!(breaker.look(at(second)), Admit::Free);
        }
        assert!(!breaker.is_calm(at(60)));
        assert!(breaker.is_calm(at(100)), "old failures are forgotten");
    }

    #[test]
    fn a_long_answer_from_before_does_not_close_it_nor_a_late_failure_open_it() {
        let mut breaker = opened(at(10));
        breaker.succeeded(at(12), at(2));
        assert_eq!(breaker.look(at(12)), Admit::Resting(at(15)));
        assert_eq!(breaker.admit(at(15)), Admit::Probe);
        breaker.succeeded(at(16), at(15));
        for _ in 0..9 {
            breaker.failed(at(17), at(9), false);
        }
        assert_eq!(breaker.look(at(17)), Admit::Free);
    }

    #[test]
    fn a_probe_that_came_to_nothing_makes_room_for_another() {
        let mut breaker = opened(at(10));
        assert_eq!(breaker.admit(at(15)), Admit::Probe);
        breaker.probe_returned();
        assert_eq!(breaker.admit(at(15)), Admit::Probe);
        assert_eq!(breaker.admit(at(15) + PROBE_LOST), Admit::Probe, "a lost probe is replaced");
    }

    #[derive(Clone, Debug)]
    enum Act {
        Ask { fails: bool, takes: u64 },
        AskAnyway { fails: bool },
        GoAway,
        Told(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (any::<bool>(), 0..20_u64).prop_map(|(fails, takes)| Act::Ask { fails, takes }),
            any::<bool>().prop_map(|fails| Act::AskAnyway { fails }),
            Just(Act::GoAway),
            (0..1_000_u64).prop_map(Act::Told),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happened_a_recovered_partner_is_soon_asked_again(
            acts in proptest::collection::vec((0..10_u64, act()), 0..60)
        ) {
            let mut breaker = Breaker::new(CONFIG);
            let mut now = Duration::ZERO;
            for (pause, act) in acts {
                now += at(pause);
                match act {
                    Act::Ask { fails, takes } => {
                        let (begun, admitted) = (now, breaker.admit(now));
                        if matches!(admitted, Admit::Free | Admit::Probe) {
                            now += at(takes);
                            if fails {
                                breaker.failed(now, begun, admitted == Admit::Probe);
                            } else {
                                breaker.succeeded(now, begun);
                            }
                        }
                    }
                    Act::AskAnyway { fails: true } => breaker.failed(now, now, false),
                    Act::AskAnyway { fails: false } => breaker.succeeded(now, now),
                    Act::GoAway => {
                        if breaker.admit(now) == Admit::Probe {
                            breaker.probe_returned();
                        }
                    }
                    Act::Told(wait) => {
                        breaker.stay_away(now, at(wait));
                        if let Admit::Told(until) = breaker.look(now) {
                            prop_assert!(until <= now + LONGEST_TOLD);
                        }
                    }
                }
            }
            // From here on it answers, and is asked once a second.
            now = now.max(breaker.told);
            let recovered = now;
            loop {
                match breaker.admit(now) {
                    Admit::Free => break,
                    Admit::Probe => breaker.succeeded(now, now),
                    Admit::Resting(_) | Admit::Told(_) => now += at(1),
                }
                prop_assert!(now <= recovered + CONFIG.longest_rest + at(1));
            }
        }

        #[test]
        fn answers_alone_never_open_it(times in proptest::collection::vec(0..100_u64, 0..200)) {
            let mut breaker = Breaker::new(CONFIG);
            for time in times {
                breaker.succeeded(at(time), at(time));
                prop_assert_eq!(breaker.look(at(time)), Admit::Free);
            }
        }
    }
}
