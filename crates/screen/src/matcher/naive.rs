//! What a match is, said in the plainest way: every part of the text is tried against every term.
//!
//! The matcher is tested against this. It shares the tables with it (what is passed over, which sign stands for which
//! letter, how a character is read), but no lane, trie, walk or window.

#![expect(clippy::nonminimal_bool, reason = "each line is a condition of its own")]

use std::collections::BTreeSet;

use super::letters::{
    ends_sentence, is_hanzi, is_latin, is_passed_over, is_word, leet, numeral, parts,
};
use super::{Term, View, Views, pinyin};
use crate::normal::{Glyph, LOOK_BACK, folded, script};

/// All matches of all terms in a text of less than a thousand characters: id, start and end.
pub(super) fn matches(terms: &[Term], text: &[Glyph]) -> BTreeSet<(u32, usize, usize)> {
    let mut found = BTreeSet::new();
    for term in terms {
        let naive = Naive { term, text, folded: folded(&term.text) };
        for start in 0..text.len() {
            for end in start + 1..=text.len() {
                if naive.is_match(start, end) {
                    let (mut start, mut end) = (start, end);
                    while start > 0 && text[start - 1].start == text[start].start {
                        start -= 1;
                    }
                    while end < text.len() && text[end].start == text[end - 1].start {
                        end += 1;
                    }
                    found.insert((term.id, start, end));
                }
            }
        }
    }
    found
}

struct Naive<'t> {
    term: &'t Term,
    text: &'t [Glyph],
    folded: String,
}

