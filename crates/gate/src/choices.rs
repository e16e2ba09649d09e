//! The choices of a streamed answer: what a partner says goes in, what of it may be shown comes out.
//!
//! Each choice is an answer of its own, and so are its text, its reasoning and the arguments of each of its tool calls for the
//! screen: a term split over two pieces is caught whatever comes between them, and a term in one never hides in another. What
//! ends one choice ends no other, and what a model thinks is decided before it is heard to speak. Nobody is shown what nobody
//! asked for: reasoning, or a choice too many, is neither screened nor kept.
//!
//! Pure: the time comes with what happens in it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use yumen_features::{Body, Prompt};
use yumen_policy::Text;
use yumen_screen::{
    Action, FromPartner, Notice, Part, RestoringScreen, Revision, Screen, Screened, Step,
};
use yumen_wire::{Event, FinishReason, Reasoning, ToolCallDelta, Usage};

use crate::restoring::Restoring;

/// The most tool calls one choice may make; more end it.
const MOST_TOOL_CALLS: usize = 64;

/// How long text is held back while nothing comes that decides about it.
const PATIENCE: Duration = Duration::from_secs(1);

/// What of an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// How many choices.
    pub(crate) choices: u32,
    /// Whether what the model thinks before it answers is shown.
    pub(crate) reasoning: bool,
}

impl Wanted {
    /// What the answer to a prompt is to have. A typed feature asks for one choice, and for no reasoning.
    pub(crate) fn of(prompt: &Prompt) -> Self {
        let Body::Chat(chat) = prompt.body() else { return Self { choices: 1, reasoning: false } };
        Self {
            choices: chat.params.choices.unwrap_or(1).max(1),
            reasoning: matches!(chat.params.reasoning, Some(Reasoning::On { .. })),
        }
    }

    /// The number of a choice, where there are several to tell apart.
    pub(crate) fn number(self, choice: u32) -> Option<u32> {
        (self.choices > 1).then_some(choice)
    }
}

/// What may be shown of an answer, or is to be told of it.
#[derive(Debug)]
pub(crate) enum Said {
    Text {
        choice: u32,
        text: Screened<String, FromPartner>,
    },
    Reasoning {
        choice: u32,
        text: Screened<String, FromPartner>,
    },
    /// A change to the text of an answer to a client that can follow it.
    Revised(Revision<FromPartner>),
    ToolCall {
        choice: u32,
        call: Called,
    },
    Notice(Notice),
    /// What came so far must not be shown any longer.
    Restart,
    Usage(Usage),
    Finish {
        choice: u32,
        reason: FinishReason,
    },
}

/// A piece of a tool call.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) index: u32,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) arguments: Option<Screened<String, FromPartner>>,
}

/// All choices of one answer.
pub(crate) struct Choices {
    rules: Rules,
    first: Choice,
    /// The choices beyond the first that have begun.
    others: Vec<Choice>,
    /// Whose events come now.
    current: u32,
}

/// What holds for each choice of an answer.
struct Rules {
    screen: Arc<Screen>,
    restoring: Restoring,
    wanted: Wanted,
    /// Whether the client can replace and take back what it was given. Only a client of our own can, whose answers have one
    /// choice and no reasoning: so what is revised is always its text.
    revises: bool,
    /// The most bytes of text and arguments of a choice, and of its reasoning.
    most: usize,
}

impl Choices {
    pub(crate) fn new(
        screen: &Arc<Screen>,
        restoring: Restoring,
        wanted: Wanted,
        revises: bool,
        most: usize,
    ) -> Self {
        let screen = Arc::clone(screen);
        let wanted = if revises { Wanted { choices: 1, reasoning: false } } else { wanted };
        let rules = Rules { screen, restoring, wanted, revises, most };
        Self { first: Choice::new(0, &rules), rules, others: Vec::new(), current: 0 }
    }

    /// What is asked for.
    pub(crate) fn wanted(&self) -> Wanted {
        self.rules.wanted
    }

