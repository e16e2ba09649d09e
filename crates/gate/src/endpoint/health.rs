//! `/healthz`, `/readyz`, `/metrics`: what an operator's machines ask.

use http::StatusCode;

use crate::gate::{Gate, Mode};
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::router::Refused;

/// The process is up.
pub(crate) fn live(gate: &Gate) -> Reply {
    let mode = match gate.mode {
        Mode::Demo => "demo",
        Mode::Serve => "serve",
    };
    reply::json(
        &serde_json::json!({"status": "ok", "mode": mode, "version": env!("CARGO_PKG_VERSION")}),
    )
}

/// The gate can answer: the ledger takes entries.
pub(crate) fn ready(gate: &Gate) -> Result<Reply, Refused> {
    match gate.ledger.health() {
        Ok(()) => Ok(reply::json(&serde_json::json!({"status": "ready"}))),
        Err(error) => Err(Problem::new(
            "ledger_unavailable",
            format!("Nothing is served: {error}."),
            "账本无法写入，恢复之前不提供任何服务。",
        )
        .into()),
    }
}

/// Prometheus text.
pub(crate) fn metrics(gate: &Gate) -> Reply {
    reply::own(
        StatusCode::OK,
        "text/plain; version=0.0.4; charset=utf-8",
        gate.metrics.text(&gate.partners, &gate.judges),
    )
}
