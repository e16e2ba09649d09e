//! Where a log's hashes and entries lie in tiles (C2SP `tlog-tiles`): pure arithmetic over tree sizes.
//!
//! A hash tile holds up to 256 hashes of one level; tiles of the level above hold the roots of full tiles. An
//! entry bundle holds up to 256 entries, each behind its length.

use std::fmt;

use crate::{
    VerifyError,
    merkle::{Nodes, TreeHash},
};

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// Levels of the tree that one level of tiles spans.
pub const TILE_HEIGHT: u32 = 8;

/// The most levels of tiles that a log of 2^64 entries could have.
pub const TILE_LEVELS: u32 = 8;

/// What lies in a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Entries: the bundles beside the tiles of level 0.
    Entries,
    /// Hashes of this level of tiles, from 0.
    Hashes(u32),
}

/// One tile: its kind, its number from 0, and how many of its 256 places are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What lies in it.
    pub kind: TileKind,
    /// Its number among those of its kind.
    pub number: u64,
    /// How many places are filled, from 1 to 256.
    pub width: u32,
}

impl Tile {
    /// A full tile.
    pub fn full(kind: TileKind, number: u64) -> Self {
        Self { kind, number, width: 256 }
    }

    /// The tile as it is in a log of `size` entries; none where nothing is in it yet.
    pub fn of(kind: TileKind, number: u64, size: u64) -> Option<Self> {
        let level = match kind {
            TileKind::Entries => 0,
            TileKind::Hashes(level) => level,
        };
        let filled = complete(level, size).checked_sub(number.checked_mul(TILE_WIDTH)?)?;
        let width = u32::try_from(filled.min(TILE_WIDTH)).ok().filter(|width| *width > 0)?;
        Some(Self { kind, number, width })
    }

    /// Whether all 256 places are filled.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// The partial tiles at the right edge of a log of `size` entries, from the lowest level up; with hashes, of
    /// a bundle with the same number and width as the tile of level 0 as well.
    pub fn partials(size: u64) -> impl Iterator<Item = Self> {
        (0..TILE_LEVELS).filter_map(move |level| {
            let filled = complete(level, size);
            Self::of(TileKind::Hashes(level), filled / TILE_WIDTH, size)
        })
    }
}

/// Hashes of this level of tiles that a log of `size` entries has.
pub fn complete(level: u32, size: u64) -> u64 {
    size.checked_shr(level * TILE_HEIGHT).unwrap_or(0)
}

impl fmt::Display for Tile {
    /// The path below the log's prefix, such as `tile/0/x001/x234/067` or `tile/entries/000.p/17`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries")?,
            TileKind::Hashes(level) => write!(f, "tile/{level}")?,
        }
        let mut groups = [0; 7];
        let (mut rest, mut count) = (self.number, 0);
        loop {
            groups[count] = rest % 1000;
            rest /= 1000;
            count += 1;
            if rest == 0 {
                break;
            }
        }
        for group in groups[1..count].iter().rev() {
            write!(f, "/x{group:03}")?;
        }
        write!(f, "/{:03}", groups[0])?;
        if !self.is_full() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Tile {
    type Err = VerifyError;

    /// Reads a path; only the one that is written for a tile is taken.
    fn from_str(path: &str) -> Result<Self, VerifyError> {
        let bad = || VerifyError::malformed("tile path", path);
        let body = path.strip_prefix("tile/").ok_or_else(bad)?;
        let (kind, rest) = body.split_once('/').ok_or_else(bad)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().map_err(|_| bad())?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().map_err(|_| bad())?),
            None => (rest, 256),
        };
        let number = number.split('/').try_fold(0_u64, |number, part| {
            let digits = part.strip_prefix('x').unwrap_or(part);
            number.checked_mul(1000)?.checked_add(digits.parse().ok()?)
        });
        let tile = Self { kind, number: number.ok_or_else(bad)?, width };
        if (1..=256).contains(&width) && tile.to_string() == path { Ok(tile) } else { Err(bad()) }
    }
}

