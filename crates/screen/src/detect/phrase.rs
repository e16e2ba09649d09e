//! Phrases: all of them at once, in one automaton.
//!
//! The automaton reads letters, digits and the marks that end a sentence; white space and other punctuation is
//! passed over, in the phrases as in the text, so that line breaks, hyphens or quotes between words hide nothing.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use daachorse::charwise::iter::FindOverlappingStepper;
use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::Span;
use crate::error::ScreenError;
use crate::fold::{Glyph, folded};

/// The most characters a phrase may have after folding.
pub(crate) const MAX_PHRASE: usize = 128;

/// The compiled phrases of one boundary.
pub(crate) struct PhraseSet {
    automaton: CharwiseDoubleArrayAhoCorasick<u32>,
    terms: Vec<Term>,
}

#[derive(Debug)]
struct Term {
    rule: u32,
    length: usize,
    /// Must begin, or end, a word: it has a Latin letter or digit there.
    begins_word: bool,
    ends_word: bool,
}

impl PhraseSet {
    /// Compiles (rule, phrase) pairs; of equal phrases the first counts. `None`: there are none.
    pub(crate) fn new(phrases: &[(u32, &str, &str)]) -> Result<Option<Self>, ScreenError> {
        let mut patterns: Vec<(String, u32)> = Vec::new();
        let mut terms = Vec::new();
        let mut known = HashSet::new();
        for (rule, id, phrase) in phrases {
            let wrong = |reason: &str| ScreenError::Phrase {
                rule: (*id).to_owned(),
                phrase: (*phrase).to_owned(),
                reason: reason.to_owned(),
            };
            let pattern: String = folded(phrase).chars().filter(|c| !is_passed_over(*c)).collect();
            let length = pattern.chars().count();
            let (Some(first), Some(last)) = (pattern.chars().next(), pattern.chars().next_back())
            else {
                return Err(wrong("it has no letter or digit"));
            };
            if length > MAX_PHRASE {
                return Err(wrong("it is longer than 128 characters"));
            }
            if !known.insert(pattern.clone()) {
                continue;
            }
            let index =
                u32::try_from(terms.len()).map_err(|_| wrong("there are too many phrases"))?;
            patterns.push((pattern, index));
            terms.push(Term {
                rule: *rule,
                length,
                begins_word: first.is_ascii_alphanumeric(),
                ends_word: last.is_ascii_alphanumeric(),
            });
        }
        if patterns.is_empty() {
            return Ok(None);
        }
        let unusable =
            |error: daachorse::errors::DaachorseError| ScreenError::Automaton(error.to_string());
        let mut automaton = CharwiseDoubleArrayAhoCorasickBuilder::new()
            .build_with_values(patterns)
            .map_err(unusable)?;
        automaton.cache_depths().map_err(unusable)?;
        Ok(Some(Self { automaton, terms }))
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
    /// The last characters that begin a phrase: reading them again leads to the same place in the automaton.
    tail: VecDeque<Seen>,
    /// Phrases found that must end a word, which the next character decides.
    waiting: Vec<Span>,
    in_word: bool,
}

#[derive(Debug)]
struct Seen {
    c: char,
    start: usize,
    in_word: bool,
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
        for seen in &self.tail {
            stepper.consume(seen.c);
        }
        PhraseReader { set, state: self, stepper }
    }

    /// The text ends here, and with it the last word.
    pub(crate) fn finish(&mut self, out: &mut Vec<Span>) {
        out.append(&mut self.waiting);
        self.tail.clear();
    }

    /// Everything reported from now on starts here or later; `None`: after what was read.
    pub(crate) fn hold(&self) -> Option<usize> {
        let waiting = self.waiting.iter().map(|span| span.start).min();
        let tail = self.tail.front().map(|seen| seen.start);
        [waiting, tail].into_iter().flatten().min()
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
        self.stepper.consume(glyph.c);
        // The depths are cached when the set is compiled.
        let depth = self.stepper.depth().map_or(0, |depth| depth as usize);
        if depth == 0 {
            state.tail.clear();
            return;
        }
        state.tail.push_back(Seen { c: glyph.c, start: glyph.start, in_word: after_word });
        let beyond = state.tail.len().saturating_sub(depth);
        state.tail.drain(..beyond);
        for found in self.stepper.matches() {
            let term = &self.set.terms[found.value() as usize];
            let Some(first) =
                state.tail.len().checked_sub(term.length).and_then(|i| state.tail.get(i))
            else {
                continue;
            };
            if term.begins_word && first.in_word {
                continue;
            }
            let span = Span { start: first.start, end: glyph.end, rule: term.rule };
            if term.ends_word { state.waiting.push(span) } else { out.push(span) }
        }
    }
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
