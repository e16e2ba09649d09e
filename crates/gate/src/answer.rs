//! The last step: bytes of a response, which only labelled content of a recorded request becomes.
//!
//! [`AnswerBody`] has two constructors. Both ask for the [`Admitted`] that only the ledger gives,
//! once the request's entry is durable, and for content in [`Labelled`], which only `label` gives
//! for content that `screen` has seen. A handler that skipped either does not compile.
//!
//! Where the operator chose `durable = "before_end"`, a stream may begin while its entry is still
//! being synced ([`Admission::Underway`]); its end cannot: [`Encoder::end`] takes an [`Admitted`].
//! An entry that turns out not to be recorded ends the answer with an error.

use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::unfold;
use futures_util::{FutureExt as _, Stream};
use yumen_label::Labelled;
use yumen_ledger::{Admitted, Admitting, LedgerError};
use yumen_screen::Notice;
use yumen_wire::{FinishReason, Usage};

use crate::alarm::{About, AlarmKind, Alarms};
use crate::attempts::AttemptTold;
use crate::problem::Problem;
use crate::receipt::ServedBy;

/// The body of an answer that carries generated content.
pub struct AnswerBody(Repr);

enum Repr {
    Whole(Option<Bytes>),
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

/// A part of a streamed answer, as it may be written.
#[derive(Debug)]
pub enum Piece {
    /// Another model answers from here on: with the same text, or with nothing shown before it.
    Answering(Arc<ServedBy>),
    /// The answer begins: nothing that was shown before belongs to it.
    Anew(Arc<ServedBy>),
    /// What the answer took, where it took more than one attempt.
    Attempts(Vec<AttemptTold>),
    /// Why a choice ended.
    Finish {
        /// Which choice of the answer, from 0.
        choice: u32,
        /// Why.
        reason: FinishReason,
    },
    /// Something the screen did.
    Notice(Notice),
    /// The answer failed; nothing follows.
    Problem(Problem),
    /// What came so far must not be shown any longer.
    Restart,
    /// A part of the text that came so far is something else from now on. Only clients of our own are told so, whose answers
    /// have one choice.
    Revise(Revised),
    /// The whole output of the on-device engine.
    Device(Labelled<yumen_device::Output>),
    /// What the model thinks before it answers, where that was asked for.
    Reasoning {
        /// Which choice of the answer, from 0.
        choice: u32,
        /// More of the reasoning.
        text: Labelled<String>,
    },
    /// Generated text.
    Text {
        /// Which choice of the answer, from 0.
        choice: u32,
        /// More of the text.
        text: Labelled<String>,
    },
    /// A fragment of a call to one of the caller's tools.
    ToolCall(ToolCallPart),
    /// What the answer cost, all choices together.
    Usage(Usage),
}

impl Piece {
    /// The choice that it is of; none where it is of the whole answer.
    pub(crate) fn choice(&self) -> Option<u32> {
        match self {
            Self::Text { choice, .. }
            | Self::Reasoning { choice, .. }
            | Self::Finish { choice, .. } => Some(*choice),
            Self::ToolCall(part) => Some(part.choice),
            _ => None,
        }
    }

    /// What it shows of what the model made.
    pub(crate) fn generated(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } | Self::Reasoning { text, .. } => Some(text.get()),
            Self::ToolCall(part) => part.arguments.as_ref().map(|text| text.get().as_str()),
            _ => None,
        }
    }
}

/// A part of a text that was given out, and what stands there from now on.
#[derive(Debug)]
pub struct Revised {
    /// In Unicode characters of all the text so far.
    pub chars: Range<usize>,
    /// In UTF-16 code units.
    pub utf16: Range<usize>,
    /// What stands there.
    pub text: Labelled<String>,
}

/// A fragment of a tool call, as OpenAI's clients put it together by `index`.
#[derive(Debug)]
pub struct ToolCallPart {
    /// Which choice of the answer, from 0.
    pub choice: u32,
    /// Which call of the choice.
    pub index: u32,
    /// The call's id, in its first fragment.
    pub id: Option<String>,
    /// The tool's name, in its first fragment.
    pub name: Option<String>,
    /// More of the arguments' JSON.
    pub arguments: Option<Labelled<String>>,
}

/// Where the parts of a streamed answer come from. Dropping it ends the partner's call.
pub(crate) trait Pieces: Send + 'static {
    /// Appends the next parts; `false` when there will be no more.
    fn next(&mut self, out: &mut Vec<Piece>) -> impl Future<Output = bool> + Send;
}

/// The admission of a request that is being answered.
pub(crate) enum Admission {
    /// It is durable.
    Durable(Admitted),
    /// It is queued, and waited for before the end of the answer.
    Underway(Admitting, Alarms),
}

