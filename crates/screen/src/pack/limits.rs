//! How large a pack and its parts may be.

/// The most terms of one pack, those in files beside it included.
pub(crate) const MAX_TERMS: usize = 1_000_000;

/// The most characters of a term, after folding.
pub(crate) const MAX_TERM: usize = 128;

/// The most bytes of the TOML of a pack.
pub(crate) const MAX_TOML: usize = 4 << 20;

/// The most bytes of a file beside a pack.
pub(crate) const MAX_FILE: usize = 512 << 20;
