//! Personal data in Chinese that has no form of its own: names and addresses.

pub(super) mod address;
mod by_char;
mod called;
mod cue_words;
mod cues;
pub(super) mod field;
pub(super) mod foreign;
mod house;
mod lexicon;
pub(super) mod name;

pub(super) use address::Ends;

/// Whether a character is a Chinese one.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '〇')
}
