//! A partner's streamed answer on its way to a person: screened, labelled, bounded.
//!
//! What is screened, and how each choice is kept apart from the others, is `choices.rs`'s; here are the partner, the clock, the
//! label and the record.
//!
//! What is held back to be decided goes out after a second of silence. Where it turns out to be something that is masked, a
//! client of our own is told to replace it, and one that cannot is given no more of it.

use std::pin::Pin;
use std::sync::Arc;

use tokio::time::{Instant, Sleep, sleep_until};
use yumen_label::{Labelled, Labels};
use yumen_partners::{AnswerStream, AskError, Step};
use yumen_screen::{FromPartner, Revision, Screened};
use yumen_wire::{Event, PartnerErrorKind};

use crate::answer::{Piece, Pieces, Revised, ToolCallPart};
use crate::attempts::{self, How, Trail};
use crate::choices::{Choices, Said, Wanted};
use crate::drift::Drifts;
use crate::journal::Journal;
use crate::problem::Problem;

/// A streamed answer whose every part may be shown.
pub(crate) struct LabelledStream {
    answer: AnswerStream,
    events: Vec<Event>,
    choices: Choices,
    said: Vec<Said>,
    labels: Labels,
    watch: Watch,
    open: bool,
    /// Wakes the stream up when it was silent for too long; made when text is held back first.
    silence: Option<Pin<Box<Sleep>>>,
}

/// Who is told what becomes of an answer.
pub(crate) struct Watch {
    /// The record of the request.
    pub(crate) journal: Journal,
    /// Models that are not the approved ones.
    pub(crate) drifts: Drifts,
    /// Who answers.
    pub(crate) trail: Trail,
}

impl LabelledStream {
    pub(crate) fn new(
        answer: AnswerStream,
        choices: Choices,
        labels: Labels,
        watch: Watch,
    ) -> Self {
        Self {
            answer,
            events: Vec::new(),
            choices,
            said: Vec::new(),
            labels,
            watch,
            open: true,
            silence: None,
        }
    }

    /// What is asked for.
    pub(crate) fn wanted(&self) -> Wanted {
        self.choices.wanted()
    }

    /// The next events, or nothing when text was held back for too long.
    async fn heard(&mut self, events: &mut Vec<Event>) -> Option<Result<Step, AskError>> {
        loop {
            let Some(due) = self.choices.due() else {
                return Some(self.answer.next(events).await);
            };
            let silence = self.silence.get_or_insert_with(|| Box::pin(sleep_until(due)));
            tokio::select! {
                biased;
                result = self.answer.next(events) => return Some(result),
                () = silence.as_mut() => {}
            }
            // Text that comes does not move the alarm, which so costs nothing while a stream flows.
            if Instant::now() >= due {
                return None;
            }
            silence.as_mut().reset(due);
        }
    }

    /// Another attempt answers, from what came with this step on.
    async fn switched(&mut self, step: Step, out: &mut Vec<Piece>) -> Result<(), Problem> {
        let how = match step {
            Step::Switched if self.choices.shown() => How::Continued,
            Step::Restarted if self.choices.shown() => How::Restarted,
            _ => How::BeforeFirst,
        };
        let ended = self.answer.attempts();
        let another = self.watch.trail.answers(self.answer.model(), how, ended).await?;
        if step == Step::Restarted {
            // What is still held back belongs to a text that is void.
            self.choices.restart();
        }
        let served_by = Arc::clone(self.watch.trail.served_by());
        if how == How::Continued {
            self.choices.go_on();
        }
        match how {
            How::Continued if another => {
                out.extend([Piece::Answering(served_by), Piece::Notice(self.watch.trail.notice())]);
            }
            How::Restarted => out.extend([Piece::Restart, Piece::Anew(served_by)]),
            How::BeforeFirst if another => out.push(Piece::Anew(served_by)),
            How::Continued | How::BeforeFirst => {}
        }
        Ok(())
    }

    /// Ends the answer with what went wrong.
    fn fail(&mut self, problem: Problem, out: &mut Vec<Piece>) {
        self.open = false;
        self.watch.journal.refused(&problem);
        let attempts = attempts::told(self.answer.attempts());
        out.push(Piece::Problem(problem.after(attempts)));
    }

    /// Labels what may be shown, and writes down what was done.
    fn label(&mut self, out: &mut Vec<Piece>) {
        let Self { said, labels, watch, .. } = self;
        let stamp =
            |text: Screened<String, FromPartner>| -> Labelled<String> { labels.stamp(text) };
        out.extend(said.drain(..).filter_map(|said| {
            Some(match said {
                Said::Text { choice, text } => Piece::Text { choice, text: stamp(text) },
                Said::Reasoning { choice, text } => Piece::Reasoning { choice, text: stamp(text) },
                Said::Revised(Revision { chars, utf16, text }) => {
                    Piece::Revise(Revised { chars, utf16, text: stamp(text) })
                }
                Said::ToolCall { choice, call } => Piece::ToolCall(ToolCallPart {
                    choice,
                    index: call.index,
                    id: call.id,
                    name: call.name,
                    arguments: call.arguments.map(stamp),
                }),
                Said::Notice(notice) => {
                    if !watch.journal.found(&notice) {
                        return None;
                    }
                    Piece::Notice(notice)
                }
                Said::Restart => Piece::Restart,
                Said::Usage(usage) => Piece::Usage(usage),
                Said::Finish { choice, reason } => Piece::Finish { choice, reason },
            })
        }));
        self.open &= !self.choices.is_over();
    }
}

impl Pieces for LabelledStream {
    async fn next(&mut self, out: &mut Vec<Piece>) -> bool {
        if !self.open {
            return false;
        }
        let mut events = std::mem::take(&mut self.events);
        let Some(result) = self.heard(&mut events).await else {
            self.events = events;
            self.choices.overdue(Instant::now(), &mut self.said);
            self.label(out);
            return self.open;
        };
        if let Ok(step @ (Step::Switched | Step::Restarted)) = result
            && let Err(problem) = self.switched(step, out).await
        {
            self.fail(problem, out);
            return false;
        }
        let now = Instant::now();
        for event in events.drain(..) {
            self.choices.hear(event, now, &mut self.said);
        }
        self.events = events;
        self.label(out);
        match result {
            Ok(step) => {
                let more = step != Step::End && self.open;
                if !more {
                    if step == Step::End {
                        out.extend(self.choices.fewer().map(Piece::Notice));
                    }
                    let attempts = attempts::told(self.answer.attempts());
                    if !attempts.is_empty() {
                        out.push(Piece::Attempts(attempts));
                    }
                }
                more
            }
            Err(error) if !self.open => {
                tracing::debug!(%error, "the partner failed after the answer was complete");
                false
            }
            Err(error) => {
                self.watch.trail.failed(self.answer.attempts());
                // A partner that refuses half-way takes back what it said before; and what came
                // before the model changed its name is not known to be the approved one's.
                if is_refusal(&error) || matches!(error, AskError::Drifted(_)) {
                    out.push(Piece::Restart);
                }
                let problem = match error {
                    AskError::Drifted(drift) => self.watch.drifts.tell(*drift).await,
                    error => Problem::from(error),
                };
                self.fail(problem, out);
                false
            }
        }
    }
}

fn is_refusal(error: &AskError) -> bool {
    matches!(error, AskError::Partner { error, .. } if error.kind == PartnerErrorKind::Refused)
}
