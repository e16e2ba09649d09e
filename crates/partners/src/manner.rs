//! How a prompt is to be asked.

use serde::{Deserialize, Serialize};

use crate::Settle;

/// How a prompt is to be asked: whole or as a stream, and what is to happen when it goes wrong.
#[derive(Default)]
#[must_use]
pub struct Manner<'a> {
    pub(crate) stream: bool,
    pub(crate) after_first: AfterFirst,
    pub(crate) conversation: Option<&'a str>,
    pub(crate) settle: Option<Settle>,
}

/// What happens when an answer breaks off after some of its text, of a tool call, or of reasoning that
/// was asked for, was given out.
/// What breaks off before that begins anew in silence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterFirst {
    /// Another model, or the same once more, goes on from where it broke off; where none can, as
    /// `Fail`. For clients that know no restart.
    Continue,
    /// As `Continue`; where none can, as `Restart`.
    ContinueOrRestart,
    /// What came is void, and the answer begins anew at another model, or once more at the same.
    Restart,
    /// The answer ends with the error.
    #[default]
    Fail,
}

impl<'a> Manner<'a> {
    /// All of the answer at once.
    pub fn whole() -> Self {
        Self::default()
    }

    /// Piece by piece.
    pub fn stream() -> Self {
        Self { stream: true, ..Self::default() }
    }

    /// What happens when the answer breaks off after its first piece was given out. A whole answer
    /// is given out only when it is complete, so this says nothing of it.
    pub fn after_first(self, after_first: AfterFirst) -> Self {
        Self { after_first, ..self }
    }

    /// Names the conversation this is a turn of, in any words that stay the same over its turns; it
    /// is asked where it was asked before, while that is well. Only a hash of the name is kept.
    pub fn conversation(self, name: &'a str) -> Self {
        Self { conversation: Some(name), ..self }
    }

    /// Is told all attempts once the answer has ended, in whichever way: complete, failed, or dropped
    /// half-way. It is called where the answer ends or is dropped, so it must be quick.
    pub fn settle(self, settle: impl FnOnce(&[crate::Attempt]) + Send + 'static) -> Self {
        Self { settle: Some(Box::new(settle)), ..self }
    }
}
