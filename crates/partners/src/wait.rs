//! Waiting under a deadline, with one timer a request that is hardly ever touched.
//!
//! Deadlines mostly move later: with every event of a stream the next one is due a gap from then.
//! Instead of moving the timer each time, we leave it where it is and look, when it fires, whether
//! the deadline of now has really passed.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Which of the clocks a deadline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    Connect,
    FirstToken,
    Gap,
    Headers,
    Total,
    /// Not a clock of its own: the end of a window in which enough must have come.
    Rate,
}

/// A moment, and the clock that runs out at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) clock: Clock,
    /// How long it ran.
    pub(crate) limit: Duration,
}

impl Due {
    /// So long after a moment.
    pub(crate) fn after(from: Instant, limit: Duration, clock: Clock) -> Self {
        Self { at: from + limit, clock, limit }
    }

    /// The earlier of two; the first where they are equal.
    pub(crate) fn or_sooner(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }
}

/// The one timer of a request.
pub(crate) struct Timer {
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    /// A timer that has not been started: the clock of the runtime hears of it with the first poll.
    pub(crate) fn new(first: Instant) -> Self {
        Self { sleep: Box::pin(sleep_until(first)) }
    }

    /// Ready once `at` has passed.
    pub(crate) fn poll_until(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if at < self.sleep.deadline() {
            self.sleep.as_mut().reset(at);
        }
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if self.sleep.deadline() >= at {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    async fn wait(timer: &mut Timer, at: Instant) {
        poll_fn(|cx| timer.poll_until(at, cx)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_moves_both_ways() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut timer = Timer::new(at(5));
        wait(&mut timer, at(9)).await;
        assert_eq!(Instant::now(), at(9));
        let mut timer = Timer::new(at(100));
        wait(&mut timer, at(20)).await;
        assert_eq!(Instant::now(), at(20));
        wait(&mut timer, at(19)).await;
        assert_eq!(Instant::now(), at(20), "what has passed is not waited for");
    }
}
