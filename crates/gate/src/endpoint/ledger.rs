//! `GET /v1/ledger/key`: what a receipt is verified with.

use crate::gate::Gate;
use crate::reply::{self, Reply};

/// The ledger's public key as a C2SP verifier key (`name+hash+base64`).
pub(crate) fn key(gate: &Gate) -> Reply {
    reply::json(&serde_json::json!({"verifier_key": gate.ledger_key}))
}
