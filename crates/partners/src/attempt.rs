//! What became of each request that one answer took: for the record, for metrics, and for accounts.

use std::{fmt, sync::Arc, time::Duration};

use yumen_policy::{ModelRef, PartnerId};
use yumen_wire::Usage;

use crate::AskError;

/// One request to one model, and what became of it.
#[derive(Clone)]
pub struct Attempt {
    pub(crate) models: Arc<[ModelRef]>,
    pub(crate) chosen: usize,
    /// How it ended.
    pub outcome: Outcome,
    /// From its beginning to its first token, where one came.
    pub first_token: Option<Duration>,
    /// From its beginning to its end.
    pub took: Duration,
    /// What it cost in tokens, where the partner said so.
    pub usage: Option<Usage>,
    /// What of its answer came, in bytes of text, reasoning and arguments: what there is to go by
    /// where the partner did not come to say its usage.
    pub came: usize,
    /// Whether what came of it is part of what the caller got: only then it is a completion to be
    /// billed. What was restarted or failed before its first token is not.
    pub billed: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The answer came whole.
    Complete,
    /// Nobody wanted the rest: the caller hung up.
    Cancelled,
    /// It failed, with the code of an [`AskError`].
    Failed(&'static str),
}

impl Outcome {
    /// The stable code: `complete`, `cancelled`, or that of the error.
    pub fn code(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Cancelled => "cancelled",
            Self::Failed(code) => code,
        }
    }
}

impl Attempt {
    /// The model that was asked.
    pub fn model(&self) -> &ModelRef {
        &self.models[self.chosen]
    }

    /// The partner that was asked.
    pub fn partner(&self) -> &PartnerId {
        &self.model().partner
    }

    /// An estimate of the tokens of what came, where the partner told no usage: one for four bytes.
    pub fn estimated_output_tokens(&self) -> u64 {
        crate::budget::tokens(self.came)
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.model();
        f.debug_struct("Attempt")
            .field("partner", &model.partner)
            .field("model", &model.model)
            .field("outcome", &self.outcome.code())
            .finish_non_exhaustive()
    }
}

/// Called once with all attempts of an answer, however it ended: whole, failed, or dropped because
/// the caller hung up.
pub type Settle = Box<dyn FnOnce(&[Attempt]) + Send>;

/// No answer: why, and what was tried.
#[derive(Debug)]
pub struct Unanswered {
    /// What the caller is told.
    pub error: AskError,
    /// What was tried, in order.
    pub attempts: Vec<Attempt>,
}

impl From<Unanswered> for AskError {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.error
    }
}
