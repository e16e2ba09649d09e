//! `GET /v1/models`: what a plain client may name as `model`: features that take a conversation,
//! and the operator's aliases for them.

use yumen_features::Task;
use yumen_policy::Timestamp;

use crate::gate::Gate;
use crate::reply::{self, Reply};

pub(crate) fn list(gate: &Gate, now: Timestamp) -> Reply {
    let chats = gate
        .catalogue
        .iter()
        .filter(|feature| feature.task() == Task::Chat)
        .map(|feature| feature.id().as_str());
    let names = chats.chain(gate.aliases.keys().map(String::as_str));
    let data: Vec<_> = names
        .map(|id| {
            serde_json::json!({
                "id": id, "object": "model", "created": now.as_second(), "owned_by": "yumen",
            })
        })
        .collect();
    reply::json(&serde_json::json!({"object": "list", "data": data}))
}
