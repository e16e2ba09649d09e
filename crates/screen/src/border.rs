//! What the rules of a screen do at one border.

use std::borrow::Cow;
use std::sync::Arc;

use crate::finding::{Finding, Found, Span};
use crate::lens::Lens;
use crate::pack::{Action, Boundary, Rule};
use crate::screen::KnownAs;

/// A screen, looked at from one border.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Border<'s> {
    pub(crate) boundary: Boundary,
    pub(crate) lens: &'s Lens,
    pub(crate) rules: &'s [Rule],
    pub(crate) known_as: &'s [KnownAs],
}

/// What a rule does to a text, of what an [`Action`] may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing is changed; the person may be told.
    Untouched,
    /// What was found is replaced.
    Covered,
    /// Nothing after it passes.
    Ended,
}

impl Effect {
    pub(crate) fn of(action: Action) -> Self {
        match action {
            Action::Allow | Action::Detect | Action::Tell => Self::Untouched,
            Action::Mask | Action::Replace | Action::Pseudonymise | Action::Retract => {
                Self::Covered
            }
            Action::Stop | Action::Refuse => Self::Ended,
        }
    }
}

impl<'s> Border<'s> {
    pub(crate) fn rule(&self, rule: u32) -> &'s Rule {
        &self.rules[rule as usize]
    }

    /// What a rule does here.
    pub(crate) fn action(&self, rule: u32) -> Action {
        self.rule(rule).actions.effective(self.boundary)
    }

    /// What something found does.
    pub(crate) fn effect(&self, found: Found) -> Effect {
        if found.ends { Effect::Ended } else { Effect::of(self.action(found.rule)) }
    }

    /// What stands in the place of what a rule found.
    pub(crate) fn replacement(&self, rule: u32) -> &'s str {
        match (&self.rule(rule).replacement, self.action(rule)) {
            (Some(words), Action::Replace) => words,
            _ => &self.rule(rule).placeholder,
        }
    }

    /// The finding as it is told.
    pub(crate) fn finding(&self, found: Found, span: Span) -> Finding {
        let known = &self.known_as[found.rule as usize];
        Finding {
            rule: Arc::clone(&known.rule),
            kind: Cow::Borrowed(known.kind),
            category: Arc::clone(&known.category),
            action: self.action(found.rule),
            span,
            score: found.score,
        }
    }
}
