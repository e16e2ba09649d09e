//! Other ways to write a sentence so that a model reads it and a filter does not: taken back, and looked at again.
//!
//! Each reading is tried only where a cheap sign of that writing is there, since most sentences are written plainly.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::words::{Word, is_han};

/// Tolerant of what is left of the padding, and of the last bits.
const PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, PADDING);
const FOR_URLS: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, PADDING);

/// The longest run that is decoded, in bytes.
const LONGEST: usize = 8 << 10;

/// What is encoded in a text, each part with what it says.
pub(super) fn encoded(text: &str) -> Vec<(Range<usize>, String)> {
    let mut out = Vec::new();
    let mut start = None;
    let bytes = text.as_bytes();
    let mut all_one = true;
    for at in 0..=bytes.len() {
        let is = bytes.get(at).is_some_and(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_' | b'%' | b'&' | b'#' | b';' | b'\\')
        });
        match (is, start) {
            (true, None) => {
                start = Some(at);
                all_one = true;
            }
            (true, Some(_)) => all_one &= bytes[at].is_ascii_lowercase(),
            (false, Some(from)) => {
                if at - from >= 16
                    && !all_one
                    && let Some(says) = decoded(&text[from..at])
                {
                    out.push((from..at, says));
                }
                start = None;
            }
            (false, None) => {}
        }
    }
    out
}

fn decoded(run: &str) -> Option<String> {
    if run.len() > LONGEST {
        return None;
    }
    let bytes = run.as_bytes();
    let says = if run.contains("&#") {
        entities(run)?
    } else if run.matches('%').count() * 6 >= run.len() {
        percent(bytes)?
    } else if run.contains("\\u") {
        escapes(run)?
    } else if run.len().is_multiple_of(2) && bytes.iter().all(u8::is_ascii_hexdigit) {
        let pairs =
            (0..run.len()).step_by(2).map(|at| u8::from_str_radix(&run[at..at + 2], 16).ok());
        String::from_utf8(pairs.collect::<Option<Vec<u8>>>()?).ok()?
    } else {
        let engine = if run.contains(['-', '_']) { FOR_URLS } else { STANDARD };
        String::from_utf8(engine.decode(run.trim_end_matches('=')).ok()?).ok()?
    };
    is_said(&says).then_some(says)
}

/// Whether it is text that somebody wrote, and not bytes that happen to be UTF-8.
fn is_said(text: &str) -> bool {
    let chars = text.chars().count();
    let words =
        text.chars().filter(|c| c.is_alphabetic() || matches!(c, ' ' | ',' | '.' | '\'')).count();
    let han = text.chars().filter(|c| is_han(*c)).count();
    !text.chars().any(|c| c.is_control() && !c.is_whitespace())
        && (text.split_whitespace().count() >= 3 && words * 10 >= chars * 8 || han >= 4)
}

fn percent(bytes: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len() / 3);
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let pair = std::str::from_utf8(bytes.get(at + 1..at + 3)?).ok()?;
            out.push(u8::from_str_radix(pair, 16).ok()?);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

fn entities(run: &str) -> Option<String> {
    let mut out = String::new();
    for part in run.split(';') {
        let Some((before, number)) = part.split_once("&#") else {
            out.push_str(part);
            continue;
        };
        out.push_str(before);
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        out.push(char::from_u32(code.ok()?)?);
    }
    Some(out)
}

fn escapes(run: &str) -> Option<String> {
    let mut parts = run.split("\\u");
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let code = u32::from_str_radix(part.get(..4)?, 16).ok()?;
        out.push(char::from_u32(code)?);
        out.push_str(&part[4..]);
    }
    Some(out)
}