impl Admission {
    /// Queues an admission. What cannot even be queued is refused here, before a partner is asked.
    pub(crate) fn queue(mut admitting: Admitting, alarms: &Alarms) -> Result<Self, Problem> {
        match (&mut admitting).now_or_never() {
            None => Ok(Self::Underway(admitting, alarms.clone())),
            Some(Ok(admitted)) => Ok(Self::Durable(admitted)),
            Some(Err(error)) => Err(unrecorded(&error, alarms)),
        }
    }

    /// Waits until it is durable.
    pub(crate) async fn durable(self) -> Result<Admitted, Problem> {
        match self {
            Self::Durable(admitted) => Ok(admitted),
            Self::Underway(admitting, alarms) => {
                admitting.await.map_err(|error| unrecorded(&error, &alarms))
            }
        }
    }
}

/// An admission that is not on record: nothing is answered, or the answer ends here.
pub(crate) fn unrecorded(error: &LedgerError, alarms: &Alarms) -> Problem {
    alarms.raise(AlarmKind::LedgerUnavailable, About::default(), error.to_string());
    Problem::new(
        "ledger_unavailable",
        "The record could not be written, so nothing was answered.",
        "无法写入记录，因此没有给出回答。",
    )
}

/// How a surface writes a streamed answer.
pub(crate) trait Encoder: Send + 'static {
    /// What comes before the first part.
    fn start(&mut self, buffer: &mut Vec<u8>);
    /// One part.
    fn piece(&mut self, piece: Piece, buffer: &mut Vec<u8>);
    /// What comes after the last part.
    fn end(&mut self, admitted: &Admitted, buffer: &mut Vec<u8>);
}

impl AnswerBody {
    /// A whole answer: `encode` writes labelled content and the record's proof.
    pub fn whole<T>(
        admitted: &Admitted,
        content: &Labelled<T>,
        encode: impl FnOnce(&T, &Admitted) -> Vec<u8>,
    ) -> Self {
        Self(Repr::Whole(Some(Bytes::from(encode(content.get(), admitted)))))
    }

    /// A streamed answer. It is pulled: a client that does not read is not read for.
    pub(crate) fn stream(admission: Admission, pieces: impl Pieces, encoder: impl Encoder) -> Self {
        let state = Box::new(Streaming {
            admission: Some(admission),
            pieces,
            encoder,
            parts: Vec::new(),
            room: 0,
            phase: Phase::Start,
        });
        Self(Repr::Stream(Box::pin(unfold(state, async |mut state| {
            let bytes = state.next().await?;
            Some((bytes, state))
        }))))
    }

    /// The next bytes, `None` at the end.
    pub(crate) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &mut self.0 {
            Repr::Whole(bytes) => Poll::Ready(bytes.take()),
            Repr::Stream(stream) => stream.as_mut().poll_next(context),
        }
    }

    /// The length, where it is known before the answer is written.
    pub(crate) fn known_length(&self) -> Option<u64> {
        match &self.0 {
            Repr::Whole(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Repr::Stream(_) => None,
        }
    }
}

/// The most room that is made for bytes before they are there.
const MOST_ROOM: usize = 2048;

struct Streaming<P, E> {
    /// Taken at the end.
    admission: Option<Admission>,
    pieces: P,
    encoder: E,
    parts: Vec<Piece>,
    /// How long the last bytes were: the next are likely to be about as long.
    room: usize,
    phase: Phase,
}

enum Phase {
    Start,
    Parts,
    End,
    Done,
}

impl<P: Pieces, E: Encoder> Streaming<P, E> {
    /// The next bytes to write: never empty.
    async fn next(&mut self) -> Option<Bytes> {
        let mut buffer = Vec::with_capacity(self.room);
        while buffer.is_empty() {
            match self.phase {
                Phase::Start => {
                    self.encoder.start(&mut buffer);
                    self.phase = Phase::Parts;
                }
                Phase::Parts => {
                    let more = self.pieces.next(&mut self.parts).await;
                    for piece in self.parts.drain(..) {
                        self.encoder.piece(piece, &mut buffer);
                    }
                    if !more {
                        self.phase = Phase::End;
                        if let Some(Admission::Durable(admitted)) = &self.admission {
                            self.encoder.end(admitted, &mut buffer);
                            self.phase = Phase::Done;
                        }
                    }
                }
                Phase::End => {
                    self.end(&mut buffer).await;
                    self.phase = Phase::Done;
                }
                Phase::Done => return None,
            }
        }
        self.room = (buffer.len() + buffer.len() / 8).min(MOST_ROOM);
        Some(Bytes::from(buffer))
    }

    /// Writes the end of an answer whose admission was not durable when the rest was.
    async fn end(&mut self, buffer: &mut Vec<u8>) {
        match self.admission.take().map(Admission::durable) {
            None => {}
            Some(admission) => match admission.await {
                Ok(admitted) => self.encoder.end(&admitted, buffer),
                Err(problem) => self.encoder.piece(Piece::Problem(problem), buffer),
            },
        }
    }
}
