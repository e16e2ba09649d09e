//! The tree, computed upwards from the entries and compared with the tiles on the way.

use std::path::Path;

use yumen_verify::{
    merkle::{self, TreeHash},
    tile::{self, TILE_LEVELS, TILE_WIDTH, Tile, TileKind, TileNodes},
};

use super::{
    bundle,
    report::{Problem, Report},
};
use crate::{LedgerError, tiles};

pub(super) struct Tree<'a> {
    dir: &'a Path,
    size: u64,
    /// What the checkpoint says.
    root: Option<TreeHash>,
    /// By level of tiles above the lowest: the hashes of the tile that is being filled from below.
    above: Vec<Vec<TreeHash>>,
    /// The hashes of the partial tiles at the right edge, as they are believed to be.
    edge: Vec<(Tile, Vec<TreeHash>)>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(dir: &'a Path, size: u64, root: Option<TreeHash>) -> Self {
        let above = vec![Vec::new(); TILE_LEVELS as usize + 1];
        Self { dir, size, root, above, edge: Vec::new() }
    }

    /// The hashes in a tile; none when it is missing or of a wrong length.
    pub(super) fn stored(&self, tile: Tile) -> Result<Option<Vec<TreeHash>>, LedgerError> {
        match tiles::read_hashes(self.dir, tile) {
            Ok(hashes) => Ok(Some(hashes)),
            Err(LedgerError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Err(error @ LedgerError::Io { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Takes in the leaf hashes of a bundle; for each whether the entry, rather than the tile, was changed.
    pub(super) fn leaves(
        &mut self,
        bundle: Tile,
        leaves: Vec<TreeHash>,
        report: &mut Report,
    ) -> Result<Vec<bool>, LedgerError> {
        self.fill(Tile { kind: TileKind::Hashes(0), ..bundle }, leaves, report)
    }

    /// Goes on with what the tile says where a bundle is missing.
    pub(super) fn missing(&mut self, bundle: Tile, report: &mut Report) -> Result<(), LedgerError> {
        let tile = Tile { kind: TileKind::Hashes(0), ..bundle };
        let stored = self.stored(tile)?.unwrap_or_default();
        self.fill(tile, stored, report).map(drop)
    }

    /// Compares the hashes computed for a tile with those in it, and goes on with those that are believed.
    fn fill(
        &mut self,
        tile: Tile,
        computed: Vec<TreeHash>,
        report: &mut Report,
    ) -> Result<Vec<bool>, LedgerError> {
        let TileKind::Hashes(level) = tile.kind else { return Ok(Vec::new()) };
        let span = TILE_WIDTH.pow(level);
        let first = tile.number * TILE_WIDTH * span;
        let (mut blamed, mut believed) = (Vec::new(), computed);
        match self.stored(tile)? {
            None => {
                report.add(Problem::Tile { file: tile.to_string(), place: None, index: first });
            }
            Some(stored) if stored != believed => {
                let (tile_ok, below_ok) = (self.fits(tile, &stored)?, self.fits(tile, &believed)?);
                blamed = stored.iter().zip(&believed).map(|(a, b)| a != b).collect();
                if !tile_ok {
                    for place in (0..blamed.len()).filter(|place| blamed[*place]) {
                        let index = first + place as u64 * span;
                        let file = tile.to_string();
                        report.add(Problem::Tile { file, place: Some(place), index });
                    }
                }
                if below_ok && !tile_ok {
                    blamed.clear();
                } else {
                    if level > 0 {
                        // Both the tile below and what it covers were changed to fit each other.
                        for place in (0..blamed.len()).filter(|place| blamed[*place]) {
                            let number = tile.number * TILE_WIDTH + place as u64;
                            let file = Tile::full(TileKind::Hashes(level - 1), number).to_string();
                            let index = first + place as u64 * span;
                            report.add(Problem::Tile { file, place: None, index });
                        }
                    }
                    believed = stored;
                }
            }
            Some(_) => {}
        }
        if tile.is_full() {
            self.above[level as usize + 1].push(tile::fold(&believed));
            if self.above[level as usize + 1].len() as u64 == TILE_WIDTH {
                let hashes = std::mem::take(&mut self.above[level as usize + 1]);
                let number = tile.number / TILE_WIDTH;
                self.fill(Tile::full(TileKind::Hashes(level + 1), number), hashes, report)?;
            }
        } else {
            let bytes = believed.iter().flat_map(|hash| hash.0).collect::<Vec<_>>();
            bundle::narrower(self.dir, tile, &bytes, report)?;
            self.edge.push((tile, believed));
        }
        Ok(blamed)
    }

    /// Whether these hashes of a tile fit what stands above it: the hash in the next tile, or the signed root.
    fn fits(&self, tile: Tile, hashes: &[TreeHash]) -> Result<bool, LedgerError> {
        let TileKind::Hashes(level) = tile.kind else { return Ok(false) };
        if hashes.len() != tile.width as usize {
            return Ok(false);
        }
        if !tile.is_full() {
            let root = self.root_with(Some((tile, hashes)))?;
            return Ok(root.is_some() && root == self.root);
        }
        let above = TileKind::Hashes(level + 1);
        let Some(parent) = Tile::of(above, tile.number / TILE_WIDTH, self.size) else {
            return Ok(false);
        };
        let place = usize::try_from(tile.number % TILE_WIDTH).unwrap_or(usize::MAX);
        let stored = self.stored(parent)?;
        let parent = stored.as_ref().and_then(|hashes| hashes.get(place));
        Ok(parent == Some(&tile::fold(hashes)))
    }

    /// The root of the log out of its tiles, with other hashes in the place of one of them.
    fn root_with(
        &self,
        other: Option<(Tile, &[TreeHash])>,
    ) -> Result<Option<TreeHash>, LedgerError> {
        let mut nodes = TileNodes::new(self.size, |tile: Tile| match other {
            Some((instead, hashes)) if instead == tile => Ok(hashes.to_vec()),
            _ => tiles::read_hashes(self.dir, tile),
        });
        match merkle::root(&mut nodes, self.size) {
            Ok(root) => Ok(Some(root)),
            Err(LedgerError::Io { source, .. })
                if source.kind() != std::io::ErrorKind::NotFound =>
            {
                Err(LedgerError::io("read", self.dir)(source))
            }
            Err(_) => Ok(None),
        }
    }

    /// The root over everything that is believed.
    pub(super) fn finish(&mut self, report: &mut Report) -> Result<TreeHash, LedgerError> {
        for level in 1..=TILE_LEVELS {
            let hashes = std::mem::take(&mut self.above[level as usize]);
            let kind = TileKind::Hashes(level);
            let number = tile::complete(level, self.size) / TILE_WIDTH;
            if let Some(tile) = Tile::of(kind, number, self.size) {
                self.fill(tile, hashes, report)?;
            }
        }
        let edge = std::mem::take(&mut self.edge);
        let mut nodes = TileNodes::new(self.size, |tile: Tile| {
            let known = edge.iter().find(|(known, _)| *known == tile);
            let known = known.map(|(_, hashes)| hashes.clone());
            known.ok_or_else(|| LedgerError::unproven("a tile is missing hashes"))
        });
        // A tile of too few hashes has been reported; its root is no root.
        Ok(merkle::root(&mut nodes, self.size).unwrap_or(TreeHash([0; 32])))
    }
}
