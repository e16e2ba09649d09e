//! What a partner answers: a whole completion, or a stream of events that is pulled.

use std::{fmt, mem, sync::Arc};

use yumen_policy::ModelRef;

use yumen_wire::{Completion, Event, StreamDecoder};

use crate::{AskError, Attempt, expected::Expected, inflow::Inflow, wait::Due};

/// A partner's answer.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is moved twice and kept nowhere")]
pub enum Answer {
    /// All of it at once.
    Whole(Whole),
    /// Piece by piece.
    Stream(AnswerStream),
}

/// A whole answer, and who gave it.
#[derive(Debug)]
pub struct Whole {
    /// The answer.
    pub completion: Completion,
    /// What it took, the attempt that gave it last.
    pub attempts: Vec<Attempt>,
    pub(crate) models: Arc<[ModelRef]>,
    pub(crate) chosen: usize,
    pub(crate) emulated: bool,
}

impl Whole {
    /// The model that answered.
    pub fn model(&self) -> &ModelRef {
        &self.models[self.chosen]
    }

    /// Whether an emulator answered in the partner's place.
    pub fn emulated(&self) -> bool {
        self.emulated
    }
}

/// What [`AnswerStream::next`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Go on.
    More,
    /// Another attempt, perhaps at another model, goes on with the same text: what was appended in
    /// this call comes from it, and [`AnswerStream::model`] names it.
    Switched,
    /// All that came before this call is void: what was appended in this call is the beginning of
    /// the answer anew, and [`AnswerStream::model`] names who gives it.
    Restarted,
    /// The answer has ended properly; nothing was appended.
    End,
}

/// The events of a streamed answer.
///
/// It has no task and no queue: nothing is read from the partner but when [`AnswerStream::next`]
/// is awaited, so a slow reader slows the partner down, and dropping the stream before its end
/// closes the connection to the partner. After the end the connection is kept for the next request.
pub struct AnswerStream {
    within: Box<Within>, // small to move, whatever the protocol's decoder holds
}

struct Within {
    state: State,
    decoder: StreamDecoder,
    expected: Expected,
    /// When the first token is due; unset once it has come.
    first_token: Option<Due>,
    /// Events that were read before anybody asked for them.
    ahead: Vec<Event>,
    /// An error that came in one piece with events, which go first.
    behind: Option<AskError>,
}

enum State {
    /// More may come.
    Open(Inflow),
    /// The partner has said its last word; the body may go on for a moment.
    Ending(Inflow),
    /// Nothing more.
    Ended,
}

impl AnswerStream {
    pub(crate) fn new(
        inflow: Inflow,
        decoder: StreamDecoder,
        first_token: Due,
        expected: Expected,
    ) -> Self {
        let state = State::Open(inflow);
        let first_token = Some(first_token);
        Self {
            within: Box::new(Within {
                state,
                decoder,
                expected,
                first_token,
                ahead: Vec::new(),
                behind: None,
            }),
        }
    }

    /// Reads until the first event has come, or the error in its place.
    pub(crate) async fn prime(&mut self) -> Result<(), AskError> {
        let mut ahead = Vec::new();
        self.next(&mut ahead).await?;
        self.within.ahead = ahead;
        Ok(())
    }

    /// Appends the events that come next to `out`. The future may be dropped and made anew without loss.
    ///
    /// # Errors
    /// [`AskError`] when a clock ran out, the connection broke, the partner reported an error, or
    /// the stream ended before it was finished, or went on as another model's than the approved
    /// one. Events before the error have been given out. After an error the connection is closed and the stream has ended.
    pub async fn next(&mut self, out: &mut Vec<Event>) -> Result<Step, AskError> {
        self.within.next(out).await.map(|more| if more { Step::More } else { Step::End })
    }

    /// The model that answers now.
    pub fn model(&self) -> &ModelRef {
        self.within.expected.model()
    }

    /// What was tried so far and has ended, in order.
    pub fn attempts(&self) -> &[Attempt] {
        &[]
    }
}

impl Within {
    async fn next(&mut self, out: &mut Vec<Event>) -> Result<bool, AskError> {
        if !self.ahead.is_empty() {
            out.append(&mut self.ahead);
            return Ok(true);
        }
        if let Some(error) = self.behind.take() {
            return Err(error);
        }
        let more = self.pull(out).await;
        if !matches!(more, Ok(true)) {
            self.end();
        }
        more
    }

    async fn pull(&mut self, out: &mut Vec<Event>) -> Result<bool, AskError> {
        let before = out.len();
        loop {
            let inflow = match &mut self.state {
                State::Open(inflow) => inflow,
                State::Ending(_) | State::Ended => return Ok(false),
            };
            let piece = inflow.piece(self.first_token).await?;
            let ended = piece.is_none();
            let decoded = match piece {
                Some(bytes) => self.decoder.push(&bytes, out),
                None => self.decoder.finish(out),
            };
            let approved = self.expected.stream(out, before);
            if out.len() > before {
                inflow.progressed();
                if self.first_token.is_some() && out[before..].iter().any(is_token) {
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
        self.state = match mem::replace(&mut self.state, State::Ended) {
            State::Open(inflow) => State::Ending(inflow),
            other => other,
        };
    }

    /// Lets go of the connection: kept if the answer is complete, closed if it is not.
    fn end(&mut self) {
        if let State::Ending(inflow) = mem::replace(&mut self.state, State::Ended) {
            inflow.keep_connection();
        }
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether an event shows that the model has begun to answer, or is done.
fn is_token(event: &Event) -> bool {
    !matches!(event, Event::Start { .. } | Event::Identity { .. } | Event::Usage(_))
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.within.state {
            State::Open(_) => "open",
            State::Ending(_) => "ending",
            State::Ended => "ended",
        };
        f.debug_struct("AnswerStream").field("state", &state).finish_non_exhaustive()
    }
}
