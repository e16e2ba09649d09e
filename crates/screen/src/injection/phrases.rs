//! Whether phrases stand in a sentence. Hundreds are asked for and few are there: nearly all others are told by their first two
//! characters, which a set of all characters of the sentence does not have.

/// A sentence and the set of its characters.
#[derive(Clone, Copy)]
pub(super) struct Phrases<'t> {
    sentence: &'t str,
    /// A bit for each character, some of which share one.
    characters: [u64; 8],
}

impl<'t> Phrases<'t> {
    pub(super) fn of(sentence: &'t str) -> Self {
        let mut characters = [0; 8];
        for c in sentence.chars() {
            let (word, bit) = place(c);
            characters[word] |= bit;
        }
        Self { sentence, characters }
    }

    /// Whether the sentence may hold a phrase; wrong only where it says yes.
    pub(super) fn may_hold(&self, phrase: &str) -> bool {
        phrase.chars().take(2).all(|c| {
            let (word, bit) = place(c);
            self.characters[word] & bit != 0
        })
    }

    pub(super) fn holds(&self, phrase: &str) -> bool {
        self.may_hold(phrase) && self.sentence.contains(phrase)
    }

    /// Whether it holds one of these.
    pub(super) fn hold(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.holds(phrase))
    }
}

fn place(c: char) -> (usize, u64) {
    let hash = (c as u32).wrapping_mul(0x9e37_79b1);
    ((hash >> 29) as usize, 1 << (hash >> 23 & 63))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_phrase_is_held_where_it_stands(sentence in "[灯笼包裹回答a-c ]{0,24}", phrase in "[灯笼包裹回答a-c ]{1,3}") {
            prop_assert_eq!(Phrases::of(&sentence).holds(&phrase), sentence.contains(&phrase));
        }
    }
}
