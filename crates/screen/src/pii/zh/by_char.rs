//! Tables with a character, or a few, for a key.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map with characters for keys.
pub(super) type ByChar<V> = HashMap<char, V, BuildHasherDefault<CharHasher>>;

/// A map with rows of characters for keys.
pub(super) type ByChars<K, V> = HashMap<K, V, BuildHasherDefault<CharHasher>>;

/// A set of rows of characters.
pub(super) type RowSet<K> = HashSet<K, BuildHasherDefault<CharHasher>>;

/// Hashes characters. The tables are fixed, so nobody can choose keys that collide.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CharHasher(u64);

impl Hasher for CharHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_usize(&mut self, length: usize) {
        self.0 ^= length as u64;
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
}
