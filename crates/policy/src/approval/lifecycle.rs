//! The way of an approval as a chain of signed steps.
//!
//! ```text
//! draft ─▶ submitted ─▶ granted ─▶ (signed by enough people) in force ─▶ suspended ─▶ resumed ─┐
//!   ▲──────────┘                                 ▲─────────────────────────────────────────────┘
//!                                      every state but `revoked` ─▶ revoked
//! ```
//!
//! Each step names the digest of the step before and of what it is about, so that none can be left
//! out of the middle, moved or exchanged. (That the last steps were cut off a file cannot be seen in
//! the file; the ledger shows it.) What closes needs one signature and holds whatever the time; what
//! opens needs as many people as the market demands, and none of them may have written the filing.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approval::signers::Signed;
use crate::canonical::PlainData;
use crate::{Digest, PolicyError, Role, SignerKey, SigningKey};

impl PlainData for LifecycleStep {}
impl PlainData for SignedStep {}

/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// What happens to an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// An application is written, or written anew after the authority gave it back.
    Draft,
    /// It is handed in.
    Submitted,
    /// The authority decided; from here on the record counts.
    Granted,
    /// Somebody made sure that the approval still stands.
    Confirmed,
    /// It is stopped at once, until resumed.
    Suspended,
    /// One more person lets it go on; it does when enough of them did.
    Resumed,
    /// It is taken back, for good; before the decision: the application is withdrawn.
    Revoked,
}

impl StepKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Submitted,
        Self::Granted,
        Self::Confirmed,
        Self::Suspended,
        Self::Resumed,
        Self::Revoked,
    ];

    /// The kind as it is written: `suspended`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Granted => "granted",
            Self::Confirmed => "confirmed",
            Self::Suspended => "suspended",
            Self::Resumed => "resumed",
            Self::Revoked => "revoked",
        }
    }

    /// The roles that may take such a step.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Draft | Self::Submitted | Self::Granted => {
                &[Role::Author, Role::Approver, Role::Legal]
            }
            Self::Confirmed => &[Role::Approver, Role::Legal, Role::Auditor],
            Self::Suspended | Self::Revoked => &[Role::Operator, Role::Approver, Role::Legal],
            Self::Resumed => &[Role::Approver, Role::Legal],
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for StepKind {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == value).ok_or_else(|| {
            let form =
                "`draft`, `submitted`, `granted`, `confirmed`, `suspended`, `resumed` or `revoked`";
            PolicyError::form("step", value, form)
        })
    }
}

/// One step, before it is signed: who takes it, when, why, and what came before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleStep {
    /// The approval it is a step of: the case of the application, or the number of a record that
    /// came in whole.
    pub approval: String,
    /// What happens.
    pub step: StepKind,
    /// When.
    pub at: Timestamp,
    /// Why, in the words of whoever takes it; at most 500 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The digest of the application, up to the decision; of the record from then on.
    pub record: Digest,
    /// The digest of the signed step before; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// The key of whoever takes it.
    pub by: SignerKey,
}

impl LifecycleStep {
    /// Signs it. The key must be the one that the step names.
    ///
    /// # Errors
    /// [`PolicyError::Step`] if it is another key, or the note is too long or has control characters.
    pub fn sign(self, key: &SigningKey) -> Result<SignedStep, PolicyError> {
        if self.by != SignerKey::of(key) {
            return Err(self.refused(0, StepProblem::OtherKey { key: self.by.to_string() }));
        }
        self.check().map_err(|problem| self.refused(0, problem))?;
        let signature = Signed::make(key, &self.signed_bytes());
        Ok(SignedStep { step: self, signature })
    }

    pub(crate) fn refused(&self, index: usize, problem: StepProblem) -> PolicyError {
        let approval = self.approval.chars().take(128).collect();
        PolicyError::Step { approval, step: index + 1, kind: self.step, problem }
    }