/// The other readings of an English sentence.
pub(super) fn readings(sentence: &str, words: &[Word]) -> Vec<String> {
    let mut out = Vec::new();
    if sentence.chars().any(is_disguise) {
        out.push(crate::normal::folded(sentence));
    }
    let (mut mixed, mut turned, mut shifted, mut single) = (0, 0, 0, 0);
    for word in words {
        let text = &*word.text;
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
        mixed += u32::from(digits > 0 && letters > 0 && text.len() <= 14);
        turned += u32::from(TURNED.contains(&text));
        shifted += u32::from(SHIFTED.contains(&text));
        single += u32::from(text.len() == 1 && letters == 1);
    }
    if mixed >= 3 {
        let read = |c: char| crate::matcher::leet(c).filter(char::is_ascii_alphabetic).unwrap_or(c);
        out.push(sentence.chars().map(|c| if c.is_ascii_digit() { read(c) } else { c }).collect());
    }
    if turned >= 2 {
        out.push(sentence.chars().rev().collect());
    }
    if shifted >= 2 {
        out.push(sentence.chars().map(rot13).collect());
    }
    if single >= 4 || joined_by_marks(sentence) >= 4 {
        out.push(without_joints(sentence));
    }
    out
}

/// Words of every text, turned round.
const TURNED: &[&str] = &[
    "eht",
    "dna",
    "ruoy",
    "lla",
    "htiw",
    "fo",
    "ot",
    "tuoba",
    "siht",
    "taht",
    "rewsna",
    "snoitcurtsni",
    "suoiverp",
    "esaelp",
    "uoy",
    "rof",
    "morf",
    "ni",
];

/// The same, each letter thirteen further.
const SHIFTED: &[&str] = &[
    "gur", "naq", "lbhe", "nyy", "bs", "gb", "jvgu", "guvf", "gung", "lbh", "sbe", "nobhg",
    "cyrnfr", "nafjre", "vtaber", "jevgr", "fnl", "gryy", "va",
];

/// A character that is written for a plain one: none of those that letters have anyway.
pub(super) fn is_disguise(c: char) -> bool {
    let is_full_width = matches!(c, '\u{ff01}'..='\u{ff5e}') && c.is_alphanumeric();
    is_full_width
        || matches!(c,
            // Nothing to see.
            '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
            // Marks on letters, and scripts with letters that look Latin.
            | '\u{300}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}'
            // Letters of formulas and in circles.
            | '\u{2100}'..='\u{214f}' | '\u{2460}'..='\u{24ff}' | '\u{1d400}'..='\u{1d7ff}' | '\u{1f130}'..='\u{1f189}'
            | '\u{e0000}'..='\u{e007f}')
}

/// How many marks stand between letters where none belongs.
fn joined_by_marks(sentence: &str) -> usize {
    sentence
        .as_bytes()
        .windows(3)
        .filter(|three| {
            three[0].is_ascii_alphabetic()
                && matches!(three[1], b'-' | b'.' | b'_' | b'*' | b'|' | b'~')
                && three[2].is_ascii_alphabetic()
        })
        .count()
}

/// Without the marks inside words; single letters in a row become a word.
fn without_joints(sentence: &str) -> String {
    let chars: Vec<char> = sentence.chars().collect();
    let mut out = String::with_capacity(sentence.len());
    let letter = |at: usize| chars.get(at).is_some_and(|c| c.is_alphanumeric());
    // A letter by itself, between gaps.
    let alone = |at: usize| letter(at) && !letter(at + 1) && (at == 0 || !letter(at - 1));
    for (at, c) in chars.iter().enumerate() {
        let joint = matches!(c, '-' | '.' | '_' | '*' | '|' | '~' | '·')
            && at > 0
            && letter(at - 1)
            && letter(at + 1);
        let gap = *c == ' ' && at > 0 && alone(at - 1) && alone(at + 1);
        if !joint && !gap {
            out.push(*c);
        }
    }
    out
}

fn rot13(c: char) -> char {
    let shift = |first: u8| char::from(first + (c as u8 - first + 13) % 26);
    match c {
        'a'..='z' => shift(b'a'),
        'A'..='Z' => shift(b'A'),
        _ => c,
    }
}

