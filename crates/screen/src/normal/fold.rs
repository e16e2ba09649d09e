//! Text as the detectors see it: case, width, accents and invisible characters folded away.
//!
//! Each character folds by itself (compatibility decomposition, marks dropped, lower case), never together with
//! its neighbours as NFKC composition would do. That is at least as coarse as NFKC with lower-casing, and a cut
//! between two chunks cannot change it.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

/// One folded character and the bytes of the original text it came from. A character that folds to several gives one
/// glyph for each, all with the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyph {
    /// The folded character.
    pub(crate) c: char,
    /// The character as it was written: only it tells upper case.
    pub(crate) raw: char,
    /// Offset of the first byte of the original character, counted from the start of the text.
    pub(crate) start: usize,
    /// Offset just after the original character.
    pub(crate) end: usize,
}

/// Gives the folded characters of `c` to `emit`: none for a character that is invisible or a combining mark.
#[inline]
pub(crate) fn fold(c: char, mut emit: impl FnMut(char)) {
    match c {
        // The common Chinese characters and their punctuation fold to themselves.
        '\t' | '\n' | '\r' | '\u{4e00}'..='\u{9fff}' | '。' | '、' => emit(c),
        '\0'..' ' | '\u{7f}' => {}
        ' '..'\u{7f}' => emit(c.to_ascii_lowercase()),
        _ => fold_rare(c, &mut emit),
    }
}

/// The folded form of a whole string.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        fold(c, |f| out.push(f));
    }
    out
}

#[cold]
fn fold_rare(c: char, emit: &mut impl FnMut(char)) {
    if is_invisible(c) {
        return;
    }
    decompose_compatible(c, |part| {
        for lower in part.to_lowercase() {
            match lower {
                // Hyphens, dashes and the minus sign separate digits alike.
                '\u{2010}'..='\u{2015}' | '\u{2212}' => emit('-'),
                '\u{2800}' => emit(' '),
                _ if is_invisible(lower) || canonical_combining_class(lower) != 0 => {}
                _ if lower.is_whitespace() => emit(' '),
                _ => emit(lower),
            }
        }
    });
}

/// Characters with no visible form: the default-ignorable code points of Unicode 16 (`DerivedCoreProperties.txt`)
/// and the C1 controls.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn width_case_accents_and_invisible_characters_fold_away() {
        assert_eq!(folded("１３８①⑧𝟗"), "138189");
        assert_eq!(folded("Ｉgnoré ﬁx"), "ignore fix");
        assert_eq!(folded("1\u{200b}3\u{2060}8\u{fe0f}"), "138");
        assert_eq!(folded("a\u{3000}b\u{a0}c–d－e"), "a b c-d-e");
        assert_eq!(folded("忽略。"), "忽略。");
    }
}
