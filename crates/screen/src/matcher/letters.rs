//! What single characters are to the matcher: passed over, part of a word, standing for another.

/// White space and punctuation within a sentence: passed over, in terms as in texts, so that line breaks, hyphens or quotes
/// between words hide nothing.
#[inline]
pub(super) fn is_passed_over(c: char) -> bool {
    match c {
        'a'..='z' | '0'..='9' | '\u{4e00}'..='\u{9fff}' => false,
        _ => !ends_sentence(c) && !c.is_alphanumeric(),
    }
}

/// See [`ends_sentence`].
pub(super) const SENTENCE_ENDS: [char; 6] = ['.', '!', '?', ';', ':', '。'];

/// All characters that [`numeral`] or [`leet`] makes another of.
pub(super) const STAND_INS: &str =
    "〇零一壹弌二贰弍两三叁弎四肆五伍六陆七柒八捌九玖拾佰仟0134578!|@$+";

/// The marks that end a sentence or a part of one: terms do not reach across them, except in the view
/// [`Separated`](super::View::Separated).
#[inline]
pub(super) fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | ';' | ':' | '。')
}

/// The marks within a sentence after which another clause begins.
#[inline]
pub(super) fn parts(c: char) -> bool {
    c == ','
}

/// A Latin letter or a digit: where a term begins or ends with one, it may have to begin or end a word.
#[inline]
pub(super) fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// For each ASCII character whether it is a letter or a digit.
const ASCII_WORD: [bool; 128] = {
    let mut table = [false; 128];
    let mut c: u8 = 0;
    while c < 128 {
        table[c as usize] = c.is_ascii_alphanumeric();
        c += 1;
    }
    table
};

/// A character that makes a word go on: a Latin letter, a digit, or a letter of another script that is written in words
/// between spaces and has upper and lower case.
#[inline]
pub(super) fn is_word(c: char) -> bool {
    match c {
        '\0'..'\u{80}' => ASCII_WORD[c as usize],
        '\u{2e80}'..='\u{a63f}' => false,
        _ => is_cased(c),
    }
}

#[cold]
fn is_cased(c: char) -> bool {
    let scripts = matches!(c, '\u{80}'..='\u{58f}' | '\u{10a0}'..='\u{10ff}' | '\u{13a0}'..='\u{13ff}'
        | '\u{1c80}'..='\u{1cbf}' | '\u{1d00}'..='\u{1fff}' | '\u{2c00}'..='\u{2dff}' | '\u{a640}'..='\u{a7ff}'
        | '\u{ab30}'..='\u{abbf}');
    scripts && c.is_alphabetic()
}

/// A Chinese character that has a reading.
#[inline]
pub(super) fn is_hanzi(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

/// The digit a Chinese numeral stands for, in everyday or in banker's form; 10, 100 and 1000 have the same everyday form.
pub(crate) fn numeral(c: char) -> char {
    match c {
        '〇' | '零' => '0',
        '一' | '壹' | '弌' => '1',
        '二' | '贰' | '弍' | '两' => '2',
        '三' | '叁' | '弎' => '3',
        '四' | '肆' => '4',
        '五' | '伍' => '5',
        '六' | '陆' => '6',
        '七' | '柒' => '7',
        '八' | '捌' => '8',
        '九' | '玖' => '9',
        '拾' => '十',
        '佰' => '百',
        '仟' => '千',
        _ => c,
    }
}

/// The letter that a digit or sign is written for; one that is written for i may be written for l too.
pub(crate) fn leet(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{SENTENCE_ENDS, STAND_INS, ends_sentence, leet, numeral};

    #[test]
    fn the_lists_are_complete() {
        for c in '\0'..=char::MAX {
            let stands_in = numeral(c) != c || leet(c).is_some();
            assert_eq!(STAND_INS.contains(c), stands_in, "{c}");
            assert_eq!(SENTENCE_ENDS.contains(&c), ends_sentence(c), "{c}");
        }
    }
}
