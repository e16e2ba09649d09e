//! Roles.

use std::fmt;
use std::str::FromStr;

use crate::DeskError as PolicyError;
use serde::{Deserialize, Serialize};
/// What a person may do with approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Writes filings and hands them in; opens nothing.
    Author,
    /// Signs what opens a market.
    Approver,
    /// Signs what opens a market, for the legal side.
    Legal,
    /// Runs the service: may close at once, and open nothing.
    Operator,
    /// Reads, and confirms that an approval still stands.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Author, Self::Approver, Self::Legal, Self::Operator, Self::Auditor];

    /// The role as it is written: `approver`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Approver => "approver",
            Self::Legal => "legal",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// Whether its signature counts for what opens a market: the record itself, and resuming.
    pub fn opens(self) -> bool {
        matches!(self, Self::Approver | Self::Legal)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        Self::ALL.into_iter().find(|role| role.as_str() == value).ok_or_else(|| {
            let form = "`author`, `approver`, `legal`, `operator` or `auditor`";
            PolicyError::Invalid(form.into())
        })
    }
}
