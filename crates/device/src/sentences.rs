//! Where sentences begin and end, for English and Chinese, in one pass.
//!
//! Promise: the ranges are in order, do not overlap, lie on character borders, hold at least one
//! letter or digit, and neither begin nor end with white space.

use std::ops::Range;

use crate::language::{is_han, is_latin};

/// Words after which a stop does not end a sentence. Compared without case.
const ABBREVIATIONS: &[&str] = &[
    "adm", "al", "approx", "apt", "assn", "ave", "blvd", "bros", "capt", "cf", "cmdr", "co", "col",
    "corp", "cpl", "dept", "dr", "ed", "eds", "eq", "est", "etc", "fig", "figs", "fr", "gen",
    "gov", "hon", "inc", "jr", "lt", "ltd", "maj", "messrs", "mr", "mrs", "ms", "mt", "no", "nos",
    "op", "pp", "prof", "rep", "rev", "sec", "sen", "sgt", "sr", "st", "vol", "vols", "vs", "jan",
    "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "mon", "tue",
    "wed", "thu", "fri", "viz",
];

/// Abbreviations that often do end a sentence: a capital after them decides.
const CLOSING_ABBREVIATIONS: &[&str] =
    &["co", "corp", "etc", "inc", "jr", "ltd", "sr", "al", "ave", "blvd", "no"];

/// Words that begin a sentence far oftener than they continue a name, so that `U.S. The` is a
/// border and `U.S. Senate` is not.
const STARTERS: &[&str] = &[
    "A",
    "After",
    "Also",
    "An",
    "And",
    "As",
    "At",
    "Because",
    "But",
    "By",
    "For",
    "He",
    "Her",
    "However",
    "I",
    "If",
    "In",
    "It",
    "Its",
    "Meanwhile",
    "On",
    "Our",
    "She",
    "So",
    "That",
    "The",
    "Their",
    "Then",
    "There",
    "These",
    "They",
    "This",
    "Those",
    "We",
    "What",
    "When",
    "While",
    "With",
    "You",
];

/// Verbs of speaking that follow a Chinese quotation and belong to its sentence.
const SPEAKING: &[char] = &['说', '道', '问', '答', '喊', '叫', '想', '笑', '嚷', '骂', '回'];

/// A character and the byte at which it begins.
type Place = (u32, char);

/// Splits a text into sentences.
pub(crate) fn split(text: &str) -> Vec<Range<usize>> {
    // Eight bytes a character: a text of a mebibyte must not take sixteen.
    let mut chars: Vec<Place> = Vec::with_capacity(text.len());
    chars.extend(
        text.char_indices()
            .map(|(byte, c)| (u32::try_from(byte).expect("the engine takes no text of 4 GiB"), c)),
    );
    let byte = |index: usize| chars.get(index).map_or(text.len(), |&(byte, _)| byte as usize);
    let mut out = Vec::new();
    let mut start = 0;
    let mut index = 0;
    while index < chars.len() {
        let (_, c) = chars[index];
        let mut next = index + 1;
        let ends = match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => line_ends(&chars, index),
            '。' | '！' | '？' | '!' | '?' | '．' | '…' | '｡' => {
                while chars.get(next).is_some_and(|&(_, c)| is_terminator(c)) {
                    next += 1;
                }
                let stop = next;
                next = after_closing_marks(&chars, next);
                mark_ends(&chars, c, stop, next)
            }
            '.' => {
                while chars.get(next).is_some_and(|&(_, c)| is_terminator(c)) {
                    next += 1;
                }
                let dots = next - index;
                next = after_closing_marks(&chars, next);
                stop_ends(text, &chars, start, index, dots, next)
            }
            _ => false,
        };
        if ends {
            push(text, byte(start)..byte(next), &mut out);
            start = next;
        }
        index = next;
    }
    push(text, byte(start)..text.len(), &mut out);
    out
}

fn push(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let piece = &text[range.clone()];
    let trimmed = piece.trim();
    if trimmed.chars().any(char::is_alphanumeric) {
        let start = range.start + (piece.len() - piece.trim_start().len());
        out.push(start..start + trimmed.len());
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '!' | '?' | '…' | '.' | '．' | '｡')
}