/// Lines that are written a letter at a time, and what they say. Gaps between the words are what ends sentences elsewhere, so
/// these are looked at as lines.
pub(super) fn spelled_out(text: &str) -> Vec<(Range<usize>, String)> {
    let mut out = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive('\n') {
        let line = start..start + piece.trim_end().len();
        start += piece.len();
        let body = &text[line.clone()];
        let bytes = body.as_bytes();
        let spelled = bytes.len() >= 16
            && bytes
                .windows(3)
                .filter(|w| w[0] == b' ' && w[1].is_ascii_alphabetic() && w[2] == b' ')
                .count()
                >= 8;
        if spelled {
            let gaps = body.contains("  ");
            let words: Vec<String> = if gaps {
                body.split("  ").map(|word| word.split_whitespace().collect()).collect()
            } else {
                vec![body.split_whitespace().collect()]
            };
            out.push((line, words.join(" ")));
        }
    }
    out
}

/// Whether letters without gaps say that what a model was told is dropped, in English or in pinyin.
pub(super) fn glued(sentence: &str) -> bool {
    const PINYIN_DROPS: &[&str] =
        &["hulue", "hulve", "hulv", "wushi", "wangdiao", "wangji", "paokai"];
    const PINYIN_TOLD: &[&str] = &["zhiling", "zhishi", "tishici", "yaoqiu", "guize", "mingling"];
    const DROPS: &[&str] = &["ignore", "disregard", "forget"];
    const TOLD: &[&str] =
        &["instructions", "theprompt", "yourprompt", "yourrules", "previousprompt"];
    let all = || {
        let letters = sentence.chars().filter(|c| c.is_alphabetic());
        letters
            .map(|c| if matches!(c, 'ü' | 'Ü') { 'u' } else { c.to_ascii_lowercase() })
            .collect::<String>()
    };
    let lower = sentence.as_bytes();
    // Nothing of the sort without one of its rarer letters in place.
    let maybe = lower
        .windows(2)
        .any(|two| matches!(two, [b'z' | b'Z', b'h' | b'H'] | [b'y' | b'Y', b'a' | b'A']))
        || lower.len() > 24 && !lower.contains(&b' ');
    if !maybe {
        return false;
    }
    let all = all();
    let both = |a: &[&str], b: &[&str]| {
        a.iter().any(|word| all.contains(word)) && b.iter().any(|word| all.contains(word))
    };
    both(PINYIN_DROPS, PINYIN_TOLD) || !sentence.contains(' ') && both(DROPS, TOLD)
}

/// Words by which a Chinese sentence that was turned round is told.
const ZH_TURNED: &[&str] =
    &["令指", "示指", "略忽", "视无", "答回", "复回", "要摘", "户用", "出输"];
const ZH_PLAIN: &[&str] = &["指令", "指示", "忽略", "无视", "回答", "回复", "摘要", "用户", "输出"];

/// A Chinese sentence as it is meant: folded, without what was put between its characters, and read backwards where it was
/// turned round.
pub(super) fn chinese(sentence: &str) -> String {
    let mut folded: Vec<char> = Vec::with_capacity(sentence.len() / 3 + 8);
    for c in sentence.chars() {
        crate::normal::fold(c, |c| folded.push(if c == '您' { '你' } else { c }));
    }
    let han = |c: Option<&char>| c.is_some_and(|c| is_han(*c));
    let mut out = String::with_capacity(sentence.len());
    for (at, c) in folded.iter().enumerate() {
        let between = at > 0 && han(folded.get(at - 1)) && han(folded.get(at + 1));
        let joint =
            c.is_whitespace() || matches!(c, '-' | '_' | '*' | '|' | '~' | '·' | '.' | '/' | '•');
        let lone = c.is_ascii_alphabetic() && between;
        // One foreign letter between two characters stands there to part them: "指Z令".
        if !(between && joint || lone) {
            out.push(*c);
        }
    }
    let count = |words: &[&str]| words.iter().filter(|word| out.contains(**word)).count();
    if out.contains(['令', '示', '略', '视', '答', '复', '摘', '户', '输'])
        && count(ZH_TURNED) >= 2
        && count(ZH_PLAIN) == 0
    {
        return out.chars().rev().collect();
    }
    out
}
