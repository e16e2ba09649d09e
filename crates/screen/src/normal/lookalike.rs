//! Letters of other scripts that look like a Latin letter, and are written for it to hide a word.
//!
//! A small table of our own, checked against Unicode's `confusables.txt` (UTS #39). The two cases of a letter fold alike, so
//! words of those scripts still match whatever their case: В goes to b, and в with it. Whole words of other scripts can look
//! like Latin ones (сор, нос); what tells them apart is the [`Script`] of their neighbours, which the matcher looks at.

/// A script whose letters are mistaken for Latin ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
}

/// The script of a letter as it was written, if it is one of those.
pub(crate) fn script(raw: char) -> Option<Script> {
    match raw {
        '\u{370}'..='\u{373}' | '\u{376}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => {
            Some(Script::Greek)
        }
        '\u{400}'..='\u{52f}'
        | '\u{1c80}'..='\u{1c8f}'
        | '\u{2de0}'..='\u{2dff}'
        | '\u{a640}'..='\u{a69f}' => Some(Script::Cyrillic),
        '\u{530}'..='\u{58f}' => Some(Script::Armenian),
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Some(Script::Cherokee),
        _ => None,
    }
}

/// The Latin letter that `c` looks like, in lower case; accents were taken off before.
#[expect(clippy::match_same_arms, reason = "a paragraph for each script")]
pub(super) fn look_alike(c: char) -> Option<char> {
    Some(match c {
        // Cyrillic
        'а' | 'А' => 'a',
        'в' | 'В' | 'ь' | 'Ь' => 'b',
        'с' | 'С' => 'c',
        'ԁ' | 'Ԁ' => 'd',
        'е' | 'Е' | 'ҽ' | 'Ҽ' => 'e',
        'һ' | 'Һ' | 'н' | 'Н' => 'h',
        'і' | 'І' => 'i',
        'ј' | 'Ј' => 'j',
        'к' | 'К' => 'k',
        'ӏ' | 'Ӏ' => 'l',
        'м' | 'М' => 'm',
        'о' | 'О' => 'o',
        'р' | 'Р' => 'p',
        'ԛ' | 'Ԛ' => 'q',
        'г' | 'Г' => 'r',
        'ѕ' | 'Ѕ' => 's',
        'т' | 'Т' => 't',
        'ѵ' | 'Ѵ' => 'v',
        'ԝ' | 'Ԝ' | 'ѡ' | 'Ѡ' => 'w',
        'х' | 'Х' => 'x',
        'у' | 'У' | 'ү' | 'Ү' => 'y',
        // Greek
        'α' | 'Α' | 'ɑ' => 'a',
        'β' | 'Β' => 'b',
        'ε' | 'Ε' => 'e',
        'η' | 'Η' => 'h',
        'ι' | 'Ι' => 'i',
        'ϳ' | 'Ϳ' => 'j',
        'κ' | 'Κ' => 'k',
        'μ' | 'Μ' => 'm',
        'ο' | 'Ο' => 'o',
        'ρ' | 'Ρ' => 'p',
        'τ' | 'Τ' => 't',
        'υ' | 'Υ' => 'u',
        'ν' | 'Ν' => 'v',
        'χ' | 'Χ' => 'x',
        'ζ' | 'Ζ' => 'z',
        // Armenian
        'ց' | 'Ց' => 'g',
        'հ' | 'Հ' => 'h',
        'ո' | 'Ո' => 'n',
        'օ' | 'Օ' => 'o',
        'զ' | 'Զ' => 'q',
        'ս' | 'Ս' => 'u',
        // Cherokee
        'Ꭺ' | 'ꭺ' => 'a',
        'Ᏼ' | 'ᏼ' | 'Ꮟ' | 'ꮟ' => 'b',
        'Ꮯ' | 'ꮯ' => 'c',
        'Ꭰ' | 'ꭰ' => 'd',
        'Ꭼ' | 'ꭼ' => 'e',
        'Ꮐ' | 'ꮐ' => 'g',
        'Ꮋ' | 'ꮋ' => 'h',
        'Ꭻ' | 'ꭻ' => 'j',
        'Ꮶ' | 'ꮶ' => 'k',
        'Ꮮ' | 'ꮮ' => 'l',
        'Ꮇ' | 'ꮇ' => 'm',
        'Ꮲ' | 'ꮲ' => 'p',
        'Ꭱ' | 'ꭱ' | 'Ꮢ' | 'ꮢ' => 'r',
        'Ꮪ' | 'ꮪ' | 'Ꮥ' | 'ꮥ' => 's',
        'Ꭲ' | 'ꭲ' => 't',
        'Ꮩ' | 'ꮩ' => 'v',
        'Ꮃ' | 'ꮃ' | 'Ꮤ' | 'ꮤ' => 'w',
        'Ꮍ' | 'ꮍ' => 'y',
        'Ꮓ' | 'ꮓ' => 'z',
        // Latin letters with a form of their own: small capitals, strokes, dotless and script forms
        'ᴀ' => 'a',
        'ʙ' | 'ƀ' | 'Ƀ' | 'ɓ' | 'Ɓ' => 'b',
        'ᴄ' => 'c',
        'ᴅ' | 'đ' | 'Đ' | 'ɗ' | 'Ɗ' => 'd',
        'ᴇ' | 'ɛ' | 'Ɛ' => 'e',
        'ꜰ' => 'f',
        'ɢ' | 'ɡ' | 'Ɡ' => 'g',
        'ʜ' | 'ħ' | 'Ħ' => 'h',
        'ɪ' | 'ı' | 'ɩ' | 'Ɩ' | 'ɨ' | 'Ɨ' => 'i',
        'ᴊ' | 'ȷ' => 'j',
        'ᴋ' | 'ƙ' | 'Ƙ' | 'ĸ' => 'k',
        'ʟ' | 'ł' | 'Ł' | 'ƚ' | 'Ƚ' => 'l',
        'ᴍ' => 'm',
        'ɴ' => 'n',
        'ᴏ' | 'ø' | 'Ø' => 'o',
        'ᴘ' => 'p',
        'ꞯ' => 'q',
        'ʀ' => 'r',
        'ꜱ' => 's',
        'ᴛ' | 'ŧ' | 'Ŧ' => 't',
        'ᴜ' | 'ʉ' | 'Ʉ' => 'u',
        'ᴠ' => 'v',
        'ᴡ' => 'w',
        'ʏ' => 'y',
        'ᴢ' | 'ƶ' | 'Ƶ' => 'z',
        // Letters in black circles and squares, which have no compatibility form
        '\u{1f150}'..='\u{1f169}' => boxed(c, 0x1_f150),
        '\u{1f170}'..='\u{1f189}' => boxed(c, 0x1_f170),
        _ => return None,
    })
}

/// The letter of a row of 26 that begins with A.
fn boxed(c: char, first: u32) -> char {
    // The rows have 26 letters each.
    u8::try_from(u32::from(c) - first).map_or(c, |i| char::from(b'a' + i))
}