    pub(crate) fn check(&self) -> Result<(), StepProblem> {
        if self.note.chars().count() > MAX_NOTE || self.note.chars().any(char::is_control) {
            return Err(StepProblem::Note);
        }
        Ok(())
    }

    fn signed_bytes(&self) -> Vec<u8> {
        self.canonical("yumen step v1")
    }
}

/// A step with the signature of whoever took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedStep {
    step: LifecycleStep,
    signature: Signed,
}

impl SignedStep {
    /// Reads a signed step. The signature is not looked at.
    ///
    /// # Errors
    /// [`PolicyError::ApprovalSyntax`].
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        Ok(serde_json::from_slice(json)?)
    }

    /// The step, not yet believed: for showing, never for deciding.
    pub fn unverified(&self) -> &LifecycleStep {
        &self.step
    }

    /// The digest that the next step names.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.canonical("yumen signed step v1"))
    }

    /// Whether it is signed by the key it names.
    pub(crate) fn is_signed(&self) -> bool {
        self.signature.fits(&self.step.by, &self.step.signed_bytes())
    }

    /// The step with its signature as JSON, as [`SignedStep::parse`] reads it.
    pub fn to_json(&self) -> String {
        self.pretty_json()
    }
}

/// Why a step does not hold. What is refused closes the approval: a chain counts whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StepProblem {
    /// The step cannot follow what came before.
    #[error("it cannot follow `{after}`; possible now: {possible}")]
    Order {
        /// The state before it: a step, or `nothing`.
        after: &'static str,
        /// The steps that could follow.
        possible: String,
    },
    /// Nobody trusted holds the key.
    #[error(
        "nobody trusted holds {key}; `yumen signer add` trusts a person, or have another take the step"
    )]
    UnknownSigner {
        /// The key.
        key: String,
    },
    /// The person may sign no longer.
    #[error("{name} may sign no longer; have another person take the step")]
    Retired {
        /// Who signed.
        name: String,
    },
    /// The person may not take such a step.
    #[error("{name} is {role}; this step needs {needed}")]
    Role {
        /// Who signed.
        name: String,
        /// What they may do.
        role: Role,
        /// The roles that may take it.
        needed: String,
    },
    /// The same person resumed before, with this key or with another.
    #[error("{name} has resumed it already; the second signature must be another person's")]
    SamePerson {
        /// Who signed twice.
        name: String,
    },
    /// Whoever wrote the filing cannot open what it asks for.
    #[error(
        "{name} wrote the filing and cannot open what it asks for; have another person take the step"
    )]
    OwnFiling {
        /// Who signed.
        name: String,
    },
    /// The signature does not fit.
    #[error("the signature of {key} does not fit; the step was altered after signing")]
    Signature {
        /// The key.
        key: String,
    },
    /// The step names another key than the one that is to sign it.
    #[error("it names {key}; sign it with that key, or make the step for yours")]
    OtherKey {
        /// The key it names.
        key: String,
    },
    /// The step does not name the one before.
    #[error(
        "it does not name the step before it; one was left out, added or moved, or another was taken meanwhile: make the step anew"
    )]
    Previous,
    /// The step is about another text than the one here.
    #[error("it is about {named}, here is {here}; the application or record was exchanged")]
    Record {
        /// The digest the step names.
        named: Digest,
        /// The digest of what is here.
        here: Digest,
    },
    /// The step belongs to another approval.
    #[error("it belongs to `{0}`")]
    OtherApproval(String),
    /// The step is dated before the one before it.
    #[error("it is dated {at}, before the step before it; check the clock")]
    Backwards {
        /// When it claims to have been taken.
        at: Timestamp,
    },
    /// The step is dated in the future.
    #[error("it is dated {at}, which is still to come; check the clock")]
    Future {
        /// When it claims to have been taken.
        at: Timestamp,
    },
    /// The note cannot be kept.
    #[error("its note is longer than 500 characters or has control characters; shorten it")]
    Note,
}