    /// Takes the next event of the answer.
    pub(crate) fn hear(&mut self, event: Event, now: Instant, out: &mut Vec<Said>) {
        match event {
            // Which model answered was looked at where the answer came in (`yumen-partners`).
            Event::Start { .. }
            | Event::Identity { .. }
            | Event::Moderation(_)
            | Event::Extra(_) => {}
            Event::Choice(choice) => self.current = choice,
            Event::Usage(usage) => out.push(Said::Usage(usage)),
            Event::Text(text) => self.said(out, |choice, rules, out| {
                choice.say(&text, now, rules, out);
            }),
            Event::Reasoning(_) if !self.rules.wanted.reasoning => {}
            Event::Reasoning(text) => self.said(out, |choice, rules, out| {
                choice.think(&text, now, rules, out);
            }),
            Event::ToolCall(delta) => self.said(out, |choice, rules, out| {
                choice.call(delta, rules, out);
            }),
            Event::Finish(reason) => self.said(out, |choice, rules, out| {
                choice.finish(reason, rules, out);
            }),
        }
    }

    /// When the time is over for deciding on what is held back; none while nothing is.
    pub(crate) fn due(&self) -> Option<Instant> {
        let others = self.others.iter().filter_map(Choice::due).min();
        self.first.due().into_iter().chain(others).min()
    }

    /// Lets go what was held back for too long.
    pub(crate) fn overdue(&mut self, now: Instant, out: &mut Vec<Said>) {
        for choice in [&mut self.first].into_iter().chain(&mut self.others) {
            choice.overdue(now, &self.rules, out);
        }
    }

    /// What came so far, held back or not, is void.
    pub(crate) fn restart(&mut self) {
        self.first = Choice::new(0, &self.rules);
        self.others.clear();
        self.current = 0;
    }

    /// Another model goes on from the text so far: what it thinks about it is not what led to this answer.
    pub(crate) fn go_on(&mut self) {
        self.rules.wanted.reasoning = false;
    }

    /// Whether anything was given out.
    pub(crate) fn shown(&self) -> bool {
        self.first.shown || self.others.iter().any(|choice| choice.shown)
    }

    /// Whether every choice that was asked for has ended.
    pub(crate) fn is_over(&self) -> bool {
        !self.first.open
            && self.begun() >= self.rules.wanted.choices
            && self.others.iter().all(|choice| !choice.open)
    }

    /// What the person is told at the end of an answer that has fewer choices than were asked for.
    pub(crate) fn fewer(&self) -> Option<Notice> {
        fewer(self.rules.wanted, self.begun())
    }

