//! Growing the tree by whole batches while remembering only its right edge.
//!
//! The frontier holds one complete node per set bit of the size. A batch of `k` leaves is folded in with about
//! `k` hashes; every inclusion proof of the batch can then be read off [`Growth`] without another hash.

use super::TreeHash;

/// The right edge of a tree: enough to add leaves and to compute the root, at any size in O(log n) memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// By level: the complete node that ends at `size`, present exactly where `size` has a set bit.
    peaks: Vec<Option<TreeHash>>,
}

impl Frontier {
    /// The frontier of a tree of `size` leaves, asking `node` for the complete node at each `(level, index)`.
    pub fn load<E>(
        size: u64,
        mut node: impl FnMut(u32, u64) -> Result<TreeHash, E>,
    ) -> Result<Self, E> {
        let peaks = (0..levels(size))
            .map(|level| {
                let end = size >> level;
                (end & 1 == 1).then(|| node(level, end - 1)).transpose()
            })
            .collect::<Result<_, E>>()?;
        Ok(Self { size, peaks })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().flatten();
        match peaks.next() {
            None => TreeHash::of_empty_tree(),
            Some(lowest) => peaks.fold(*lowest, |right, left| TreeHash::of_node(*left, right)),
        }
    }

    /// Adds `leaves` and writes everything they added into `growth`, whose buffers are reused.
    pub fn extend(&mut self, leaves: &[TreeHash], growth: &mut Growth) {
        growth.begin(self, leaves);
        if !leaves.is_empty() {
            growth.fold();
            growth.advance(self);
        }
        growth.root = self.root();
    }
}

/// What one batch of leaves added to the tree: its complete and passing nodes, the root, and every proof.
#[derive(Debug, Clone)]
pub struct Growth {
    first: u64,
    size: u64,
    root: TreeHash,
    /// The peaks before the batch.
    left: Vec<Option<TreeHash>>,
    /// By level: the nodes from index `first >> level` to the last one; the last may be incomplete.
    nodes: Vec<Vec<TreeHash>>,
}

impl Default for Growth {
    fn default() -> Self {
        let root = TreeHash::of_empty_tree();
        Self { first: 0, size: 0, root, left: Vec::new(), nodes: Vec::new() }
    }
}

impl Growth {
    /// Index of the first leaf of the batch.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Number of leaves in the tree after the batch.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root after the batch.
    pub fn root(&self) -> TreeHash {
        self.root
    }

    /// The inclusion proof (RFC 6962 §2.1.1) of the leaf `index` in the tree after the batch, lowest sibling
    /// first; `None` when the leaf is not of this batch.
    pub fn inclusion(&self, index: u64) -> Option<Vec<TreeHash>> {
        if index < self.first || index >= self.size {
            return None;
        }
        let depth = levels(self.size - 1);
        let mut path = Vec::with_capacity(depth as usize);
        for level in 0..depth {
            let sibling = (index >> level) ^ 1;
            if sibling <= (self.size - 1) >> level {
                path.push(self.node(level, sibling)?);
            }
        }
        Some(path)
    }

    /// The nodes that the leaf `index` of this batch completed, from the leaf itself upwards.
    pub fn completed(&self, index: u64) -> impl Iterator<Item = TreeHash> + '_ {
        let end = index + 1;
        (0..=end.trailing_zeros()).map_while(move |level| self.node(level, (end >> level) - 1))
    }

    fn begin(&mut self, before: &Frontier, leaves: &[TreeHash]) {
        self.first = before.size;
        self.size = before.size + leaves.len() as u64;
        self.left.clone_from(&before.peaks);
        self.nodes.iter_mut().for_each(Vec::clear);
        if self.nodes.is_empty() {
            self.nodes.push(Vec::new());
        }
        self.nodes[0].extend_from_slice(leaves);
    }

    fn fold(&mut self) {
        for level in 0..levels(self.size - 1) {
            let depth = level as usize;
            if self.nodes.len() == depth + 1 {
                self.nodes.push(Vec::new());
            }
            let (below, above) = self.nodes.split_at_mut(depth + 1);
            let (mut rest, above) = (below[depth].as_slice(), &mut above[0]);
            if (self.first >> level) & 1 == 1
                && let (Some(Some(left)), Some((right, others))) =
                    (self.left.get(depth), rest.split_first())
            {
                above.push(TreeHash::of_node(*left, *right));
                rest = others;
            }
            let (pairs, lone) = rest.as_chunks::<2>();
            above.extend(pairs.iter().map(|[left, right]| TreeHash::of_node(*left, *right)));
            above.extend(lone);
        }
    }

    fn advance(&self, frontier: &mut Frontier) {
        frontier.size = self.size;
        frontier.peaks.clear();
        frontier.peaks.extend((0..levels(self.size)).map(|level| {
            let end = self.size >> level;
            (end & 1 == 1).then(|| self.node(level, end - 1)).flatten()
        }));
    }

    /// A node of the batch, or the old peak just left of it.
    fn node(&self, level: u32, index: u64) -> Option<TreeHash> {
        let start = self.first >> level;
        match index.checked_sub(start) {
            Some(offset) => {
                self.nodes.get(level as usize)?.get(usize::try_from(offset).ok()?).copied()
            }
            None if index + 1 == start => self.left.get(level as usize).copied().flatten(),
            None => None,
        }
    }
}

/// How many bits `number` needs.
fn levels(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::{
        proof::naive::{self, leaves},
        verify_inclusion,
    };

    proptest! {
        #[test]
        fn batches_of_any_size_grow_the_tree_of_rfc_6962(
            batches in prop::collection::vec(0_usize..40, 0..12),
        ) {
            let all = leaves(batches.iter().sum());
            let mut frontier = Frontier::default();
            let mut growth = Growth::default();
            let mut done = 0;
            for batch in batches {
                frontier.extend(&all[done..done + batch], &mut growth);
                let first = done;
                done += batch;
                prop_assert_eq!(growth.root(), naive::root(&all[..done]));
                prop_assert_eq!(frontier.root(), growth.root());
                prop_assert_eq!((growth.first(), growth.size()), (first as u64, done as u64));
                for index in first..done {
                    let path = growth.inclusion(index as u64).unwrap();
                    prop_assert_eq!(&path, &naive::inclusion(index, &all[..done]));
                    prop_assert!(verify_inclusion(
                        all[index], index as u64, done as u64, &path, growth.root(),
                    ));
                    let completed: Vec<_> = growth.completed(index as u64).collect();
                    let expected: Vec<_> = (0..=(index + 1).trailing_zeros())
                        .map(|level| naive::root(&all[index + 1 - (1 << level)..=index]))
                        .collect();
                    prop_assert_eq!(completed, expected);
                }
                prop_assert_eq!(growth.inclusion(done as u64), None);
                let loaded = Frontier::load(done as u64, |level, index| {
                    let start = usize::try_from(index).unwrap() << level;
                    Ok::<_, ()>(naive::root(&all[start..start + (1 << level)]))
                });
                prop_assert_eq!(loaded.unwrap(), frontier.clone());
            }
        }
    }
}
