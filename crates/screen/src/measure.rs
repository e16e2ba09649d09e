//! How long a text is in the units that people count text in, where it is counted as it is written.

use std::ops::{Add, AddAssign, Sub};

/// A length of a text, or a place in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Measure {
    /// In Unicode characters.
    pub(crate) chars: usize,
    /// In UTF-16 code units.
    pub(crate) utf16: usize,
}

impl Measure {
    pub(crate) fn of(text: &str) -> Self {
        let (mut chars, mut pairs) = (0, 0);
        // Counted in bytes as far as those go, so that many are counted at once.
        for part in text.as_bytes().chunks(usize::from(u8::MAX)) {
            let (mut of_part, mut pairs_of_part) = (0_u8, 0_u8);
            for byte in part {
                // Every byte but the continuation bytes begins a character; those of four bytes are pairs in UTF-16.
                of_part += u8::from(byte & 0xc0 != 0x80);
                pairs_of_part += u8::from(*byte >= 0xf0);
            }
            chars += usize::from(of_part);
            pairs += usize::from(pairs_of_part);
        }
        Self { chars, utf16: chars + pairs }
    }
}

impl Add for Measure {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self { chars: self.chars + more.chars, utf16: self.utf16 + more.utf16 }
    }
}

impl AddAssign for Measure {
    fn add_assign(&mut self, more: Self) {
        *self = *self + more;
    }
}

impl Sub for Measure {
    type Output = Self;

    /// The way from one place to a later one.
    fn sub(self, less: Self) -> Self {
        Self { chars: self.chars - less.chars, utf16: self.utf16 - less.utf16 }
    }
}
