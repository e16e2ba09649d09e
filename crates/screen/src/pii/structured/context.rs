//! What stands before and after a place: the words that say what a number is.

use std::sync::LazyLock;

use crate::normal::{Pending, Window};

/// How far back a word that says what follows may lie, in characters.
const REACH: usize = 48;

/// What may stand between the word that says what a number is and the number.
const FILLERS: [&str; 22] = [
    "编号",
    "号码",
    "号",
    "码",
    "是",
    "为",
    "叫",
    "id",
    "number",
    "no",
    "num",
    "分别",
    "我的",
    "就",
    "也",
    "尾",
    "如下",
    "系",
    "改成",
    "改为",
    "换成",
    "变更为",
];

/// The characters before a place.
#[derive(Clone, Copy)]
pub(in super::super) struct Left<'w> {
    window: &'w Window<'w>,
    at: usize,
}

impl<'w> Left<'w> {
    /// The characters before `at`.
    pub(in super::super) fn of(window: &'w Window<'w>, at: usize) -> Self {
        Self { window, at }
    }

    /// Whether one of the words stands directly before.
    pub(in super::super) fn ends_with(self, words: &[&str]) -> bool {
        words.iter().any(|word| self.ends(0, word))
    }

    /// Whether one of the words stands before, with nothing between but what links a name to its value (号码, 是, colons,
    /// brackets, spaces), and other values in a list.
    pub(in super::super) fn says(self, words: &[&str]) -> bool {
        self.says_one_of(|_| words.iter().copied())
    }

    /// As [`says`](Self::says), of the words that end with a character.
    pub(in super::super) fn says_one_of<'s, I: Iterator<Item = &'s str>>(
        self,
        ending: impl Fn(char) -> I,
    ) -> bool {
        let mut passed = 0;
        // A value before this one, with a comma between: both are what the word says.
        for _ in 0..3 {
            let linked = self.linked(passed);
            let Some(last) = self.get(linked) else { return false };
            if ending(last).any(|word| self.ends(linked, word)) {
                return true;
            }
            let value = (linked..REACH).take_while(|p| self.get(*p).is_some_and(is_value)).count();
            let listed = (passed..linked).any(|p| self.get(p).is_some_and(is_comma));
            if value < 5 || !listed {
                return false;
            }
            passed = linked + value;
        }
        false
    }

    /// The character before the last `passed` ones.
    fn get(self, passed: usize) -> Option<char> {
        if passed >= REACH {
            return None;
        }
        self.window.before(self.at, passed + 1).map(|glyph| glyph.c)
    }

    fn ends(self, passed: usize, word: &str) -> bool {
        word.chars().rev().zip(passed..).all(|(c, passed)| self.get(passed) == Some(c))
    }

    /// How many characters are passed with those that only link.
    fn linked(self, mut passed: usize) -> usize {
        loop {
            let before = passed;
            while self.get(passed).is_some_and(is_link) {
                passed += 1;
            }
            let of_last = self.get(passed).map_or(&[][..], fillers_ending_with);
            if let Some(filler) = of_last.iter().find(|filler| self.ends(passed, filler)) {
                let rest = passed + filler.chars().count();
                let within_word =
                    filler.is_ascii() && self.get(rest).is_some_and(|c| c.is_ascii_alphabetic());
                if !within_word {
                    passed = rest;
                }
            }
            if passed == before {
                return passed;
            }
        }
    }
}

/// The [`FILLERS`] that end with a character, in their order.
fn fillers_ending_with(c: char) -> &'static [&'static str] {
    /// The fillers by their last characters, and these as bits.
    struct ByLast(u64, Vec<(char, Vec<&'static str>)>);
    static FILLERS_BY_LAST: LazyLock<ByLast> = LazyLock::new(|| {
        let ByLast(mut set, mut by_last) = ByLast(0, Vec::new());
        for filler in FILLERS {
            let Some(last) = filler.chars().next_back() else { continue };
            set |= bit(last);
            match by_last.iter_mut().find(|(known, _)| *known == last) {
                Some((_, fillers)) => fillers.push(filler),
                None => by_last.push((last, vec![filler])),
            }
        }
        ByLast(set, by_last)
    });
    let ByLast(set, by_last) = &*FILLERS_BY_LAST;
    // Most characters end none: that is told by their last six bits.
    if set & bit(c) == 0 {
        return &[];
    }
    by_last.iter().find(|(last, _)| *last == c).map_or(&[], |(_, fillers)| fillers)
}

fn bit(c: char) -> u64 {
    1 << (c as u32 % u64::BITS)
}

fn is_comma(c: char) -> bool {
    matches!(c, '、' | ',' | '和' | '/' | ';' | '\n' | ' ')
}

fn is_link(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t'
            | '\n'
            | '\r'
            | ':'
            | '='
            | '#'
            | ','
            | '、'
            | '('
            | '['
            | '{'
            | '【'
            | '「'
            | '《'
            | '<'
            | '"'
            | '\''
            | '“'
            | '‘'
            | '*'
            | '|'
            | '/'
            | '-'
            | '_'
            | '.'
            | '~'
            | '>'
            | '`'
            | '和'
            | ';'
            | ')'
            | ']'
            | '】'
            | '”'
    )
}

fn is_value(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// Whether one of the words begins at a place, up to three characters that link passed over.
pub(in super::super) fn followed_by(
    window: &Window<'_>,
    mut at: usize,
    words: &[&str],
) -> Result<bool, Pending> {
    for _ in 0..3 {
        match window.char(at)? {
            Some(' ' | '(' | ',' | '这' | '个' | '的' | '那' | '是' | '该') => at += 1,
            _ => break,
        }
    }
    for word in words {
        if starts(window, at, word)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a word begins at a place.
pub(in super::super) fn starts(
    window: &Window<'_>,
    at: usize,
    word: &str,
) -> Result<bool, Pending> {
    for (i, c) in word.chars().enumerate() {
        if window.char(at + i)? != Some(c) {
            return Ok(false);
        }
    }
    Ok(true)
}