impl Naive<'_> {
    fn is_match(&self, start: usize, end: usize) -> bool {
        (self.is_plain(start, end) || self.is_viewed(start, end))
            && !self.is_foreign(start, end)
            && !self.is_guarded(start, end)
    }

    fn plain(&self) -> Vec<char> {
        self.folded.chars().filter(|c| !is_passed_over(*c)).collect()
    }

    /// As it is written, white space and punctuation aside.
    fn is_plain(&self, start: usize, end: usize) -> bool {
        let part = &self.text[start..end];
        let plain = self.plain();
        let letters = part.iter().map(|g| g.c).filter(|c| !is_passed_over(*c));
        !is_passed_over(part[0].c)
            && !is_passed_over(part[part.len() - 1].c)
            && letters.eq(plain.iter().copied())
            && !(self.term.words && is_latin(plain[0]) && self.word_before(start))
            && !(self.term.words && is_latin(plain[plain.len() - 1]) && self.word_after(end))
    }

    fn word_before(&self, start: usize) -> bool {
        start > 0 && is_word(self.text[start - 1].c)
    }

    fn word_after(&self, end: usize) -> bool {
        end < self.text.len() && is_word(self.text[end].c)
    }

    fn has(&self, view: View) -> bool {
        self.term.views.has(view)
    }

    fn passes_over(&self, c: char) -> bool {
        let letter = self.has(View::Leet) && leet(c).is_some();
        !letter && (is_passed_over(c) || self.has(View::Separated) && ends_sentence(c))
    }

    fn digit(&self, c: char) -> char {
        if self.has(View::Numerals) { numeral(c) } else { c }
    }

    /// What makes two characters in a row one character twice.
    fn same(&self, a: usize, b: usize) -> bool {
        let same = |c: char| {
            let c = self.digit(c);
            if self.has(View::Leet) { leet(c).unwrap_or(c) } else { c }
        };
        let (a, b) = (self.text[a].c, self.text[b].c);
        !self.passes_over(a) && !self.passes_over(b) && same(a) == same(b)
    }

    fn stands_for(&self, c: char, term: char) -> bool {
        let letter = leet(self.digit(c)).filter(|_| self.has(View::Leet));
        self.digit(c) == self.digit(term)
            || letter == Some(term)
            || letter == Some('i') && term == 'l'
    }

    /// In one of its views, and not as it is written.
    fn is_viewed(&self, start: usize, end: usize) -> bool {
        let part = &self.text[start..end];
        if self.term.views == Views::NONE
            || self.passes_over(part[0].c)
            || self.passes_over(part[part.len() - 1].c)
        {
            return false;
        }
        let term: Vec<char> =
            self.folded.chars().filter(|c| !self.passes_over(*c)).map(|c| self.digit(c)).collect();
        if term.is_empty() {
            return false;
        }
        let plain = self.plain();
        let edges = [part[0].c, part[part.len() - 1].c];
        let letters = part.iter().map(|g| g.c).filter(|c| !is_passed_over(*c));
        if !edges.into_iter().any(is_passed_over) && letters.eq(plain.iter().copied()) {
            return false;
        }
        let edge = |term: char, c: char| self.term.words && is_latin(term) && !is_hanzi(c);
        let inside = self.word_before(start);
        let goes_on = self.word_after(end);
        let shapes = !(edge(term[0], part[0].c) && inside)
            && !(edge(term[term.len() - 1], part[part.len() - 1].c) && goes_on)
            && self.is_whole_runs(start, end)
            && self.has_shape(&term, start, end);
        let letter = |c: char| is_latin(c) || self.has(View::Leet) && leet(c).is_some();
        let word = !(letter(part[0].c) && inside) && !(letter(part[part.len() - 1].c) && goes_on);
        let readings = pinyin::of_term(&term);
        let hanzi = term.iter().filter(|c| is_hanzi(**c)).count();
        let kept: Vec<char> = part.iter().map(|g| g.c).filter(|c| !self.passes_over(*c)).collect();
        let spelling = self.has(View::Pinyin) || self.has(View::Homophones);
        let spelled = word && hanzi > 0 && spelling && self.is_spelled(&term, &readings, &kept);
        let initials = word
            && hanzi > 1
            && self.has(View::Initials)
            && kept.len() == term.len()
            && kept.iter().zip(term.iter().zip(&readings)).all(|(c, (term, readings))| {
                if readings.is_empty() {
                    self.stands_for(*c, *term)
                } else {
                    readings
                        .iter()
                        .any(|reading| self.stands_for(*c, reading.chars().next().unwrap()))
                }
            });
        shapes || spelled || initials
    }

    fn is_whole_runs(&self, start: usize, end: usize) -> bool {
        !self.has(View::Repeats)
            || (start == 0 || !self.same(start - 1, start))
                && (end == self.text.len() || !self.same(end - 1, end))
    }

    /// Each character of the term for one of the text, or for some that repeat it.
    fn has_shape(&self, term: &[char], start: usize, end: usize) -> bool {
        if start < end && self.passes_over(self.text[start].c) {
            return self.has_shape(term, start + 1, end);
        }
        let Some((first, rest)) = term.split_first() else { return start == end };
        let mut at = start;
        while at < end && self.stands_for(self.text[at].c, *first) {
            at += 1;
            if self.has_shape(rest, at, end) {
                return true;
            }
            if !self.has(View::Repeats) || at == end || !self.same(at - 1, at) {
                return false;
            }
        }
        false
    }

    fn is_spelled(&self, term: &[char], readings: &[Vec<&str>], text: &[char]) -> bool {
        let (Some((first, term)), Some((of_first, readings))) =
            (term.split_first(), readings.split_first())
        else {
            return text.is_empty();
        };
        let Some(c) = text.first() else { return false };
        let sounds =
            self.has(View::Homophones) && of_first.contains(&pinyin::usual(self.digit(*c)));
        if (self.stands_for(*c, *first) || sounds) && self.is_spelled(term, readings, &text[1..]) {
            return true;
        }
        of_first.iter().any(|reading| {
            let letters = text.iter().zip(reading.chars());
            text.len() >= reading.len()
                && letters.into_iter().all(|(c, letter)| self.stands_for(*c, letter))
                && self.is_spelled(term, readings, &text[reading.len()..])
        })
    }

    fn is_foreign(&self, start: usize, end: usize) -> bool {
        let part = &self.text[start..end];
        let scripts: Vec<_> =
            part.iter().filter(|g| g.c.is_ascii_alphabetic()).map(|g| script(g.raw)).collect();
        let has_latin = self.plain().iter().any(char::is_ascii_alphabetic);
        let Some(Some(of_all)) = scripts.first().filter(|_| has_latin) else { return false };
        let near = start.saturating_sub(64)..(end + 64).min(self.text.len());
        let near = near.filter(|at| !(start..end).contains(at)).map(|at| self.text[at]);
        scripts.iter().all(|script| *script == Some(*of_all))
            && near.into_iter().any(|g| !g.c.is_ascii() && script(g.raw) == Some(*of_all))
    }

    fn is_guarded(&self, start: usize, end: usize) -> bool {
        let pattern = |guard: &String| -> Vec<char> {
            folded(guard).chars().filter(|c| !is_passed_over(*c)).collect()
        };
        let near = |glyphs: &[Glyph]| -> Vec<char> {
            glyphs.iter().map(|g| g.c).filter(|c| !is_passed_over(*c)).collect()
        };
        let (left, right) = (
            &self.text[start.saturating_sub(LOOK_BACK)..start],
            &self.text[end..(end + 64).min(self.text.len())],
        );
        let (before, after) = (near(left), near(right));
        let guards = &self.term.guards;
        let plain = self.plain();
        let stops = |glyph: &&Glyph| !is_passed_over(glyph.c) || parts(glyph.c);
        let is_parted = |next: Option<&Glyph>| next.is_some_and(|glyph| parts(glyph.c));
        let follows = !is_parted(left.iter().rev().find(stops));
        let goes_on = !is_parted(right.iter().find(stops));
        follows && guards.not_after.iter().any(|guard| before.ends_with(&pattern(guard)))
            || goes_on && guards.not_before.iter().any(|guard| after.starts_with(&pattern(guard)))
            || guards.exceptions.iter().map(pattern).any(|exception| {
                (0..exception.len()).any(|at| {
                    exception[at..].starts_with(&plain)
                        && before.ends_with(&exception[..at])
                        && after.starts_with(&exception[at + plain.len()..])
                })
            })
    }
}
