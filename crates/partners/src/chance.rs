//! Chance, where it spreads load: seeded, so that a test can repeat it, and waiting for nobody.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A stream of even random numbers, shared by all requests (`SplitMix64`, Steele et al. 2014). Not for
/// secrets.
#[derive(Debug)]
pub(crate) struct Chance(AtomicU64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Chance {
    /// Begun at a number nobody knows.
    pub(crate) fn unpredictable() -> Self {
        Self::seeded(RandomState::new().hash_one(0_u8))
    }

    pub(crate) fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number.
    pub(crate) fn draw(&self) -> u64 {
        let mut mixed = self.0.fetch_add(GOLDEN, Relaxed).wrapping_add(GOLDEN);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next number, even between 0 and 1, neither included.
    pub(crate) fn fraction(&self) -> f64 {
        // 32 bits are exact in a double.
        (f64::from(u32::try_from(self.draw() >> 32).unwrap_or(u32::MAX)) + 0.5) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_even_stream() {
        let (one, two) = (Chance::seeded(7), Chance::seeded(7));
        let mut sum = 0.0;
        for _ in 0..10_000 {
            let fraction = one.fraction();
            assert!(fraction > 0.0 && fraction < 1.0);
            assert!((fraction - two.fraction()).abs() < f64::EPSILON);
            sum += fraction;
        }
        assert!((4_900.0..5_100.0).contains(&sum), "{sum}");
    }
}
