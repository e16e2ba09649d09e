//! The matcher: the lanes of all terms, and the state of one reading.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::context::{Around, is_foreign_word, word_goes_on};
use super::lane::{
    Lane, LaneString, MAX_CLASSES, Reading, Symbols, Writing, folded as folded_by, form, is_letter,
    passes_over, strings,
};
use super::letters::{is_hanzi, is_latin, is_passed_over};
use super::pinyin;
use super::sweep::{Started, Sweep};
use super::term::{Guards, MAX_GUARD, MAX_TERM, Term, TermError, View, Views};
use super::trie::Trie;
use super::writing::{Written, is_written};
use crate::normal::{Glyph, Pending, Window, folded};

/// The most characters from the first to the last of a term, what is passed over included. Where a term is stretched beyond
/// that, its last so many characters are the match.
const MAX_REACH: usize = 1024;

/// How many characters are read at a time.
const BLOCK: usize = 1024;

/// All terms of a border, compiled. Immutable, and shared by all texts.
pub(crate) struct Matcher {
    /// The first one finds terms as they are written.
    lanes: Vec<Lane>,
    terms: Vec<Known>,
    /// The terms with views.
    forms: HashMap<u32, Forms>,
    /// Where the terms of a rule do not count; the first one is empty.
    guards: Vec<Vec<Around>>,
    /// Where single terms do not count, since they are part of a longer word.
    exceptions: HashMap<u32, Vec<Around>>,
}

/// What is known of a term.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: u32,
    guards: u32,
    views: Views,
    traits: u8,
}

/// It must begin and end at word edges where it has a Latin letter or digit there.
const WORDS: u8 = 1;
/// It has one where it begins.
const BEGINS_WORD: u8 = 2;
/// It has one where it ends.
const ENDS_WORD: u8 = 4;
/// It has a Latin letter somewhere.
const HAS_LATIN: u8 = 8;
/// It is a part of an exception.
const HAS_EXCEPTIONS: u8 = 16;

impl Known {
    fn is(self, of: u8) -> bool {
        self.traits & of != 0
    }
}

/// What a term with views looks like.
#[derive(Clone, Debug)]
struct Forms {
    /// As it is written.
    plain: Box<[char]>,
    /// As its views read it.
    viewed: Box<[char]>,
}

/// A term found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TermMatch {
    /// The id of the term.
    pub(crate) term: u32,
    /// The place of its first character in the window.
    pub(crate) start: usize,
    /// The place after its last character.
    pub(crate) end: usize,
}

/// How far one text was read. Places in it are counted from the start of the text, and hold while the window slides.
#[derive(Debug, Default)]
pub(crate) struct MatcherState {
    /// How many characters have left the window at its front.
    gone: usize,
    /// How many characters were read.
    read: usize,
    lanes: Vec<LaneState>,
    /// Found, but what follows decides whether it counts.
    waiting: Vec<Candidate>,
    symbols: Symbols,
    sweep: Sweep,
}

#[derive(Debug, Default)]
struct LaneState {
    reading: Reading,
    walks: Vec<Started>,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    lane: usize,
    term: u32,
    start: usize,
    end: usize,
    inside: bool,
}

impl MatcherState {
    /// The first `count` characters have left the window; all of them lie before the place that the last scan held.
    pub(crate) fn slide(&mut self, count: usize) {
        self.gone += count;
    }

    /// Everything found from now on begins here or later, counted from the start of the text.
    fn hold(&self) -> usize {
        let walks = self.lanes.iter().flat_map(|lane| &lane.walks).map(|walk| walk.place);
        let walks = walks.map(|place| place.max(self.read.saturating_sub(MAX_REACH)));
        let waiting = self.waiting.iter().map(Candidate::first);
        walks.chain(waiting).min().unwrap_or(self.read)
    }
}

impl Candidate {
    /// Where the match begins, at most [`MAX_REACH`] before its end.
    fn first(&self) -> usize {
        self.start.max(self.end.saturating_sub(MAX_REACH))
    }
}

