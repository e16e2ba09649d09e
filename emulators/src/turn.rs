//! A checked question on its way to an answer: where its fault is picked and takes effect.
//!
//! Every partner goes the same way: [`Turn::begin`], [`Turn::before`] for what is refused or never
//! answered, then [`Turn::reply`] and [`Turn::stream`] or [`Turn::whole`]. So every partner has
//! every fault, and supplies only its own form of a refusal and of an error event.

use http::StatusCode;

use crate::ask::Ask;
use crate::claims::Named;
use crate::delivery::{Delivery, Stream};
use crate::exchange::{Request, Response};
use crate::fault::{Fault, FaultKind, RetryAfter, Why};
use crate::log::Tokens;
use crate::persona::Persona;
use crate::reply::Reply;
use crate::schedule::Candidate;

/// A checked question on its way to an answer.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    request: &'a Request,
    ask: &'a Ask,
    streamed: bool,
    fault: Option<Fault>,
}

impl<'a> Turn<'a> {
    /// Picks the fault of `ask`: the word in its last user message, or else the schedule's.
    pub(crate) fn begin(request: &'a Request, ask: &'a Ask, streamed: bool) -> Self {
        let prefixed = ask.conversation.prefix.is_some();
        let candidate = Candidate { model: &ask.model, prefixed, lot: request.ticket.lot() };
        let fault = FaultKind::find(&ask.conversation.user)
            .filter(|kind| *kind != FaultKind::RefusePrefix || prefixed)
            .map(Fault::worded)
            .or_else(|| request.schedule.next(candidate));
        request.record.note(|entry| {
            entry.model = Some(ask.model.clone());
            entry.stream = Some(streamed);
            entry.prefixed = prefixed;
            entry.fault = fault.map(|fault| fault.kind);
        });
        Self { request, ask, streamed, fault }
    }

    /// Takes back a fault of moderation: this partner has none.
    pub(crate) fn unmoderated(&mut self) {
        let moderated = |fault: &Fault| {
            matches!(fault.kind, FaultKind::ModerationInput | FaultKind::ModerationOutput)
        };
        if self.fault.take_if(|fault| moderated(fault)).is_some() {
            self.request.record.note(|entry| entry.fault = None);
        }
    }

    /// What happens instead of an answer, if anything. `refuse` puts a refusal into the partner's
    /// form; its status and `Retry-After` are set here where the schedule names them.
    pub(crate) fn before(&self, refuse: impl FnOnce(Why) -> Response) -> Option<Response> {
        let fault = self.fault.as_ref()?;
        match fault.kind {
            FaultKind::Reset => Some(Response::Reset),
            FaultKind::Silence => Some(Response::Silence),
            FaultKind::ErrorUnder200 if !self.streamed => {
                Some(with_status(refuse(Why::Under200), 200))
            }
            _ => {
                let response = refuse(fault.why()?);
                let response = match fault.kind {
                    FaultKind::Status => with_status(response, fault.status),
                    _ => response,
                };
                Some(with_retry(response, fault.retry))
            }
        }
    }

    /// The answer.
    pub(crate) fn reply(&self, persona: Persona) -> Reply {
        let fault = self.fault.map(|fault| fault.kind);
        let script = &self.request.script;
        let scripted = if fault.is_some_and(FaultKind::speaks) { None } else { script.next() };
        let reply = match scripted {
            Some(answer) => Reply::scripted(&answer, self.ask, persona),
            None => Reply::to(self.ask, persona, fault),
        };
        let usage =
            Tokens { input_tokens: self.ask.input_tokens(), output_tokens: reply.output_tokens() };
        let cost = self.request.prices.cost(&self.ask.model, usage);
        self.request.record.note(|entry| {
            entry.usage = Some(usage);
            entry.cost_micros = cost;
        });
        reply
    }

    /// How the answer names what made it. `own` tells whether this partner has fingerprints.
    pub(crate) fn named(&self, own: bool) -> Named {
        self.request.claims.of(self.ask, self.fault.as_ref(), own)
    }

    /// The answer in frames, bent as the fault wants it.
    pub(crate) fn stream(&self, stream: Stream) -> Delivery {
        Delivery::stream(stream, self.fault.as_ref())
    }

    /// The answer in one piece, bent as the fault wants it.
    pub(crate) fn whole(&self, body: Vec<u8>) -> Delivery {
        Delivery::whole(body, self.fault.as_ref())
    }
}

fn with_status(response: Response, wanted: u16) -> Response {
    match (response, StatusCode::from_u16(wanted)) {
        (Response::Answer { headers, delivery, .. }, Ok(status)) => {
            Response::Answer { status, headers, delivery }
        }
        (other, _) => other,
    }
}

fn with_retry(response: Response, retry: RetryAfter) -> Response {
    let Response::Answer { status, mut headers, delivery } = response else { return response };
    if retry != RetryAfter::AsPartner {
        headers.retain(|(name, _)| !matches!(*name, "retry-after" | "retry-after-ms"));
    }
    if let RetryAfter::Seconds(seconds) = retry {
        headers.push(("retry-after", seconds.to_string()));
    }
    Response::Answer { status, headers, delivery }
}
