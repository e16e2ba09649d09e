//! What an emulated partner says of itself: which model answered, and in which configuration.
//!
//! A partner may change either without a word to those who ask. So can the emulator: for one
//! request by a trigger word, or for all that follow by [`Emulator::claim`](crate::Emulator::claim)
//! and `PUT /emulator/claims`. DashScope's native protocol names no model; nothing changes there.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::ask::Ask;
use crate::fault::{Fault, FaultKind};

/// What the emulator says of the model that answers, in place of what is true by default: the
/// model that was asked for, and a fingerprint that belongs to it.
///
/// Also read and written as JSON at `/emulator/claims`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Claims {
    /// The model's id in answers.
    pub model: Option<String>,
    /// OpenAI's `system_fingerprint` in answers.
    pub fingerprint: Option<String>,
}

/// The claims that hold now.
#[derive(Debug, Default)]
pub(crate) struct Claimed(Mutex<Arc<Claims>>);

impl Claimed {
    pub(crate) fn get(&self) -> Arc<Claims> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, claims: Claims) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(claims);
    }
}

/// How one answer names what made it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) model: String,
    /// `None` where the partner gives none unless it is told to.
    pub(crate) fingerprint: Option<String>,
    /// After how many text parts of a stream the model's id changes, and to which.
    midway: Option<(usize, String)>,
}

impl Claims {
    /// How the answer to `ask` names what made it. `own` tells whether this partner has
    /// fingerprints.
    pub(crate) fn of(&self, ask: &Ask, fault: Option<&Fault>, own: bool) -> Named {
        let kind = fault.map(|fault| fault.kind);
        let model = match kind {
            Some(FaultKind::OtherModel) => another(&ask.model),
            _ => self.model.clone().unwrap_or_else(|| ask.model.clone()),
        };
        let fingerprint = match kind {
            Some(FaultKind::OtherFingerprint) => Some(fingerprint(&another(&ask.model))),
            _ => self.fingerprint.clone().or_else(|| own.then(|| fingerprint(&model))),
        };
        let midway = fault
            .filter(|fault| fault.kind == FaultKind::ModelMidway)
            .map(|fault| (fault.parts_before(), another(&ask.model)));
        Named { model, fingerprint, midway }
    }
}

impl Named {
    /// The model's id in the `index`th frame of a stream whose first `lead` frames have no text.
    pub(crate) fn model_in(&self, index: usize, lead: usize) -> &str {
        match &self.midway {
            Some((after, other)) if index >= lead + after => other,
            _ => &self.model,
        }
    }
}

/// A model that nobody asked for.
fn another(model: &str) -> String {
    format!("{model}-unannounced")
}

/// The same for one model always, as it is for one configuration of a partner's.
fn fingerprint(model: &str) -> String {
    let mixed = model.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3) // FNV-1a
    });
    format!("fp_{:010x}", mixed >> 24)
}
