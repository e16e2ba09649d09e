//! harper's grammar rules: those with one certain correction, behind a check of our own each.
//!
//! The linters are made anew for each text. That costs microseconds, and nothing of a person's
//! text stays behind in their caches. harper's pattern rules are left out: in this release some of
//! them read past the end of a clause (`thenthen `) and panic. Should the rest do so on a text
//! nobody tried, the piece goes without their findings and the answer stands.

use harper_core::Document;
use std::panic::{self, AssertUnwindSafe};

use harper_core::linting::{
    AnA, CapitalizePersonalPronouns, CorrectNumberSuffix, Lint, Linter, RepeatedWords,
    SentenceCapitalization, Suggestion, UnclosedQuotes,
};
use harper_core::parsers::PlainEnglish;
use yumen_policy::Text;

use super::dictionary::{self, FLAT};
use crate::review::{Finding, text};
use crate::sentences;

/// Texts are read in pieces of about this many bytes, cut between paragraphs or sentences, so
/// that the time grows evenly with the length.
const PIECE_BYTES: usize = 8 << 10;

struct Rule {
    id: &'static str,
    make: fn() -> Box<dyn Linter>,
    /// Whether a lint is certain enough to be applied.
    certain: fn(&Place) -> bool,
    /// Whether an uncertain one is still worth a remark.
    remark: bool,
    explanation: fn() -> Text,
}

/// Where a lint was found.
struct Place<'a> {
    /// The text before, up to the start of the piece.
    before: &'a str,
    found: &'a str,
    after: &'a str,
}

const RULES: &[Rule] = &[
    Rule {
        id: "en.article",
        make: || Box::new(AnA),
        certain: article_is_certain,
        remark: false,
        explanation: || {
            text(
                "“an” stands before a vowel sound, “a” before any other.",
                "元音音素前用 an，其他音素前用 a。",
            )
        },
    },
    Rule {
        id: "en.repeated-word",
        make: || Box::new(RepeatedWords::new()),
        certain: repetition_is_certain,
        remark: false,
        explanation: || text("This word stands here twice.", "此处单词重复。"),
    },
    Rule {
        id: "en.capital",
        make: || Box::new(CapitalizePersonalPronouns),
        certain: |place| {
            place.after.starts_with([' ', '\'', '’'])
                && !place.before.ends_with(['(', '.', '-', '_'])
                && place
                    .after
                    .trim_start()
                    .starts_with(|c: char| c.is_alphabetic() || c == '\'' || c == '’')
        },
        remark: false,
        explanation: || text("The pronoun “I” is always a capital.", "代词 I 应始终大写。"),
    },
    Rule {
        id: "en.capital",
        make: || Box::new(SentenceCapitalization),
        certain: opening_is_certain,
        remark: false,
        explanation: || text("A sentence begins with a capital letter.", "句首字母应大写。"),
    },
    Rule {
        id: "en.number-suffix",
        make: || Box::new(CorrectNumberSuffix),
        certain: |_| true,
        remark: false,
        explanation: || text("The ending does not fit the number.", "序数词词尾与数字不符。"),
    },
    Rule {
        id: "en.unclosed-quote",
        make: || Box::new(UnclosedQuotes),
        certain: |_| false,
        remark: true,
        explanation: || {
            text(
                "This quotation mark has no partner. Add the other one or take this one away.",
                "此引号没有成对。请补上另一半，或删去这一个。",
            )
        },
    },
];

pub(super) fn check(text: &str, out: &mut Vec<Finding>) {
    let mut linters: Vec<(&Rule, Box<dyn Linter>)> =
        RULES.iter().map(|rule| (rule, (rule.make)())).collect();
    for piece in pieces(text) {
        let lints = panic::catch_unwind(AssertUnwindSafe(|| {
            let document = Document::new(&text[piece.clone()], &PlainEnglish, &*FLAT);
            let mut lints: Vec<(&Rule, Lint)> = Vec::new();
            for (rule, linter) in &mut linters {
                lints.extend(linter.lint(&document).into_iter().map(|lint| (*rule, lint)));
            }
            lints
        }));
        let bytes: Vec<usize> = text[piece.clone()]
            .char_indices()
            .map(|(byte, _)| piece.start + byte)
            .chain([piece.end])
            .collect();
        for (rule, lint) in lints.unwrap_or_default() {
            if let (Some(&start), Some(&end)) =
                (bytes.get(lint.span.start), bytes.get(lint.span.end))
            {
                out.extend(finding(text, piece.start, start..end, rule, &lint));
            }
        }
    }
}

fn finding(
    text: &str,
    piece: usize,
    bytes: std::ops::Range<usize>,
    rule: &Rule,
    lint: &Lint,
) -> Option<Finding> {
    let place = Place {
        before: &text[piece..bytes.start],
        found: &text[bytes.clone()],
        after: &text[bytes.end..],
    };
    let mut replacements = lint.suggestions.iter().map(|suggestion| match suggestion {
        Suggestion::ReplaceWith(chars) => chars.iter().collect::<String>(),
        Suggestion::InsertAfter(chars) => {
            place.found.chars().chain(chars.iter().copied()).collect()
        }
        Suggestion::Remove => String::new(),
    });
    let explanation = (rule.explanation)();
    if (rule.certain)(&place) && lint.suggestions.len() == 1 {
        Some(Finding::apply(bytes, rule.id, replacements.next()?, explanation))
    } else if rule.remark {
        Some(Finding::ask(bytes, rule.id, replacements.collect(), explanation))
    } else {
        None
    }
}

