//! The words of an English text with their places, without what is no prose: addresses, handles,
//! code, numbers.

use std::ops::Range;

use crate::language::{is_han, is_latin};

/// One word.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) bytes: Range<usize>,
    /// In lower case, with straight apostrophes.
    pub(super) lower: String,
    /// How it is written.
    pub(super) case: Case,
    /// Exactly one blank or line break stands between the word before and this one.
    pub(super) follows: bool,
    /// The first word of the text, or after a full stop, exclamation or question mark.
    pub(super) opens_sentence: bool,
    /// The character right after the word.
    pub(super) next: Option<char>,
    /// Part of something bigger: joined to other letters by a hyphen or the like.
    pub(super) in_compound: bool,
}

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// `word`
    Lower,
    /// `Word`
    Title,
    /// `WORD`, `iPhone`, `McDonald`
    Other,
}

impl Word {
    /// Lower case and made of letters only: a word of the language, not a name or a term.
    pub(super) fn is_plain_lower(&self) -> bool {
        self.case == Case::Lower && self.lower.chars().all(char::is_alphabetic)
    }

    /// Puts `replacement` in this word's case.
    pub(super) fn in_case(&self, replacement: &str) -> String {
        let mut chars = replacement.chars();
        match (self.case, chars.next()) {
            (Case::Title, Some(first)) => first.to_uppercase().chain(chars).collect(),
            _ => replacement.to_owned(),
        }
    }
}

/// All words of a text, in order.
pub(super) fn find(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut start = 0;
    while start < text.len() {
        // A chunk is what stands between white space; chunks that are no prose are skipped whole.
        let rest = &text[start..];
        let blank = rest.len() - rest.trim_start().len();
        let chunk_start = start + blank;
        let chunk_end = text[chunk_start..]
            .find(char::is_whitespace)
            .map_or(text.len(), |offset| chunk_start + offset);
        let chunk = &text[chunk_start..chunk_end];
        if is_prose(chunk) {
            words_of_chunk(text, chunk_start..chunk_end, &mut words);
        }
        start = chunk_end.max(start + 1);
        while !text.is_char_boundary(start) {
            start += 1;
        }
    }
    words
}

fn is_prose(chunk: &str) -> bool {
    !(chunk.contains(['@', '/', '\\', '_', '`', '#', '<', '>', '=', '{', '}', '$', '~', '|'])
        || chunk.contains("://")
        || chunk.contains("www.")
        || chunk.contains("()")
        || inner_stop(chunk))
}

/// `example.com`, `file.txt`, `v1.2`: a stop between letters, except in `e.g.` and `U.S.`.
fn inner_stop(chunk: &str) -> bool {
    let trimmed = chunk.trim_end_matches(|c: char| !c.is_alphanumeric());
    trimmed.split('.').count() > 1 && trimmed.split('.').any(|part| part.chars().count() > 1)
}

fn words_of_chunk(text: &str, chunk: Range<usize>, words: &mut Vec<Word>) {
    let mut start = chunk.start;
    while start < chunk.end {
        let rest = &text[start..chunk.end];
        let Some(skip) = rest.find(is_word_char) else { return };
        let word_start = start + skip;
        let mut end = word_start;
        let mut chars = text[word_start..chunk.end].char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            let inner = matches!(c, '\'' | '’')
                && chars.peek().is_some_and(|&(_, next)| is_word_char(next));
            if !(is_word_char(c) || inner) {
                break;
            }
            end = word_start + offset + c.len_utf8();
        }
        if text[word_start..end].chars().all(|c| is_latin(c) || matches!(c, '\'' | '’')) {
            words.push(word(text, word_start..end, words.last()));
        }
        start = end;
    }
}

/// What joins words to terms: `tokio-rustls`, `key:value`, `a+b`. A dash is none.
const JOINTS: [char; 5] = ['-', '+', '*', '&', '%'];

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c)
}

fn word(text: &str, bytes: Range<usize>, last: Option<&Word>) -> Word {
    let written = &text[bytes.clone()];
    let mut letters = written.chars().filter(|c| c.is_alphabetic());
    let first_upper = letters.next().is_some_and(char::is_uppercase);
    let more_upper = letters.filter(|c| c.is_uppercase()).count();
    let case = match (first_upper, more_upper) {
        (false, 0) => Case::Lower,
        (true, 0) => Case::Title,
        _ => Case::Other,
    };
    let gap = last.map(|last| &text[last.bytes.end..bytes.start]);
    let opens_sentence = match gap {
        None => true,
        Some(gap) => {
            let before = gap.trim_end_matches(|c: char| c.is_whitespace() || "“\"‘'(".contains(c));
            before.ends_with(['.', '!', '?']) || gap.contains("\n\n")
        }
    };
    Word {
        lower: written.replace('’', "'").to_lowercase(),
        case,
        follows: matches!(gap, Some(" " | "\n")),
        opens_sentence,
        next: text[bytes.end..].chars().next(),
        in_compound: text[bytes.end..].starts_with(JOINTS)
            || text[..bytes.start].ends_with(JOINTS)
            || text[bytes.end..].starts_with(|c: char| c.is_alphanumeric())
            || text[..bytes.start].ends_with(|c: char| c.is_alphanumeric()),
        bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowers(text: &str) -> Vec<String> {
        find(text).into_iter().map(|w| w.lower).collect()
    }

    #[test]
    fn finds_words_and_skips_what_is_no_prose() {
        assert_eq!(
            lowers("Don’t stop, see a.b@c.com or https://x.y now."),
            ["don't", "stop", "see", "or", "now"]
        );
        assert_eq!(
            lowers("The file.txt of U.S. origin, v2 and snake_case()"),
            ["the", "of", "u", "s", "origin", "and"]
        );
        assert_eq!(lowers("‘quoted’ 中文word"), ["quoted", "word"]);
        assert_eq!(lowers(" \u{a0} "), [""; 0]);
    }

    #[test]
    fn knows_the_case() {
        let cases: Vec<Case> = find("the The THE iPhone").into_iter().map(|w| w.case).collect();
        assert_eq!(cases, [Case::Lower, Case::Title, Case::Other, Case::Other]);
    }
}
