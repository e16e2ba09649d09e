//! Which lists a word is in: first names, surnames, places, countries, ordinary words, organisations, nationalities, trades.

/// The lists a word, or several in a row, is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::pii) struct Kinds(pub(in crate::pii) u8);

impl Kinds {
    pub(in crate::pii) const FORENAME: u8 = 1;
    pub(in crate::pii) const SURNAME: u8 = 2;
    pub(in crate::pii) const PLACE: u8 = 4;
    pub(in crate::pii) const COUNTRY: u8 = 8;
    pub(in crate::pii) const WORD: u8 = 16;
    pub(in crate::pii) const NATIONALITY: u8 = 64;
    pub(in crate::pii) const OCCUPATION: u8 = 128;

    /// Whether it is in one of these lists.
    #[inline]
    pub(in crate::pii) fn any(self, lists: u8) -> bool {
        self.0 & lists != 0
    }
}

/// Laid out by `build.rs`: a power of two of slots, 24 bits of the word's number and 8 of its lists in each.
static TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lexicon.bin"));

/// The lists in which the word with this number is. One in some ten million words that are in none seems to be in one.
#[inline]
pub(in crate::pii) fn kinds(number: u64) -> Kinds {
    let slots = TABLE.len() / 4;
    let mark = u32::try_from(number >> 40).unwrap_or(0);
    // The low half of the number is far more than there are slots.
    let mut slot = usize::try_from(number & 0xffff_ffff).unwrap_or(0) & (slots - 1);
    loop {
        let entry = &TABLE[slot * 4..slot * 4 + 4];
        let entry = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        if entry == 0 {
            return Kinds::default();
        }
        if entry >> 8 == mark {
            return Kinds((entry & 0xff) as u8);
        }
        slot = (slot + 1) & (slots - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::number_of;
    use super::{Kinds, kinds};

    #[test]
    fn words_are_in_their_lists() {
        assert!(kinds(number_of("maria")).any(Kinds::FORENAME));
        assert!(kinds(number_of("johnson")).any(Kinds::SURNAME));
        assert!(kinds(number_of("new zealand")).any(Kinds::COUNTRY));
        assert!(kinds(number_of("buenos aires")).any(Kinds::PLACE));
        assert!(kinds(number_of("lantern")).any(Kinds::WORD));
        assert!(kinds(number_of("norwegian")).any(Kinds::NATIONALITY));
        assert_eq!(kinds(number_of("xqzzyv")), Kinds::default());
    }
}
