//! The words that stand around names, and their weights: `data/zh/cues.txt`, natural logarithms in tenths.

use std::sync::LazyLock;

use super::by_char::ByChar;
use crate::normal::{Pending, Window};
use crate::pii::structured::context::starts;

pub(super) static CUES: LazyLock<Cues> = LazyLock::new(Cues::new);

/// Words with their weights, by their last or first character.
pub(super) type Words = ByChar<Vec<(&'static str, i32)>>;

/// The words: those before a name by their last character, those after it by their first.
#[derive(Debug, Default)]
pub(super) struct Cues {
    pub(super) fields: Words,
    pub(super) before: Words,
    pub(super) not_before: Words,
    pub(super) after: Words,
    pub(super) not_after: Words,
    pub(super) about: Words,
    /// What may follow a name and one mark.
    pub(super) after_mark: Words,
    /// The ends of letters, before the name of who wrote.
    pub(super) closings: Words,
    /// Fields for nothing but a name, and what fills one and is none.
    pub(super) forms: Words,
    pub(super) no_names: Words,
}

impl Cues {
    fn new() -> Self {
        let mut cues = Self::default();
        let mut section = "";
        for line in include_str!("../../../data/zh/cues.txt").lines() {
            if line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
                continue;
            }
            let (weight, words) = line.split_once('\t').unwrap_or(("0", line));
            let weight = weight.parse().unwrap_or(0);
            for word in words.split(' ') {
                let ends =
                    if matches!(section, "fields" | "forms" | "before" | "not before" | "closings")
                    {
                        word.chars().next_back()
                    } else {
                        word.chars().next()
                    };
                let Some(end) = ends else { continue };
                let words = match section {
                    "before" => &mut cues.before,
                    "not before" => &mut cues.not_before,
                    "after" => &mut cues.after,
                    "not after" => &mut cues.not_after,
                    "about things" => &mut cues.about,
                    "after a mark" => &mut cues.after_mark,
                    "closings" => &mut cues.closings,
                    "forms" => &mut cues.forms,
                    "no names" => &mut cues.no_names,
                    _ => &mut cues.fields,
                };
                words.entry(end).or_default().push((word, weight));
            }
        }
        for words in [
            &mut cues.before,
            &mut cues.not_before,
            &mut cues.after,
            &mut cues.not_after,
            &mut cues.after_mark,
        ] {
            for of_end in words.values_mut() {
                of_end.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
            }
        }
        cues
    }
}

/// The length in bytes and the weight of the longest of the words that begins at a place.
pub(super) fn spoken(
    window: &Window<'_>,
    at: usize,
    first: char,
    words: &Words,
) -> Result<Option<(usize, i32)>, Pending> {
    for (word, weight) in words.get(&first).into_iter().flatten() {
        if starts(window, at, word)? {
            return Ok(Some((word.len(), *weight)));
        }
    }
    Ok(None)
}
