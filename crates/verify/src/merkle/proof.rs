//! Inclusion and consistency proofs: made from a store of complete nodes, checked from nothing but hashes.
//!
//! Making follows the recursive definitions of RFC 6962 §2.1.1 and §2.1.2 over `O(log n)` nodes; checking
//! follows the loops of RFC 9162 §2.1.3.2 and §2.1.4.2.

use super::TreeHash;

/// Something that knows complete nodes of a tree.
pub trait Nodes {
    /// Why a node cannot be had.
    type Error;

    /// The complete node at `(level, index)`.
    fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, Self::Error>;
}

/// The root of the tree of the first `size` leaves.
pub fn root<N: Nodes>(nodes: &mut N, size: u64) -> Result<TreeHash, N::Error> {
    if size == 0 { Ok(TreeHash::of_empty_tree()) } else { range(nodes, 0, size) }
}

/// The inclusion proof `PATH(index, D[size])`, lowest sibling first; empty when `index` is not below `size`.
pub fn inclusion_path<N: Nodes>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Vec<TreeHash>, N::Error> {
    let mut path = Vec::new();
    let (mut start, mut length) = (0, size);
    while index < size && length > 1 {
        let split = split(length);
        if index - start < split {
            path.push(range(nodes, start + split, length - split)?);
            length = split;
        } else {
            path.push(range(nodes, start, split)?);
            start += split;
            length -= split;
        }
    }
    path.reverse();
    Ok(path)
}

