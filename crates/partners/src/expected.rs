//! What a partner must say of itself: the approved model. An answer that names another is not given
//! out, and one that changes its name midway goes no further.

use std::sync::Arc;

use yumen_policy::{Clearance, Drift, MarketId, ModelRef, Timestamp};
use yumen_wire::{Completion, Event};

use crate::AskError;

/// The model that was routed to, in its market, and what the partner last named.
#[derive(Clone)]
pub(crate) struct Expected {
    market: MarketId,
    models: Arc<[ModelRef]>,
    /// Which of them.
    chosen: usize,
    named: Option<String>,
}

impl Expected {
    /// The model that is asked under a clearance, by its place among the clearance's.
    pub(crate) fn of(clearance: &Clearance, chosen: usize) -> Self {
        let (market, models) = (clearance.market().clone(), clearance.shared_models());
        Self { market, models, chosen, named: None }
    }

    /// A whole answer, if the approved model gave it.
    pub(crate) fn whole(&self, answer: Completion) -> Result<Completion, AskError> {
        self.check(answer.model.as_deref(), answer.fingerprint.as_deref())?;
        Ok(answer)
    }

    /// Looks at the events from `from` on. At the first that names another model, it and all after
    /// it are taken away.
    pub(crate) fn stream(&mut self, events: &mut Vec<Event>, from: usize) -> Result<(), AskError> {
        for at in from..events.len() {
            let (Event::Start { model, fingerprint, .. } | Event::Identity { model, fingerprint }) =
                &events[at]
            else {
                continue;
            };
            if model.is_some() {
                self.named.clone_from(model);
            }
            if let Err(error) = self.check(self.named.as_deref(), fingerprint.as_deref()) {
                events.truncate(at);
                return Err(error);
            }
        }
        Ok(())
    }

    fn check(&self, named: Option<&str>, fingerprint: Option<&str>) -> Result<(), AskError> {
        let model = &self.models[self.chosen];
        match Drift::check(&self.market, model, named, fingerprint, Timestamp::now()) {
            None => Ok(()),
            Some(drift) => Err(AskError::Drifted(Box::new(drift))),
        }
    }
}
