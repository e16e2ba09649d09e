//! Writing a text out with what was found in it replaced.
//!
//! What was found is taken in the order of the text, each thing when nothing can be found any more that comes before it. So
//! what is written, told and counted depends on the text only, not on how it was cut.

use std::cell::{Cell, OnceCell};
use std::cmp::Reverse;
use std::mem;

use crate::border::{Border, Effect};
use crate::edits::Edits;
use crate::finding::{Finding, Found, Late, Mark, Span};
use crate::measure::Measure;
use crate::normal::Ruler;
use crate::notice::Tally;
use crate::pack::Action;
use crate::pseudonym::Vault;

/// A text on its way out: what was read and has not left yet.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    held: String,
    /// Where the first held byte stands in the kept text.
    base: usize,
    /// The same place in characters.
    came: Measure,
    /// Up to here everything is replaced already.
    covered_until: usize,
    /// How much was given out.
    given: Measure,
    ruler: Ruler,
    /// A byte of what is held, and how long it is up to there.
    measured: Cell<(usize, Measure)>,
    /// What was replaced in what was given out; only where something may still be found there.
    edits: Option<Edits>,
    /// The rules whose findings reach beyond the place that is written, and where the last of each ends.
    reported: Vec<(u32, usize)>,
    /// What stands in a JSON document must leave it one.
    json: bool,
}

/// How far a text is decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decided {
    /// Nothing that begins before this place will be found later.
    pub(crate) frontier: usize,
    /// The place of which [`Written::split`] tells.
    pub(crate) split: usize,
    /// Nothing will be found at all.
    pub(crate) ended: bool,
}

/// What became of a part of the text.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    /// Parts of what was given out before, and what stands there from now on.
    pub(crate) revisions: Vec<Replaced>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) ended: Option<Ended>,
    /// The byte of `text` at which the part begins that was asked for.
    pub(crate) split: usize,
    /// The replacement of what begins before that part and reaches into it.
    pub(crate) across: Option<u32>,
    /// How much was given out before `text`.
    pub(crate) before: Measure,
}

/// A part of a text that was given out, and what stands there from now on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) from: Measure,
    pub(crate) to: Measure,
    pub(crate) text: String,
}

/// Why a text does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) rule: u32,
    pub(crate) refused: bool,
}

impl Outgoing {
    /// `late`: something may be found in what was given out already, and is taken back there.
    pub(crate) fn new(late: bool, json: bool) -> Self {
        Self { edits: late.then(Edits::default), json, ..Self::default() }
    }

    /// Takes more of the text in.
    pub(crate) fn push(&mut self, text: &str) {
        self.held.push_str(text);
    }

    /// Tells of a part that is left out, at the end of what was taken in so far.
    pub(crate) fn removed(&mut self, text: &str) {
        self.ruler.removed(self.base + self.held.len(), text);
    }

    /// What is held back.
    pub(crate) fn held(&self) -> &str {
        &self.held
    }

    /// Where what is held back begins, in the kept text.
    pub(crate) fn base(&self) -> usize {
        self.base
    }

    /// Where what is held back ends.
    pub(crate) fn end(&self) -> usize {
        self.base + self.held.len()
    }

    /// The first place at or after `byte` where a character begins.
    pub(crate) fn boundary(&self, byte: usize) -> usize {
        self.base + self.held.ceil_char_boundary(byte.saturating_sub(self.base))
    }

    /// A place that is still held back, to be found again when it is not: where something begins or, with `end`, ends.
    pub(crate) fn mark(&self, byte: usize, end: bool) -> Mark {
        let ahead = self.measure_until(byte - self.base);
        Mark { byte, came: self.came + ahead, original: self.ruler.mark(ahead, byte, !end) }
    }

    /// How long what is held is up to a byte of it: counted from the byte that was asked about last, since one thing found lies
    /// beside another, and a text may have thousands.
    fn measure_until(&self, byte: usize) -> Measure {
        let (known, measure) = self.measured.get();
        let measure = if known <= byte {
            measure + Measure::of(&self.held[known..byte])
        } else {
            measure - Measure::of(&self.held[byte..known])
        };
        self.measured.set((byte, measure));
        measure
    }

