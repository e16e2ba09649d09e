//! Which readers may begin at a character: one look into a table.

use std::sync::LazyLock;

use super::readers::READERS;

/// For every character of the basic plane the number of its class, and for every class a bit for each reader.
#[derive(Debug)]
pub(super) struct Classes {
    of: Box<[u8]>,
    pub(super) sets: Vec<u32>,
}

/// The table of all readers: 64 KiB, made once.
pub(super) static CLASSES: LazyLock<Classes> = LazyLock::new(Classes::new);

impl Classes {
    fn new() -> Self {
        const { assert!(READERS.len() <= u32::BITS as usize) };
        let mut sets = vec![0_u32];
        let mut of = vec![0_u8; 0x1_0000].into_boxed_slice();
        for (class, c) in of.iter_mut().zip(0_u32..) {
            let Some(c) = char::from_u32(c) else { continue };
            let set = (0_u32..)
                .zip(READERS)
                .filter(|(_, reader)| (reader.begins)(c))
                .fold(0, |set, (bit, _)| set | 1 << bit);
            let known = sets.iter().position(|known| *known == set).unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            });
            // Readers share their beginnings: there are a few dozen classes.
            *class = u8::try_from(known).expect("at most 256 different sets of readers");
        }
        Self { of, sets }
    }

    /// The class of a character. Beyond the basic plane nothing begins.
    #[inline]
    pub(super) fn of(&self, c: char) -> usize {
        self.of.get(c as usize).map_or(0, |class| usize::from(*class))
    }
}
