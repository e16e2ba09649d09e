//! A text ready for the rules: its characters with their places, and which of them are off limits.

use crate::language::is_han;

/// One character of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) byte: usize,
    pub(super) c: char,
    /// Part of an address, a mail address or code: no rule may touch it.
    pub(super) protected: bool,
}

/// A text as a row of characters.
pub(super) struct Page<'a> {
    pub(super) text: &'a str,
    pub(super) places: Vec<Place>,
}

impl<'a> Page<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let places =
            text.char_indices().map(|(byte, c)| Place { byte, c, protected: false }).collect();
        let mut page = Self { text, places };
        page.protect_code();
        page.protect_addresses();
        page
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn char(&self, index: usize) -> Option<char> {
        self.places.get(index).map(|p| p.c)
    }

    pub(super) fn before(&self, index: usize) -> Option<char> {
        index.checked_sub(1).and_then(|i| self.char(i))
    }

    /// The byte at which a character begins; the length of the text past its end.
    pub(super) fn byte(&self, index: usize) -> usize {
        self.places.get(index).map_or(self.text.len(), |p| p.byte)
    }

    pub(super) fn bytes(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        self.byte(range.start)..self.byte(range.end)
    }

    pub(super) fn is_protected(&self, range: std::ops::Range<usize>) -> bool {
        self.places[range].iter().any(|p| p.protected)
    }

    /// The paragraphs as ranges of characters, without their line breaks.
    pub(super) fn paragraphs(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let mut start = 0;
        std::iter::from_fn(move || {
            while start < self.len() && is_break(self.places[start].c) {
                start += 1;
            }
            if start >= self.len() {
                return None;
            }
            let end = self.places[start..]
                .iter()
                .position(|p| is_break(p.c))
                .map_or(self.len(), |offset| start + offset);
            let paragraph = start..end;
            start = end;
            Some(paragraph)
        })
    }

    /// Whether no word of the clause around a range runs over its borders.
    pub(super) fn is_cut_clean(&self, range: std::ops::Range<usize>) -> bool {
        let clause = self.clause(range.clone());
        let mut at = self.byte(clause.start);
        let (start, end) = (self.byte(range.start), self.byte(range.end));
        for word in super::words(&self.text[self.bytes(clause)]) {
            let next = at + word.len();
            let straddles = |border: usize| at < border && border < next;
            if straddles(start) || straddles(end) {
                return false;
            }
            at = next;
        }
        true
    }

    /// Whether the segmenter sees a word of `length` characters twice at `index`.
    pub(super) fn is_word_pair(&self, index: usize, length: usize) -> bool {
        let clause = self.clause(index..index + 2 * length);
        let mut at = self.byte(clause.start);
        let first = self.bytes(index..index + length);
        let second = self.bytes(index + length..index + 2 * length);
        let mut seen = 0;
        for word in super::words(&self.text[self.bytes(clause)]) {
            let here = at..at + word.len();
            seen += usize::from(here == first || here == second);
            at = here.end;
        }
        seen == 2
    }

    /// The run of Han characters around a range, at most this many on each side: enough for the
    /// segmenter to find the words, and bounded for a text without punctuation.
    fn clause(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        const REACH: usize = 24;
        let before = self.places[..range.start].iter().rev().take(REACH);
        let after = self.places[range.end..].iter().take(REACH);
        let start = range.start - before.take_while(|p| is_han(p.c)).count();
        let end = range.end + after.take_while(|p| is_han(p.c)).count();
        start..end
    }

    /// Code stands between backticks: one on each side in a line, or a fence of three.
    fn protect_code(&mut self) {
        let mut index = 0;
        while index < self.len() {
            if self.places[index].c != '`' {
                index += 1;
                continue;
            }
            let fence = self.places[index..].iter().take_while(|p| p.c == '`').count();
            let mut end = index + fence;
            let mut run = 0;
            while end < self.len() && run < fence {
                let c = self.places[end].c;
                if fence < 3 && is_break(c) {
                    break;
                }
                run = if c == '`' { run + 1 } else { 0 };
                end += 1;
            }
            if run == fence || fence >= 3 {
                self.places[index..end].iter_mut().for_each(|p| p.protected = true);
                index = end;
            } else {
                index += fence;
            }
        }
    }

    /// An address is a run of printable ASCII with `://`, `www.` or `@` inside.
    fn protect_addresses(&mut self) {
        let mut start = 0;
        while start < self.len() {
            let end = self.places[start..]
                .iter()
                .position(|p| !p.c.is_ascii_graphic())
                .map_or(self.len(), |offset| start + offset);
            if end > start {
                let run = &self.text[self.byte(start)..self.byte(end)];
                if run.contains("://") || run.contains("www.") || run.contains('@') {
                    // A mark at its very end belongs to the sentence.
                    let kept = run.trim_end_matches([',', '.', ';', '!', '?', ')']).len();
                    self.places[start..start + kept].iter_mut().for_each(|p| p.protected = true);
                }
            }
            start = end + 1;
        }
    }
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// A full-width mark of a Chinese sentence, as far as the rules need it.
pub(super) fn is_wide_mark(c: char) -> bool {
    matches!(
        c,
        '，' | '。'
            | '！'
            | '？'
            | '：'
            | '；'
            | '、'
            | '“'
            | '”'
            | '‘'
            | '’'
            | '《'
            | '》'
            | '（'
            | '）'
            | '「'
            | '」'
            | '『'
            | '』'
            | '【'
            | '】'
            | '…'
            | '—'
    )
}

/// Chinese text or its closing marks: what a full-width mark may follow.
pub(super) fn ends_chinese(c: char) -> bool {
    is_han(c) || matches!(c, '”' | '’' | '》' | '）' | '」' | '』' | '】')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected(text: &str) -> String {
        Page::new(text).places.iter().filter(|p| p.protected).map(|p| p.c).collect()
    }

    #[test]
    fn protects_addresses_and_code() {
        assert_eq!(protected("见https://a.cn/b?c=d,然后"), "https://a.cn/b?c=d");
        assert_eq!(protected("写信到a.b@c.cn。"), "a.b@c.cn");
        assert_eq!(protected("运行`f(x,y)`即可"), "`f(x,y)`");
        assert_eq!(protected("一个`没有结束\n的记号"), "");
        assert_eq!(protected("```\n代码,代码\n"), "```\n代码,代码\n");
        assert_eq!(protected("只是 text, 文字"), "");
    }
}
