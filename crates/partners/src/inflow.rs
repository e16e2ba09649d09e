//! The body of an answer as it comes in, each wait under the clocks.

use std::{
    future::poll_fn,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::{runtime::Handle, time::Instant};

use crate::{
    AskError,
    connect::Connections,
    in_market::InMarket,
    wait::{Clock, Due, Timer},
};

/// How long the end of a body may come after its last word, so that its connection is kept.
const GRACE: Duration = Duration::from_millis(100);

/// A partner, and a place on one of the connections to it; left when dropped.
pub(crate) struct Line {
    partner: InMarket,
    part: usize,
}

impl Line {
    pub(crate) fn to(partner: &InMarket) -> Self {
        Self { part: partner.pool.enter(), partner: partner.clone() }
    }

    pub(crate) fn connections(&self) -> &Connections {
        self.partner.pool.at(self.part)
    }
}

impl Deref for Line {
    type Target = InMarket;

    fn deref(&self) -> &InMarket {
        &self.partner
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.partner.pool.leave(self.part);
    }
}

/// A body under the gap and total clocks, and a stream's under its least rate. Dropping it before
/// its end closes the connection, or on HTTP/2 its stream.
pub(crate) struct Inflow {
    pub(crate) partner: Line,
    body: Incoming,
    timer: Timer,
    total: Due,
    /// Since when we have been waiting for progress; unset while nobody waits, so that a slow
    /// reader is not taken for a slow partner.
    waiting_since: Option<Instant>,
    /// The window in which enough must come; unset before the first token.
    rate: Option<Window>,
}

struct Window {
    ends: Due,
    tokens: u64,
}

impl Inflow {
    pub(crate) fn new(partner: Line, body: Incoming, timer: Timer, total: Due) -> Self {
        Self { partner, body, timer, total, waiting_since: None, rate: None }
    }

    /// The next piece of the body, `None` at its end. `first` stands in for the gap clock while
    /// nothing has come yet. Nothing is lost when the future is dropped.
    pub(crate) async fn piece(&mut self, first: Option<Due>) -> Result<Option<Bytes>, AskError> {
        poll_fn(|cx| self.poll_piece(first, cx)).await
    }

    /// Starts the gap clock anew, from the next wait.
    pub(crate) fn progressed(&mut self) {
        self.waiting_since = None;
    }

    /// Counts what came of an answer against its least rate; the first call begins the count.
    pub(crate) fn came(&mut self, tokens: u64) {
        match &mut self.rate {
            Some(window) => window.tokens += tokens,
            None if self.partner.clocks.min_tokens_per_second > 0.0 => self.window(),
            None => {}
        }
    }

    fn window(&mut self) {
        let ends = Due::after(Instant::now(), self.partner.clocks.rate_window, Clock::Rate);
        self.rate = Some(Window { ends, tokens: 0 });
    }

    /// Whether enough came in the window that has just ended. A new one begins.
    fn was_fast_enough(&mut self) -> bool {
        let Some(window) = &self.rate else { return true };
        let clocks = &self.partner.clocks;
        #[expect(clippy::cast_precision_loss, reason = "a rate, of far fewer than 2^53 tokens")]
        let rate = window.tokens as f64 / clocks.rate_window.as_secs_f64();
        let enough = rate >= clocks.min_tokens_per_second;
        self.window();
        enough
    }

    fn poll_piece(
        &mut self,
        first: Option<Due>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, AskError>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Ok(Some(data)));
                    } // trailers say nothing we need
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Err(self.partner.interrupted(&error)));
                }
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => break,
            }
        }
        loop {
            let due = first.unwrap_or_else(|| {
                let since = *self.waiting_since.get_or_insert_with(Instant::now);
                Due::after(since, self.partner.clocks.gap, Clock::Gap)
            });
            let mut due = due.or_sooner(self.total);
            if let Some(window) = &self.rate {
                due = due.or_sooner(window.ends);
            }
            ready!(self.timer.poll_until(due.at, cx));
            if due.clock != Clock::Rate || !self.was_fast_enough() {
                return Poll::Ready(Err(self.partner.timeout(due)));
            }
        }
    }

    /// Lets the connection serve again although nobody reads this body further: it has said all
    /// that matters, and its end has come or will in a moment. Otherwise the connection is closed.
    pub(crate) fn keep_connection(mut self) {
        let until = Due::after(Instant::now(), GRACE, Clock::Gap);
        let now = &mut Context::from_waker(Waker::noop());
        if self.poll_piece(Some(until), now).is_pending()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(async move {
                // What may still come is no part of the answer.
                while Instant::now() < until.at
                    && matches!(self.piece(Some(until)).await, Ok(Some(_)))
                {}
            });
        }
    }

    /// The whole body, at most `limit` bytes. A body that came in one piece is not copied.
    pub(crate) async fn whole(mut self, limit: usize) -> Result<Bytes, AskError> {
        let too_large = |partner: &Line| AskError::TooLarge { partner: partner.id.clone(), limit };
        let announced = self.body.size_hint().lower();
        if usize::try_from(announced).map_or(true, |announced| announced > limit) {
            return Err(too_large(&self.partner));
        }
        let Some(only) = self.piece(None).await? else { return Ok(Bytes::new()) };
        if only.len() <= limit && self.body.is_end_stream() {
            return Ok(only);
        }
        // Within `limit`, so it fits a usize.
        let mut whole = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
        let mut next = Some(only);
        while let Some(piece) = next {
            if piece.len() > limit - whole.len() {
                return Err(too_large(&self.partner));
            }
            whole.extend_from_slice(&piece);
            self.progressed();
            next = self.piece(None).await?;
        }
        Ok(whole.freeze())
    }
}
