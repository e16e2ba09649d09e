//! How a word of Latin letters is looked up: without what tells capitals and accents apart.
//!
//! Also compiled into the build script, which lays the lists out by the same numbers.

/// The offset basis and prime of FNV-1a, 64 bits.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The number of a word or a row of words, made one character at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u64);

impl Key {
    /// The key of nothing.
    pub(crate) const EMPTY: Self = Self(BASIS);

    /// Adds one normalised character; letters that differ by a stroke count as their plain form, marks not at all.
    #[inline]
    #[must_use]
    pub(crate) fn with(self, c: char) -> Self {
        match c {
            'a'..='z' | '0'..='9' | ' ' => self.byte(c as u8),
            '-' => self.byte(b' '),
            _ => self.with_rare(c),
        }
    }

    fn with_rare(self, c: char) -> Self {
        match c {
            'ø' => self.byte(b'o'),
            'ł' => self.byte(b'l'),
            'đ' | 'ð' => self.byte(b'd'),
            'ı' => self.byte(b'i'),
            'ħ' => self.byte(b'h'),
            'ŋ' => self.byte(b'n'),
            'ə' => self.byte(b'a'),
            'ß' => self.byte(b's').byte(b's'),
            'æ' => self.byte(b'a').byte(b'e'),
            'œ' => self.byte(b'o').byte(b'e'),
            'þ' => self.byte(b't').byte(b'h'),
            _ if c.is_alphanumeric() => (c as u32).to_le_bytes().into_iter().fold(self, Self::byte),
            _ => self,
        }
    }

    #[inline]
    fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(PRIME))
    }

    /// The number, every bit of which depends on every character.
    #[inline]
    pub(crate) fn number(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }
}

/// The number of a text that is normalised already.
pub(crate) fn number_of(text: &str) -> u64 {
    text.chars().fold(Key::EMPTY, Key::with).number()
}
