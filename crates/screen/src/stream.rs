//! A text that comes in chunks, let go as soon as nothing in it can still become a match.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use crate::crossing::Crossing;
use crate::finding::Finding;
use crate::mask::Outgoing;
use crate::notice::{Notice, Refusal, Tally};
use crate::scan::Scanner;
use crate::screen::{SHORTENING, Screen};
use crate::screened::Screened;

/// The screening of one stream on its way over the border `C`.
///
/// The texts of all steps, one after the other, are what [`Screen::whole`] makes of the whole text, and their
/// notices add up to the same counts.
#[derive(Debug)]
pub struct StreamScreen<C> {
    screen: Arc<Screen>,
    crossing: PhantomData<C>,
    scanner: Scanner,
    outgoing: Outgoing,
    ended: bool,
}

/// What one chunk set free.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step<C> {
    /// Text that may go on; `None` when all of it is held back.
    pub text: Option<Screened<String, C>>,
    /// What is to be replaced in the text given out before this step, in this order.
    pub revisions: Vec<Revision<C>>,
    /// What the person is to be told.
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
            scanner: Scanner::default(),
            outgoing: Outgoing::default(),
            ended: false,
        }
    }

    /// Takes the next chunk. After a refusal or [`finish`](Self::finish) every step is empty.
    pub fn push(&mut self, text: &str) -> Step<C> {
        if self.ended || text.is_empty() {
            return Step::default();
        }
        let lens = self.screen.lens(C::BOUNDARY);
        if lens.is_clear() {
            return Step { text: Some(Screened::new(text.to_owned())), ..Step::default() };
        }
        self.scanner.scan(lens, text);
        for part in self.scanner.kept(text) {
            self.outgoing.held.push_str(part);
        }
        self.release()
    }

    /// The text ends here: lets go what is left.
    pub fn finish(&mut self) -> Step<C> {
        if self.ended {
            return Step::default();
        }
        self.scanner.finish(self.screen.lens(C::BOUNDARY));
        let step = self.release();
        self.ended = true;
        step
    }

    /// How many bytes are held back now.
    pub fn held(&self) -> usize {
        self.outgoing.held.len()
    }

    /// How many characters are held back now.
    pub fn held_chars(&self) -> usize {
        self.outgoing.held.chars().count()
    }

    fn release(&mut self) -> Step<C> {
        let mut tally = Tally::default();
        self.screen.tally_refusals(&self.scanner, C::BOUNDARY, &mut tally);
        if !tally.is_empty() {
            self.ended = true;
            self.outgoing = Outgoing::default();
            let notices = tally.into_notices(self.screen.rules(), C::BOUNDARY);
            return Step { refused: Some(Refusal { notices }), ..Step::default() };
        }
        tally.add(SHORTENING, std::mem::take(&mut self.scanner.shortened));
        let frontier = self.scanner.frontier();
        let text = self.outgoing.release(
            frontier,
            &mut self.scanner.found,
            self.screen.rules(),
            &mut tally,
            None,
        );
        Step {
            text: (!text.is_empty()).then(|| Screened::new(text)),
            notices: tally.into_notices(self.screen.rules(), C::BOUNDARY),
            ..Step::default()
        }
    }
}
