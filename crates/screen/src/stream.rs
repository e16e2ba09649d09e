//! A text that comes in chunks, let go as soon as nothing in it can still become a match.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::crossing::Crossing;
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
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Step<C> {
    /// Text that may go on; `None` when all of it is held back.
    pub text: Option<Screened<String, C>>,
    /// What was masked in it.
    pub notices: Vec<Notice>,
    /// The stream may not go on: this is its end, and what was held back is dropped.
    pub refused: Option<Refusal>,
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
        );
        Step {
            text: (!text.is_empty()).then(|| Screened::new(text)),
            notices: tally.into_notices(self.screen.rules(), C::BOUNDARY),
            refused: None,
        }
    }
}
