//! The folding of every character of the basic plane in one look-up, made once from the rules.
//!
//! Two bytes for each character, 128 KB. What a text uses of it lies in a few kilobytes: Latin in the first lines, the
//! common Chinese characters spread over forty.

use std::sync::LazyLock;

use super::fold::fold_slowly;

/// What a character folds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folded {
    /// One character.
    To(char),
    /// Nothing.
    Away,
    /// Several characters, or one outside the basic plane: the rules are to be asked.
    Rarely,
}

/// Stands for [`Folded::Away`]: NUL itself folds away, and nothing folds to it.
const AWAY: u16 = 0;

/// Stands for [`Folded::Rarely`]: a surrogate is no character.
const RARELY: u16 = 0xd800;

pub(super) struct Table {
    plane: Box<[u16]>,
}

impl Table {
    #[inline]
    pub(super) fn get(&self, c: char) -> Folded {
        match self.plane.get(c as usize) {
            Some(&AWAY) => Folded::Away,
            Some(folded) => char::from_u32(u32::from(*folded)).map_or(Folded::Rarely, Folded::To),
            None => Folded::Rarely,
        }
    }
}

/// The table; the first call makes it, in some milliseconds.
#[inline]
pub(super) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(make);
    &TABLE
}

fn make() -> Table {
    let mut plane = vec![RARELY; 0x1_0000].into_boxed_slice();
    for (slot, code) in plane.iter_mut().zip(0_u32..) {
        let Some(c) = char::from_u32(code) else { continue };
        let (mut first, mut count) = (None, 0);
        fold_slowly(c, &mut |folded| {
            first.get_or_insert(folded);
            count += 1;
        });
        *slot = match (first, count) {
            (None, _) => AWAY,
            (Some(folded), 1) => u16::try_from(u32::from(folded)).unwrap_or(RARELY),
            _ => RARELY,
        };
    }
    Table { plane }
}
