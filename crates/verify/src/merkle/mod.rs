//! The Merkle tree of RFC 6962 §2.1, without any I/O: hashes in, hashes and proofs out.
//!
//! Nodes are addressed as `(level, index)`: level 0 holds the leaves, and the node `(l, i)` covers the leaves
//! `i << l .. (i + 1) << l`. A node is *complete* once all of these leaves exist; it never changes afterwards.
//! [`Frontier`] is all that a writer must remember, [`Growth`] is what one batch of leaves adds, and [`Nodes`]
//! is how a reader that keeps every complete node makes proofs about any size the log ever had.

mod frontier;
mod proof;

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

pub use frontier::{Frontier, Growth};
pub use proof::{
    Nodes, consistency_path, inclusion_path, root, verify_consistency, verify_inclusion,
};

use crate::VerifyError;

/// A SHA-256 hash of the tree: a leaf, a node or a root. Written as standard base64 with padding, as in C2SP
/// checkpoints.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash(pub [u8; 32]);

impl TreeHash {
    /// The root of a tree without leaves: the hash of nothing (RFC 6962 §2.1).
    pub fn of_empty_tree() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash of one entry: `SHA-256(0x00 || entry)`.
    pub fn of_leaf(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
    }

    /// As it is written, in the room of its 44 characters.
    fn written<'a>(&self, room: &'a mut [u8; 44]) -> &'a str {
        // 32 bytes are 44 characters of base64, which are ASCII.
        let length = STANDARD.encode_slice(self.0, room).expect("the room is that of 32 bytes");
        str::from_utf8(&room[..length]).expect("base64 is ASCII")
    }

    /// The hash of an inner node: `SHA-256(0x01 || left || right)`.
    pub fn of_node(left: Self, right: Self) -> Self {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(&left.0);
        bytes[33..].copy_from_slice(&right.0);
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.written(&mut [0; 44]))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreeHash({self})")
    }
}

impl FromStr for TreeHash {
    type Err = VerifyError;

    fn from_str(text: &str) -> Result<Self, VerifyError> {
        STANDARD
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| VerifyError::malformed("hash", "not 32 bytes in base64"))
    }
}

impl Serialize for TreeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.written(&mut [0; 44]))
    }
}

impl<'de> Deserialize<'de> for TreeHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
