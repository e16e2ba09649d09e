//! What happens when a partner answers with another model than the approved one.
//!
//! Nothing of the answer is shown. Before anything else is said, the desk is told: it stops the model
//! in the market, from the next request of anyone on, and drafts the change filing.

use std::sync::{Arc, OnceLock};

use yumen_desk::{Action, Actor, Operations};
use yumen_policy::Drift;

use crate::alarm::{About, AlarmKind, Alarms};
use crate::problem::Problem;

/// Tells the desk of models that drifted. Clones tell the same desk.
#[derive(Clone)]
pub(crate) struct Drifts {
    alarms: Alarms,
    desk: Arc<OnceLock<Arc<dyn Operations>>>,
}

impl Drifts {
    pub(crate) fn new(alarms: Alarms, desk: Arc<OnceLock<Arc<dyn Operations>>>) -> Self {
        Self { alarms, desk }
    }

    /// Tells the desk and the operator. When this returns, the model is stopped, unless the desk
    /// could not write it down: then the next answer is found out like this one.
    pub(crate) async fn tell(&self, drift: Drift) -> Problem {
        let about = About {
            market: Some(drift.market.clone()),
            subject: Some(format!("{}/{}", drift.partner, drift.model)),
            release: None,
        };
        let reported = drift.reported.as_deref().unwrap_or("no model");
        let mut detail = format!("it reports {reported}");
        if let Some(fingerprint) = &drift.fingerprint {
            detail = format!("{detail}, fingerprint {fingerprint}");
        }
        self.alarms.raise(AlarmKind::ModelDrifted, about.clone(), detail);
        let problem = problem(&drift);
        let told = match self.desk.get() {
            Some(desk) => desk.act(Actor::gate(), Action::Drift(drift)).await.map(drop),
            None => return problem,
        };
        if let Err(error) = told {
            self.alarms.raise(AlarmKind::OperationFailed, about, error.to_string());
        }
        problem
    }
}

fn problem(drift: &Drift) -> Problem {
    let (text, next) = (drift.text(), Drift::next_step());
    Problem::new("model_drifted", format!("{} {}", text.en, next.en), text.zh + &next.zh)
}
