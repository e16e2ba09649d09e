//! Sentences of a text, as far as they can be told without understanding it.

use std::ops::Range;

/// How a sentence stands in its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// It is a line by itself, and there are others.
    pub(super) is_alone: bool,
    /// Nothing comes after it.
    pub(super) is_last: bool,
}

impl Place {
    pub(super) fn of(text: &str, sentence: &Range<usize>) -> Self {
        let before = text[..sentence.start].trim_end_matches([' ', '\t', '>', '-', '*']);
        let after = text[sentence.end..].trim_start_matches([' ', '\t']);
        let opens = before.is_empty() || before.ends_with(['\n', '\r']);
        let closes = after.is_empty() || after.starts_with(['\n', '\r']);
        let nothing_follows = after.trim_start().is_empty();
        let is_last = !before.is_empty() && nothing_follows;
        Self { is_alone: opens && closes && (is_last || !nothing_follows), is_last }
    }
}

/// The longest sentence; a longer one is cut.
const LONGEST: usize = 1200;

/// Where the sentences of a text are, in bytes, without the white space around them.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    let mut before = '\0';
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let end = at + c.len_utf8();
        let ends = match c {
            '\n' | '\r' | '|' | '。' | '！' | '？' | '；' | '…' => true,
            '!' | '?' => {
                next.is_none_or(|next| !matches!(next, '!' | '?') && !next.is_ascii_alphanumeric())
                    && !goes_on(&text[end..])
            }
            '.' => {
                // Not the point of a number, an address, an abbreviation of one letter.
                next.is_none_or(char::is_whitespace) && !is_initial(text, at) && before != '.'
                    || next.is_some_and(|next| matches!(next, '"' | '\'' | ')' | '”' | '’' | '<'))
                        && !goes_on(&text[end..])
            }
            // A gap in a line stands for the line end that somebody took out.
            ' ' | '\t' | '\u{a0}' => before == c && next.is_some_and(|next| !next.is_whitespace()),
            _ => end - start >= LONGEST,
        };
        before = c;
        if ends {
            push(text, start..end, &mut out);
            start = end;
        }
    }
    push(text, start..text.len(), &mut out);
    out
}

/// The sentences of a part of a text.
pub(super) fn sentences_in(text: &str, part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let start = part.start;
    sentences(&text[part]).into_iter().map(move |range| start + range.start..start + range.end)
}

/// Whether a sentence goes on after its mark and a closing quotation mark: `"Bring it!" she said`.
fn goes_on(rest: &str) -> bool {
    let mut rest = rest.chars();
    rest.next().is_some_and(|c| matches!(c, '"' | '\'' | '”' | '’' | ')'))
        && rest.next() == Some(' ')
        && rest.next().is_some_and(char::is_lowercase)
}

/// Whether the letter before a point stands alone, as in "J. Smith" or "e.g.".
fn is_initial(text: &str, at: usize) -> bool {
    let mut before = text[..at].chars().rev();
    before.next().is_some_and(char::is_alphabetic)
        && before.next().is_none_or(|c| c.is_whitespace() || c == '.')
}

fn push(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    let end = range.start + part.trim_end().len();
    if start >= end {
        return;
    }
    // Closing quotation marks and brackets belong to the sentence before.
    let only_marks = !text[start..end].chars().any(char::is_alphanumeric);
    match out.last_mut() {
        Some(last) if only_marks => last.end = end,
        _ => out.push(start..end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_people_end_them() {
        let text = "Dear J. Smith, it costs 3.50.  The gate opens? Yes!! \"Bring it.\" she said\n灯亮了。\n";
        let found: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(
            found,
            [
                "Dear J. Smith, it costs 3.50.",
                "The gate opens?",
                "Yes!!",
                "\"Bring it.\" she said",
                "灯亮了。"
            ]
        );
    }
}