    /// Writes everything that is decided.
    pub(crate) fn write(
        &mut self,
        Decided { frontier, split, ended }: Decided,
        found: &mut Vec<Found>,
        late: &mut Vec<Late>,
        border: &Border<'_>,
        tally: &mut Tally,
        vault: Option<&mut Vault>,
    ) -> Written {
        let mut out = Pass {
            text: String::with_capacity(frontier - self.base),
            here: self.base,
            read: 0,
            split,
            split_at: None,
            border,
            tally,
            vault,
            written: Written { before: self.given, ..Written::default() },
            is_chinese: OnceCell::new(),
            outgoing: self,
        };
        if found.is_empty() && late.is_empty() {
            out.advance(frontier);
        } else {
            sort(found, border);
            late.sort_by_key(|late| (late.key, late.end.byte, late.found.rule));
            let (mut taken, mut taken_late) = (0, 0);
            while out.written.ended.is_none() {
                let next = found.get(taken).filter(|found| found.start < frontier);
                let next_late = late.get(taken_late).filter(|late| late.key < frontier || ended);
                match (next, next_late) {
                    (Some(next), late) if late.is_none_or(|late| next.start <= late.key) => {
                        out.take(*next, &found[taken..]);
                        taken += 1;
                    }
                    (_, Some(late)) => {
                        out.take_late(late);
                        taken_late += 1;
                    }
                    (_, None) => break,
                }
            }
            found.drain(..taken);
            late.drain(..taken_late);
            if out.written.ended.is_none() {
                out.advance(frontier);
            }
        }
        out.finish()
    }

    /// Writes what lies before a place, where nothing was found in it.
    pub(crate) fn pass(&mut self, frontier: usize) -> String {
        let length = frontier.saturating_sub(self.base);
        let part = &self.held[..length];
        let covered = self.covered_until.clamp(self.base, self.base + length) - self.base;
        self.ruler.pass(part);
        let given = Measure::of(&part[covered..]);
        self.given += given;
        self.came += given;
        if covered > 0 {
            self.came += Measure::of(&part[..covered]);
        }
        self.base += length;
        self.measured.take();
        if length == self.held.len() && covered == 0 {
            return mem::take(&mut self.held);
        }
        let text = part[covered..].to_owned();
        self.held.drain(..length);
        text
    }

    /// What everything between the part that was written and `until` looks like as far as is known, and where it ends: before
    /// the first thing that ends the text.
    pub(crate) fn preview(
        &self,
        until: usize,
        split: usize,
        found: &[Found],
        border: &Border<'_>,
    ) -> Preview {
        let split_at = (split <= self.base).then_some(0);
        let mut preview = Preview { until, split: split_at, ..Preview::default() };
        let mut covered_until = self.covered_until;
        let mut here = self.base;
        let mut advance = |preview: &mut Preview, to: usize, covered_until: usize| {
            if here < split && split <= to {
                let copied = covered_until.clamp(here, split);
                preview.text.push_str(&self.held[copied - self.base..split - self.base]);
                preview.split = Some(preview.text.len());
                here = split;
            }
            let copied = covered_until.clamp(here, to.max(here));
            preview.text.push_str(&self.held[copied - self.base..to.max(here) - self.base]);
            here = to.max(here);
        };
        for found in found.iter().take_while(|found| found.start < until) {
            match border.effect(*found) {
                Effect::Untouched => {}
                Effect::Ended => {
                    advance(&mut preview, found.start, covered_until);
                    preview.until = found.start;
                    return preview;
                }
                Effect::Covered => {
                    if found.start < split && covered_until <= split && split < found.end {
                        preview.across = Some(found.rule);
                    }
                    if found.start >= covered_until {
                        advance(&mut preview, found.start, covered_until);
                        self.write_replacement(&mut preview.text, *found, border);
                    }
                    covered_until = covered_until.max(found.end);
                }
            }
        }
        advance(&mut preview, until, covered_until);
        preview
    }

    /// The finding of something, unless it lies in another of the same rule. The ruler stands at `read` in what is held.
    fn report(&mut self, read: usize, found: Found, border: &Border<'_>) -> Option<Finding> {
        self.reported.retain(|(_, end)| *end > found.start);
        if self.reported.iter().any(|(rule, end)| *rule == found.rule && *end >= found.end) {
            return None;
        }
        self.reported.push((found.rule, found.end));
        let span = self.ruler.span(&self.held[read..], found.start..found.end);
        Some(border.finding(found, span))
    }

