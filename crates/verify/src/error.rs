//! Why something was not accepted.

/// Why a key, checkpoint, entry, proof or receipt was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It does not have the form it must have: nothing can be said about it.
    #[error("not a valid {what}: {why}")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// It is well formed and wrong: it proves nothing.
    #[error("the proof fails: {0}")]
    Unproven(String),
}

impl VerifyError {
    pub(crate) fn malformed(what: &'static str, why: impl Into<String>) -> Self {
        Self::Malformed { what, why: why.into() }
    }

    pub(crate) fn unproven(why: impl Into<String>) -> Self {
        Self::Unproven(why.into())
    }
}
