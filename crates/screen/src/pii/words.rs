//! Words of Latin text around a place: where they begin, what stands before them.

use crate::normal::{Glyph, LOOK_BACK, Pending, Window};

/// Whether a character belongs to a word or number of a script that puts spaces between words.
#[inline]
pub(super) fn is_joined(c: char) -> bool {
    c.is_ascii_alphanumeric() || (c > '\u{7f}' && !is_han(c) && c.is_alphanumeric())
}

/// Whether a letter or digit of such a script stands directly before a place: then no word begins there.
#[inline]
pub(super) fn inside(window: &Window<'_>, at: usize) -> bool {
    window.before(at, 1).is_some_and(|glyph| is_joined(glyph.c))
}

/// Whether a word goes on at a place.
pub(super) fn goes_on(window: &Window<'_>, at: usize) -> Result<bool, Pending> {
    Ok(window.char(at)?.is_some_and(is_joined))
}

/// Chinese, Japanese and Korean characters, which stand beside one another without spaces.
fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether the text spells `word` from a place on, and where it ends.
pub(super) fn spelled(
    window: &Window<'_>,
    at: usize,
    word: &str,
) -> Result<Option<usize>, Pending> {
    let mut place = at;
    for c in word.chars() {
        if window.char(place)? != Some(c) {
            return Ok(None);
        }
        place += 1;
    }
    Ok(Some(place))
}

/// Whether a word begins with a character: decodes one, where `str::starts_with` would encode the other each time.
#[inline]
pub(super) fn begins_with(word: &str, first: char) -> bool {
    let mut chars = word.chars();
    chars.next() == Some(first)
}

/// The first of `words` that the text spells from a place on, ending where a word ends.
pub(super) fn one_of(
    window: &Window<'_>,
    at: usize,
    words: &[&str],
) -> Result<Option<usize>, Pending> {
    let Some(first) = window.char(at)? else { return Ok(None) };
    for word in words.iter().filter(|word| begins_with(word, first)) {
        if let Some(end) = spelled(window, at, word)?
            && !goes_on(window, end)?
        {
            return Ok(Some(end));
        }
    }
    Ok(None)
}

/// What the words of a list begin with: for each first letter the second ones, a bit each.
#[derive(Debug)]
pub(super) struct Beginnings([u32; 26]);

impl Beginnings {
    /// Of words of two small Latin letters or more.
    pub(super) const fn of(words: &[&str]) -> Self {
        let mut pairs = [0; 26];
        let mut i = 0;
        while i < words.len() {
            let word = words[i].as_bytes();
            pairs[(word[0] - b'a') as usize] |= 1 << (word[1] - b'a');
            i += 1;
        }
        Self(pairs)
    }

    /// Whether one of the words may begin at a place.
    pub(super) fn at(&self, window: &Window<'_>, at: usize) -> Result<bool, Pending> {
        let letter = |place| {
            let letter = window.char(place)?.filter(char::is_ascii_lowercase);
            Ok(letter.map(|c| c as u32 - 'a' as u32))
        };
        let Some(first) = letter(at)? else { return Ok(false) };
        Ok(letter(at + 1)?.is_some_and(|second| self.0[first as usize] & 1 << second != 0))
    }
}

/// Skips spaces, at most `most`, and says where the next other character stands.
pub(super) fn after_spaces(window: &Window<'_>, at: usize, most: usize) -> Result<usize, Pending> {
    let mut place = at;
    while place < at + most && window.char(place)? == Some(' ') {
        place += 1;
    }
    Ok(place)
}

/// What stands before a place, as normalised characters in reading order: a copy, since a reader compares with much.
#[derive(Debug)]
pub(super) struct Before {
    text: [char; LOOK_BACK],
    length: usize,
}

impl Before {
    /// The last `reach` characters before a place, at most [`LOOK_BACK`].
    pub(super) fn of(window: &Window<'_>, at: usize, reach: usize) -> Self {
        let mut text = ['\0'; LOOK_BACK];
        let mut length = 0;
        for back in (1..=reach.min(LOOK_BACK)).rev() {
            if let Some(Glyph { c, .. }) = window.before(at, back) {
                text[length] = c;
                length += 1;
            }
        }
        Self { text, length }
    }

    /// The characters.
    pub(super) fn chars(&self) -> &[char] {
        &self.text[..self.length]
    }

    /// Whether one of the words stands somewhere in it. A word of Latin letters must stand by itself.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        let text = self.chars();
        let alone = |at: usize| !text[at].is_ascii_alphanumeric();
        // The characters that the words begin with, by their last six bits: most characters are none of them.
        let bit = |c: char| 1_u64 << (c as u32 % u64::BITS);
        let firsts = words.iter().filter_map(|word| word.chars().next());
        let firsts = firsts.fold(0, |set, c| set | bit(c));
        let may_begin =
            |at: &usize| firsts & bit(text[*at]) != 0 && (*at == 0 || alone(*at) || alone(at - 1));
        (0..text.len()).filter(may_begin).any(|at| {
            words.iter().filter(|word| begins_with(word, text[at])).any(|word| {
                let mut end = at;
                for c in word.chars() {
                    if text.get(end) != Some(&c) {
                        return false;
                    }
                    end += 1;
                }
                end == text.len() || alone(end) || alone(end - 1)
            })
        })
    }

    /// It without what matches at its end; itself where nothing does.
    pub(super) fn trimmed(mut self, end: impl Fn(char) -> bool) -> Self {
        while self.length > 0 && end(self.text[self.length - 1]) {
            self.length -= 1;
        }
        self
    }

    /// Whether it ends with one of the words, standing by itself; then what comes before the word.
    pub(super) fn without_last(&self, words: &[&str]) -> Option<Self> {
        let text = self.chars();
        words.iter().find_map(|word| {
            let at = text.len().checked_sub(word.chars().count())?;
            let spelled = word.chars().zip(&text[at..]).all(|(a, b)| a == *b);
            let alone = !text[at].is_ascii_alphanumeric()
                || at.checked_sub(1).is_none_or(|i| !text[i].is_ascii_alphanumeric());
            (spelled && alone).then_some(Self { text: self.text, length: at })
        })
    }

    /// Whether it ends with one of the words.
    pub(super) fn ends_with(&self, words: &[&str]) -> bool {
        self.without_last(words).is_some()
    }
}
