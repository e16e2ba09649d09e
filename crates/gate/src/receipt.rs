//! What a person gets per answer: who answered, under what, and the proof that it is on record.

use std::sync::Arc;

use serde::Serialize;
use yumen_features::Tier;
use yumen_label::Label;
use yumen_ledger::{Admitted, LedgerProof};
use yumen_policy::{Clearance, Digest, MarketId, ModelId, ModelRef, PartnerId, Text};
use yumen_screen::{Action, Notice};

use crate::attempts::AttemptTold;
use crate::display::{Display, ModelNames};

/// Everything about an answer but its content.
pub(crate) struct Record {
    pub(crate) receipt_id: String,
    pub(crate) market: MarketId,
    pub(crate) release: Digest,
    pub(crate) approval: Option<String>,
    pub(crate) served_by: Arc<ServedBy>,
    pub(crate) label: Arc<Label>,
    /// What was told about the input; what is told about the output comes after.
    pub(crate) notices: Vec<Notice>,
    /// What the answer took, where it took more than one attempt.
    pub(crate) attempts: Vec<AttemptTold>,
}

/// Who answered.
#[derive(Clone, Debug, Serialize)]
pub struct ServedBy {
    pub(crate) tier: &'static str,
    pub(crate) partner: Option<PartnerId>,
    pub(crate) model: ModelId,
    /// Whether the partner was an emulator: then no model answered.
    pub(crate) emulated: bool,
    /// What has to be shown with the answer.
    pub(crate) display: Display,
}

/// A receipt as it goes out.
#[derive(Serialize)]
pub(crate) struct Receipt<'a> {
    id: &'a str,
    market: &'a MarketId,
    release: Digest,
    approval: Option<&'a str>,
    ledger: &'a LedgerProof,
}

impl ServedBy {
    pub(crate) fn new(tier: Tier, model: &ModelRef, emulated: bool, display: Display) -> Self {
        let partner = match tier {
            Tier::Device => None,
            Tier::Partner => Some(model.partner.clone()),
        };
        Self { tier: tier.as_str(), partner, model: model.model.clone(), emulated, display }
    }

    /// The same with another model in its place, of a partner too.
    pub(crate) fn instead(&self, model: &ModelRef, emulated: bool, names: &ModelNames) -> Self {
        Self {
            tier: self.tier,
            partner: Some(model.partner.clone()),
            model: model.model.clone(),
            emulated,
            display: self.display.instead(names, model),
        }
    }

    /// Whether it is this model of this partner.
    pub(crate) fn is(&self, model: &ModelRef) -> bool {
        self.model == model.model && self.partner.as_ref() == Some(&model.partner)
    }
}

impl Record {
    pub(crate) fn receipt<'a>(&'a self, admitted: &'a Admitted) -> Receipt<'a> {
        Receipt {
            id: &self.receipt_id,
            market: &self.market,
            release: self.release,
            approval: self.approval.as_deref(),
            ledger: admitted.receipt(),
        }
    }
}

/// What every answer of the sandbox says, so that it is never taken for a service.
pub(crate) fn sandbox_notice(clearance: &Clearance) -> Option<Notice> {
    clearance.is_sandbox().then(|| {
        let text = Text::new(
            "Sandbox: for development only, under no approval.",
            "沙盒：仅供开发使用，未经任何批准。",
        );
        Notice::new("sandbox.development_only", Action::Allow, "output", 1, text)
    })
}