/// The root of the `hashes` of a tile, whose number must be a power of two: what the level above says of a full
/// tile, or a node inside one.
pub fn fold(hashes: &[TreeHash]) -> TreeHash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => TreeHash::of_node(*left, *right),
                [lone] => *lone,
                _ => unreachable!("chunks of two have one or two"),
            })
            .collect();
    }
    row.first().copied().unwrap_or_else(TreeHash::of_empty_tree)
}

/// The nodes of a log of `size` entries, read out of its hash tiles.
///
/// The last tile of each level is kept, so that a proof reads each tile once: at most two a level.
pub struct TileNodes<F> {
    size: u64,
    read: F,
    kept: Vec<Option<(u64, Vec<TreeHash>)>>,
}

impl<E, F: FnMut(Tile) -> Result<Vec<TreeHash>, E>> TileNodes<F> {
    /// Reads tiles of a log of `size` entries with `read`, which must give as many hashes as the tile is wide.
    pub fn new(size: u64, read: F) -> Self {
        Self { size, read, kept: Vec::new() }
    }
}

impl<E: From<VerifyError>, F: FnMut(Tile) -> Result<Vec<TreeHash>, E>> Nodes for TileNodes<F> {
    type Error = E;

    fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, E> {
        let (tiles, inner) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let missing = || E::from(VerifyError::unproven("a tile is missing hashes"));
        let start = index.checked_mul(1 << inner).ok_or_else(missing)?;
        let (number, count) = (start / TILE_WIDTH, 1_usize << inner);
        let slot = tiles as usize;
        if self.kept.len() <= slot {
            self.kept.resize(slot + 1, None);
        }
        if self.kept[slot].as_ref().is_none_or(|(kept, _)| *kept != number) {
            let tile = Tile::of(TileKind::Hashes(tiles), number, self.size).ok_or_else(missing)?;
            self.kept[slot] = Some((number, (self.read)(tile)?));
        }
        let at = usize::try_from(start % TILE_WIDTH).map_err(|_| missing())?;
        let hashes = self.kept[slot].as_ref().and_then(|(_, hashes)| hashes.get(at..at + count));
        Ok(fold(hashes.ok_or_else(missing)?))
    }
}

/// The hashes in the bytes of a hash tile.
///
/// # Errors
/// [`VerifyError::Malformed`] when there are not `width` of them.
pub fn hashes(bytes: &[u8], width: u32) -> Result<Vec<TreeHash>, VerifyError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if hashes.len() == width as usize && rest.is_empty() {
        Ok(hashes.iter().map(|hash| TreeHash(*hash)).collect())
    } else {
        let why = format!("{} bytes are not {width} hashes", bytes.len());
        Err(VerifyError::malformed("hash tile", why))
    }
}

/// The entries in the bytes of a bundle, one after the other, until the end or a length that leads beyond it.
pub struct BundleEntries<'a> {
    rest: &'a [u8],
}

impl<'a> BundleEntries<'a> {
    /// Reads from the beginning of a bundle, or from between two entries.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that are not yet read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for BundleEntries<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.rest = rest;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::merkle::{Frontier, Growth, inclusion_path, root, verify_inclusion};

    #[test]
    fn paths_are_those_of_the_specification() {
        let hashes = TileKind::Hashes(0);
        let full = |kind, number| Tile::full(kind, number).to_string();
        assert_eq!(full(hashes, 1_234_067), "tile/0/x001/x234/067");
        assert_eq!(full(TileKind::Entries, 0), "tile/entries/000");
        assert_eq!(full(TileKind::Hashes(3), 1000), "tile/3/x001/000");
        let part = Tile { kind: TileKind::Entries, number: 999, width: 7 };
        assert_eq!(part.to_string(), "tile/entries/999.p/7");
        for odd in [
            "",
            "tile",
            "tile/0",
            "tile/0/1",
            "tile/0/0001",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/00/001",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/01",
            "tile/-1/001",
            "tile/0/+01",
            "tile/0/001.p",
            "/tile/0/001",
        ] {
            assert!(odd.parse::<Tile>().is_err(), "{odd}");
        }
    }

