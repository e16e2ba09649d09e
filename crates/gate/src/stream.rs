//! A partner's streamed answer on its way to a person: screened, labelled, bounded.
//!
//! Text and the arguments of each tool call are screened as streams of their own, so a term split
//! over two chunks is caught, and a term in one of them never hides in another.
//!
//! What is held back to be decided goes out after a second of silence. Where it turns out to be something that is masked, a
//! client of our own is told to replace it, and one that cannot is given no more of it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};
use yumen_label::Labels;
use yumen_partners::{AnswerStream, AskError, Step};
use yumen_policy::Text;
use yumen_screen::{
    self as screen, Action, FromPartner, Notice, Refusal, RestoringScreen, Screen, Severity,
};
use yumen_wire::{Event, FinishReason, PartnerErrorKind, ToolCallDelta};

use crate::answer::{Piece, Pieces, Revised, ToolCallPart};
use crate::attempts::{self, How, Trail};
use crate::drift::Drifts;
use crate::journal::Journal;
use crate::problem::Problem;
use crate::restoring::Restoring;

/// The most tool calls one answer may make; more end it.
const MAX_TOOL_CALLS: usize = 64;

/// How long text is held back while nothing comes that decides about it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A streamed answer whose every part may be shown.
pub(crate) struct LabelledStream {
    answer: AnswerStream,
    events: Vec<Event>,
    screen: Arc<Screen>,
    restoring: Restoring,
    text: RestoringScreen,
    tools: Vec<ToolStream>,
    labels: Labels,
    watch: Watch,
    most: usize,
    /// Bytes of output that may still come.
    left: usize,
    /// Whether anything of the answer was given out.
    shown: bool,
    open: bool,
    /// Whose events come now, of the choices of the answer.
    choice: u32,
    /// Whether the client can replace and take back what it was given.
    revises: bool,
    /// When text came last.
    heard: Instant,
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

struct ToolStream {
    index: u32,
    arguments: RestoringScreen,
}

impl LabelledStream {
    pub(crate) fn new(
        answer: AnswerStream,
        screen: &Arc<Screen>,
        restoring: Restoring,
        revises: bool,
        labels: Labels,
        max_output_bytes: usize,
        watch: Watch,
    ) -> Self {
        Self {
            answer,
            events: Vec::new(),
            screen: Arc::clone(screen),
            text: text_screen(screen, &restoring, revises),
            restoring,
            tools: Vec::new(),
            labels,
            watch,
            most: max_output_bytes,
            left: max_output_bytes,
            shown: false,
            open: true,
            choice: 0,
            revises,
            heard: Instant::now(),
            silence: None,
        }
    }

    /// The next events, or nothing when text was held back for too long.
    async fn heard(&mut self, events: &mut Vec<Event>) -> Option<Result<Step, AskError>> {
        loop {
            if self.text.held_chars() == 0 {
                return Some(self.answer.next(events).await);
            }
            let due = self.heard + PATIENCE;
            let silence = self.silence.get_or_insert_with(|| Box::pin(sleep_until(due)));
            tokio::select! {
                biased;
                result = self.answer.next(events) => return Some(result),
                () = silence.as_mut() => {}
            }
            // Text that comes does not move the alarm, which so costs nothing while a stream flows.
            if Instant::now() >= due {
                self.heard = Instant::now();
                return None;
            }
            silence.as_mut().reset(due);
        }
    }