    /// The findings in what is not written any more.
    pub(crate) fn rest(&mut self, found: &[Found], border: &Border<'_>) -> Vec<Finding> {
        let mut read = 0;
        let mut findings = Vec::new();
        for found in found {
            let start = found.start.saturating_sub(self.base).max(read);
            self.ruler.pass(&self.held[read..start]);
            read = start;
            let found = Found { start: self.base + start, ..*found };
            findings.extend(self.report(read, found, border));
        }
        findings
    }

    /// Nothing new, at the end of what was given out.
    pub(crate) fn nothing(&self) -> Written {
        Written { before: self.given, ..Written::default() }
    }

    fn write_replacement(&self, out: &mut String, found: Found, border: &Border<'_>) {
        let text = border.replacement(found.rule);
        if !self.json {
            out.push_str(text);
            return;
        }
        // Where a number stood there is nothing to stand in but a string.
        let quote = if found.bare { "\"" } else { "" };
        out.push_str(quote);
        for c in text.chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\u{0}'..='\u{1f}' => out.push(' '),
                _ => out.push(c),
            }
        }
        out.push_str(quote);
    }
}

/// In the order of the text; of what begins at one place what ends the text comes first, then the longest.
pub(crate) fn sort(found: &mut [Found], border: &Border<'_>) {
    found.sort_unstable_by_key(|found| {
        let goes_on = border.effect(*found) != Effect::Ended;
        (found.start, goes_on, Reverse(found.end), found.rule)
    });
}

/// The end of the first of these and of all that is replaced and overlaps with it, one leading to the next.
fn covered(found: &[Found], border: &Border<'_>) -> usize {
    let mut end = found.first().map_or(0, |first| first.end);
    for next in &found[1..] {
        if next.start >= end {
            break;
        }
        if border.effect(*next) == Effect::Covered {
            end = end.max(next.end);
        }
    }
    end
}

/// Whether a text has Chinese characters: then its tokens are called in Chinese.
fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'))
}

/// See [`Outgoing::preview`].
#[derive(Debug, Default)]
pub(crate) struct Preview {
    pub(crate) text: String,
    pub(crate) until: usize,
    /// The byte of `text` at which the part begins that was asked for, if it does.
    pub(crate) split: Option<usize>,
    /// The rule that replaces what begins before that part and reaches into it.
    pub(crate) across: Option<u32>,
}

/// One writing.
struct Pass<'w, 's, 'v> {
    outgoing: &'w mut Outgoing,
    border: &'w Border<'s>,
    tally: &'w mut Tally,
    vault: Option<&'v mut Vault>,
    text: String,
    /// Where it stands in the kept text.
    here: usize,
    /// The same place in what is held.
    read: usize,
    split: usize,
    split_at: Option<usize>,
    written: Written,
    /// What [`is_chinese`] says of what is held.
    is_chinese: OnceCell<bool>,
}