/// Cuts a text into pieces of whole sentences.
fn pieces(text: &str) -> Vec<std::ops::Range<usize>> {
    if text.len() <= PIECE_BYTES {
        return std::iter::once(0..text.len()).collect();
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    for sentence in sentences::split(text) {
        if sentence.end - start > PIECE_BYTES && sentence.start > start {
            pieces.push(start..sentence.start);
            start = sentence.start;
        }
        // A sentence longer than a piece is none; cut it between words.
        while sentence.end - start > PIECE_BYTES {
            let mut limit = start + PIECE_BYTES;
            while !text.is_char_boundary(limit) {
                limit -= 1;
            }
            let cut = text[start..limit]
                .rfind(char::is_whitespace)
                .filter(|&offset| offset > 0)
                .map_or(limit, |offset| start + offset);
            pieces.push(start..cut);
            start = cut;
        }
    }
    pieces.push(start..text.len());
    pieces
}

/// Only before a plain word of the dictionary: how a name or an acronym sounds nobody can tell
/// from its letters.
fn article_is_certain(place: &Place) -> bool {
    let Some(rest) = place.after.strip_prefix(' ') else { return false };
    let word: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
    let bounded = place.before.is_empty()
        || place.before.ends_with(|c: char| c.is_whitespace() || "“‘\"'(—".contains(c));
    let wants_an = place.found.eq_ignore_ascii_case("a");
    word.len() > 1
        && bounded
        && opens_with_vowel_sound(&word) == Some(wants_an)
        && word.chars().all(char::is_lowercase)
        && dictionary::contains(&word)
        && !rest[word.len()..].starts_with(['\'', '’'])
        && !rest[word.len()..]
            .strip_prefix('.')
            .is_some_and(|more| more.starts_with(char::is_alphanumeric))
}

/// Whether a word opens with a vowel sound, where its letters tell; `None` where they do not.
fn opens_with_vowel_sound(word: &str) -> Option<bool> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| word.starts_with(prefix));
    match word.chars().next()? {
        'a' | 'i' => Some(true),
        'e' => Some(!starts(&["eu", "ew"])),
        'o' => Some(!(word == "one" || starts(&["once", "one-", "oneself", "oui"]))),
        'u' if starts(&["uni", "use", "usu", "uti", "ura", "eu"]) => {
            (!starts(&["unim", "unin", "unid"])).then_some(false)
        }
        'u' if starts(&["un", "up", "ugl", "ult", "umb", "und"]) => Some(true),
        'h' if starts(&["hour", "honest", "honor", "honour", "heir"]) => Some(true),
        // `an historic`, `an hotel`: both are said.
        'h' if starts(&["his", "hot", "hal", "hab", "her"]) => None,
        'u' | 'x' => None,
        _ => Some(false),
    }
}

/// Words that are never doubled on purpose. `had had`, `that that`, `very very`, `in in` are.
const NEVER_DOUBLED: &[&str] = &[
    "the", "a", "an", "of", "and", "or", "but", "if", "to", "are", "was", "were", "be", "been",
    "have", "has", "i", "he", "she", "we", "they", "his", "my", "your", "our", "their", "its",
    "than", "because", "from", "at", "as", "this", "these", "those", "which", "when", "while",
];

fn repetition_is_certain(place: &Place) -> bool {
    let mut words = place.found.split_whitespace();
    let (Some(first), Some(second)) = (words.next(), words.next()) else { return false };
    // `A a`, `THE THE`: titles, grades, bands.
    if second.chars().any(char::is_uppercase) && second != "I" {
        return false;
    }
    if !place.after.starts_with(|c: char| c.is_whitespace() || ".,;!?".contains(c)) {
        return false;
    }
    let first = first.to_lowercase();
    if first == "is" {
        // `What it is is a problem` is good English.
        let sentence = place.before.rsplit(['.', '!', '?', ';', '\n']).next().unwrap_or_default();
        let mut before = sentence.split_whitespace().map(str::to_lowercase);
        return before.next().is_some_and(|w| ["this", "he", "she", "it", "there"].contains(&&*w))
            && before.next().is_none();
    }
    NEVER_DOUBLED.contains(&first.as_str())
}

/// The start of a sentence by our own splitter too, a plain word, and a sentence with its stop.
fn opening_is_certain(place: &Place) -> bool {
    let rest: String = place
        .after
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '\'' | '’'))
        .collect();
    let word = format!("{}{}", place.found, rest).replace('’', "'");
    let goes_on = place.after[rest.len()..].starts_with([' ', ',']);
    let plain = goes_on
        && word.chars().all(|c| c.is_lowercase() || c == '\'')
        && dictionary::spelling(&word).is_some_and(|spelling| spelling == word);
    let before = place.before.trim_end_matches([' ', '\n', '\r', '“', '"', '‘', '(']);
    let opens = before.is_empty() || {
        let window_start = before.char_indices().rev().nth(80).map_or(0, |(byte, _)| byte);
        // Ask the splitter as if the word were written with a capital.
        let window = &before[window_start..];
        let gap = &place.before[before.len()..];
        let tried = format!("{window}{gap}Xyz goes on.");
        let at = window.len() + gap.len();
        gap.contains(char::is_whitespace)
            && before.ends_with(['.', '!', '?', '”', '"'])
            && !before.ends_with("...")
            && sentences::split(&tried).iter().any(|s| {
                tried[s.start..at.max(s.start)].trim_matches(['“', '"', '‘', '(', ' ']).is_empty()
            })
    };
    let stop = place.after.find(['.', '!', '?', '\n']).map(|at| &place.after[at..=at]);
    plain && opens && matches!(stop, Some("." | "!" | "?"))
}
