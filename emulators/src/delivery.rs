//! How an answer leaves: its parts, their pace, and how it ends (well, cut, or never).

use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::ask::Trigger;
use crate::stats::Attendance;

/// Delay between the parts of an answer under `[[slow]]`.
const SLOW: Duration = Duration::from_millis(50);
/// Parts of an answer under `[[slow]]`.
pub(crate) const SLOW_PARTS: usize = 40;
/// Text parts that still arrive before a fault in the middle of a stream.
pub(crate) const PARTS_BEFORE_FAULT: usize = 3;

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Complete,
    /// The connection drops.
    Cut,
    /// Nothing more comes, the connection stays.
    Hang,
}

/// The parts of one answer, computed as they are sent.
pub(crate) type Parts = Box<dyn Iterator<Item = Bytes> + Send>;

/// An answer ready to be written.
pub(crate) struct Delivery {
    parts: Parts,
    ending: Ending,
    delay: Option<Duration>,
    exact: Option<u64>,
}

/// A stream of one protocol, with what its faults look like there.
pub(crate) struct Stream {
    /// All frames of the good case.
    pub(crate) frames: Parts,
    /// Frames that come before the first one with text.
    pub(crate) lead: usize,
    /// A frame that reports an error after good ones.
    pub(crate) error: Bytes,
    /// A frame that is not what the protocol says.
    pub(crate) broken: Bytes,
}

impl Delivery {
    /// An answer in one piece, bent as `trigger` asks.
    pub(crate) fn whole(body: Vec<u8>, trigger: Option<Trigger>) -> Self {
        let body = Bytes::from(body);
        let full = body.len();
        let (parts, ending, delay, exact): (Vec<Bytes>, _, _, _) = match trigger {
            Some(Trigger::Malformed) => {
                (vec![body.slice(..full / 2)], Ending::Complete, None, full / 2)
            }
            Some(Trigger::CutStream | Trigger::EndEarly) => {
                (vec![body.slice(..full / 2)], Ending::Cut, None, full)
            }
            Some(Trigger::Stall) => (vec![body.slice(..1.min(full))], Ending::Hang, None, full),
            Some(Trigger::StallHeaders) => (Vec::new(), Ending::Hang, None, full),
            Some(Trigger::Slow) => {
                let size = full.div_ceil(SLOW_PARTS).max(1);
                let parts =
                    (0..full).step_by(size).map(|at| body.slice(at..full.min(at + size))).collect();
                (parts, Ending::Complete, Some(SLOW), full)
            }
            _ => (vec![body], Ending::Complete, None, full),
        };
        Self { parts: Box::new(parts.into_iter()), ending, delay, exact: Some(exact as u64) }
    }

    /// An answer in frames, bent as `trigger` asks.
    pub(crate) fn stream(stream: Stream, trigger: Option<Trigger>) -> Self {
        let Stream { frames, lead, error, broken } = stream;
        let some = lead + PARTS_BEFORE_FAULT;
        let (parts, ending, delay): (Parts, _, _) = match trigger {
            Some(Trigger::CutStream) => (Box::new(frames.take(some)), Ending::Cut, None),
            Some(Trigger::EndEarly) => (Box::new(frames.take(some)), Ending::Complete, None),
            Some(Trigger::Stall) => (Box::new(frames.take(lead + 1)), Ending::Hang, None),
            Some(Trigger::StallHeaders) => (Box::new(std::iter::empty()), Ending::Hang, None),
            Some(Trigger::Malformed) => {
                (Box::new(frames.take(some).chain([broken])), Ending::Complete, None)
            }
            Some(Trigger::ErrorMidStream) => {
                (Box::new(frames.take(some).chain([error])), Ending::Complete, None)
            }
            Some(Trigger::Slow) => (frames, Ending::Complete, Some(SLOW)),
            _ => (frames, Ending::Complete, None),
        };
        Self { parts, ending, delay, exact: None }
    }

    /// A stream that consists of one frame.
    pub(crate) fn single(frame: Bytes) -> Self {
        Self {
            parts: Box::new(std::iter::once(frame)),
            ending: Ending::Complete,
            delay: None,
            exact: None,
        }
    }

    /// The body of the response; `delay` stands between frames unless a fault sets its own.
    pub(crate) fn into_body(self, delay: Duration, attendance: Option<Attendance>) -> Paced {
        let mut parts = self.parts;
        let next = parts.next();
        let delay = match (self.delay, self.exact) {
            (Some(own), _) => own,
            (None, None) => delay,
            (None, Some(_)) => Duration::ZERO,
        };
        Paced {
            parts,
            next,
            ending: self.ending,
            delay,
            sleep: None,
            exact: self.exact,
            attendance,
            flushed: false,
        }
    }
}

/// A response body that gives its parts one at a time.
pub(crate) struct Paced {
    parts: Parts,
    next: Option<Bytes>,
    ending: Ending,
    delay: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    exact: Option<u64>,
    attendance: Option<Attendance>,
    flushed: bool,
}

impl Paced {
    fn finish(&mut self) {
        if let Some(attendance) = &mut self.attendance {
            attendance.finish();
        }
    }
}

/// The error with which a body makes the server drop the connection.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is dropped on demand")
    }
}

impl std::error::Error for Cut {}

impl Body for Paced {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        if let Some(sleep) = &mut this.sleep {
            ready!(sleep.as_mut().poll(cx));
            this.sleep = None;
        }
        if let Some(part) = this.next.take() {
            this.next = this.parts.next();
            if this.next.is_some() {
                if !this.delay.is_zero() {
                    this.sleep = Some(Box::pin(tokio::time::sleep(this.delay)));
                }
            } else if this.ending == Ending::Complete {
                this.finish();
            }
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        match this.ending {
            Ending::Complete => {
                this.finish();
                Poll::Ready(None)
            }
            Ending::Cut if this.flushed => {
                this.finish();
                Poll::Ready(Some(Err(Cut)))
            }
            Ending::Cut => {
                // One pending turn lets the server flush what it has before it drops the line.
                this.flushed = true;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            // The server itself watches the socket and drops the body when the client leaves.
            Ending::Hang => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none() && self.ending == Ending::Complete
    }

    fn size_hint(&self) -> SizeHint {
        self.exact.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
