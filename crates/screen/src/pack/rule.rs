//! One rule of a pack, checked: what it looks for, does and says.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use yumen_policy::{MarketId, Text};

use super::action::{Action, Actions};
use super::category::{Category, Severity};
use crate::classify::Model;
use crate::matcher::{Guards, Views};

/// A detector built into the engine: something with a structure that phrases cannot describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Detector {
    /// A payment card number: 13 to 19 digits, an issuer's prefix, and the Luhn check digit (ISO/IEC 7812-1).
    BankCard,
    /// A mainland China mobile number: `1[3-9]` and nine digits, with or without `+86`.
    CnMobile,
    /// A mainland China resident identity number: 18 characters, a province, a date, and the check digit of GB 11643-1999.
    CnResidentId,
    /// An e-mail address with a dotted ASCII domain.
    Email,
}

impl Detector {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BankCard => "bank_card",
            Self::CnMobile => "cn_mobile",
            Self::CnResidentId => "cn_resident_id",
            Self::Email => "email",
        }
    }
}

/// What a rule does and says; how it finds is its [`Kind`].
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) actions: Actions,
    /// What replaces a match, brackets included; empty for a removal.
    pub(crate) placeholder: String,
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
    Detector(Detector),
    Phrases(Phrases),
    /// What a model calls by a label, with at least this probability.
    Classifier {
        model: Arc<Model>,
        label: u16,
        threshold: f32,
    },
}

/// The terms of one rule, and how and where they count.
#[derive(Clone, Debug, Default)]
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