    fn begun(&self) -> u32 {
        u32::try_from(self.others.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Has the current choice say something, if it was asked for and has not ended.
    fn said(&mut self, out: &mut Vec<Said>, say: impl FnOnce(&mut Choice, &Rules, &mut Vec<Said>)) {
        let choice = if self.current == 0 {
            &mut self.first
        } else if self.current < self.rules.wanted.choices {
            let known = self.others.iter().position(|choice| choice.number == self.current);
            let at = known.unwrap_or_else(|| {
                self.others.push(Choice::new(self.current, &self.rules));
                self.others.len() - 1
            });
            &mut self.others[at]
        } else {
            return;
        };
        if choice.open {
            say(choice, &self.rules, out);
        }
    }
}

/// One choice.
struct Choice {
    number: u32,
    text: Voice,
    /// Made when the model begins to think.
    reasoning: Option<Box<Thought>>,
    tools: Vec<ToolStream>,
    /// Bytes of text and arguments that may still come, and of reasoning.
    left: usize,
    reasoning_left: usize,
    /// Whether anything of it was given out.
    shown: bool,
    open: bool,
}

/// What the model thinks before it says something.
struct Thought {
    voice: Voice,
    /// The model has spoken since: what it thinks from now on is another thought.
    ended: bool,
}

/// A text on its way, and when it was heard last.
struct Voice {
    screen: RestoringScreen,
    heard: Option<Instant>,
}

struct ToolStream {
    index: u32,
    arguments: RestoringScreen,
}

impl Voice {
    fn new(screen: RestoringScreen) -> Self {
        Self { screen, heard: None }
    }

    fn push(&mut self, text: &str, now: Instant) -> Step<FromPartner> {
        self.heard = Some(now);
        self.screen.push(text)
    }

    fn due(&self) -> Option<Instant> {
        (self.screen.held_chars() > 0).then_some(self.heard? + PATIENCE)
    }

    fn overdue(&mut self, now: Instant) -> Option<Step<FromPartner>> {
        self.due().filter(|due| *due <= now)?;
        // What is held back all the same, half of a token, is looked at again when as much time has passed.
        self.heard = Some(now);
        Some(self.screen.overdue())
    }
}

impl Choice {
    fn new(number: u32, rules: &Rules) -> Self {
        let screen = rules.screen.stream(FromPartner);
        let screen = if rules.revises { screen.revising() } else { screen };
        Self {
            number,
            text: Voice::new(rules.restoring.text(screen)),
            reasoning: None,
            tools: Vec::new(),
            left: rules.most,
            reasoning_left: rules.most,
            shown: false,
            open: true,
        }
    }

    fn due(&self) -> Option<Instant> {
        if !self.open {
            return None;
        }
        let reasoning = self.reasoning.as_ref().and_then(|thought| thought.voice.due());
        self.text.due().into_iter().chain(reasoning).min()
    }

    fn overdue(&mut self, now: Instant, rules: &Rules, out: &mut Vec<Said>) {
        if self.open
            && let Some(thought) = &mut self.reasoning
            && let Some(step) = thought.voice.overdue(now)
        {
            self.reasoning_step(step, rules, out);
        }
        if self.open
            && let Some(step) = self.text.overdue(now)
        {
            self.text_step(step, rules, out);
        }
    }

    fn say(&mut self, text: &str, now: Instant, rules: &Rules, out: &mut Vec<Said>) {
        self.end_thought(rules, out);
        if !self.open {
            return;
        }
        let Some(left) = self.left.checked_sub(text.len()) else { return self.cut(rules, out) };
        self.left = left;
        let step = self.text.push(text, now);
        self.text_step(step, rules, out);
    }

    fn think(&mut self, text: &str, now: Instant, rules: &Rules, out: &mut Vec<Said>) {
        let Some(left) = self.reasoning_left.checked_sub(text.len()) else {
            return self.cut(rules, out);
        };
        self.reasoning_left = left;
        let screen = || rules.restoring.reasoning(rules.screen.stream(FromPartner));
        let new = || Box::new(Thought { voice: Voice::new(screen()), ended: false });
        let thought = self.reasoning.get_or_insert_with(new);
        let step = if thought.ended {
            // Set apart from the one before, with which it would else be read as one.
            *thought = new();
            thought.voice.push(&format!("\n\n{text}"), now)
        } else {
            thought.voice.push(text, now)
        };
        self.reasoning_step(step, rules, out);
    }

    /// The model speaks: what it thought until now is decided before anything of that is shown.
    fn end_thought(&mut self, rules: &Rules, out: &mut Vec<Said>) {
        if let Some(thought) = self.reasoning.as_mut().filter(|thought| !thought.ended) {
            thought.ended = true;
            let step = thought.voice.screen.finish();
            self.reasoning_step(step, rules, out);
        }
    }

    fn call(&mut self, delta: ToolCallDelta, rules: &Rules, out: &mut Vec<Said>) {
        self.end_thought(rules, out);
        if !self.open {
            return;
        }
        let ToolCallDelta { index, id, name, arguments } = delta;
        // Names and ids are not screened, so nothing but an identifier may stand there.
        if !id.as_deref().is_none_or(is_identifier) || !name.as_deref().is_none_or(is_identifier) {
            return self.cut(rules, out);
        }
        let Some(left) = self.left.checked_sub(arguments.len()) else {
            return self.cut(rules, out);
        };
        self.left = left;
        let position = match self.tools.iter().position(|tool| tool.index == index) {
            Some(position) => position,
            None if self.tools.len() < MOST_TOOL_CALLS => {
                let screen = rules.screen.stream(FromPartner).in_json();
                let arguments = rules.restoring.arguments(screen, name.as_deref());
                self.tools.push(ToolStream { index, arguments });
                self.tools.len() - 1
            }
            None => return self.cut(rules, out),
        };
        let step = self.tools[position].arguments.push(&arguments);
        self.tool_step(index, id, name, step, rules, out);
    }

    fn finish(&mut self, reason: FinishReason, rules: &Rules, out: &mut Vec<Said>) {
        self.flush(rules, out);
        if self.open {
            out.push(Said::Finish { choice: self.number, reason });
            self.open = false;
        }
    }

    /// What the screens still hold back, at the end of the choice.
    fn flush(&mut self, rules: &Rules, out: &mut Vec<Said>) {
        self.end_thought(rules, out);
        if !self.open {
            return;
        }
        let step = self.text.screen.finish();
        self.text_step(step, rules, out);
        for position in 0..self.tools.len() {
            if !self.open {
                return;
            }
            let index = self.tools[position].index;
            let step = self.tools[position].arguments.finish();
            self.tool_step(index, None, None, step, rules, out);
        }
    }

    fn text_step(&mut self, mut step: Step<FromPartner>, rules: &Rules, out: &mut Vec<Said>) {
        out.extend(step.revisions.drain(..).map(Said::Revised));
        if let Some(text) = step.text.take() {
            self.shown = true;
            out.push(Said::Text { choice: self.number, text });
        }
        self.told(step, None, rules, out);
    }

    fn reasoning_step(&mut self, mut step: Step<FromPartner>, rules: &Rules, out: &mut Vec<Said>) {
        if let Some(text) = step.text.take() {
            self.shown = true;
            out.push(Said::Reasoning { choice: self.number, text });
        }
        self.told(step, Some(Part::Reasoning), rules, out);
    }

    fn tool_step(
        &mut self,
        index: u32,
        id: Option<String>,
        name: Option<String>,
        mut step: Step<FromPartner>,
        rules: &Rules,
        out: &mut Vec<Said>,
    ) {
        let arguments = step.text.take();
        if arguments.is_some() || id.is_some() || name.is_some() {
            self.shown = true;
            let call = Called { index, id, name, arguments };
            out.push(Said::ToolCall { choice: self.number, call });
        }
        self.told(step, None, rules, out);
    }

    /// Tells what was done, and ends the choice where that is what was done.
    fn told(
        &mut self,
        step: Step<FromPartner>,
        part: Option<Part>,
        rules: &Rules,
        out: &mut Vec<Said>,
    ) {
        let choice = rules.wanted.number(self.number);
        let at = |notice: Notice| Said::Notice(notice.at(choice, part));
        out.extend(step.notices.into_iter().map(at));
        let ended = step.stopped || step.refused.is_some();
        if let Some(refusal) = step.refused {
            // Who can is told to forget what was shown; who cannot is told why it ends.
            if self.shown && rules.revises {
                out.push(Said::Restart);
            }
            out.extend(refusal.notices.into_iter().map(at));
        }
        if ended {
            let reason = FinishReason::ContentFilter;
            out.push(Said::Finish { choice: self.number, reason });
            self.open = false;
        }
    }

    /// Ends a choice that outgrew its bounds.
    fn cut(&mut self, rules: &Rules, out: &mut Vec<Said>) {
        self.flush(rules, out);
        if self.open {
            out.push(Said::Notice(limit_notice().at(rules.wanted.number(self.number), None)));
            out.push(Said::Finish { choice: self.number, reason: FinishReason::Length });
            self.open = false;
        }
    }
}

/// What the person is told when an answer outgrew the feature's limit.
fn limit_notice() -> Notice {
    let text = Text::new(
        "The answer was longer than this feature gives; the rest is withheld.",
        "回答超出此功能的长度上限，其余部分未予显示。",
    );
    Notice::new("output.limit", Action::Refuse, "output", 1, text)
}

/// What the person is told of an answer with fewer choices than were asked for; none where there are as many.
pub(crate) fn fewer(wanted: Wanted, came: u32) -> Option<Notice> {
    let missing = wanted.choices.checked_sub(came).filter(|missing| *missing > 0)?;
    let text = Text::new(
        "The model gave fewer answers than were asked for.",
        "模型给出的回答少于所请求的数量。",
    );
    Some(Notice::new("output.choices", Action::Allow, "output", missing, text))
}

/// Whether a text is of the alphabet of ids and function names, and short.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.len() <= 128
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
}

#[cfg(test)]
mod tests;
