//! What a judge says of a text, in its own categories.

use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is wrong with it.
    #[default]
    Safe,
    /// It depends on where and for whom.
    Controversial,
    /// It is not to be shown or answered.
    Unsafe,
}

impl Level {
    /// Its name in configuration and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Controversial => "controversial",
            Self::Unsafe => "unsafe",
        }
    }
}

/// What a judge says of one of its categories.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The category as the judge calls it.
    pub category: String,
    /// How bad it is.
    pub level: Level,
    /// How sure the judge is, 0 to 1, where it says so.
    pub score: Option<f64>,
}

/// What a judge says of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// How bad the text is as a whole.
    pub level: Level,
    /// Category by category; what it does not name is safe.
    pub said: Vec<Said>,
}

impl Verdict {
    /// Both verdicts as one: the text was judged in two pieces.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.level = self.level.max(other.level);
        self.said.extend(other.said);
        self
    }
}
