//! What the person is told about what the screen did.

use std::fmt;

use serde::Serialize;
use yumen_policy::{Text, UiLanguage};

use crate::pack::{Action, Boundary, Rule};

/// One rule that acted on a text, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The id of the rule: stable, for programs.
    pub code: String,
    /// What was done.
    pub action: Action,
    /// `input` for what the person sent, `output` for what a model wrote.
    pub direction: &'static str,
    /// How many places; in a stream, how many since the last step.
    pub count: u32,
    /// The same in words, for the person.
    pub text: Text,
}

/// A text that may not cross its boundary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The rules that refused it, never empty.
    pub notices: Vec<Notice>,
}

impl Refusal {
    /// The reasons in the person's language, one sentence after the other.
    pub fn text(&self, language: UiLanguage) -> String {
        let texts: Vec<&str> =
            self.notices.iter().map(|notice| notice.text.get(language)).collect();
        texts.join(" ")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused by ")?;
        for (i, notice) in self.notices.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&notice.code)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// How often each rule acted, in the order of the first time.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<(u32, u32)>);

impl Tally {
    pub(crate) fn add(&mut self, rule: u32, count: u32) {
        if count == 0 {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, total)) => *total = total.saturating_add(count),
            None => self.0.push((rule, count)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_notices(self, rules: &[Rule], boundary: Boundary) -> Vec<Notice> {
        self.0
            .into_iter()
            .map(|(index, count)| {
                let rule = &rules[index as usize];
                Notice {
                    code: rule.id.clone(),
                    action: rule.actions.at(boundary),
                    direction: boundary.direction(),
                    count,
                    text: rule.text.clone(),
                }
            })
            .collect()
    }
}