impl Matcher {
    /// Compiles the terms.
    ///
    /// # Errors
    /// A term or guard with no letter or digit, or one that is too long.
    pub(crate) fn new(terms: &[Term]) -> Result<Self, TermError> {
        let mut lanes: BTreeMap<(Views, Writing), Vec<LaneString>> = BTreeMap::new();
        lanes.insert((Views::NONE, Writing::Plain), Vec::with_capacity(terms.len()));
        let mut matcher = Self {
            lanes: Vec::new(),
            terms: Vec::with_capacity(terms.len()),
            forms: HashMap::new(),
            guards: vec![Vec::new()],
            exceptions: HashMap::new(),
        };
        let mut known_guards: HashMap<*const Guards, u32> = HashMap::new();
        for (index, term) in (0_u32..).zip(terms) {
            let text = folded(&term.text);
            let plain = pattern(&term.text, &text, MAX_TERM)?;
            let rule = Arc::as_ptr(&term.guards);
            let guards = if let Some(guards) = known_guards.get(&rule) {
                *guards
            } else {
                let guards = matcher.add_guards(&term.guards)?;
                known_guards.insert(rule, guards);
                guards
            };
            let (first, last) = (plain.first().copied(), plain.last().copied());
            let begins_word = term.words && first.is_some_and(is_latin);
            let traits = [
                (term.words, WORDS),
                (begins_word, BEGINS_WORD),
                (term.words && last.is_some_and(is_latin), ENDS_WORD),
                (plain.iter().any(char::is_ascii_alphabetic), HAS_LATIN),
            ];
            let traits = traits.iter().filter(|(has, _)| *has).fold(0, |all, (_, one)| all | one);
            matcher.terms.push(Known { id: term.id, guards, views: term.views, traits });
            let form = form(term.views, &text);
            for (views, writing) in lanes_of(term.views, &form) {
                let inside = may_begin_inside(term, writing, form[0]);
                let strings = strings(views, writing, &form).into_iter();
                let lane = lanes.entry((views, writing)).or_default();
                lane.extend(strings.map(|chars| LaneString { chars, term: index, inside }));
            }
            if !term.views.is_empty() {
                let forms = Forms { plain: plain.as_slice().into(), viewed: form.into() };
                matcher.forms.insert(index, forms);
            }
            if let Some(lane) = lanes.get_mut(&(Views::NONE, Writing::Plain)) {
                lane.push(LaneString { chars: plain, term: index, inside: !begins_word });
            }
        }
        for ((views, writing), strings) in lanes {
            let too_many = || TermError {
                text: terms.first().map_or_else(String::new, |term| term.text.clone()),
                reason: format!("it and the others have more than {MAX_CLASSES} characters"),
            };
            matcher.lanes.push(Lane::new(views, writing, &strings).ok_or_else(too_many)?);
        }
        matcher.add_exceptions(terms, &known_guards)?;
        Ok(matcher)
    }

    /// Reads on to the end of the window, and gives the place that the search holds: everything found from now on begins
    /// there or later, and the window may not slide beyond [`LOOK_BACK`](crate::normal::LOOK_BACK) before it.
    ///
    /// What is found comes when it is decided, which is not always in the order of the text.
    pub(crate) fn scan(
        &self,
        window: &Window<'_>,
        state: &mut MatcherState,
        found: &mut Vec<TermMatch>,
    ) -> usize {
        let MatcherState { gone, read, lanes, waiting, symbols, sweep } = state;
        waiting.retain(|candidate| self.settle(window, *gone, *candidate, found).is_err());
        lanes.resize_with(self.lanes.len(), LaneState::default);
        let glyphs = &window.glyphs()[*read - *gone..];
        for block in glyphs.chunks(BLOCK) {
            for (index, (lane, lane_state)) in self.lanes.iter().zip(&mut *lanes).enumerate() {
                lane.read(block, &mut lane_state.reading, symbols);
                let candidates = |string: u32, start, end, inside| {
                    for term in lane.trie.terms(string) {
                        let candidate = Candidate { lane: index, term: *term, start, end, inside };
                        if self.settle(window, *gone, candidate, found).is_err() {
                            waiting.push(candidate);
                        }
                    }
                };
                sweep.over(lane, symbols, *read, &mut lane_state.walks, candidates);
            }
            *read += block.len();
        }
        if window.get(window.len()) == Ok(None) {
            for lane in lanes {
                lane.walks.clear();
            }
        }
        state.hold() - state.gone
    }

    /// Bytes of the tables.
    pub(crate) fn memory(&self) -> usize {
        let of_forms = |forms: &Forms| 4 * (forms.plain.len() + forms.viewed.len());
        let forms: usize = self.forms.values().map(of_forms).sum();
        let lanes: usize = self.lanes.iter().map(Lane::memory).sum();
        lanes + self.terms.len() * size_of::<Known>() + forms
    }

