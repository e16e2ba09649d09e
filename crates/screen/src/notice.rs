//! What the person is told about what the screen did.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use yumen_policy::{Text, UiLanguage};

use crate::border::Border;
use crate::pack::{Action, Category, Severity};

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
    /// In which choice of an answer, from 0, where several were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<u32>,
    /// In which part of it, where that is not the text or a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What kind of content it is, in plain words, where the pack says so; never what was looked for.
    #[serde(serialize_with = "told", skip_serializing_if = "Option::is_none")]
    pub category: Option<Arc<Category>>,
    /// How grave it is; for programs here, not for the person.
    #[serde(skip)]
    pub severity: Severity,
    /// How the person can object; none where there is nothing to object to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appeal: Option<Appeal>,
    /// The same in words, for the person.
    pub text: Text,
}

/// A part of an answer that is shown apart from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What the model thought before it answered.
    Reasoning,
}

impl Notice {
    /// Says where it was done.
    #[must_use]
    pub fn at(self, choice: Option<u32>, part: Option<Part>) -> Self {
        Self { choice, part, ..self }
    }

    /// Whether it is for the person: what was only detected is for those who count.
    pub fn is_told(&self) -> bool {
        self.action > Action::Detect
    }

    /// What no rule of a pack did, and nobody can object to.
    pub fn new(
        code: impl Into<String>,
        action: Action,
        direction: &'static str,
        count: u32,
        text: Text,
    ) -> Self {
        Self {
            code: code.into(),
            action,
            direction,
            count,
            choice: None,
            part: None,
            category: None,
            severity: Severity::Low,
            appeal: None,
            text,
        }
    }
}

/// How a person objects to what the screen did: by a report with the id of the receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Appeal {
    /// The address to which the report is posted.
    pub post: &'static str,
    /// What else the pack says on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
}

impl Appeal {
    /// Where reports are posted.
    pub const ADDRESS: &'static str = "/v1/reports";

    /// With what a pack says on it.
    pub fn new(text: Option<Text>) -> Self {
        Self { post: Self::ADDRESS, text }
    }
}

/// Of a category the person is told what it is about: not by which letter of which list it was looked for.
#[expect(clippy::ref_option, reason = "serde hands over the field as it is")]
fn told<S: Serializer>(category: &Option<Arc<Category>>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Told<'a> {
        id: &'a str,
        text: &'a Text,
    }
    let told = category.as_deref().map(|Category { id, text, .. }| Told { id, text });
    told.serialize(serializer)
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

    pub(crate) fn into_notices(self, border: &Border<'_>) -> Vec<Notice> {
        if self.0.is_empty() {
            return Vec::new();
        }
        self.0
            .into_iter()
            .map(|(index, count)| {
                let rule = border.rule(index);
                Notice {
                    code: rule.id.clone(),
                    action: border.action(index),
                    direction: border.boundary.direction(),
                    count,
                    choice: None,
                    part: None,
                    category: rule.category.clone(),
                    severity: rule.severity,
                    appeal: Some(Appeal::new(rule.appeal.clone())),
                    text: rule.text.clone(),
                }
            })
            .collect()
    }
}
