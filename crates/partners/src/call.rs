//! One request to one model, under the clocks: sent, its head awaited, its answer begun or read.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use http::{Response, Uri, response::Parts};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::Instant;
use yumen_wire::{Completion, Event, Head, Outgoing, ToolCall};

use crate::{
    AskError,
    expected::Expected,
    in_market::{InMarket, now_unix},
    inflow::{Inflow, Line},
    partner::root_cause,
    reading::{Reading, Tally},
    wait::{Clock, Due, Timer},
};

/// The most we take of a whole answer, in bytes.
pub(crate) const MOST_ANSWER: usize = 8 * 1024 * 1024;
/// The most we read of an error's body, in bytes.
const MOST_ERROR: usize = 64 * 1024;

/// One request.
pub(crate) struct Call<'a> {
    pub(crate) partner: &'a InMarket,
    pub(crate) key: usize,
    pub(crate) address: Uri,
    pub(crate) outgoing: Outgoing,
    pub(crate) expected: Expected,
    /// How long the first token may take.
    pub(crate) first_token: Duration,
    /// When all must be over.
    pub(crate) total: Due,
}

/// How an answer is to come.
pub(crate) trait Delivery {
    /// What a request comes to.
    type Got: Send;
    /// Whether the partner is asked for a stream.
    const STREAMS: bool;

    /// Sends the request. Dropping the future closes the connection.
    fn make(call: Call<'_>) -> impl Future<Output = Result<Self::Got, AskError>> + Send;

    /// What came already.
    fn tally(got: &Self::Got) -> Tally;
}

/// All of the answer at once.
pub(crate) enum AtOnce {}

/// Its beginning, up to the first token, and the rest to be read.
pub(crate) enum Streamed {}

impl Delivery for AtOnce {
    type Got = Completion;
    const STREAMS: bool = false;

    async fn make(call: Call<'_>) -> Result<Completion, AskError> {
        let (parts, inflow, _) = call.answered(false).await?;
        let body = inflow.whole(MOST_ANSWER).await?;
        match call.partner.protocol.decode(&read(&parts), &body) {
            Err(error) => Err(call.partner.told(error)),
            Ok(completion) => Ok(call.expected.whole(completion)?),
        }
    }

    fn tally(got: &Completion) -> Tally {
        let said = |text: &str, reasoning: &str, calls: &[ToolCall]| {
            let called: usize = calls.iter().map(|call| call.arguments.len()).sum();
            text.len() + reasoning.len() + called
        };
        let others =
            got.others.iter().map(|other| said(&other.text, &other.reasoning, &other.tool_calls));
        let came = said(&got.text, &got.reasoning, &got.tool_calls) + others.sum::<usize>();
        Tally { came, usage: got.usage, first_token: None }
    }
}

impl Delivery for Streamed {
    type Got = (Vec<Event>, Reading);
    const STREAMS: bool = true;

    async fn make(call: Call<'_>) -> Result<(Vec<Event>, Reading), AskError> {
        let (parts, inflow, sent) = call.answered(true).await?;
        let first_token = Due::after(sent, call.first_token, Clock::FirstToken);
        let decoder = call.partner.protocol.stream_decoder(&read(&parts));
        let mut reading = Reading::new(inflow, decoder, first_token, call.expected);
        let begun = reading.first().await?;
        Ok((begun, reading))
    }

    fn tally((_, reading): &(Vec<Event>, Reading)) -> Tally {
        reading.tally()
    }
}

impl Call<'_> {
    /// Sends the request and waits for an answer that is none of an error.
    async fn answered(&self, stream: bool) -> Result<(Parts, Inflow, Instant), AskError> {
        let line = Line::to(self.partner);
        let mut timer = Timer::new(Instant::now() + self.partner.clocks.connect);
        let (response, sent) = self.head(stream, &line, &mut timer).await?;
        let (parts, body) = response.into_parts();
        let inflow = Inflow::new(line, body, timer, self.total);
        if !parts.status.is_success() {
            let head = read(&parts);
            // An error whose body is too long, or breaks off, is still the error its status says.
            let body = match inflow.whole(MOST_ERROR).await {
                Err(error) if error.is_timeout() => return Err(error),
                body => body.unwrap_or_default(),
            };
            return Err(match self.partner.protocol.decode(&head, &body) {
                Err(error) => self.partner.told(error),
                Ok(_) => self.partner.malformed(head.status, "an answer under an error's status"),
            });
        }
        Ok((parts, inflow, sent))
    }

    /// Sends the request and waits for the head of the answer; with it, the moment from which the
    /// headers and first-token clocks run.
    async fn head(
        &self,
        stream: bool,
        line: &Line,
        timer: &mut Timer,
    ) -> Result<(Response<Incoming>, Instant), AskError> {
        let mut request = self.partner.request(&self.address, &self.outgoing, self.key);
        let mut capture = capture_connection(&mut request);
        let mut connected = pin!(capture.wait_for_connection_metadata());
        let mut response = pin!(line.connections().request(request));
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
                None => Due::after(begun, self.partner.clocks.connect, Clock::Connect),
                Some(sent) => self.answer_due(stream, sent),
            };
            let due = due.or_sooner(self.total);
            timer.poll_until(due.at, cx).map(|()| Err(due))
        })
        .await;
        match answered {
            Ok(Ok(response)) => Ok((response, sent.unwrap_or(begun))),
            Ok(Err(error)) if error.is_connect() => Err(AskError::Unreachable {
                partner: self.partner.id.clone(),
                cause: root_cause(&error),
            }),
            Ok(Err(error)) => Err(self.partner.interrupted(&error)),
            Err(due) => Err(self.partner.timeout(due)),
        }
    }

    /// When the head must be there: a stream's must leave room for the first token.
    fn answer_due(&self, stream: bool, sent: Instant) -> Due {
        let headers = Due::after(sent, self.partner.clocks.headers, Clock::Headers);
        if stream {
            headers.or_sooner(Due::after(sent, self.first_token, Clock::FirstToken))
        } else {
            headers
        }
    }
}

/// What the head of an answer says beside its status.
fn read(head: &Parts) -> Head<'_> {
    Head::read(head.status.as_u16(), now_unix(), |name| head.headers.get(name)?.to_str().ok())
}
