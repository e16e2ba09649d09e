//! What one character is folded to: case, width, accents, look-alikes, traditional forms and invisible characters.
//!
//! Each character folds by itself (compatibility decomposition, marks dropped, lower case, look-alikes of Latin letters to
//! these, traditional Chinese to simplified), never together with its neighbours as NFKC composition would do. That is
//! at least as coarse as NFKC with lower-casing, and a cut between two chunks cannot change it.

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

use super::lookalike::look_alike;
use super::simplified::simplified;
use super::table::{Folded, table};

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
    match table().get(c) {
        Folded::To(folded) => emit(folded),
        Folded::Away => {}
        Folded::Rarely => fold_slowly(c, &mut emit),
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

/// As [`fold`], from the rules themselves and not from the table made of them.
#[cold]
pub(super) fn fold_slowly(c: char, emit: &mut impl FnMut(char)) {
    match c {
        '\t' | '\n' | '\r' => return emit(c),
        '\0'..' ' | '\u{7f}' => return,
        _ if is_invisible(c) => return,
        _ => {}
    }
    if let Some(number) = circled_number(c) {
        if number >= 10 {
            emit(digit(number / 10));
        }
        return emit(digit(number % 10));
    }
    decompose_compatible(c, |part| {
        if let Some(letter) = look_alike(part) {
            return emit(letter);
        }
        for lower in part.to_lowercase() {
            match lower {
                // Hyphens, dashes and the minus sign separate digits alike.
                '\u{2010}'..='\u{2015}' | '\u{2212}' => emit('-'),
                '\u{2800}' => emit(' '),
                'ς' => emit('σ'),
                'ß' => {
                    emit('s');
                    emit('s');
                }
                _ if is_invisible(lower) || is_mark(lower) => {}
                _ if lower.is_whitespace() => emit(' '),
                _ => emit(look_alike(lower).unwrap_or_else(|| simplified(lower))),
            }
        }
    });
}

/// Numbers in circles that have no compatibility form, unlike ①.
fn circled_number(c: char) -> Option<u32> {
    let c = u32::from(c);
    Some(match c {
        0x2776..=0x277f => c - 0x2775,
        0x2780..=0x2789 => c - 0x277f,
        0x278a..=0x2793 => c - 0x2789,
        0x24eb..=0x24f4 => c - 0x24e0,
        0x24f5..=0x24fe => c - 0x24f4,
        0x24ff => 0,
        _ => return None,
    })
}

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

/// Accents, and the circles and boxes drawn around a character (general category Me).
fn is_mark(c: char) -> bool {
    let around = matches!(c,
        '\u{488}'..='\u{489}' | '\u{1abe}' | '\u{20dd}'..='\u{20e0}' | '\u{20e2}'..='\u{20e4}' | '\u{a670}'..='\u{a672}');
    around || canonical_combining_class(c) != 0
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
    use super::{fold, fold_slowly, folded};

    #[test]
    fn width_case_accents_and_invisible_characters_fold_away() {
        assert_eq!(folded("１３８①⑧𝟗"), "138189");
        assert_eq!(folded("Ｉgnoré ﬁx"), "ignore fix");
        assert_eq!(folded("1\u{200b}3\u{2060}8\u{fe0f}"), "138");
        assert_eq!(folded("a\u{3000}b\u{a0}c–d－e"), "a b c-d-e");
        assert_eq!(folded("忽略。"), "忽略。");
        assert_eq!(folded("1\u{fe0f}\u{20e3}❷⓰⓿"), "12160");
        assert_eq!(folded("Straße STRASSE ẞ ΣΊΓΜΑΣ"), "strasse strasse ss σiγmaσ");
    }

    #[test]
    fn letters_that_look_alike_fold_to_the_latin_ones() {
        // Cyrillic, Greek, Cherokee, small capitals, circled, squared and mathematical letters.
        assert_eq!(
            folded("рarсеl ΡΑRCEL Ꮲarcel ᴘᴀʀᴄᴇʟ ⓟⓐⓡⓒⓔⓛ 🅿🅰🆁🅲🅴🅻 𝓹𝓪𝓻𝓬𝓮𝓵"),
            ["parcel"; 7].join(" ")
        );
        // Letters that look like no Latin letter stay what they are, in either case.
        assert_eq!(folded("ждлию ЖДЛИЮ δθλξ ΔΘΛΞ"), "ждлию ждлию δθλξ δθλξ");
    }

    #[test]
    fn traditional_characters_fold_to_simplified_ones() {
        assert_eq!(folded("請寄這個包裹，臺灣裏面發髮"), "请寄这个包裹,台湾里面发发");
        assert_eq!(folded("乾隆沈阳著名像"), "干隆沈阳着名像");
    }

    #[test]
    fn the_table_says_what_the_rules_say() {
        for c in ('\0'..=char::MAX).step_by(1) {
            let (mut quick, mut slow) = (String::new(), String::new());
            fold(c, |f| quick.push(f));
            fold_slowly(c, &mut |f| slow.push(f));
            assert_eq!(quick, slow, "{c:?}");
            // Folding what is folded changes nothing, so terms may be given folded or not.
            assert_eq!(folded(&slow), slow, "{c:?}");
        }
    }
}
