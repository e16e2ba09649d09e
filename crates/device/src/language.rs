//! Which of the two languages a text is in, by the share of its letters.

use yumen_features::TextLanguage;

/// A Latin word says about as much as this many Han characters.
const HAN_PER_LATIN_WORD: f64 = 1.7;

/// The language of a text: Chinese or English by the share of Han characters against Latin
/// words; `None` when the text has no letters, or most of them belong to other scripts (kana,
/// Hangul, Cyrillic, Arabic and so on).
///
/// This looks at scripts only: French reads as English here. Proofreading finds that out by its
/// dictionary.
pub fn detect(text: &str) -> Option<TextLanguage> {
    let (mut han, mut latin_words, mut latin_letters, mut other) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_graphic() {
            let end = rest.find(|c: char| !c.is_ascii_graphic()).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            // Addresses are of no language.
            if !(run.contains("://") || run.contains('@')) {
                let words = run.split(|c: char| !(c.is_ascii_alphabetic() || c == '\''));
                for letters in words.map(str::len) {
                    latin_letters += u32::try_from(letters).unwrap_or(u32::MAX);
                    // A single letter is a variable or an item more often than a word.
                    latin_words += u32::from(letters > 1);
                }
            }
            rest = after;
            continue;
        }
        if is_han(c) {
            han += 1;
        } else if is_latin(c) {
            latin_letters += 1;
        } else if c.is_alphabetic() {
            other += 1;
        }
        rest = &rest[c.len_utf8()..];
    }
    // Kana and Hangul stand beside Han in texts that are not Chinese, so a quarter is enough.
    if f64::from(other) > f64::from(han + latin_letters + other) / 4.0 {
        return None;
    }
    if han + latin_words + latin_letters == 0 {
        return None;
    }
    if f64::from(han) >= f64::from(latin_words) * HAN_PER_LATIN_WORD {
        Some(TextLanguage::Zh)
    } else {
        Some(TextLanguage::En)
    }
}

/// Whether a character is a Han ideograph.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{323AF}' | '〇')
}

/// Whether a character is a letter of the Latin script.
pub(crate) fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || (matches!(c, '\u{C0}'..='\u{24F}') && c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_two_languages_apart() {
        assert_eq!(detect("The meeting is on Monday."), Some(TextLanguage::En));
        assert_eq!(detect("会议在星期一。"), Some(TextLanguage::Zh));
        assert_eq!(detect("我用 iPhone 和 Mac 工作，效率很高。"), Some(TextLanguage::Zh));
        assert_eq!(detect("网址是 https://a.example/b?c=d，请看。"), Some(TextLanguage::Zh));
        assert_eq!(detect("The word 中国 means China in Chinese."), Some(TextLanguage::En));
    }

    #[test]
    fn knows_what_is_neither() {
        assert_eq!(detect(""), None);
        assert_eq!(detect("12 + 30 = 42 😀"), None);
        assert_eq!(detect("Встреча в понедельник."), None);
        assert_eq!(detect("会議は月曜日です。"), None);
        assert_eq!(detect("회의는 월요일입니다."), None);
    }
}
