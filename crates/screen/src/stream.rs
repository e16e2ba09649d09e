//! A text that comes in chunks, let go as soon as nothing in it can still become a match.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use crate::crossing::Crossing;
use crate::finding::Finding;
use crate::mask::{Ended, Replaced};
use crate::notice::{Notice, Refusal, Tally};
use crate::passage::{Passage, Progress};
use crate::scan::Context;
use crate::screen::{Screen, nobody};
use crate::screened::Screened;

/// The screening of one stream on its way over the border `C`.
///
/// The texts of all steps, one after the other and revised, are what [`Screen::whole`] makes of the whole text, and their
/// notices add up to the same counts.
#[derive(Debug)]
pub struct StreamScreen<C> {
    screen: Arc<Screen>,
    crossing: PhantomData<C>,
    /// Made with the first chunk.
    reading: Option<Box<Passage>>,
    manner: Manner,
    ended: bool,
}

/// How a stream is screened.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    revises: bool,
    json: bool,
}

/// What one chunk set free.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step<C> {
    /// Text that may go on; `None` when all of it is held back.
    pub text: Option<Screened<String, C>>,
    /// What is to be replaced in the text given out before this step, in this order.
    pub revisions: Vec<Revision<C>>,
    /// What was done; the person is told of it as far as [`Notice::is_told`] says.
    pub notices: Vec<Notice>,
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
    /// The answer ends here: what was given out stays, and nothing follows.
    pub stopped: bool,
    /// The stream may not go on: this is its end, and what was held back is dropped.
    pub refused: Option<Refusal>,
}

impl<C> Default for Step<C> {
    fn default() -> Self {
        Self {
            text: None,
            revisions: Vec::new(),
            notices: Vec::new(),
            findings: Vec::new(),
            stopped: false,
            refused: None,
        }
    }
}

/// A change to text that was given out already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision<C> {
    /// The part that is replaced, in Unicode characters of all the text given out so far, earlier revisions applied.
    pub chars: Range<usize>,
    /// The same in UTF-16 code units.
    pub utf16: Range<usize>,
    /// What stands there from now on.
    pub text: Screened<String, C>,
}

impl<C: Crossing> StreamScreen<C> {
    pub(crate) fn new(screen: Arc<Screen>, _crossing: C) -> Self {
        Self {
            screen,
            crossing: PhantomData,
            reading: None,
            manner: Manner::default(),
            ended: false,
        }
    }

    /// The same for a client that can replace what it was given: see [`Step::revisions`].
    #[must_use]
    pub fn revising(mut self) -> Self {
        self.manner.revises = true;
        self
    }

    /// The same for a JSON document, such as the arguments of a tool call: its strings are read as what they say,
    /// and it stays JSON where something in it is replaced.
    #[must_use]
    pub fn in_json(mut self) -> Self {
        self.manner.json = true;
        self
    }

    /// Takes the next chunk. After a refusal, a stop or [`finish`](Self::finish) every step is empty.
    pub fn push(&mut self, text: &str) -> Step<C> {
        if self.ended || text.is_empty() {
            return Step::default();
        }
        self.read(text, false)
    }

    /// The text ends here: lets go what is left.
    pub fn finish(&mut self) -> Step<C> {
        if self.ended {
            return Step::default();
        }
        let step = self.read("", true);
        self.ended = true;
        step
    }

    /// The time for deciding is over: lets go what is held back, whatever it may become. What turns out to be something that is
    /// replaced is replaced later, by a revision or, for a client that cannot revise, as far as it has not been given out.
    pub fn overdue(&mut self) -> Step<C> {
        let context = context::<C>(&self.screen, self.manner);
        match &mut self.reading {
            Some(reading) if !self.ended => {
                let progress = reading.overdue(context);
                step(progress, Tally::default(), context)
            }
            _ => Step::default(),
        }
    }

    /// How many bytes are held back now.
    pub fn held(&self) -> usize {
        self.held_texts().iter().map(|text| text.len()).sum()
    }

    /// How many characters are held back now.
    pub fn held_chars(&self) -> usize {
        self.held_texts().iter().map(|text| text.chars().count()).sum()
    }

    fn held_texts(&self) -> [&str; 2] {
        match &self.reading {
            Some(reading) if !self.ended => reading.held(),
            _ => [""; 2],
        }
    }

    fn read(&mut self, text: &str, ended: bool) -> Step<C> {
        let context = context::<C>(&self.screen, self.manner);
        if context.border.lens.is_clear() {
            let text = (!text.is_empty()).then(|| Screened::new(text.to_owned()));
            return Step { text, ..Step::default() };
        }
        let json = self.manner.json;
        let reading = self.reading.get_or_insert_with(|| Box::new(Passage::new(context, json)));
        let mut tally = Tally::default();
        let progress = reading.read(context, text, ended, &mut tally, None);
        self.ended = progress.ended.is_some();
        step(progress, tally, context)
    }
}

fn context<C: Crossing>(screen: &Screen, manner: Manner) -> Context<'_> {
    Context { border: screen.border(C::BOUNDARY), person: nobody(), revises: manner.revises }
}

fn given<C: Crossing>(text: String) -> Option<Screened<String, C>> {
    (!text.is_empty()).then(|| Screened::new(text))
}

fn step<C: Crossing>(progress: Progress, tally: Tally, context: Context<'_>) -> Step<C> {
    let Progress { text, revisions, findings, ended } = progress;
    if revisions.is_empty() && findings.is_empty() && ended.is_none() && tally.is_empty() {
        return Step { text: given(text), ..Step::default() };
    }
    if let Some(Ended { rule, refused: true }) = ended {
        let mut tally = Tally::default();
        tally.add(rule, 1);
        let notices = tally.into_notices(&context.border);
        return Step { refused: Some(Refusal { notices }), findings, ..Step::default() };
    }
    let revision = |Replaced { from, to, text }| Revision {
        chars: from.chars..to.chars,
        utf16: from.utf16..to.utf16,
        text: Screened::new(text),
    };
    Step {
        text: given(text),
        revisions: revisions.into_iter().map(revision).collect(),
        notices: tally.into_notices(&context.border),
        findings,
        stopped: ended.is_some(),
        refused: None,
    }
}
