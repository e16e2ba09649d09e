//! One pass over a text: each character is normalised once, and everybody who looks for something reads on from where they
//! stand.
//!
//! Whoever looks says from which place on they are undecided. The least of these places is the frontier: nothing that
//! begins before it will be found any more, so what lies before it may go.

use crate::border::{Border, Effect};
use crate::classify::{Judged, WindowReader};
use crate::combine::{Combiner, Part};
use crate::finding::{Found, Late, Mark};
use crate::json::{BARE, BETWEEN, Document};
use crate::lens::Judge;
use crate::mask::Outgoing;
use crate::matcher::{MatcherState, TermMatch};
use crate::normal::{Glyph, LOOK_BACK, Normaliser, Window};
use crate::pack::Action;
use crate::pii::{Gazetteer, Hit, PiiState};

/// The most bytes of a stream that are ever held back.
///
/// Ordinarily a few characters are: a number is undecided over 77 characters at most, an e-mail address over 1,214, a
/// term over 1,024, what is passed over within it included. Only invisible characters can stretch one of these to the limit: then its
/// beginning passes, and the rest is masked or refused all the same, in a stream as in a whole text.
pub const HOLD_LIMIT: usize = 12 * 1024;

/// The most bytes of what is found; of what is longer, its end. It is less than [`HOLD_LIMIT`] by more than what may follow
/// something found before it is certain.
const MAX_FOUND: usize = 10 * 1024;

/// How many normalised characters that nobody needs any more are kept before they are thrown away together.
const THROW_AWAY: usize = 128;

/// The most bytes that are normalised and read at a time, so that they stay in the cache.
const BLOCK: usize = 1024;

/// Whose text it is and where it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'c> {
    pub(crate) border: Border<'c>,
    /// The names of the person's own contacts.
    pub(crate) person: &'c Gazetteer,
    /// What was given out can be replaced.
    pub(crate) revises: bool,
}

/// How the text is written.
#[derive(Debug)]
enum Writing {
    Plain(Normaliser),
    Json(Document),
}

/// The state of a scan between two chunks, and what it found.
#[derive(Debug)]
pub(crate) struct Scanner {
    writing: Writing,
    /// The last normalised characters: places count from the first of them.
    glyphs: Vec<Glyph>,
    /// How many were thrown away before them.
    gone: usize,
    personal: (usize, PiiState),
    hits: Vec<(usize, Hit)>,
    terms: MatcherState,
    matches: Vec<TermMatch>,
    combiner: Combiner,
    judging: Vec<Judging>,
    judged_until: usize,
    judged: Vec<Judged>,
    pub(crate) found: Vec<Found>,
    pub(crate) late: Vec<Late>,
    /// Nothing that begins before this byte of the kept text will be found.
    pub(crate) frontier: usize,
}

/// One classifier reading.
#[derive(Debug, Default)]
struct Judging {
    reader: WindowReader,
    /// Where its window begins and ends, if those may be given out before it is judged.
    marks: Option<(Mark, Mark)>,
}

