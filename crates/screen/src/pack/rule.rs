//! One rule of a pack, checked: what it looks for, does and says.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use yumen_policy::{MarketId, Text};

use super::action::{Action, Actions};
use super::category::{Category, Severity};
use crate::classify::Model;
use crate::injection::Sign;
use crate::matcher::{Guards, Views};
use crate::pii::Entity;

/// What a rule does and says; how it finds is its [`Kind`].
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) actions: Actions,
    /// What replaces a match, brackets included; empty for a removal.
    pub(crate) placeholder: String,
    /// The rule's own words, which stand there where the action is `replace`.
    pub(crate) replacement: Option<String>,
    /// What the person is told.
    pub(crate) text: Text,
    /// What they are told in place of it in some markets, such as where help is to be had there.
    pub(crate) text_in: BTreeMap<MarketId, Text>,
    /// How they can object; the rule's, else its category's.
    pub(crate) appeal: Option<Text>,
    pub(crate) category: Option<Arc<Category>>,
    pub(crate) severity: Severity,
    /// From this day on it is not looked for.
    pub(crate) expires: Option<Date>,
}

impl Rule {
    /// Whether what it finds leaves for a partner as a token.
    pub(crate) fn is_pseudonymised(&self) -> bool {
        self.actions.to_partner == Action::Pseudonymise
    }

    /// What the placeholder calls it, without brackets.
    pub(crate) fn kind(&self) -> &str {
        self.placeholder.trim_matches(['⟦', '⟧'])
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Personal data of a kind.
    Detector(Entity),
    /// Shared, so that copies of a pack do not copy its terms.
    Phrases(Arc<Phrases>),
    Combination(Together),
    /// Instructions to the model, in material that it works on, told by a sign.
    Material(Sign),
    /// What a model calls by a label, with at least this probability.
    Classifier {
        model: Arc<Model>,
        label: u16,
        threshold: f32,
    },
}

/// Rules whose terms mean something together, by their names in the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Together {
    /// A term of each of these.
    pub(crate) all: Vec<String>,
    /// From the beginning of the first to the end of the last, in characters; `None`: anywhere in the text.
    pub(crate) within: Option<usize>,
    /// Unless a term of one of these is near, or came before.
    pub(crate) none: Vec<String>,
}

/// The terms of one rule, and how and where they count.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "it is called as the key in the pack is")]
pub(crate) struct Phrases {
    pub(crate) phrases: Vec<String>,
    /// Directly after one of these a phrase is not meant: "do not ...".
    pub(crate) not_after: Vec<String>,
    /// Directly before one of these a phrase is not meant.
    pub(crate) not_before: Vec<String>,
    /// Longer words within which a phrase is not meant.
    pub(crate) exceptions: Vec<String>,
    /// The other ways in which they may be written.
    pub(crate) views: Views,
}

impl Phrases {
    /// Where they do not count.
    pub(crate) fn guards(&self) -> Guards {
        Guards {
            not_after: self.not_after.clone(),
            not_before: self.not_before.clone(),
            exceptions: self.exceptions.clone(),
        }
    }
}
