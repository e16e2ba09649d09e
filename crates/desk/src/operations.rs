//! The desk as the gate sees it: actions in, what came of them out, nothing of store or ledger.

use std::pin::Pin;

use crate::{Action, Actor, DeskError, Done};

/// An action under way.
pub type Acting = Pin<Box<dyn Future<Output = Result<Done, DeskError>> + Send>>;

/// Who carries out actions for a running gate.
pub trait Operations: Send + Sync {
    /// Who holds this admin key or control token; none when nobody does.
    fn identify(&self, secret: &str) -> Option<Actor>;

    /// Carries out an action. When it is ready, the gate already decides by what it changed. Dropping it does not
    /// take the action back.
    fn act(&self, actor: Actor, action: Action) -> Acting;
}
