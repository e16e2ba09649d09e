//! How large a pack and its parts may be.

/// The most terms of one pack, those in files beside it included.
pub(crate) const MAX_TERMS: usize = 1_000_000;

/// The most characters of a term, after folding.
pub(crate) const MAX_TERM: usize = 128;

/// The most bytes of the TOML of a pack.
pub(crate) const MAX_TOML: usize = 4 << 20;

/// The most bytes of a file beside a pack.
pub(crate) const MAX_FILE: usize = 512 << 20;

/// The most bytes of the header of a built pack.
pub(crate) const MAX_HEADER: usize = 64 << 10;

/// The most bytes of a phrase as written.
pub(crate) const MAX_PHRASE: usize = 4 << 10;

/// The most bytes of all phrases of a pack with their alternatives written out.
pub(crate) const MAX_WRITTEN_OUT: usize = 64 << 20;
