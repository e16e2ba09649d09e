//! A plain token count, close enough for usage numbers: four ASCII characters make a token, every
//! other character is one.

/// Quarters of a token a character costs.
fn quarters(c: char) -> u64 {
    if c.is_ascii() { 1 } else { 4 }
}

/// Tokens in `text`, rounded up.
pub(crate) fn count(text: &str) -> u64 {
    let mut tally = Tally::default();
    tally.add(text);
    tally.count()
}

/// The count of a text that grows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    quarters: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, text: &str) {
        self.quarters += text.chars().map(quarters).sum::<u64>();
    }

    /// Tokens so far, rounded up.
    pub(crate) fn count(self) -> u64 {
        self.quarters.div_ceil(4)
    }
}

/// The longest start of `text` that fits in `limit` tokens.
pub(crate) fn truncate(text: &str, limit: u64) -> &str {
    let mut left = limit.saturating_mul(4);
    for (at, c) in text.char_indices() {
        match left.checked_sub(quarters(c)) {
            Some(rest) => left = rest,
            None => return &text[..at],
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_and_chinese_count_differently() {
        assert_eq!(count(""), 0);
        assert_eq!(count("hello"), 2);
        assert_eq!(count("你好"), 2);
    }

    #[test]
    fn truncation_keeps_whole_characters() {
        assert_eq!(truncate("你好吗", 2), "你好");
        assert_eq!(truncate("abcdefgh", 1), "abcd");
        assert_eq!(truncate("short", 100), "short");
    }
}
