//! How an answer leaves: its parts, their pace, and how it ends (well, cut, or never).

use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::fault::{Fault, FaultKind};
use crate::log::Ended;
use crate::stats::Attendance;
use crate::tamper::Tamper;

/// Delay between the parts of an answer under `[[slow]]`.
const SLOW: Duration = Duration::from_millis(50);
/// Parts of an answer under `[[slow]]`.
pub(crate) const SLOW_PARTS: usize = 40;

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
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
    /// How long the headers are held back.
    pub(crate) late: Duration,
    /// How long the first part is held back.
    first: Duration,
    delay: Option<Duration>,
    exact: Option<u64>,
}

/// A stream of one protocol, with what its faults look like there.
pub(crate) struct Stream {
    /// All frames of the good case, one event or line each.
    pub(crate) frames: Parts,
    /// Frames that come before the first one with text.
    pub(crate) lead: usize,
    /// A frame that reports an error, after good ones or as the first.
    pub(crate) error: Bytes,
    /// A frame that is not what the protocol says.
    pub(crate) broken: Bytes,
}

impl Delivery {
    fn of(parts: Parts, exact: Option<usize>) -> Self {
        Self {
            parts,
            ending: Ending::Complete,
            late: Duration::ZERO,
            first: Duration::ZERO,
            delay: None,
            exact: exact.map(|length| length as u64),
        }
    }

    fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// An answer in one piece, bent as `fault` wants it.
    pub(crate) fn whole(body: Vec<u8>, fault: Option<&Fault>) -> Self {
        let body = Bytes::from(body);
        let full = body.len();
        let all = |body: Bytes| {
            let length = body.len();
            Self::of(Box::new(std::iter::once(body)), Some(length))
        };
        let Some(fault) = fault else { return all(body) };
        let some = |body: Bytes, end: usize, ending| {
            Self::of(Box::new(std::iter::once(body.slice(..end))), Some(full)).ending(ending)
        };
        match fault.kind {
            FaultKind::Malformed => all(body.slice(..full / 2)),
            FaultKind::Cut | FaultKind::EndEarly => some(body, full / 2, Ending::Cut),
            FaultKind::Stall => some(body, 1.min(full), Ending::Hang),
            FaultKind::StallHeaders => {
                Self::of(Box::new(std::iter::empty()), Some(full)).ending(Ending::Hang)
            }
            FaultKind::SlowHeaders | FaultKind::SlowFirstToken => {
                Self { late: fault.long_wait(), ..all(body) }
            }
            FaultKind::Slow => {
                let size = full.div_ceil(SLOW_PARTS).max(1);
                let parts =
                    (0..full).step_by(size).map(move |at| body.slice(at..full.min(at + size)));
                let delay = Some(fault.delay.unwrap_or(SLOW));
                Self { delay, ..Self::of(Box::new(parts), Some(full)) }
            }
            kind => match Tamper::with(kind) {
                Some(tamper) => all(tamper.whole(&body)),
                None => all(body),
            },
        }
    }

    /// An answer in frames, bent as `fault` wants it.
    pub(crate) fn stream(stream: Stream, fault: Option<&Fault>) -> Self {
        let Stream { frames, lead, error, broken } = stream;
        let Some(fault) = fault else { return Self::of(frames, None) };
        let some = lead.saturating_add(fault.parts_before());
        match fault.kind {
            FaultKind::Cut => Self::of(Box::new(frames.take(some)), None).ending(Ending::Cut),
            FaultKind::EndEarly => Self::of(Box::new(frames.take(some)), None),
            FaultKind::Stall => Self::of(Box::new(frames.take(some)), None).ending(Ending::Hang),
            FaultKind::StallHeaders => {
                Self::of(Box::new(std::iter::empty()), None).ending(Ending::Hang)
            }
            FaultKind::Malformed => Self::of(Box::new(frames.take(some).chain([broken])), None),
            FaultKind::ErrorMidStream => Self::of(Box::new(frames.take(some).chain([error])), None),
            FaultKind::ErrorUnder200 => Self::single(error),
            FaultKind::SlowHeaders => Self { late: fault.long_wait(), ..Self::of(frames, None) },
            FaultKind::SlowFirstToken => {
                Self { first: fault.long_wait(), ..Self::of(frames, None) }
            }
            FaultKind::Slow => {
                Self { delay: Some(fault.delay.unwrap_or(SLOW)), ..Self::of(frames, None) }
            }
            FaultKind::NoDone => Self::of(Box::new(AllButLast::of(frames)), None),
            kind => match Tamper::with(kind) {
                Some(mut tamper) => {
                    Self::of(Box::new(frames.map(move |frame| tamper.frame(&frame))), None)
                }
                None => Self::of(frames, None),
            },
        }
    }

    /// A stream that consists of one frame.
    pub(crate) fn single(frame: Bytes) -> Self {
        Self::of(Box::new(std::iter::once(frame)), None)
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
        let sleep = (!self.first.is_zero()).then(|| Box::pin(tokio::time::sleep(self.first)));
        Paced {
            parts,
            next,
            ending: self.ending,
            delay,
            sleep,
            exact: self.exact,
            attendance,
            flushed: false,
        }
    }
}

/// A sequence without its last item.
struct AllButLast {
    next: Option<Bytes>,
    rest: Parts,
}

impl AllButLast {
    fn of(mut parts: Parts) -> Self {
        Self { next: parts.next(), rest: parts }
    }
}

impl Iterator for AllButLast {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let after = self.rest.next()?;
        self.next.replace(after)
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
    fn finish(&mut self, ended: Ended) {
        if let Some(attendance) = &mut self.attendance {
            attendance.finish(ended);
        }
    }
}

/// The error with which a response makes the server drop the connection.
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
            if let Some(attendance) = &this.attendance {
                attendance.part();
            }
            this.next = this.parts.next();
            if this.next.is_some() {
                if !this.delay.is_zero() {
                    this.sleep = Some(Box::pin(tokio::time::sleep(this.delay)));
                }
            } else if this.ending == Ending::Complete {
                this.finish(Ended::Complete);
            }
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        match this.ending {
            Ending::Complete => {
                this.finish(Ended::Complete);
                Poll::Ready(None)
            }
            Ending::Cut if this.flushed => {
                this.finish(Ended::Cut);
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
