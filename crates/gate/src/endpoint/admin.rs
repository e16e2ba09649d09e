//! `/admin/v1/*`: the market desk over HTTP, for people with an admin key and for commands on this machine.
//!
//! What the addresses mean, who may do what, and what is recorded is the desk's business
//! (`yumen-desk`). Here a request is bounded, its key is looked up, and what came of it is written
//! down. An action that was begun is carried out even if its client hangs up.

use http::{Method, Request, header};
use hyper::body::Incoming;
use yumen_desk::{Action, DeskError, MAX_PACK};
use yumen_policy::UiLanguage;

use crate::background::in_background;
use crate::gate::Gate;
use crate::intake;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::visit;

/// The address of the alarms, which the gate itself keeps.
pub(crate) const ALARMS: &str = "/admin/v1/alarms";

/// The address of what was done in each market, to the last.
pub(crate) const TRANSPARENCY: &str = "/admin/v1/transparency";

/// Where packs are installed: the only address that takes a large body.
const PACKS: &str = "/admin/v1/packs";

/// The largest body that installs a pack, in bytes: a pack in base64, and the words around it.
const MAX_PACK_BODY: usize = MAX_PACK / 3 * 4 + 64 * 1024;

/// From how many bytes on a body is read off the threads that serve.
const LARGE: usize = 256 * 1024;

pub(crate) async fn answer(gate: &Gate, request: Request<Incoming>) -> Result<Reply, Problem> {
    let (parts, body) = request.into_parts();
    // The key comes before everything else: who has none learns nothing of what there is.
    let secret = visit::bearer(&parts.headers).ok_or(DeskError::KeyMissing)?;
    let desk = gate.operations().ok_or_else(no_desk)?;
    let actor = desk.identify(secret).ok_or(DeskError::KeyUnknown)?;
    let path = parts.uri.path();
    let body = match path {
        PACKS => intake::bounded_to(body, MAX_PACK_BODY).await?,
        _ => intake::bounded(body).await?,
    };
    let large = body.len() > LARGE;
    let mut reply = if (&parts.method, path) == (&Method::GET, TRANSPARENCY) {
        reply::json(&gate.deeds.exact())
    } else if (&parts.method, path) == (&Method::GET, ALARMS) {
        reply::json(&serde_json::json!({"alarms": gate.alarms()}))
    } else {
        let read = move || {
            Action::from_request(parts.method.as_str(), parts.uri.path(), parts.uri.query(), &body)
        };
        // Reading a whole pack takes milliseconds, which other requests are not to wait for.
        let action = if large {
            let reading = tokio::task::spawn_blocking(move || in_background(read));
            reading.await.ok().flatten().ok_or_else(stopping)?
        } else {
            read()
        }?;
        reply::json(&desk.act(actor, action).await?.to_json())
    };
    // Who may see it now may not see it later.
    reply.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    Ok(reply)
}

/// The runtime is going down.
fn stopping() -> Problem {
    Problem::new("overloaded", "The gate is stopping.", "网关正在停止。")
}

/// A gate that was put together without a desk, or is about to stop.
fn no_desk() -> Problem {
    Problem::new(
        "store_unavailable",
        "This gate has no desk: start it with `yumen serve` or `yumen demo`.",
        "此网关没有管理台：请以 `yumen serve` 或 `yumen demo` 启动。",
    )
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        let text = error.text();
        Self::new(error.code(), text.get(UiLanguage::En), text.get(UiLanguage::Zh))
    }
}
