//! Phrases: all of them at once, in one automaton.
//!
//! The automaton reads letters, digits and the marks that end a sentence; white space and other punctuation is
//! passed over, in the phrases as in the text, so that line breaks, hyphens or quotes between words hide nothing.

use std::collections::{HashMap, HashSet};
use std::fmt;

use daachorse::charwise::iter::FindOverlappingStepper;
use daachorse::errors::DaachorseError;
use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::Span;
use crate::error::ScreenError;
use crate::normal::{Glyph, folded};
use crate::pack::Phrases;

/// The most characters a phrase may have after folding.
pub(crate) const MAX_PHRASE: usize = 128;

/// The most characters a guard may have after folding.
pub(crate) const MAX_GUARD: usize = 16;

/// The compiled phrases of one boundary.
pub(crate) struct PhraseSet {
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    terms: Vec<Term>,
    guards: HashMap<u32, Vec<Vec<char>>>,
    /// How many characters must be remembered to decide about a phrase; a power of two.
    window: usize,
}

struct Term {
    rule: u32,
    length: usize,
    /// Must begin, or end, a word: it has a Latin letter or digit there.
    begins_word: bool,
    ends_word: bool,
}

impl PhraseSet {
    /// Compiles the phrases of each rule; of equal phrases the first counts. `None`: there are none.
    pub(crate) fn new(rules: &[(u32, &str, &Phrases)]) -> Result<Option<Self>, ScreenError> {
        let mut patterns: Vec<(String, u32)> = Vec::new();
        let mut terms: Vec<Term> = Vec::new();
        let mut guards = HashMap::new();
        let mut known = HashSet::new();
        for (rule, id, Phrases { phrases, not_after, .. }) in rules {
            for phrase in phrases {
                let pattern = pattern(id, phrase, MAX_PHRASE)?;
                if !known.insert(pattern.clone()) {
                    continue;
                }
                let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
                // A screen with 2^32 phrases does not fit into memory.
                let index = u32::try_from(terms.len()).unwrap_or(u32::MAX);
                terms.push(Term {
                    rule: *rule,
                    length: pattern.chars().count(),
                    begins_word: is_word(pattern.chars().next()),
                    ends_word: is_word(pattern.chars().next_back()),
                });
                patterns.push((pattern, index));
            }
            let of_rule = not_after.iter().map(|guard| pattern(id, guard, MAX_GUARD));
            let of_rule = of_rule.map(|guard| Ok(guard?.chars().collect()));
            guards.insert(*rule, of_rule.collect::<Result<_, ScreenError>>()?);
        }
        if patterns.is_empty() {
            return Ok(None);
        }
        let unusable = |error: DaachorseError| ScreenError::Automaton(error.to_string());
        let builder = CharwiseDoubleArrayAhoCorasickBuilder::new();
        let mut automaton = builder.build_with_values(patterns).map_err(unusable)?;
        automaton.cache_depths().map_err(unusable)?;
        let longest = terms.iter().map(|term| term.length).max().unwrap_or(0);
        let window = (longest + MAX_GUARD).next_power_of_two();
        Ok(Some(Self { automaton, terms, guards, window }))
    }
}

impl fmt::Debug for PhraseSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhraseSet").field("terms", &self.terms.len()).finish_non_exhaustive()
    }
}

/// Where in the automaton a text stands, so that reading can go on in the next chunk.
#[derive(Debug, Default)]
pub(crate) struct PhraseState {
    /// The last characters read, in a ring of a power of two.
    recent: Vec<Seen>,
    /// How many characters were read.
    read: usize,
    /// How many of them, at the end, begin a phrase: reading them again leads to the same place.
    depth: usize,
    /// Phrases found that must end a word, which the next character decides.
    waiting: Vec<Span>,
    in_word: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    c: char,
    start: usize,
    after_word: bool,
}

/// The reading of one chunk.
pub(crate) struct PhraseReader<'a> {
    set: &'a PhraseSet,
    state: &'a mut PhraseState,
    stepper: FindOverlappingStepper<'a, u32>,
}

