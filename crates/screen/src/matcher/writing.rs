//! Whether a part of a text is a term, written in the ways its views allow.
//!
//! Lanes find candidates by folding, which makes too much the same: in them an l written as i is an l, and all characters
//! read `bao` are one. What is said here decides.

use super::lane::Writing;
use super::letters::{is_hanzi, leet, numeral};
use super::pinyin;
use super::term::{View, Views};

/// A character of a text that is not passed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) c: char,
    /// It repeats the one directly before, between which nothing stands, not even white space.
    pub(super) repeated: bool,
}

/// Whether a character of a text is written for one of a term.
fn stands_for(views: Views, c: char, term: char) -> bool {
    if c == term {
        return true;
    }
    let c = if views.has(View::Numerals) { numeral(c) } else { c };
    let by_shape = |letter| letter == term || letter == 'i' && term == 'l';
    c == term || views.has(View::Leet) && leet(c).is_some_and(by_shape)
}

/// Whether all of `text` is the term of this form.
pub(super) fn is_written(views: Views, writing: Writing, form: &[char], text: &[Written]) -> bool {
    let readings = match writing {
        Writing::Plain => vec![Vec::new(); form.len()],
        Writing::Spelled | Writing::Initials => pinyin::of_term(form),
    };
    // How much of the text the characters of the term so far may have taken.
    let mut taken = vec![0];
    for (term, readings) in form.iter().zip(&readings) {
        let mut next = Vec::new();
        for at in taken {
            let ahead = &text[at..];
            let lengths = match writing {
                Writing::Plain => run(views, *term, ahead),
                Writing::Spelled => spelled(views, *term, readings, ahead),
                Writing::Initials => initial(views, *term, readings, ahead),
            };
            next.extend(lengths.into_iter().map(|length| at + length));
        }
        next.sort_unstable();
        next.dedup();
        taken = next;
    }
    taken.contains(&text.len())
}

/// One character, or as many of it in a row as there are.
fn run(views: Views, term: char, ahead: &[Written]) -> Vec<usize> {
    let fits = |(i, w): &(usize, &Written)| {
        stands_for(views, w.c, term) && (*i == 0 || views.has(View::Repeats) && w.repeated)
    };
    let longest = ahead.iter().enumerate().take_while(fits).count();
    (1..=longest).collect()
}

/// The character itself, one of its readings, or a homophone.
fn spelled(views: Views, term: char, readings: &[&str], ahead: &[Written]) -> Vec<usize> {
    let Some(first) = ahead.first() else { return Vec::new() };
    let mut lengths = Vec::new();
    if stands_for(views, first.c, term) || is_homophone(views, first.c, readings) {
        lengths.push(1);
    }
    for reading in readings {
        let mut letters = ahead.iter().zip(reading.chars());
        if ahead.len() >= reading.len() && letters.all(|(w, c)| stands_for(views, w.c, c)) {
            lengths.push(reading.len());
        }
    }
    lengths
}

/// The first letter of one of its readings; a character without a reading itself.
fn initial(views: Views, term: char, readings: &[&str], ahead: &[Written]) -> Vec<usize> {
    let Some(first) = ahead.first() else { return Vec::new() };
    let mut initials = readings.iter().filter_map(|reading| reading.chars().next());
    let fits = if readings.is_empty() {
        stands_for(views, first.c, term)
    } else {
        initials.any(|initial| stands_for(views, first.c, initial))
    };
    if fits { vec![1] } else { Vec::new() }
}

fn is_homophone(views: Views, c: char, readings: &[&str]) -> bool {
    let c = if views.has(View::Numerals) { numeral(c) } else { c };
    views.has(View::Homophones) && is_hanzi(c) && readings.contains(&pinyin::usual(c))
}