impl Scanner {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            writing: if json {
                Writing::Json(Document::default())
            } else {
                Writing::Plain(Normaliser::default())
            },
            glyphs: Vec::new(),
            gone: 0,
            personal: Default::default(),
            hits: Vec::new(),
            terms: MatcherState::default(),
            matches: Vec::new(),
            combiner: Combiner::default(),
            judging: Vec::new(),
            judged_until: 0,
            judged: Vec::new(),
            found: Vec::new(),
            late: Vec::new(),
            frontier: 0,
        }
    }

    /// Reads on, and puts what it read into `outgoing`.
    pub(crate) fn scan(
        &mut self,
        context: Context<'_>,
        text: &str,
        ended: bool,
        outgoing: &mut Outgoing,
    ) {
        let mut rest = text;
        loop {
            let (block, after) = rest.split_at(rest.floor_char_boundary(BLOCK));
            let last = after.is_empty();
            self.take(block, ended && last, outgoing);
            self.look(context, ended && last, outgoing);
            if last {
                break;
            }
            rest = after;
        }
    }

    /// How many bytes of the text were kept.
    pub(crate) fn position(&self) -> usize {
        match &self.writing {
            Writing::Plain(normaliser) => normaliser.position(),
            Writing::Json(document) => document.position(),
        }
    }

    /// What waits to be read.
    pub(crate) fn pending(&self) -> &str {
        match &self.writing {
            Writing::Plain(_) => "",
            Writing::Json(document) => document.pending(),
        }
    }

    /// How many runs of invisible characters were cut short since this was last asked.
    pub(crate) fn take_shortened(&mut self) -> u32 {
        match &mut self.writing {
            Writing::Plain(normaliser) => normaliser.take_shortened(),
            Writing::Json(document) => document.take_shortened(),
        }
    }

    /// Normalises a block.
    fn take(&mut self, text: &str, ended: bool, outgoing: &mut Outgoing) {
        match &mut self.writing {
            Writing::Json(document) => document.push(text, ended, &mut self.glyphs, outgoing),
            Writing::Plain(normaliser) => {
                normaliser.push(text, &mut self.glyphs);
                let mut at = 0;
                for removed in normaliser.removed() {
                    outgoing.push(&text[at..removed.start]);
                    outgoing.removed(&text[removed.clone()]);
                    at = removed.end;
                }
                outgoing.push(&text[at..]);
            }
        }
    }

    /// Lets everybody look, and moves the frontier.
    fn look(&mut self, context: Context<'_>, ended: bool, outgoing: &Outgoing) {
        let glyphs = std::mem::take(&mut self.glyphs);
        let window = Window::new(&glyphs, ended);
        let lens = context.border.lens;
        let mut hold = window.len();
        if let Some(personal) = &lens.personal {
            let (from, state) = &mut self.personal;
            let mut hits = std::mem::take(&mut self.hits);
            *from = personal.readers.scan(&window, *from, state, context.person, &mut hits);
            hold = hold.min(*from);
            for (at, hit) in hits.drain(..) {
                let rule = personal.rule_of(hit.entity);
                self.find(&glyphs, rule, at..hit.end, hit.score);
            }
            self.hits = hits;
        }
        if lens.terms.is_some() {
            hold = hold.min(self.look_for_terms(context, &window, outgoing));
        }
        let mut frontier = glyphs.get(hold).map_or(self.position(), |glyph| glyph.start);
        if !lens.judges.is_empty() {
            frontier = frontier.min(self.judge(context, &glyphs, ended, outgoing));
        }
        let furthest = outgoing.boundary(self.position().saturating_sub(HOLD_LIMIT));
        self.frontier = self.frontier.max(frontier).max(furthest);
        self.glyphs = glyphs;
        self.throw_away(hold);
    }

    /// Returns the place from which on terms and their combinations are undecided.
    fn look_for_terms(
        &mut self,
        context: Context<'_>,
        window: &Window<'_>,
        outgoing: &Outgoing,
    ) -> usize {
        let Some(terms) = &context.border.lens.terms else { return window.len() };
        let glyphs = window.glyphs();
        let mut matches = std::mem::take(&mut self.matches);
        let hold = terms.matcher.scan(window, &mut self.terms, &mut matches);
        for found in matches.drain(..) {
            if context.border.action(found.term) > Action::Allow {
                self.find(glyphs, found.term, found.start..found.end, 1.0);
            }
            if let Some(roles) = terms.combinations.roles(found.term) {
                let (start, end) = (glyphs[found.start].start, glyphs[found.end - 1].end);
                self.combiner.take(Part {
                    places: (self.gone + found.start, self.gone + found.end),
                    start: outgoing.mark(start.max(outgoing.base()), false),
                    end: outgoing.mark(end, true),
                    roles,
                });
            }
        }
        self.matches = matches;
        if terms.combinations.is_empty() {
            return hold;
        }
        let ended = window.get(window.len()).is_ok();
        let byte = |place: usize| {
            glyphs.get(place - self.gone).map_or(outgoing.end(), |glyph| glyph.start)
        };
        let decided = if ended { usize::MAX } else { self.gone + hold };
        let (found, late) = (&mut self.found, &mut self.late);
        self.combiner.decide(&terms.combinations, context, decided, byte, found, late);
        let combining = self.combiner.hold(&terms.combinations, context);
        combining.map_or(hold, |from| hold.min(from - self.gone))
    }

    /// Returns the byte from which on something may still be found by a classifier.
    fn judge(
        &mut self,
        context: Context<'_>,
        glyphs: &[Glyph],
        ended: bool,
        outgoing: &Outgoing,
    ) -> usize {
        let judges = &context.border.lens.judges;
        self.judging.resize_with(judges.len(), Judging::default);
        let mut scores = std::mem::take(&mut self.judged);
        let mut frontier = self.position();
        let new = &glyphs[self.judged_until..];
        for (n, judge) in judges.iter().enumerate() {
            for glyph in new {
                self.judging[n].reader.step(&judge.model, *glyph, &mut scores);
                for one in scores.drain(..) {
                    self.sentence(context, judge, n, one, glyph.start, outgoing);
                }
            }
            if ended {
                self.judging[n].reader.finish(&judge.model, &mut scores);
                for one in scores.drain(..) {
                    self.sentence(context, judge, n, one, outgoing.end(), outgoing);
                }
            }
            let Some(start) = self.judging[n].reader.hold() else { continue };
            if judge.rules.iter().any(|rule| context.holds(rule.rule)) {
                frontier = frontier.min(start);
            }
            // What is not held back must be found again when it is judged.
            if let Some(last) = new.last()
                && judge.rules.iter().any(|rule| !context.holds(rule.rule))
            {
                let marks = &mut self.judging[n].marks;
                let known = marks.map(|marks| marks.0).filter(|mark| mark.byte == start);
                let start = known.unwrap_or_else(|| outgoing.mark(start, false));
                *marks = Some((start, outgoing.mark(last.end, true)));
            }
        }
        self.judged = scores;
        self.judged_until = glyphs.len();
        frontier
    }

    /// What a window's score means.
    fn sentence(
        &mut self,
        context: Context<'_>,
        judge: &Judge,
        n: usize,
        judged: Judged,
        key: usize,
        outgoing: &Outgoing,
    ) {
        for rule in judge.rules.iter().filter(|rule| rule.label == judged.label) {
            if judged.score < rule.threshold {
                continue;
            }
            let Judged { start, end, score, .. } = judged;
            let rule = rule.rule;
            let found = Found { rule, start, end, score, bare: false, ends: false };
            if context.holds(rule) {
                let furthest = outgoing.boundary(end.saturating_sub(MAX_FOUND));
                self.found.push(Found { start: start.max(furthest), ..found });
                continue;
            }
            let marked = |byte: usize, end: bool, known: Option<Mark>| match known {
                Some(mark) if mark.byte == byte => mark,
                _ => outgoing.mark(byte, end),
            };
            let marks = self.judging[n].marks;
            let start = marked(start, false, marks.map(|marks| marks.0));
            let end = marked(end, true, marks.map(|marks| marks.1));
            self.late.push(Late { found, start, end, key, told: true });
        }
    }

    /// Notes that a rule found something at these places.
    fn find(&mut self, glyphs: &[Glyph], rule: u32, places: std::ops::Range<usize>, score: f32) {
        // In a document each value stands alone.
        for part in glyphs[places].split(|glyph| glyph.raw == BETWEEN) {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            let bare = first.raw == BARE;
            let furthest = last.end.saturating_sub(MAX_FOUND);
            let from = part.partition_point(|glyph| glyph.start < furthest);
            let start = part[from.min(part.len() - 1)].start;
            self.found.push(Found { rule, start, end: last.end, score, bare, ends: false });
        }
    }

    /// Throws away what nobody needs any more, when it is enough.
    fn throw_away(&mut self, hold: usize) {
        let count = hold.saturating_sub(LOOK_BACK);
        if count < THROW_AWAY {
            return;
        }
        self.glyphs.drain(..count);
        self.gone += count;
        self.personal.0 -= count.min(self.personal.0);
        self.judged_until -= count.min(self.judged_until);
        self.terms.slide(count);
    }
}

impl Context<'_> {
    /// Whether what a rule finds must be held back until it is decided.
    pub(crate) fn holds(&self, rule: u32) -> bool {
        match self.border.action(rule) {
            Action::Retract => !self.revises,
            action => Effect::of(action) != Effect::Untouched,
        }
    }
}
