//! One attempt's stream of events, read as it is asked for.

use std::mem;

use tokio::time::Instant;
use yumen_wire::{Event, StreamDecoder, Usage};

use crate::{AskError, budget, expected::Expected, inflow::Inflow, wait::Due};

/// The events of one streamed attempt. Dropping it before its end closes the connection to the
/// partner; after the end the connection is kept for the next request.
pub(crate) struct Reading {
    state: State,
    decoder: StreamDecoder,
    expected: Expected,
    /// When the first token is due; unset once it has come.
    first_token: Option<Due>,
    /// An error that came in one piece with events, which go first.
    behind: Option<AskError>,
    tally: Tally,
    /// Whether the answer came whole.
    complete: bool,
}

enum State {
    /// More may come.
    Open(Inflow),
    /// The partner has said its last word; the body may go on for a moment.
    Ending(Inflow),
    /// Nothing more.
    Ended,
}

/// What came of an attempt so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Bytes of text, reasoning and arguments.
    pub(crate) came: usize,
    pub(crate) usage: Option<Usage>,
    pub(crate) first_token: Option<Instant>,
}

impl Reading {
    pub(crate) fn new(
        inflow: Inflow,
        decoder: StreamDecoder,
        first_token: Due,
        expected: Expected,
    ) -> Self {
        Self {
            state: State::Open(inflow),
            decoder,
            expected,
            first_token: Some(first_token),
            behind: None,
            tally: Tally::default(),
            complete: false,
        }
    }

    /// Whether all of the answer was given out.
    pub(crate) fn is_over(&self) -> bool {
        self.complete
    }

    /// What came so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Reads until the first token has come, and gives what came with it and before it.
    pub(crate) async fn first(&mut self) -> Result<Vec<Event>, AskError> {
        let mut events = Vec::new();
        while self.tally.first_token.is_none() && self.pull(&mut events).await? {}
        Ok(events)
    }

    /// Appends the events that come next. `true`: go on; `false`: the answer has ended properly and
    /// nothing was appended. The future may be dropped and made anew without loss.
    pub(crate) async fn pull(&mut self, out: &mut Vec<Event>) -> Result<bool, AskError> {
        if let Some(error) = self.behind.take() {
            return Err(error);
        }
        let more = self.next(out).await;
        if !matches!(more, Ok(true)) {
            self.let_go();
        }
        more
    }

    async fn next(&mut self, out: &mut Vec<Event>) -> Result<bool, AskError> {
        let before = out.len();
        loop {
            let State::Open(inflow) = &mut self.state else { return Ok(false) };
            let piece = inflow.piece(self.first_token).await?;
            let ended = piece.is_none();
            let decoded = match piece {
                Some(bytes) => self.decoder.push(&bytes, out),
                None => self.decoder.finish(out),
            };
            let approved = self.expected.stream(out, before);
            if out.len() > before {
                inflow.progressed();
                let tokens = self.tally.note(&out[before..]);
                if tokens > 0 {
                    inflow.came(tokens);
                }
                if self.tally.first_token.is_some() {
                    self.first_token = None;
                }
            }
            let failed = match (approved, decoded) {
                // Which model answered comes before how its answer went.
                (Err(drifted), _) => Some(drifted),
                (Ok(()), Err(error)) => Some(inflow.partner.told(error)),
                (Ok(()), Ok(())) => None,
            };
            if let Some(error) = failed {
                self.state = State::Ended;
                if out.len() > before {
                    self.behind = Some(error);
                    return Ok(true);
                }
                return Err(error);
            }
            if ended {
                self.state = State::Ended;
                self.complete = true;
            } else if self.decoder.is_done() {
                self.last_word();
            }
            if out.len() > before {
                return Ok(true);
            }
        }
    }

    /// Notes that the answer is complete while its body is still open.
    fn last_word(&mut self) {
        self.complete = true;
        self.state = match mem::replace(&mut self.state, State::Ended) {
            State::Open(inflow) => State::Ending(inflow),
            other => other,
        };
    }

    /// Lets go of the connection: kept if the answer is complete, closed if it is not.
    fn let_go(&mut self) {
        if let State::Ending(inflow) = mem::replace(&mut self.state, State::Ended) {
            inflow.keep_connection();
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl Tally {
    /// Counts what these events bring, and gives it as tokens.
    fn note(&mut self, events: &[Event]) -> u64 {
        let mut tokens = 0;
        for event in events {
            if let Event::Usage(usage) = event {
                self.usage = Some(*usage);
            }
            let Some(bytes) = bytes_of(event) else { continue };
            self.came += bytes;
            tokens += budget::tokens(bytes).max(1);
            if self.first_token.is_none() {
                self.first_token = Some(Instant::now());
            }
        }
        tokens
    }
}

/// How many bytes an event brings of what a model says; none for what is only about it.
pub(crate) fn bytes_of(event: &Event) -> Option<usize> {
    match event {
        Event::Text(text) | Event::Reasoning(text) => Some(text.len()),
        Event::ToolCall(call) => Some(call.arguments.len()),
        Event::Moderation(_) | Event::Finish(_) => Some(0),
        Event::Start { .. }
        | Event::Identity { .. }
        | Event::Choice(_)
        | Event::Extra(_)
        | Event::Usage(_) => None,
    }
}
