//! Which of the models is asked next, after which wait: the one decision of failover, without a
//! clock or a socket.
//!
//! The order of the seats is the order of preference. A model that failed quickly is asked once more
//! before the next one is; one that was silent, or that said no, is not asked again. Nobody is asked
//! before the partner said so, and a model at rest is asked only when there is no other way.

use std::time::Duration;

use crate::backoff::{WORTH_WAITING, WORTH_WAITING_ALONE};

/// How often one answer asks one model at most.
pub(crate) const MOST_TRIES: u8 = 2;

/// A model that may be asked, as far as the decision needs it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seat {
    /// How often it was asked for this answer.
    pub(crate) tries: u8,
    /// Whether it is out, for this answer or for this way of asking.
    pub(crate) out: bool,
    /// Not before then: the partner said so, or we pause.
    pub(crate) from: Duration,
    /// Whether it is better left alone: its breaker is open, or its keys are no good.
    pub(crate) resting: bool,
    /// Whether all places at its partner are taken.
    pub(crate) full: bool,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask this one now.
    Ask(usize),
    /// Look again then.
    Wait(Duration),
    /// Wait for a place at this one's partner.
    Queue(usize),
    /// Nothing more can be done.
    GiveUp,
}

impl Seat {
    fn may(&self) -> bool {
        !self.out && self.tries < MOST_TRIES
    }

    fn is_ready(&self, now: Duration) -> bool {
        self.may() && self.from <= now && !self.resting && !self.full
    }
}

/// The next step. `again` is the seat that just failed in a way that a second try may mend.
pub(crate) fn next(seats: &[Seat], again: Option<usize>, now: Duration) -> Next {
    let fresh = |seat: &Seat| seat.tries == 0 && seat.is_ready(now);
    let other = seats.iter().position(fresh);
    if let Some(at) = again
        && let Some(seat) = seats.get(at)
        && seat.may()
        && !seat.resting
    {
        let worth = if other.is_some() { WORTH_WAITING } else { WORTH_WAITING_ALONE };
        if seat.is_ready(now) {
            return Next::Ask(at);
        }
        if !seat.full && seat.from > now && seat.from.saturating_sub(now) <= worth {
            return Next::Wait(seat.from);
        }
    }
    if let Some(at) = other {
        return Next::Ask(at);
    }
    let open = |seat: &&Seat| seat.may() && !seat.resting;
    let soonest = seats.iter().filter(open).map(|seat| seat.from).filter(|from| *from > now).min();
    if let Some(from) = soonest
        && from.saturating_sub(now) <= WORTH_WAITING_ALONE
    {
        return Next::Wait(from);
    }
    if let Some(at) = seats.iter().position(|seat| seat.is_ready(now)) {
        return Next::Ask(at);
    }
    let full = |seat: &Seat| seat.may() && !seat.resting && seat.from <= now && seat.full;
    if let Some(at) = seats.iter().position(full) {
        return Next::Queue(at);
    }
    // Better a model that is likely down than none, once.
    let last = |seat: &Seat| seat.tries == 0 && !seat.out && seat.from <= now;
    match seats.iter().position(last) {
        Some(at) if seats[at].full => Next::Queue(at),
        Some(at) => Next::Ask(at),
        None => Next::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const FRESH: Seat =
        Seat { tries: 0, out: false, from: Duration::ZERO, resting: false, full: false };

    #[test]
    fn what_failed_quickly_is_asked_once_more_before_the_next() {
        let failed = Seat { tries: 1, from: at(11), ..FRESH };
        assert_eq!(next(&[failed, FRESH], Some(0), at(10)), Next::Wait(at(11)));
        assert_eq!(next(&[failed, FRESH], Some(0), at(11)), Next::Ask(0));
        let twice = Seat { tries: 2, ..failed };
        assert_eq!(next(&[twice, FRESH], Some(0), at(11)), Next::Ask(1));
        assert_eq!(next(&[twice], Some(0), at(11)), Next::GiveUp);
    }

    #[test]
    fn a_long_wait_is_waited_for_only_when_there_is_no_other_way() {
        let limited = Seat { tries: 1, from: at(15), ..FRESH };
        assert_eq!(next(&[limited, FRESH], Some(0), at(10)), Next::Ask(1));
        let gone = Seat { tries: 1, out: true, ..FRESH };
        assert_eq!(next(&[limited, gone], None, at(10)), Next::Wait(at(15)));
        assert_eq!(next(&[Seat { from: at(60), ..limited }], Some(0), at(10)), Next::GiveUp);
    }

    #[test]
    fn who_rests_is_asked_last_and_once() {
        let resting = Seat { resting: true, ..FRESH };
        assert_eq!(next(&[resting, FRESH], None, at(1)), Next::Ask(1));
        assert_eq!(next(&[resting], None, at(1)), Next::Ask(0));
        assert_eq!(next(&[Seat { tries: 1, ..resting }], Some(0), at(1)), Next::GiveUp);
        let full = Seat { full: true, ..FRESH };
        assert_eq!(next(&[full, resting], None, at(1)), Next::Queue(0));
        assert_eq!(next(&[full, FRESH], None, at(1)), Next::Ask(1));
    }

    fn seat() -> impl Strategy<Value = Seat> {
        (0..4_u8, any::<[bool; 3]>(), 0..40_u64).prop_map(|(tries, [out, resting, full], from)| {
            Seat { tries, out, from: at(from), resting, full }
        })
    }

    proptest! {
        #[test]
        fn nobody_is_asked_who_is_out_too_soon_or_too_often(
            seats in proptest::collection::vec(seat(), 0..6),
            again in proptest::option::of(0..6_usize),
            now in 0..40_u64,
        ) {
            let now = at(now);
            match next(&seats, again, now) {
                Next::Ask(at) => {
                    let seat = seats[at];
                    prop_assert!(!seat.out && seat.from <= now && seat.tries < MOST_TRIES);
                    prop_assert!(!seat.full);
                    if seat.resting {
                        prop_assert!(seat.tries == 0);
                        prop_assert!(!seats.iter().any(|seat| seat.is_ready(now)));
                    }
                }
                Next::Queue(at) => prop_assert!(seats[at].full && !seats[at].out),
                Next::Wait(until) => {
                    prop_assert!(until > now && until.saturating_sub(now) <= WORTH_WAITING_ALONE);
                }
                Next::GiveUp => {
                    prop_assert!(!seats.iter().any(|seat| seat.is_ready(now)));
                }
            }
        }

        #[test]
        fn it_always_comes_to_an_end(seats in proptest::collection::vec(seat(), 0..6)) {
            let (mut seats, mut now, mut again) = (seats, Duration::ZERO, None);
            for _ in 0..100 {
                match next(&seats, again, now) {
                    Next::Ask(at) => {
                        seats[at].tries += 1;
                        again = Some(at);
                    }
                    Next::Wait(until) => now = until,
                    Next::Queue(at) => seats[at].full = false,
                    Next::GiveUp => return Ok(()),
                }
            }
            prop_assert!(false, "{seats:?}");
        }
    }
}
