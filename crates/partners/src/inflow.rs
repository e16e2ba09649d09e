//! The body of an answer as it comes in, each wait under the clocks.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::{runtime::Handle, time::Instant};

use crate::{
    AskError,
    in_market::InMarket,
    wait::{Clock, Due, Timer},
};

/// How long the end of a body may come after its last word, so that its connection is kept.
const GRACE: Duration = Duration::from_millis(100);

/// A body under the gap and total clocks. Dropping it before its end closes the connection.
pub(crate) struct Inflow {
    pub(crate) partner: InMarket,
    body: Incoming,
    timer: Timer,
    total: Due,
    /// Since when we have been waiting for progress; unset while nobody waits, so that a slow
    /// reader is not taken for a slow partner.
    waiting_since: Option<Instant>,
}

impl Inflow {
    pub(crate) fn new(partner: InMarket, body: Incoming, timer: Timer, total: Due) -> Self {
        Self { partner, body, timer, total, waiting_since: None }
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
        let due = first.unwrap_or_else(|| {
            let since = *self.waiting_since.get_or_insert_with(Instant::now);
            Due { at: since + self.partner.clocks.gap, clock: Clock::Gap }
        });
        let due = due.or_sooner(self.total);
        self.timer.poll_until(due.at, cx).map(|()| Err(self.partner.timeout(due.clock)))
    }

    /// Lets the connection serve again although nobody reads this body further: it has said all
    /// that matters, and its end has come or will in a moment. Otherwise the connection is closed.
    pub(crate) fn keep_connection(mut self) {
        let until = Due { at: Instant::now() + GRACE, clock: Clock::Gap };
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
        let too_large =
            |partner: &InMarket| AskError::TooLarge { partner: partner.id.clone(), limit };
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