    /// Another attempt answers, from what came with this step on.
    async fn switched(&mut self, step: Step, out: &mut Vec<Piece>) -> Result<(), Problem> {
        let how = match step {
            Step::Switched if self.shown => How::Continued,
            Step::Restarted if self.shown => How::Restarted,
            _ => How::BeforeFirst,
        };
        let ended = self.answer.attempts();
        let another = self.watch.trail.answers(self.answer.model(), how, ended).await?;
        if step == Step::Restarted {
            // What is still held back belongs to a text that is void.
            self.text = text_screen(&self.screen, &self.restoring, self.revises);
            self.tools.clear();
            self.left = self.most;
        }
        let served_by = Arc::clone(self.watch.trail.served_by());
        match how {
            How::Continued if another => {
                out.extend([Piece::Answering(served_by), Piece::Notice(self.watch.trail.notice())]);
            }
            How::Restarted => out.extend([Piece::Restart, Piece::Anew(served_by)]),
            How::BeforeFirst if another => out.push(Piece::Anew(served_by)),
            How::Continued | How::BeforeFirst => {}
        }
        if how == How::Restarted {
            self.shown = false;
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

    fn event(&mut self, event: Event, out: &mut Vec<Piece>) {
        match event {
            // Which model answered was looked at where the answer came in (`yumen-partners`).
            // Reasoning is no feature's output, and no protocol of ours asks for it: it is neither
            // shown nor kept, and so nothing in it is acted on.
            Event::Start { .. }
            | Event::Identity { .. }
            | Event::Reasoning(_)
            | Event::Moderation(_)
            | Event::Extra(_) => {}
            // One choice is asked for; another that comes all the same is not the answer.
            Event::Choice(choice) => self.choice = choice,
            _ if self.choice > 0 => {}
            Event::Text(text) => {
                if self.within_limit(text.len(), out) {
                    let step = self.text.push(&text);
                    self.text_step(step, out);
                    self.heard = Instant::now();
                }
            }
            Event::ToolCall(delta) => self.tool_call(delta, out),
            Event::Usage(usage) => out.push(Piece::Usage(usage)),
            Event::Finish(reason) => {
                self.flush(out);
                if self.open {
                    out.push(Piece::Finish(reason));
                    self.open = false;
                }
            }
        }
    }

    fn tool_call(&mut self, delta: ToolCallDelta, out: &mut Vec<Piece>) {
        let ToolCallDelta { index, id, name, arguments } = delta;
        // Names and ids are not screened, so nothing but an identifier may stand there.
        if !id.as_deref().is_none_or(is_identifier) || !name.as_deref().is_none_or(is_identifier) {
            return self.cut(out);
        }
        if !self.within_limit(arguments.len(), out) {
            return;
        }
        let position = match self.tools.iter().position(|tool| tool.index == index) {
            Some(position) => position,
            None if self.tools.len() < MAX_TOOL_CALLS => {
                let screen = self.screen.stream(FromPartner).in_json();
                let arguments = self.restoring.arguments(screen, name.as_deref());
                self.tools.push(ToolStream { index, arguments });
                self.tools.len() - 1
            }
            None => return self.cut(out),
        };
        let step = self.tools[position].arguments.push(&arguments);
        self.tool_step(index, id, name, step, out);
    }

    /// What the screens still hold back, at the end of the answer.
    fn flush(&mut self, out: &mut Vec<Piece>) {
        let step = self.text.finish();
        self.text_step(step, out);
        for position in 0..self.tools.len() {
            if !self.open {
                return;
            }
            let index = self.tools[position].index;
            let step = self.tools[position].arguments.finish();
            self.tool_step(index, None, None, step, out);
        }
    }

    fn text_step(&mut self, step: screen::Step<FromPartner>, out: &mut Vec<Piece>) {
        out.extend(step.revisions.into_iter().map(|revision| {
            let screen::Revision { chars, utf16, text } = revision;
            Piece::Revise(Revised { chars, utf16, text: self.labels.stamp(text) })
        }));
        if let Some(text) = step.text {
            self.shown = true;
            out.push(Piece::Text(self.labels.stamp(text)));
        }
        self.told(step.notices, step.stopped, step.refused, out);
    }

    fn tool_step(
        &mut self,
        index: u32,
        id: Option<String>,
        name: Option<String>,
        step: screen::Step<FromPartner>,
        out: &mut Vec<Piece>,
    ) {
        let arguments = step.text.map(|text| self.labels.stamp(text));
        if arguments.is_some() || id.is_some() || name.is_some() {
            self.shown = true;
            out.push(Piece::ToolCall(ToolCallPart { index, id, name, arguments }));
        }
        self.told(step.notices, step.stopped, step.refused, out);
    }

    fn told(
        &mut self,
        mut notices: Vec<Notice>,
        stopped: bool,
        refused: Option<Refusal>,
        out: &mut Vec<Piece>,
    ) {
        self.watch.journal.screened(&mut notices);
        if let Some(refusal) = &refused {
            self.watch.journal.notices(&refusal.notices);
        }
        out.extend(notices.into_iter().map(Piece::Notice));
        let ended = stopped || refused.is_some();
        if let Some(refusal) = refused {
            // Who can is told to forget what was shown; who cannot is told why it ends.
            if self.shown && self.revises {
                out.push(Piece::Restart);
            }
            out.extend(refusal.notices.into_iter().map(Piece::Notice));
        }
        if ended {
            out.push(Piece::Finish(FinishReason::ContentFilter));
            self.open = false;
        }
    }

    fn within_limit(&mut self, bytes: usize, out: &mut Vec<Piece>) -> bool {
        if !self.open {
            return false;
        }
        if let Some(left) = self.left.checked_sub(bytes) {
            self.left = left;
            true
        } else {
            self.cut(out);
            false
        }
    }

    /// Ends an answer that outgrew its bounds.
    fn cut(&mut self, out: &mut Vec<Piece>) {
        self.flush(out);
        if self.open {
            let notice = limit_notice();
            self.watch.journal.notice(&notice);
            out.push(Piece::Notice(notice));
            out.push(Piece::Finish(FinishReason::Length));
            self.open = false;
        }
    }
}

/// What the person is told when an answer outgrew the feature's limit.
fn limit_notice() -> Notice {
    Notice {
        code: "output.limit".to_owned(),
        action: Action::Refuse,
        direction: "output",
        count: 1,
        category: None,
        severity: Severity::Low,
        appeal: None,
        text: Text {
            en: "The answer was longer than this feature gives; the rest is withheld.".to_owned(),
            zh: "回答超出此功能的长度上限，其余部分未予显示。".to_owned(),
        },
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
            let step = self.text.overdue();
            self.text_step(step, out);
            return self.open;
        };
        if let Ok(step @ (Step::Switched | Step::Restarted)) = result
            && let Err(problem) = self.switched(step, out).await
        {
            self.fail(problem, out);
            return false;
        }
        for event in events.drain(..) {
            // Usage may follow the end; text may not.
            if self.open || matches!(event, Event::Usage(_)) {
                self.event(event, out);
            }
        }
        self.events = events;
        match result {
            Ok(step) => {
                let more = step != Step::End && self.open;
                if !more {
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

/// The screening of an answer's text.
fn text_screen(screen: &Arc<Screen>, restoring: &Restoring, revises: bool) -> RestoringScreen {
    let screen = screen.stream(FromPartner);
    restoring.text(if revises { screen.revising() } else { screen })
}

fn is_refusal(error: &AskError) -> bool {
    matches!(error, AskError::Partner { error, .. } if error.kind == PartnerErrorKind::Refused)
}

/// Whether a text is of the alphabet of ids and function names, and short.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.len() <= 128
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
}