fn is_closing(c: char) -> bool {
    matches!(
        c,
        '”' | '’' | '"' | '\'' | ')' | ']' | '}' | '）' | '」' | '』' | '】' | '》' | '〉' | '»'
    )
}

fn after_closing_marks(chars: &[Place], mut index: usize) -> usize {
    while chars.get(index).is_some_and(|&(_, c)| is_closing(c)) {
        index += 1;
    }
    index
}

/// Whether a line break ends the sentence: always, except inside running English text that was
/// wrapped by hand (a lower-case word or a comma before it, a lower-case word after it).
fn line_ends(chars: &[Place], index: usize) -> bool {
    let before = chars[..index].iter().rev().map(|&(_, c)| c).find(|&c| c != ' ' && c != '\r');
    let mut after = chars[index + 1..].iter().map(|&(_, c)| c);
    let wrapped = before.is_some_and(|c| (is_latin(c) && c.is_lowercase()) || c == ',')
        && after
            .find(|&c| c != ' ' && c != '\n' && c != '\r')
            .is_some_and(|c| is_latin(c) && c.is_lowercase());
    let blank_line = chars[index + 1..]
        .iter()
        .map(|&(_, c)| c)
        .find(|&c| c != ' ' && c != '\r' && c != '\t')
        .is_none_or(|c| c == '\n');
    blank_line || !wrapped
}

/// Whether a full-width stop or an exclamation or question mark ends the sentence. `stop` is the
/// index after the marks themselves, `next` the index after the closing marks that follow.
fn mark_ends(chars: &[Place], mark: char, stop: usize, next: usize) -> bool {
    let Some(&(_, following)) = chars.get(next) else { return true };
    if matches!(following, '，' | '、' | '；' | '：' | ',' | ';' | ':') {
        return false;
    }
    if is_han(following) {
        // “去吗？”他问。 is one sentence; so is 他说“好！”然后…… when a verb of speaking is near.
        if next > stop {
            let clause = chars[next..].iter().map(|&(_, c)| c).take(8).take_while(|&c| is_han(c));
            return !clause.into_iter().any(|c| SPEAKING.contains(&c));
        }
        // An ellipsis inside a Chinese sentence is a pause.
        return mark != '…' || stop < next;
    }
    if matches!(mark, '。' | '！' | '？' | '｡') {
        return true;
    }
    // Latin text: a lower-case word goes on with the sentence, and a mark inside a word
    // (`Yahoo!s`, `a!=b`) is none.
    if !following.is_whitespace() {
        return !following.is_alphanumeric() && following != '=';
    }
    match chars[next..].iter().map(|&(_, c)| c).find(|c| !c.is_whitespace()) {
        Some(c) => !c.is_lowercase(),
        None => true,
    }
}