    /// Decides about a candidate, and reports it if it counts.
    fn settle(
        &self,
        window: &Window<'_>,
        gone: usize,
        candidate: Candidate,
        found: &mut Vec<TermMatch>,
    ) -> Result<(), Pending> {
        let known = self.terms[candidate.term as usize];
        let stretched = candidate.first() > candidate.start;
        let start = candidate.first() - gone;
        let mut end = candidate.end - gone;
        if candidate.lane == 0 {
            if known.is(BEGINS_WORD) && candidate.inside
                || known.is(ENDS_WORD) && word_goes_on(window, end)?
            {
                return Ok(());
            }
        } else {
            if stretched {
                return Ok(());
            }
            match self.written(window, candidate, known, start, end)? {
                Some(last) => end = last,
                None => return Ok(()),
            }
        }
        if known.is(HAS_LATIN) && is_foreign_word(window, start, end)? {
            return Ok(());
        }
        if !stretched {
            let guards = &self.guards[known.guards as usize];
            for around in guards {
                if around.adjoins(window, start, end)? {
                    return Ok(());
                }
            }
            let exceptions = known.is(HAS_EXCEPTIONS).then(|| self.exceptions.get(&candidate.term));
            for around in exceptions.flatten().into_iter().flatten() {
                if around.holds(window, start, end)? {
                    return Ok(());
                }
            }
        }
        let (start, end) = whole_characters(window, start, end);
        found.push(TermMatch { term: known.id, start, end });
        Ok(())
    }

    /// Whether a candidate of a lane of views is its term, and where it then ends.
    fn written(
        &self,
        window: &Window<'_>,
        candidate: Candidate,
        known: Known,
        start: usize,
        mut end: usize,
    ) -> Result<Option<usize>, Pending> {
        let lane = &self.lanes[candidate.lane];
        let Some(Forms { plain, viewed }) = self.forms.get(&candidate.term) else {
            return Ok(None);
        };
        let views = known.views;
        let class = |place| Ok(window.char(place)?.map(|c| lane.class(c)));
        while views.has(View::Repeats)
            && lane.writing == Writing::Plain
            && end - start < MAX_REACH
            && class(end)? == class(end - 1)?
        {
            end += 1;
        }
        let glyphs = &window.glyphs()[start..end];
        // What is written in Chinese characters needs no word edge, nor do they in a term.
        let is_edge = |term: char, written: char| match lane.writing {
            Writing::Plain => known.is(WORDS) && is_latin(term) && !is_hanzi(written),
            Writing::Spelled | Writing::Initials => is_letter(views, written),
        };
        let (first, last) = (0, viewed.len() - 1);
        if is_edge(viewed[first], glyphs[0].c) && candidate.inside
            || is_edge(viewed[last], glyphs[glyphs.len() - 1].c) && word_goes_on(window, end)?
        {
            return Ok(None);
        }
        let mut text = Vec::with_capacity(viewed.len());
        let mut before = None;
        for glyph in glyphs {
            let passed_over = passes_over(views, glyph.c);
            let folded = (!passed_over).then(|| folded_by(views, glyph.c));
            if !passed_over {
                text.push(Written { c: glyph.c, repeated: before == folded });
            }
            before = folded;
        }
        let written = is_written(views, lane.writing, viewed, &text);
        Ok((written && !is_plain(plain, glyphs)).then_some(end))
    }

    /// Compiles the guards of a rule.
    fn add_guards(&mut self, guards: &Guards) -> Result<u32, TermError> {
        let mut around = Vec::new();
        for guard in &guards.not_after {
            let before = pattern(guard, &folded(guard), MAX_GUARD)?.into();
            around.push(Around { before, after: Box::default() });
        }
        for guard in &guards.not_before {
            let after = pattern(guard, &folded(guard), MAX_GUARD)?.into();
            around.push(Around { before: Box::default(), after });
        }
        if around.is_empty() && guards.exceptions.is_empty() {
            return Ok(0);
        }
        self.guards.push(around);
        // As many as there are rules.
        Ok(u32::try_from(self.guards.len() - 1).unwrap_or(0))
    }

