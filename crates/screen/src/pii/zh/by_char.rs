//! Tables with a character for a key.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map with characters for keys.
pub(super) type ByChar<V> = HashMap<char, V, BuildHasherDefault<CharHasher>>;

/// Hashes one character. The tables are fixed, so nobody can choose keys that collide.
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

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
}