/// The consistency proof `PROOF(old, D[new])`: that the tree of `new` leaves begins with the tree of `old`.
/// Empty when there is nothing to prove (`old` is zero or not below `new`).
pub fn consistency_path<N: Nodes>(
    nodes: &mut N,
    old: u64,
    new: u64,
) -> Result<Vec<TreeHash>, N::Error> {
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return Ok(path);
    }
    let (mut start, mut length) = (0, new);
    while old - start != length {
        let split = split(length);
        if old - start <= split {
            path.push(range(nodes, start + split, length - split)?);
            length = split;
        } else {
            path.push(range(nodes, start, split)?);
            start += split;
            length -= split;
        }
    }
    if start != 0 {
        path.push(range(nodes, start, length)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` proves that `leaf` is entry `index` of the tree of `size` leaves with `root`.
#[must_use]
pub fn verify_inclusion(
    leaf: TreeHash,
    index: u64,
    size: u64,
    path: &[TreeHash],
    root: TreeHash,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = TreeHash::of_node(*sibling, hash);
            // Not zero here: an even node equals `last`, and that is not zero.
            let up = node.trailing_zeros();
            node >>= up;
            last >>= up;
        } else {
            hash = TreeHash::of_node(hash, *sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `path` proves that the tree of `new_size` leaves with `new_root` begins with the tree of `old_size`
/// leaves with `old_root`.
#[must_use]
pub fn verify_consistency(
    old_size: u64,
    old_root: TreeHash,
    new_size: u64,
    new_root: TreeHash,
    path: &[TreeHash],
) -> bool {
    if old_size >= new_size {
        return old_size == new_size && old_root == new_root && path.is_empty();
    }
    if old_size == 0 {
        return old_root == TreeHash::of_empty_tree() && path.is_empty();
    }
    let (seed, path) = if old_size.is_power_of_two() {
        (old_root, path)
    } else {
        let Some((first, rest)) = path.split_first() else { return false };
        (*first, rest)
    };
    let up = (old_size - 1).trailing_ones();
    let (mut node, mut last) = ((old_size - 1) >> up, (new_size - 1) >> up);
    let (mut old, mut new) = (seed, seed);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old = TreeHash::of_node(*sibling, old);
            new = TreeHash::of_node(*sibling, new);
            let up = node.trailing_zeros();
            node >>= up;
            last >>= up;
        } else {
            new = TreeHash::of_node(new, *sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old == old_root && new == new_root
}

/// The largest power of two below `length`, which must be at least 2.
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

/// The hash of the `length` leaves from `start`, which is a multiple of the largest power of two in `length`.
fn range<N: Nodes>(nodes: &mut N, start: u64, length: u64) -> Result<TreeHash, N::Error> {
    if length.is_power_of_two() {
        let level = length.ilog2();
        return nodes.node(level, start >> level);
    }
    let split = split(length);
    let left = range(nodes, start, split)?;
    Ok(TreeHash::of_node(left, range(nodes, start + split, length - split)?))
}

/// RFC 6962 §2.1 to the letter over plain slices: slow, and the measure of everything else.
#[cfg(test)]
pub(super) mod naive {
    use super::{Nodes, TreeHash};

    pub(in crate::merkle) struct Slice<'a>(pub &'a [TreeHash]);

    impl Nodes for Slice<'_> {
        type Error = ();

        fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, ()> {
            let start = usize::try_from(index << level).map_err(drop)?;
            self.0.get(start..start + (1 << level)).map(root).ok_or(())
        }
    }

    pub(in crate::merkle) fn leaves(count: usize) -> Vec<TreeHash> {
        (0..count).map(|n| TreeHash::of_leaf(&n.to_be_bytes())).collect()
    }

    fn split(length: usize) -> usize {
        let mut split = 1;
        while split * 2 < length {
            split *= 2;
        }
        split
    }

    pub(in crate::merkle) fn root(leaves: &[TreeHash]) -> TreeHash {
        match leaves {
            [] => TreeHash::of_empty_tree(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                TreeHash::of_node(root(left), root(right))
            }
        }
    }

    pub(in crate::merkle) fn inclusion(index: usize, leaves: &[TreeHash]) -> Vec<TreeHash> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        let (mut path, sibling) = match index.checked_sub(left.len()) {
            None => (inclusion(index, left), root(right)),
            Some(index) => (inclusion(index, right), root(left)),
        };
        path.push(sibling);
        path
    }

    pub(in crate::merkle) fn consistency(
        old: usize,
        leaves: &[TreeHash],
        whole: bool,
    ) -> Vec<TreeHash> {
        if old == leaves.len() {
            return if whole { Vec::new() } else { vec![root(leaves)] };
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        if old <= left.len() {
            let mut path = consistency(old, left, whole);
            path.push(root(right));
            path
        } else {
            let mut path = consistency(old - left.len(), right, false);
            path.push(root(left));
            path
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        naive::{Slice, leaves},
        *,
    };

    fn hex(hash: TreeHash) -> String {
        use std::fmt::Write as _;
        hash.0.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// The inputs and roots of the reference tests that Certificate Transparency implementations share
    /// (`merkle_tree_test` of the certificate-transparency project, RFC 6962 tree).
    #[test]
    fn the_known_vectors_hold() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let all: Vec<_> = inputs.iter().map(|input| TreeHash::of_leaf(input)).collect();
        for (size, expected) in roots.iter().enumerate() {
            assert_eq!(hex(root(&mut Slice(&all), size as u64).unwrap()), *expected, "size {size}");
        }
        let path = inclusion_path(&mut Slice(&all), 5, 8).unwrap();
        assert_eq!(
            path.into_iter().map(hex).collect::<Vec<_>>(),
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
        let path = consistency_path(&mut Slice(&all), 6, 8).unwrap();
        assert_eq!(
            path.into_iter().map(hex).collect::<Vec<_>>(),
            [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }

    #[test]
    fn every_proof_of_every_small_tree_is_the_one_of_the_rfc_and_verifies() {
        let all = leaves(70);
        for size in 1..=all.len() {
            let tree = &all[..size];
            let whole = naive::root(tree);
            for (index, leaf) in tree.iter().enumerate() {
                let path = inclusion_path(&mut Slice(tree), index as u64, size as u64).unwrap();
                assert_eq!(path, naive::inclusion(index, tree));
                assert!(verify_inclusion(*leaf, index as u64, size as u64, &path, whole));
            }
            for old in 1..size {
                let path = consistency_path(&mut Slice(tree), old as u64, size as u64).unwrap();
                assert_eq!(path, naive::consistency(old, tree, true));
                let before = naive::root(&all[..old]);
                assert!(verify_consistency(old as u64, before, size as u64, whole, &path));
            }
        }
    }

    #[test]
    fn trees_of_nothing_are_consistent_only_with_an_empty_proof() {
        let empty = TreeHash::of_empty_tree();
        let one = leaves(1)[0];
        assert!(verify_consistency(0, empty, 1, one, &[]));
        assert!(!verify_consistency(0, one, 1, one, &[]));
        assert!(!verify_consistency(0, empty, 1, one, &[one]));
        assert!(!verify_consistency(2, one, 1, one, &[]));
        assert!(!verify_inclusion(one, 0, 0, &[], empty));
    }

    proptest! {
        #[test]
        fn a_proof_proves_nothing_else(
            size in 2_usize..200, index in 0_usize..200, old in 1_usize..200,
            other in 0_usize..200, position in 0_usize..20, bit in 0_usize..256,
        ) {
            let (index, other, old) = (index % size, other % size, 1 + old % (size - 1).max(1));
            let all = leaves(size);
            let whole = naive::root(&all);
            let wide = |number: usize| number as u64;

            let path = inclusion_path(&mut Slice(&all), wide(index), wide(size)).unwrap();
            prop_assert_eq!(
                verify_inclusion(all[index], wide(other), wide(size), &path, whole), other == index
            );
            prop_assert_eq!(
                verify_inclusion(all[other], wide(index), wide(size), &path, whole), other == index
            );
            let mut bent = path.clone();
            let hit = position % bent.len();
            bent[hit].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_inclusion(all[index], wide(index), wide(size), &bent, whole));
            prop_assert!(!verify_inclusion(all[index], wide(index), wide(size), &path[1..], whole));
            let longer = [path.as_slice(), &[whole]].concat();
            prop_assert!(!verify_inclusion(all[index], wide(index), wide(size), &longer, whole));

            if old < size {
                let before = naive::root(&all[..old]);
                let path = consistency_path(&mut Slice(&all), wide(old), wide(size)).unwrap();
                let mut bent = path.clone();
                let hit = position % bent.len();
                bent[hit].0[bit / 8] ^= 1 << (bit % 8);
                prop_assert!(!verify_consistency(wide(old), before, wide(size), whole, &bent));
                prop_assert!(!verify_consistency(wide(old), whole, wide(size), whole, &path));
                prop_assert!(!verify_consistency(wide(old), before, wide(size), before, &path));
                prop_assert!(!verify_consistency(wide(old), before, wide(size), whole, &path[1..]));
                let longer = [path.as_slice(), &[whole]].concat();
                prop_assert!(!verify_consistency(wide(old), before, wide(size), whole, &longer));
            }
        }

        #[test]
        fn checking_any_numbers_and_hashes_ends_quietly(
            a in any::<u64>(), b in any::<u64>(), count in 0_usize..80,
        ) {
            let path = leaves(count);
            let zero = TreeHash([0; 32]);
            prop_assert!(!verify_inclusion(zero, a, b, &path, zero));
            if a != b {
                prop_assert!(!verify_consistency(a, zero, b, zero, &path));
            }
        }
    }
}
