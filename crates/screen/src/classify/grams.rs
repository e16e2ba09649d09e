//! The features of a text: every run of one to five characters, as a hash.
//!
//! Characters come one by one, normalised; each gives the runs that end with it. White space counts as one space
//! however long it is, and a character repeated more than twice in a row counts twice.

/// The longest run.
pub(super) const MOST_ORDER: usize = 5;

/// Stands before the first character of a window and after the last.
const EDGE: u32 = 2;
/// Stands where there is no character at all; no run reaches over it.
const NOTHING: u32 = 0;

/// What must be remembered between two characters of a window.
#[derive(Clone, Debug)]
pub(super) struct Grams {
    /// The last characters, the newest first.
    last: [u32; MOST_ORDER],
    repeated: bool,
}

impl Default for Grams {
    fn default() -> Self {
        let mut last = [NOTHING; MOST_ORDER];
        last[0] = EDGE;
        Self { last, repeated: false }
    }
}

impl Grams {
    /// Takes the next character, and gives the hash of every run of at most `order` characters that ends with it.
    #[inline]
    pub(super) fn push(&mut self, c: char, order: usize, emit: impl FnMut(u64)) {
        let c = if c.is_whitespace() { ' ' } else { c };
        let again = u32::from(c) == self.last[0];
        if again && (self.repeated || c == ' ') || c == ' ' && self.last[0] == EDGE {
            return;
        }
        self.repeated = again;
        self.take(u32::from(c), 1, order, emit);
    }

    /// The window ends: gives the runs that end with its edge.
    pub(super) fn finish(&mut self, order: usize, emit: impl FnMut(u64)) {
        self.take(EDGE, 2, order, emit);
        *self = Self::default();
    }

    #[inline]
    fn take(&mut self, c: u32, shortest: u64, order: usize, mut emit: impl FnMut(u64)) {
        self.last.copy_within(..MOST_ORDER - 1, 1);
        self.last[0] = c;
        let mut hash = 0;
        for (length, &c) in (1_u64..).zip(&self.last[..order]) {
            if c == NOTHING {
                break;
            }
            hash = mix(hash, c);
            if length >= shortest {
                emit(finish(hash ^ length << 56));
            }
        }
    }
}

/// One more character in a hash. Models are trained with this function: another one is another format.
#[inline]
fn mix(hash: u64, c: u32) -> u64 {
    (hash ^ u64::from(c)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

/// Spreads what was mixed over all bits (as `SplitMix64` ends, shortened).
#[inline]
fn finish(hash: u64) -> u64 {
    let hash = (hash ^ hash >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(text: &str) -> Vec<u64> {
        let mut out = Vec::new();
        let mut grams = Grams::default();
        text.chars().for_each(|c| grams.push(c, MOST_ORDER, |hash| out.push(hash)));
        grams.finish(MOST_ORDER, |hash| out.push(hash));
        out
    }

    #[test]
    fn every_run_up_to_five_characters_is_given_once() {
        // a, ^a | b, ab, ^ab | and the edge: b$, ab$, ^ab$.
        let two = grams("ab");
        assert_eq!(two.len(), 8);
        let distinct: std::collections::HashSet<_> = two.iter().collect();
        assert_eq!(distinct.len(), 8);
        // The edges make six characters of four letters: five runs of one and two, …, two of five, less the bare edges.
        assert_eq!(grams("abcd").len(), 4 + 5 + 4 + 3 + 2);
    }

    #[test]
    fn white_space_and_repetitions_are_shortened() {
        assert_eq!(grams("  a \n b"), grams("a b"));
        assert_eq!(grams("哈哈哈哈哈"), grams("哈哈"));
        assert_ne!(grams("哈哈"), grams("哈"));
    }
}
