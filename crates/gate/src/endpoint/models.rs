//! `GET /v1/models`: what a plain client may name as `model`: features that take a conversation,
//! and the operator's aliases for them.

use http::Request;
use hyper::body::Incoming;
use yumen_features::Task;
use yumen_policy::Timestamp;

use crate::caller::app_key;
use crate::gate::Gate;
use crate::reply::{self, Reply};
use crate::router::Refused;

pub(crate) fn list(
    gate: &Gate,
    request: &Request<Incoming>,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let snapshot = gate.snapshot.load();
    app_key(request.headers(), &snapshot.keys)?;
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
    Ok(reply::json(&serde_json::json!({"object": "list", "data": data})))
}