    /// The example of the specification: a log of 70,000 entries.
    #[test]
    fn a_log_of_seventy_thousand_has_the_tiles_of_the_specification() {
        let partials: Vec<_> = Tile::partials(70_000).map(|tile| tile.to_string()).collect();
        assert_eq!(partials, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
        let of = |level, number| Tile::of(TileKind::Hashes(level), number, 70_000);
        assert!(of(0, 272).unwrap().is_full() && of(1, 0).unwrap().is_full());
        assert_eq!(of(0, 274), None);
        assert_eq!(
            Tile::partials(256).map(|tile| tile.to_string()).collect::<Vec<_>>(),
            ["tile/1/000.p/1"]
        );
        assert_eq!(Tile::partials(0).count(), 0);
    }

    /// Slowly: the hash of a tile's place is the root over the leaves below it.
    fn slow(level: u32, place: u64, leaves: &[TreeHash]) -> TreeHash {
        let span = usize::try_from(TILE_WIDTH.pow(level)).unwrap();
        let start = usize::try_from(place).unwrap() * span;
        let mut frontier = Frontier::default();
        frontier.extend(&leaves[start..start + span], &mut Growth::default());
        frontier.root()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn proofs_out_of_tiles_are_those_of_the_tree(size in 1_u64..2000, index in 0_u64..2000) {
            let index = index % size;
            let leaves: Vec<_> = (0..size).map(|n| TreeHash::of_leaf(&n.to_be_bytes())).collect();
            let mut reads: HashMap<Tile, u32> = HashMap::new();
            let mut nodes = TileNodes::new(size, |tile: Tile| {
                *reads.entry(tile).or_default() += 1;
                let TileKind::Hashes(level) = tile.kind else { unreachable!() };
                let first = tile.number * TILE_WIDTH;
                Ok::<_, VerifyError>((first..first + u64::from(tile.width))
                    .map(|place| slow(level, place, &leaves))
                    .collect())
            });
            let mut frontier = Frontier::default();
            frontier.extend(&leaves, &mut Growth::default());
            prop_assert_eq!(root(&mut nodes, size).unwrap(), frontier.root());
            let path = inclusion_path(&mut nodes, index, size).unwrap();
            let leaf = leaves[usize::try_from(index).unwrap()];
            prop_assert!(verify_inclusion(leaf, index, size, &path, frontier.root()));
            drop(nodes);
            prop_assert!(reads.values().sum::<u32>() <= 8, "{:?}", reads);
        }

        #[test]
        fn widths_are_those_of_the_definition(size in 0_u64..70_000, level in 0_u32..4) {
            let count = size / TILE_WIDTH.pow(level);
            for number in [0, count / 256, count / 256 + 1, count.saturating_sub(1) / 256] {
                let width = (number * 256..(number + 1) * 256).filter(|place| *place < count).count();
                let tile = Tile::of(TileKind::Hashes(level), number, size);
                prop_assert_eq!(tile.map_or(0, |tile| tile.width as usize), width);
            }
            let partial = Tile::partials(size)
                .find(|tile| tile.kind == TileKind::Hashes(level))
                .map_or(0, |tile| u64::from(tile.width));
            prop_assert_eq!(partial, count % 256);
        }

        #[test]
        fn paths_are_read_back(number in any::<u64>(), width in 1_u32..=256, level in 0_u32..8) {
            for kind in [TileKind::Entries, TileKind::Hashes(level)] {
                let tile = Tile { kind, number, width };
                prop_assert_eq!(tile.to_string().parse::<Tile>().unwrap(), tile);
            }
        }

        #[test]
        fn any_bytes_are_read_as_a_bundle_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut entries = BundleEntries::new(&bytes);
            let read: usize = entries.by_ref().map(|entry| entry.len() + 2).sum();
            prop_assert_eq!(read + entries.rest().len(), bytes.len());
        }
    }

    #[test]
    fn a_fold_is_the_root() {
        let leaves: Vec<_> = (0..8_u8).map(|n| TreeHash::of_leaf(&[n])).collect();
        let mut frontier = Frontier::default();
        frontier.extend(&leaves, &mut Growth::default());
        assert_eq!(fold(&leaves), frontier.root());
    }
}