impl Pass<'_, '_, '_> {
    /// Writes what lies before `to`, without what is covered.
    fn advance(&mut self, to: usize) {
        if self.split_at.is_none() && self.split <= to {
            let split = self.split;
            self.step(split);
            self.split_at = Some(self.text.len());
        }
        self.step(to);
    }

    fn step(&mut self, to: usize) {
        if to <= self.here {
            return;
        }
        let outgoing = &mut *self.outgoing;
        let part = &outgoing.held[self.read..self.read + (to - self.here)];
        let covered = outgoing.covered_until.clamp(self.here, to) - self.here;
        let copied = &part[covered..];
        self.text.push_str(copied);
        outgoing.ruler.pass(part);
        let given = Measure::of(copied);
        outgoing.given += given;
        outgoing.came += given;
        if covered > 0 {
            outgoing.came += Measure::of(&part[..covered]);
        }
        self.read += part.len();
        self.here = to;
    }

    /// What the next thing found does; it is the first of `rest`.
    fn take(&mut self, found: Found, rest: &[Found]) {
        // What was cut to the hold limit may begin where the text was given out already.
        let found = Found { start: found.start.max(self.here), ..found };
        self.advance(found.start);
        let action = self.border.action(found.rule);
        let fresh = self.report(found);
        match self.border.effect(found) {
            Effect::Untouched => {
                self.tally.add(found.rule, u32::from(fresh));
            }
            Effect::Covered => self.cover(found, rest),
            Effect::Ended => {
                let refused = action == Action::Refuse;
                // A refusal says itself why.
                self.tally.add(found.rule, u32::from(!refused));
                self.written.ended = Some(Ended { rule: found.rule, refused });
            }
        }
    }

    fn report(&mut self, found: Found) -> bool {
        let finding = self.outgoing.report(self.read, found, self.border);
        let fresh = finding.is_some();
        self.written.findings.extend(finding);
        fresh
    }

    fn cover(&mut self, found: Found, rest: &[Found]) {
        let outgoing = &mut *self.outgoing;
        let over = outgoing.covered_until <= self.split && self.split < found.end;
        if self.split_at.is_none() && found.start < self.split && over {
            self.written.across = Some(found.rule);
        }
        let end = |outgoing: &Outgoing, read: usize, here: usize| {
            outgoing.came + Measure::of(&outgoing.held[read..read + (found.end - here)])
        };
        if found.start >= outgoing.covered_until {
            let before = self.text.len();
            let rule = self.border.rule(found.rule);
            let token = self.vault.as_deref_mut().filter(|_| rule.is_pseudonymised());
            // A token stands for all that is covered.
            let token = token.and_then(|vault| {
                let end = self.read + (covered(rest, self.border) - self.here);
                let value = &outgoing.held[self.read..end.min(outgoing.held.len())];
                let is_chinese = *self.is_chinese.get_or_init(|| is_chinese(&outgoing.held));
                vault.token(rule.kind(), value, is_chinese)
            });
            match token {
                Some(token) => self.text.push_str(token),
                None => outgoing.write_replacement(&mut self.text, found, self.border),
            }
            let length = Measure::of(&self.text[before..]);
            if outgoing.edits.is_some() {
                let came = outgoing.came..end(outgoing, self.read, self.here);
                let at = outgoing.given;
                outgoing.edits.iter_mut().for_each(|edits| edits.push(came.clone(), at, length));
            }
            outgoing.given += length;
            self.tally.add(found.rule, 1);
        } else if found.end > outgoing.covered_until && outgoing.edits.is_some() {
            let until = end(outgoing, self.read, self.here);
            outgoing.edits.iter_mut().for_each(|edits| edits.extend(until));
        }
        outgoing.covered_until = outgoing.covered_until.max(found.end);
    }

    /// What something does that was found where the text was given out already.
    fn take_late(&mut self, late: &Late) {
        self.advance(late.end.byte);
        let action = self.border.action(late.found.rule);
        if late.told {
            let ((b, c, u), (b2, c2, u2)) = (late.start.original, late.end.original);
            let span = Span { bytes: b..b2, chars: c..c2, utf16: u..u2 };
            self.written.findings.push(self.border.finding(late.found, span));
            self.tally.add(late.found.rule, 1);
        }
        if Effect::of(action) == Effect::Covered {
            self.revise(late);
        }
    }

    fn revise(&mut self, late: &Late) {
        let mut text = String::new();
        self.outgoing.write_replacement(&mut text, late.found, self.border);
        let length = Measure::of(&text);
        let Some(edits) = &mut self.outgoing.edits else { return };
        let given = edits.replace(late.start.came..late.end.came, length);
        let before = &mut self.written.before;
        // What of it was given out in this writing is changed in place.
        let byte = |place: Measure, sent: Measure, text: &str| {
            let chars = place.chars.saturating_sub(sent.chars);
            text.char_indices().nth(chars).map_or(text.len(), |(byte, _)| byte)
        };
        let (start, end) =
            (byte(given.start, *before, &self.text), byte(given.end, *before, &self.text));
        if given.start >= *before {
            self.text.replace_range(start..end, &text);
            self.split_at = self.split_at.map(|at| moved(at, start, end, text.len()));
        } else {
            self.text.replace_range(..end, "");
            self.split_at = self.split_at.map(|at| moved(at, 0, end, 0));
            let to = given.end.min(*before);
            // All of the revised text stands before what this writing adds.
            *before = given.start + length + (*before - to);
            self.written.revisions.push(Replaced { from: given.start, to, text });
        }
        let now = self.outgoing.given - given.end;
        self.outgoing.given = given.start + length + now;
    }

    fn finish(self) -> Written {
        let Self { outgoing, text, read, here, split_at, mut written, .. } = self;
        outgoing.held.drain(..read);
        outgoing.base = here;
        outgoing.measured.take();
        written.split = split_at.unwrap_or(text.len());
        written.text = text;
        written
    }
}

/// Where a byte stands after `start..end` was replaced by something of `length`.
fn moved(at: usize, start: usize, end: usize, length: usize) -> usize {
    if at >= end {
        at - end + start + length
    } else if at > start {
        start + length
    } else {
        at
    }
}
