//! One text on its way over a border, as a whole or in chunks: read, judged, written.

use std::mem;

use crate::ahead::Ahead;
use crate::finding::{Finding, Found, Span};
use crate::injection;
use crate::mask::{Decided, Ended, Outgoing, Preview, Replaced, sort};
use crate::notice::Tally;
use crate::pack::Action;
use crate::pseudonym::Vault;
use crate::scan::{Context, Scanner};
use crate::screen::SHORTENING;

/// The state of one text.
#[derive(Debug)]
pub(crate) struct Passage {
    scanner: Scanner,
    outgoing: Outgoing,
    ahead: Ahead,
    /// Instructions in it count: it is read at once, as a whole.
    is_material: bool,
}

/// What may be given out, and what that is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) text: String,
    pub(crate) revisions: Vec<Replaced>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) ended: Option<Ended>,
}

impl Passage {
    /// `json`: the text is a document whose strings and numbers are what is read.
    pub(crate) fn new(context: Context<'_>, json: bool) -> Self {
        let late = context.revises && context.border.lens.looks_back();
        Self {
            scanner: Scanner::new(json),
            outgoing: Outgoing::new(late, json),
            ahead: Ahead::default(),
            is_material: false,
        }
    }

    /// For a text that is material, and comes as a whole.
    pub(crate) fn of_material(context: Context<'_>) -> Self {
        Self { is_material: true, ..Self::new(context, false) }
    }

    /// Takes more of the text; with `ended` it is all of it.
    pub(crate) fn read(
        &mut self,
        context: Context<'_>,
        text: &str,
        ended: bool,
        tally: &mut Tally,
        vault: Option<&mut Vault>,
    ) -> Progress {
        self.scanner.scan(context, text, ended, &mut self.outgoing);
        tally.add(SHORTENING, self.scanner.take_shortened());
        let frontier = if ended { self.outgoing.end() } else { self.scanner.frontier };
        let material = &context.border.lens.material;
        if self.is_material && !material.is_empty() {
            let suspects = injection::find(self.outgoing.held());
            self.scanner.found.extend(suspects.into_iter().filter_map(|suspect| {
                Some(Found {
                    rule: material.rule(suspect.sign)?,
                    start: suspect.bytes.start,
                    end: suspect.bytes.end,
                    score: suspect.score,
                    bare: false,
                    ends: false,
                })
            }));
        }
        let Scanner { found, late, .. } = &mut self.scanner;
        if found.is_empty() && late.is_empty() && self.ahead.is_empty() {
            return Progress { text: self.outgoing.pass(frontier), ..Progress::default() };
        }
        let split = self.ahead.until();
        let border = &context.border;
        let decided = Decided { frontier, split, ended };
        let mut written = self.outgoing.write(decided, found, late, border, tally, vault);
        let mut progress = Progress {
            revisions: mem::take(&mut written.revisions),
            findings: mem::take(&mut written.findings),
            ended: written.ended,
            text: String::new(),
        };
        if self.ahead.is_empty() {
            progress.text = written.text;
            return progress;
        }
        let preview = if written.ended.is_none() && frontier < split {
            sort(found, border);
            self.outgoing.preview(split, split, found, border)
        } else {
            Preview::default()
        };
        self.ahead.agree(context, written, preview, &mut progress);
        progress
    }

    /// Gives everything out that is held back, as far as is known what it is.
    pub(crate) fn overdue(&mut self, context: Context<'_>) -> Progress {
        let mut progress = Progress::default();
        let (end, split) = (self.outgoing.end(), self.ahead.until().max(self.outgoing.base()));
        if end > split {
            sort(&mut self.scanner.found, &context.border);
            let found = &self.scanner.found;
            let preview = self.outgoing.preview(end, split, found, &context.border);
            let written = self.outgoing.nothing();
            self.ahead.agree(context, written, preview, &mut progress);
        }
        progress
    }

    /// How often each rule refuses what comes after the place where it was refused first.
    pub(crate) fn refusals(&self, context: Context<'_>, refused: &mut Tally) {
        let late = self.scanner.late.iter().map(|late| &late.found);
        for found in self.scanner.found.iter().chain(late) {
            if context.border.action(found.rule) == Action::Refuse {
                refused.add(found.rule, 1);
            }
        }
    }

    /// What was found after the text had ended for a person, in the order of the text.
    pub(crate) fn rest(&mut self, context: Context<'_>) -> Vec<Finding> {
        sort(&mut self.scanner.found, &context.border);
        let mut findings = self.outgoing.rest(&self.scanner.found, &context.border);
        for late in self.scanner.late.iter().filter(|late| late.told) {
            let ((b, c, u), (b2, c2, u2)) = (late.start.original, late.end.original);
            let span = Span { bytes: b..b2, chars: c..c2, utf16: u..u2 };
            findings.push(context.border.finding(late.found, span));
        }
        findings
    }

    /// What was read and not given out.
    pub(crate) fn held(&self) -> [&str; 2] {
        let ahead = self.ahead.until().saturating_sub(self.outgoing.base());
        [&self.outgoing.held()[ahead.min(self.outgoing.held().len())..], self.scanner.pending()]
    }
}
