//! Asking: one request under the clocks, and the one retry there may be.
//!
//! A second attempt is made only to the same model, at most once, and only when nothing of an
//! answer was received: no connection, a connection that broke before the head of the answer, or a
//! status that says "not now". A refusal is final, and so is silence: who waited for a clock to run
//! out is not made to wait for it again.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    task::Poll,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{Response, Uri, response::Parts};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::Instant;
use yumen_wire::{Head, Outgoing, PartnerErrorKind, Retry};

use crate::{
    Answer, AnswerStream, AskError, Partners, Route, Unanswered, Whole,
    expected::Expected,
    in_market::InMarket,
    inflow::Inflow,
    partner::root_cause,
    wait::{Clock, Due, Timer},
};

/// The most we take of a whole answer, in bytes.
const MOST_ANSWER: usize = 8 * 1024 * 1024;
/// The most we read of an error's body, in bytes.
const MOST_ERROR: usize = 64 * 1024;
/// The pause before the second attempt where the partner names none.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause a partner may ask for and still get a second attempt.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Partners {
    /// Asks the routed model. Of a stream, returns when its first event has come, so that an error
    /// in place of an answer is an error here. Dropping the future closes the connection.
    ///
    /// # Errors
    /// [`AskError`]: a clock ran out, the connection failed, the partner answered with an error, or
    /// another model answered than the approved one ([`AskError::Drifted`]).
    pub async fn ask(&self, route: Route) -> Result<Answer, Unanswered> {
        self.asked(route).await.map_err(|error| Unanswered { error, attempts: Vec::new() })
    }

    async fn asked(&self, route: Route) -> Result<Answer, AskError> {
        let (expected, partner, address, outgoing, stream) = route.into_parts();
        let total = Due { at: Instant::now() + partner.clocks.total, clock: Clock::Total };
        let call = Call { expected, partner, address, outgoing, stream, total };
        let fault = match call.attempt().await {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        let Some(next) = fault.pause.map(|pause| Instant::now() + pause) else {
            return Err(fault.error);
        };
        if next >= total.at {
            return Err(fault.error);
        }
        tracing::debug!(partner = %call.partner.id, code = fault.error.code(), "asking once more");
        tokio::time::sleep_until(next).await;
        call.attempt().await.map_err(|fault| fault.error)
    }
}

/// Why an attempt failed, and how long to wait before another, where there may be one.
struct Fault {
    error: AskError,
    pause: Option<Duration>,
}

/// What is final.
impl From<AskError> for Fault {
    fn from(error: AskError) -> Self {
        Self { error, pause: None }
    }
}

/// What stays the same over both attempts.
struct Call {
    expected: Expected,
    partner: InMarket,
    address: Uri,
    outgoing: Outgoing,
    stream: bool,
    total: Due,
}

impl Call {
    async fn attempt(&self) -> Result<Answer, Fault> {
        let clocks = &self.partner.clocks;
        let mut timer = Timer::new(Instant::now() + clocks.connect);
        let (response, sent) = self.head(&mut timer).await?;
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let said = read_head(&head);
        let inflow = Inflow::new(self.partner.clone(), body, timer, self.total);
        if !head.status.is_success() {
            // An error whose body is too long, or breaks off, is still the error its status says.
            let body = match inflow.whole(MOST_ERROR).await {
                Err(error) if error.is_timeout() => return Err(error.into()),
                body => body.unwrap_or_default(),
            };
            return match self.partner.protocol.decode(&said, &body) {
                Err(error) => Err(told(self.partner.told(error))),
                Ok(_) => {
                    Err(self.partner.malformed(status, "an answer under an error's status").into())
                }
            };
        }
        if self.stream {
            let first_token = Due { at: sent + clocks.first_token, clock: Clock::FirstToken };
            let decoder = self.partner.protocol.stream_decoder(&said);
            let mut stream = AnswerStream::new(inflow, decoder, first_token, self.expected.clone());
            return match stream.prime().await {
                Ok(()) => Ok(Answer::Stream(stream)),
                Err(error) => Err(told(error)),
            };
        }
        let body = inflow.whole(MOST_ANSWER).await?;
        match self.partner.protocol.decode(&said, &body) {
            Err(error) => Err(told(self.partner.told(error))),
            Ok(completion) => {
                let completion = self.expected.whole(completion)?;
                let (models, chosen) = self.expected.place();
                let emulated = self.partner.emulated;
                let attempts = Vec::new();
                Ok(Answer::Whole(Whole { completion, attempts, models, chosen, emulated }))
            }
        }
    }

    /// Sends the request and waits for the head of the answer; with it, the moment from which the
    /// headers and first-token clocks run.
    async fn head(&self, timer: &mut Timer) -> Result<(Response<Incoming>, Instant), Fault> {
        let clocks = &self.partner.clocks;
        let mut request = self.partner.request(&self.address, &self.outgoing);
        let mut capture = capture_connection(&mut request);
        let mut connected = pin!(capture.wait_for_connection_metadata());
        let mut response = pin!(self.partner.pool.request(request));
        let begun = Instant::now();
        let mut sent: Option<Instant> = None;
        let answered = poll_fn(|cx| {
            if let Poll::Ready(answered) = response.as_mut().poll(cx) {
                return Poll::Ready(Ok(answered));
            }
            if sent.is_none() && connected.as_mut().poll(cx).is_ready() {
                sent = Some(Instant::now());
            }
            let due = match sent {
                None => Due { at: begun + clocks.connect, clock: Clock::Connect },
                Some(sent) => self.answer_due(sent),
            };
            let due = due.or_sooner(self.total);
            timer.poll_until(due.at, cx).map(|()| Err(due.clock))
        })
        .await;
        match answered {
            Ok(Ok(response)) => Ok((response, sent.unwrap_or(begun))),
            Ok(Err(error)) => Err(Fault { error: self.broken(&error), pause: Some(PAUSE) }),
            Err(clock) => {
                let pause = (clock == Clock::Connect).then_some(PAUSE);
                Err(Fault { error: self.partner.timeout(clock), pause })
            }
        }
    }

    /// When the head must be there: a stream's must leave room for the first token.
    fn answer_due(&self, sent: Instant) -> Due {
        let clocks = &self.partner.clocks;
        let headers = Due { at: sent + clocks.headers, clock: Clock::Headers };
        if self.stream {
            headers.or_sooner(Due { at: sent + clocks.first_token, clock: Clock::FirstToken })
        } else {
            headers
        }
    }

    fn broken(&self, error: &hyper_util::client::legacy::Error) -> AskError {
        if error.is_connect() {
            AskError::Unreachable { partner: self.partner.id.clone(), cause: root_cause(error) }
        } else {
            self.partner.interrupted(error)
        }
    }
}

/// What may follow an error that came in place of an answer: a second attempt when the partner says
/// "not now", never when it says "no".
fn told(mut error: AskError) -> Fault {
    let AskError::Partner { error: said, retry_after, .. } = &mut error else {
        return error.into();
    };
    let Retry::After(wait) = said.retry else { return error.into() };
    *retry_after = wait;
    // What broke off was partly received: it is not asked for again.
    let again = said.kind != PartnerErrorKind::Truncated;
    let pause = wait.unwrap_or(PAUSE);
    Fault { pause: (again && pause <= LONGEST_PAUSE).then_some(pause), error }
}

/// What the head of an answer says beside its status.
fn read_head(head: &Parts) -> Head<'_> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Head::read(head.status.as_u16(), now.as_secs(), |name| head.headers.get(name)?.to_str().ok())
}
