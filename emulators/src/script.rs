//! Answers given in advance: what the model is to say next, and next after that.
//!
//! `PUT /emulator/answers` with a JSON list takes the place of what was left of the list before.
//! Each answer is given once, in order, to the requests that get one; a request that is refused uses
//! none up. Then the emulator speaks for itself again. The mark stays: a scripted answer, too, says
//! that no model gave it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One answer given in advance. Without `calls` it is the text, and ends with it; with calls it is
/// the calls alone. Stop words do not apply, the token limit does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// What stands after the mark.
    pub text: String,
    /// The texts of further choices, where more are asked for; one that is missing is the text with its number.
    pub others: Vec<String>,
    /// What the model thinks first; given only where thinking is asked for or cannot be turned off.
    pub reasoning: Option<String>,
    /// The tools it calls, whether or not they were offered.
    pub calls: Vec<ScriptedCall>,
}

/// A call of a tool in an [`Answer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON.
    pub arguments: Value,
}

/// The answers still to be given.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<VecDeque<Arc<Answer>>>);

impl Script {
    pub(crate) fn set(&self, answers: Vec<Answer>) {
        *self.locked() = answers.into_iter().map(Arc::new).collect();
    }

    /// What is left.
    pub(crate) fn left(&self) -> Vec<Arc<Answer>> {
        self.locked().iter().cloned().collect()
    }

    /// Takes the next one.
    pub(crate) fn next(&self) -> Option<Arc<Answer>> {
        self.locked().pop_front()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Answer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