/// Whether a half-width stop (or a run of `dots`) ends the sentence that began at `start`.
fn stop_ends(
    text: &str,
    chars: &[Place],
    start: usize,
    stop: usize,
    dots: usize,
    next: usize,
) -> bool {
    let Some(&(_, following)) = chars.get(next) else { return true };
    let previous = stop.checked_sub(1).map(|i| chars[i].1);
    if is_han(following) {
        return previous.is_some_and(|c| !c.is_ascii_digit()) && dots == 1;
    }
    if !following.is_whitespace() {
        // `example.com`, `3.14`, `U.S.`; but `end.“Next` and `end.(Note` are borders.
        return matches!(following, '“' | '‘' | '(' | '（' | '—')
            && previous.is_some_and(char::is_alphanumeric);
    }
    let broken = chars[next..].iter().map(|&(_, c)| c).take_while(|c| c.is_whitespace());
    if broken.filter(|&c| c == '\n').count() > 1 {
        return true;
    }
    let Some(ahead) = chars[next..].iter().position(|&(_, c)| !c.is_whitespace()) else {
        return true;
    };
    let ahead = next + ahead;
    if chars[ahead].1.is_lowercase() {
        return false;
    }
    if dots > 1 {
        return true;
    }
    let word_start = chars[start..stop]
        .iter()
        .rposition(|&(_, c)| !(c.is_alphanumeric() || c == '.'))
        .map_or(start, |offset| start + offset + 1);
    let word = &text[chars[word_start].0 as usize..chars[stop].0 as usize];
    if word.is_empty() {
        return true;
    }
    // `1. First item`: the number belongs to what follows it.
    let opens_sentence = chars[start..word_start].iter().all(|&(_, c)| !c.is_alphanumeric());
    if opens_sentence && word.len() <= 3 && word.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    let following_word: String =
        chars[ahead..].iter().map(|&(_, c)| c).take_while(|c| c.is_alphanumeric()).collect();
    let starts_new = STARTERS.contains(&following_word.as_str());
    let lower = word.to_lowercase();
    if ABBREVIATIONS.contains(&lower.as_str()) {
        // `No. 5` and `May 5. No.` differ by what follows.
        return CLOSING_ABBREVIATIONS.contains(&lower.as_str())
            && (starts_new || (lower == "no" && !chars[ahead].1.is_ascii_digit()));
    }
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let dotted = word.contains('.') && word.split('.').all(|p| p.chars().count() <= 2);
    if dotted || (initial && word != "I") {
        return starts_new;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = split(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, expected, "of {text:?}");
    }

    #[test]
    fn keeps_abbreviations_numbers_and_names_whole() {
        check(
            "Mr. J. Smith paid 8.6 per cent. He left the U.S. in May. The U.S. Senate met.",
            &[
                "Mr. J. Smith paid 8.6 per cent.",
                "He left the U.S. in May.",
                "The U.S. Senate met.",
            ],
        );
        check(
            "She lives in the U.S. The house is old.",
            &["She lives in the U.S.", "The house is old."],
        );
        check(
            "See example.com/a.b for more. Thanks!",
            &["See example.com/a.b for more.", "Thanks!"],
        );
        check("1. Buy milk. 2. Go home.", &["1. Buy milk.", "2. Go home."]);
        check(
            "We sell pens, paper, etc. The shop is open.",
            &["We sell pens, paper, etc.", "The shop is open."],
        );
        check("See No. 5 on the list.", &["See No. 5 on the list."]);
        check("So am I. You too?", &["So am I.", "You too?"]);
    }

    #[test]
    fn keeps_quotes_with_their_stop() {
        check(
            "“We won.” The crowd left. \"Why?\" he asked.",
            &["“We won.”", "The crowd left.", "\"Why?\" he asked."],
        );
        check("Wait... what? Yes... Maybe.", &["Wait... what?", "Yes...", "Maybe."]);
    }

    #[test]
    fn splits_chinese() {
        check(
            "今天很好。我们走吧！你呢？……好的。",
            &["今天很好。", "我们走吧！", "你呢？……", "好的。"],
        );
        check("“你去吗？”他问。“不去。”我走了。", &["“你去吗？”他问。", "“不去。”", "我走了。"]);
        check("他想了想……没有说话。完了。", &["他想了想……没有说话。", "完了。"]);
        check("标题\n第一段。\n\n第二段没有句号\n", &["标题", "第一段。", "第二段没有句号"]);
        check("版本是3.5吗？是3.5。", &["版本是3.5吗？", "是3.5。"]);
    }

    #[test]
    fn follows_hand_wrapped_lines_but_not_paragraphs() {
        check("a long line,\nwrapped by hand. Next.", &["a long line,\nwrapped by hand.", "Next."]);
        check("no stop here\n\nnew paragraph", &["no stop here", "new paragraph"]);
        check("Title\nBody text.", &["Title", "Body text."]);
    }

    #[test]
    fn ignores_what_holds_no_word() {
        check(" ... !!! 。。 \n\n", &[]);
        check("", &[]);
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_trimmed(text in "[a-zA-Z.!?。！？”“ \n\r1-9中文，…)(😀]{0,200}") {
            let mut last = 0;
            for range in split(&text) {
                prop_assert!(range.start >= last);
                let piece = &text[range.clone()];
                prop_assert_eq!(piece.trim(), piece);
                prop_assert!(piece.chars().any(char::is_alphanumeric));
                last = range.end;
            }
        }
    }
}