    /// Finds the terms that are parts of their rule's exceptions.
    fn add_exceptions(
        &mut self,
        terms: &[Term],
        known_guards: &HashMap<*const Guards, u32>,
    ) -> Result<(), TermError> {
        let mut done = HashSet::new();
        for term in terms {
            let guards = known_guards.get(&Arc::as_ptr(&term.guards)).copied().unwrap_or(0);
            if guards == 0 || !done.insert(guards) {
                continue;
            }
            for exception in &term.guards.exceptions {
                let chars = pattern(exception, &folded(exception), MAX_TERM)?;
                self.add_exception(guards, &chars);
            }
        }
        Ok(())
    }

    fn add_exception(&mut self, guards: u32, chars: &[char]) {
        let plain = &self.lanes[0];
        let classes: Vec<_> = chars.iter().map(|c| plain.class(*c)).collect();
        let mut parts = Vec::new();
        for (start, first) in classes.iter().enumerate() {
            parts.extend(plain.trie.one(*first).map(|string| (string, start, start + 1)));
            plain.trie.go(Trie::walk(*first), &classes[start + 1..], |string, length| {
                parts.push((string, start, start + 1 + length));
            });
        }
        for (string, start, end) in parts {
            for term in plain.trie.terms(string) {
                let known = &mut self.terms[*term as usize];
                if known.guards == guards {
                    known.traits |= HAS_EXCEPTIONS;
                    let around =
                        Around { before: chars[..start].into(), after: chars[end..].into() };
                    self.exceptions.entry(*term).or_default().push(around);
                }
            }
        }
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Matcher");
        out.field("terms", &self.terms.len()).field("bytes", &self.memory());
        out.finish_non_exhaustive()
    }
}

/// The lanes in which a term with these views is looked for, beyond that of terms as they are written.
fn lanes_of(views: Views, form: &[char]) -> Vec<(Views, Writing)> {
    let shapes =
        [View::Pinyin, View::Homophones, View::Initials].into_iter().fold(views, Views::without);
    let mut lanes = Vec::new();
    let hanzi = form.iter().filter(|c| is_hanzi(**c)).count();
    if form.is_empty() {
        return lanes;
    }
    if !shapes.is_empty() {
        lanes.push((shapes, Writing::Plain));
    }
    if hanzi > 0 && (views.has(View::Pinyin) || views.has(View::Homophones)) {
        lanes.push((shapes.without(View::Repeats), Writing::Spelled));
    }
    if hanzi > 1 && views.has(View::Initials) {
        lanes.push((shapes.without(View::Repeats), Writing::Initials));
    }
    lanes
}

/// Whether a term may begin inside a word, in some way of writing it.
fn may_begin_inside(term: &Term, writing: Writing, first: char) -> bool {
    let digit = first.is_ascii_digit() || term.views.has(View::Leet);
    let in_chinese = !is_latin(first) || term.views.has(View::Numerals) && digit;
    match writing {
        Writing::Plain => in_chinese || !term.words,
        // A Chinese character that is spelled is looked at as it comes; one that begins with a letter does not.
        Writing::Spelled => false,
        Writing::Initials => in_chinese && pinyin::usual(first).is_empty(),
    }
}

/// Whether a part of a text is a term as it is written, so that the first lane finds it.
fn is_plain(plain: &[char], glyphs: &[Glyph]) -> bool {
    let edges = [glyphs.first(), glyphs.last()];
    !edges.into_iter().flatten().any(|glyph| is_passed_over(glyph.c))
        && glyphs
            .iter()
            .map(|glyph| glyph.c)
            .filter(|c| !is_passed_over(*c))
            .eq(plain.iter().copied())
}

/// The whole original characters of which a match has a part.
fn whole_characters(window: &Window<'_>, mut start: usize, mut end: usize) -> (usize, usize) {
    let glyphs = window.glyphs();
    let same = |a: usize, b: usize| match (glyphs.get(a), glyphs.get(b)) {
        (Some(a), Some(b)) => a.start == b.start,
        _ => false,
    };
    while start > 0 && same(start - 1, start) {
        start -= 1;
    }
    while same(end - 1, end) {
        end += 1;
    }
    (start, end)
}

/// A term or guard as the first lane reads it.
fn pattern(text: &str, folded: &str, longest: usize) -> Result<Vec<char>, TermError> {
    let pattern: Vec<char> = folded.chars().filter(|c| !is_passed_over(*c)).collect();
    let reason = match pattern.len() {
        0 => "it has no letter or digit".to_owned(),
        length if length > longest => format!("it is longer than {longest} characters"),
        _ => return Ok(pattern),
    };
    Err(TermError { text: text.to_owned(), reason })
}