impl PhraseState {
    pub(crate) fn reader<'a>(&'a mut self, set: &'a PhraseSet) -> PhraseReader<'a> {
        let mut stepper = set.automaton.find_overlapping_stepper();
        if self.recent.is_empty() {
            self.recent = vec![Seen::default(); set.window];
        }
        for back in (1..=self.depth).rev() {
            stepper.consume(self.back(back).c);
        }
        PhraseReader { set, state: self, stepper }
    }

    /// The text ends here, and with it the last word.
    pub(crate) fn finish(&mut self, out: &mut Vec<Span>) {
        out.append(&mut self.waiting);
        *self = Self::default();
    }

    /// Everything reported from now on starts here or later; `None`: after what was read.
    pub(crate) fn hold(&self) -> Option<usize> {
        let waiting = self.waiting.iter().map(|span| span.start).min();
        let begun = (self.depth > 0).then(|| self.back(self.depth).start);
        [waiting, begun].into_iter().flatten().min()
    }
}

impl PhraseState {
    /// The character read `back` characters ago, 1 being the last; at most a window ago.
    #[inline]
    fn back(&self, back: usize) -> Seen {
        self.recent[self.read.wrapping_sub(back) & (self.recent.len() - 1)]
    }
}

impl PhraseReader<'_> {
    #[inline]
    pub(crate) fn step(&mut self, glyph: Glyph, out: &mut Vec<Span>) {
        let state = &mut *self.state;
        let in_word = glyph.c.is_ascii_alphanumeric();
        let after_word = std::mem::replace(&mut state.in_word, in_word);
        if !state.waiting.is_empty() {
            if in_word {
                state.waiting.clear();
            } else {
                out.append(&mut state.waiting);
            }
        }
        if is_passed_over(glyph.c) {
            return;
        }
        let at = state.read & (state.recent.len() - 1);
        state.recent[at] = Seen { c: glyph.c, start: glyph.start, after_word };
        state.read += 1;
        self.stepper.consume(glyph.c);
        // The depths are cached when the set is compiled.
        state.depth = self.stepper.depth().map_or(0, |depth| depth as usize);
        if state.depth > 0 {
            self.report(glyph.end, out);
        }
    }

    /// Reports the phrases that end with the character just read.
    fn report(&mut self, end: usize, out: &mut Vec<Span>) {
        let state = &mut *self.state;
        for found in self.stepper.matches() {
            let term = &self.set.terms[found.value() as usize];
            let Seen { start, after_word, .. } = state.back(term.length);
            if term.begins_word && after_word {
                continue;
            }
            let guards = self.set.guards.get(&term.rule).into_iter().flatten();
            let guarded = |guard: &Vec<char>| {
                let length = guard.len() + term.length;
                length <= state.read
                    && guard.iter().enumerate().all(|(i, c)| state.back(length - i).c == *c)
            };
            if guards.into_iter().any(guarded) {
                continue;
            }
            let span = Span { start, end, rule: term.rule };
            if term.ends_word {
                state.waiting.push(span);
            } else {
                out.push(span);
            }
        }
    }
}

/// A phrase or guard as the automaton reads it.
fn pattern(rule: &str, phrase: &str, longest: usize) -> Result<String, ScreenError> {
    let pattern: String = folded(phrase).chars().filter(|c| !is_passed_over(*c)).collect();
    let reason = match pattern.chars().count() {
        0 => "it has no letter or digit".to_owned(),
        length if length > longest => format!("it is longer than {longest} characters"),
        _ => return Ok(pattern),
    };
    Err(ScreenError::Phrase { rule: rule.to_owned(), phrase: phrase.to_owned(), reason })
}

/// White space and punctuation within a sentence.
#[inline]
fn is_passed_over(c: char) -> bool {
    match c {
        'a'..='z' | '0'..='9' | '\u{4e00}'..='\u{9fff}' | '.' | '!' | '?' | ';' | ':' | '。' => {
            false
        }
        _ => !c.is_alphanumeric(),
    }
}
