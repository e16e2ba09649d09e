//! Who was asked for one answer: what is recorded of it, told of it, and counted.
//!
//! An admission names the model that was to answer. Where another one takes its place, the record says
//! so before a byte of its answer leaves, and from then on everything that names who serves names it.

use std::sync::Arc;

use serde::Serialize;
use yumen_ledger::Asked;
use yumen_partners::{Attempt, Partners};
use yumen_policy::{ModelId, ModelRef, PartnerId, Text};
use yumen_screen::{Action, Notice};
use yumen_wire::Usage;

use crate::alarm::Alarms;
use crate::answer;
use crate::display::ModelNames;
use crate::journal::Journal;
use crate::problem::Problem;
use crate::receipt::ServedBy;

/// One attempt as an answer tells it.
#[derive(Clone, Debug, Serialize)]
pub struct AttemptTold {
    partner: PartnerId,
    model: ModelId,
    /// `complete`, `cancelled`, or the code of what went wrong.
    outcome: &'static str,
    /// Whether what came of it is part of the answer.
    billed: bool,
    first_token_ms: Option<u64>,
    /// What the partner says it cost.
    usage: Option<Usage>,
}

/// What an answer tells of the attempts it took: nothing when there was only one.
pub(crate) fn told(attempts: &[Attempt]) -> Vec<AttemptTold> {
    if attempts.len() < 2 {
        return Vec::new();
    }
    attempts
        .iter()
        .map(|attempt| AttemptTold {
            partner: attempt.partner().clone(),
            model: attempt.model().model.clone(),
            outcome: attempt.outcome.code(),
            billed: attempt.billed,
            first_token_ms: attempt
                .first_token
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            usage: attempt.usage,
        })
        .collect()
}

/// How another attempt took the place of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Nothing of the answer had been shown.
    BeforeFirst,
    /// It goes on with the text of the one before.
    Continued,
    /// What had been shown is withdrawn, and it answers anew.
    Restarted,
}

impl How {
    fn code(self) -> &'static str {
        match self {
            Self::BeforeFirst => "before_first",
            Self::Continued => "continued",
            Self::Restarted => "restarted",
        }
    }
}

/// Follows who answers one request.
pub(crate) struct Trail {
    journal: Journal,
    alarms: Alarms,
    partners: Partners,
    names: Arc<ModelNames>,
    /// Who answers, as the record has it.
    served_by: Arc<ServedBy>,
    /// How many of the attempts the record has.
    recorded: usize,
}

impl Trail {
    /// Begins with the model that the admission names.
    pub(crate) fn new(
        journal: Journal,
        alarms: Alarms,
        partners: Partners,
        names: Arc<ModelNames>,
        admitted: Arc<ServedBy>,
    ) -> Self {
        Self { journal, alarms, partners, names, served_by: admitted, recorded: 0 }
    }

    /// Who answers.
    pub(crate) fn served_by(&self) -> &Arc<ServedBy> {
        &self.served_by
    }

    /// Notes that `model` answers from now on, after the attempts in `ended`. When this returns, the
    /// record has it. Gives whether it is another model than before.
    pub(crate) async fn answers(
        &mut self,
        model: &ModelRef,
        how: How,
        ended: &[Attempt],
    ) -> Result<bool, Problem> {
        let another = !self.served_by.is(model);
        if another {
            let emulated = self.partners.is_emulated(&model.partner);
            self.served_by = Arc::new(self.served_by.instead(model, emulated, &self.names));
        }
        if another || how == How::Restarted {
            let mut asked: Vec<_> = ended.iter().map(|attempt| self.asked(attempt)).collect();
            asked.push(self.entry(model, "answers"));
            self.recorded = asked.len();
            let recorded = self.journal.switched(how.code(), asked).await;
            recorded.map_err(|error| answer::unrecorded(&error, &self.alarms))?;
        }
        Ok(another)
    }

    /// Notes that nobody answers, if others were asked than the record has. A failure stands even when
    /// it cannot be recorded.
    pub(crate) fn failed(&self, ended: &[Attempt]) {
        let new = ended.get(self.recorded..).unwrap_or_default();
        if new.iter().any(|attempt| !self.served_by.is(attempt.model())) {
            let asked = ended.iter().map(|attempt| self.asked(attempt)).collect();
            drop(self.journal.switched("failed", asked));
        }
    }

    /// What a person is told when another model goes on in the middle of an answer.
    pub(crate) fn notice(&self) -> Notice {
        let Text { en, zh } = self.served_by.display.model_name();
        let text = Text {
            en: format!("The first model broke off; the answer goes on with {en}."),
            zh: format!("先前的模型中断，回答由{zh}继续。"),
        };
        Notice::new("model.switched", Action::Allow, "output", 1, text)
    }

    fn asked<'a>(&self, attempt: &'a Attempt) -> Asked<'a> {
        self.entry(attempt.model(), attempt.outcome.code())
    }

    fn entry<'a>(&self, model: &'a ModelRef, outcome: &'static str) -> Asked<'a> {
        Asked {
            emulated: self.partners.is_emulated(&model.partner),
            model: model.model.as_str().into(),
            outcome: outcome.into(),
            partner: model.partner.as_str().into(),
            version: model.version.as_str().into(),
        }
    }
}
