//! What stands in an entry's place once its bytes were deleted: its leaf hash, so that every proof still holds.

use serde::{Deserialize, Serialize};

use crate::{VerifyError, merkle::TreeHash};

/// How the mark of a pruned entry begins. No entry does: this is no kind of theirs.
const MARK: &[u8] = b"{\"pruned.v1\":";

/// An entry whose bytes are past their time and gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pruned {
    /// Index of the `deletion.v1` entry that says so.
    pub deletion: u64,
    /// The leaf hash of the bytes that stood here.
    pub leaf: TreeHash,
}

#[derive(Serialize, Deserialize)]
enum Mark {
    #[serde(rename = "pruned.v1")]
    Pruned(Pruned),
}

impl Pruned {
    /// The bytes that stand in the entry's place.
    ///
    /// # Panics
    /// Never: a number and a string are always JSON.
    pub fn mark(self) -> Vec<u8> {
        // Cannot fail: a number and a string, written into memory.
        serde_json::to_vec(&Mark::Pruned(self)).expect("a mark is plain JSON")
    }

    /// Reads stored bytes: none when they are those of an entry.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] when they begin as a mark and are not exactly one.
    pub fn read(stored: &[u8]) -> Result<Option<Self>, VerifyError> {
        if !stored.starts_with(MARK) {
            return Ok(None);
        }
        let bad = |why: String| VerifyError::malformed("mark of a pruned entry", why);
        let Mark::Pruned(pruned) =
            serde_json::from_slice(stored).map_err(|error| bad(error.to_string()))?;
        if pruned.mark() == stored {
            Ok(Some(pruned))
        } else {
            Err(bad("it is not in canonical form".into()))
        }
    }
}

/// The leaf hash that stored bytes stand for: their own, or the one that the mark of a pruned entry keeps. Bytes
/// that only look like a mark are hashed as they are, and so will not fit the tree.
pub fn stored_leaf(stored: &[u8]) -> TreeHash {
    match Pruned::read(stored) {
        Ok(Some(pruned)) => pruned.leaf,
        Ok(None) | Err(_) => TreeHash::of_leaf(stored),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_nothing_else_is_one() {
        let leaf = TreeHash::of_leaf(b"{\"x\":1}");
        let pruned = Pruned { deletion: 12, leaf };
        let mark = pruned.mark();
        assert_eq!(
            String::from_utf8(mark.clone()).unwrap(),
            format!("{{\"pruned.v1\":{{\"deletion\":12,\"leaf\":\"{leaf}\"}}}}")
        );
        assert_eq!(Pruned::read(&mark).unwrap(), Some(pruned));
        assert_eq!(stored_leaf(&mark), leaf);
        assert_eq!(Pruned::read(b"{\"x\":1}").unwrap(), None);
        assert_eq!(stored_leaf(b"{\"x\":1}"), leaf);
        let odd = String::from_utf8(mark).unwrap().replace(":12", ": 12");
        assert!(Pruned::read(odd.as_bytes()).is_err());
        assert_eq!(stored_leaf(odd.as_bytes()), TreeHash::of_leaf(odd.as_bytes()));
        assert!(crate::Entry::parse(str::from_utf8(&pruned.mark()).unwrap()).is_err());
    }
}
