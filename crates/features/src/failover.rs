//! What becomes of an answer whose model fails after its first words were shown.
//!
//! Before the first word another approved model takes over without anybody noticing; the rule here is
//! for what comes after it. It is part of a feature's definition, and so of its digest and of what
//! was approved: whether two models may write one text is a property of the feature.

use serde::Deserialize;

/// A feature's rule for failures in the middle of an answer: `[failover]` in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failover {
    /// What happens once something was shown.
    #[serde(default)]
    pub after_first: AfterFirst,
}

/// What happens to an answer that fails once something of it was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterFirst {
    /// Another approved model that can continue a given beginning goes on with the same text. Where
    /// there is none, as [`AfterFirst::Restart`].
    #[default]
    Continue,
    /// What was shown is withdrawn and another approved model answers from the beginning. A client
    /// that knows no withdrawal gets the error.
    Restart,
    /// The answer ends with the error.
    Fail,
}
