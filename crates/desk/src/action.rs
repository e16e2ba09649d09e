//! What can be done at the desk.

use serde::{Deserialize, Serialize};
use yumen_policy::Role;
use yumen_policy::{FeatureSelector, MarketId, ModelId, PartnerId};

use crate::actor::Duty;

/// One thing somebody does at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Stops a feature, market, partner or model, from the next request on.
    Kill(KillOrder),
    /// Asks to lift a kill, or lifts one that somebody asked to lift.
    Lift {
        /// The kill's id.
        id: String,
    },
    /// Looks at the kills.
    Kills,
    /// Trusts a person's public key.
    AddSigner {
        /// The public key (`ed25519:...`).
        key: String,
        /// Who signs with it.
        name: String,
        /// In which role.
        role: Role,
    },
    /// Trusts a public key no longer.
    RemoveSigner {
        /// The public key.
        key: String,
    },
    /// Looks at the trusted signers.
    Signers,
    /// Makes an admin key.
    AddAdminKey {
        /// Whose it is.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// Revokes an admin key.
    RevokeAdminKey {
        /// Its id.
        id: String,
    },
    /// Looks at the admin keys.
    AdminKeys,
}

/// What is to be stopped: everything that all given members fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillOrder {
    /// A feature such as `assistant.chat`, a family such as `writing.*`, or every feature (`*`).
    pub feature: FeatureSelector,
    /// One market; nothing is every market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketId>,
    /// One partner; nothing is every partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// One model; nothing is every model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
    /// Why, in the operator's words.
    pub reason: String,
}

impl Action {
    /// What it asks of its actor.
    pub fn duty(&self) -> Duty {
        match self {
            Self::Kills | Self::Signers | Self::AdminKeys => Duty::Read,
            Self::Kill(_) | Self::Lift { .. } => Duty::Stop,
            Self::AddSigner { .. }
            | Self::RemoveSigner { .. }
            | Self::AddAdminKey { .. }
            | Self::RevokeAdminKey { .. } => Duty::Entrust,
        }
    }
}
