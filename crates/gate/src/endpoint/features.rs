//! `GET /v1/features` and `POST /v1/features/{id}`: the typed features, whole or as events.

use http::{HeaderMap, Request, header};
use hyper::body::Incoming;
use yumen_features::{FeatureRequest, prepare};
use yumen_policy::Timestamp;

use crate::caller::{self, Caller, app_key};
use crate::endpoint::feature_answer;
use crate::gate::{Gate, Mode};
use crate::intake;
use crate::pipeline::{Delivery, Way};
use crate::problem::Problem;
use crate::reply::{self, EVENT_STREAM, JSON, Reply};
use crate::router::Refused;

/// What every feature is: names, languages, limits, schemas. What a device may have of them is
/// `POST /v1/eligibility`'s to say.
pub(crate) fn list(gate: &Gate, request: &Request<Incoming>) -> Result<Reply, Refused> {
    let snapshot = gate.snapshot.load();
    app_key(request.headers(), &snapshot.keys)?;
    let features: Vec<_> = gate
        .catalogue
        .iter()
        .map(|feature| {
            let languages: Vec<_> = feature.languages().iter().map(|l| l.as_str()).collect();
            serde_json::json!({
                "id": feature.id(),
                "version": feature.version(),
                "name": feature.name(),
                "about": feature.about(),
                "tier": feature.tier().as_str(),
                "languages": languages,
                "limits": {"max_input_bytes": feature.limits().max_input_bytes},
                "input": feature.input_schema(),
                "output": feature.output_schema(),
            })
        })
        .collect();
    Ok(reply::json(&serde_json::json!({
        "features": features,
        "demo": gate.mode == Mode::Demo,
    })))
}

/// Runs one feature.
pub(crate) async fn run(
    gate: &Gate,
    request: Request<Incoming>,
    id: &str,
    now: Timestamp,
) -> Result<Reply, Refused> {
    let snapshot = gate.snapshot.load_full();
    let (parts, body) = request.into_parts();
    let key = app_key(&parts.headers, &snapshot.keys)?;
    let language = caller::language(&parts.headers, Some(key));
    let refused = |problem: Problem| Refused::told_in(language, problem);
    let caller =
        Caller::identify(&parts.headers, &snapshot.keys, &gate.believed, now).map_err(refused)?;
    let feature = gate.catalogue.get(id).ok_or_else(|| {
        refused(Problem::new(
            "feature_unknown",
            format!("There is no feature {id:?}; GET /v1/features lists them."),
            format!("没有功能 {id:?}；GET /v1/features 列出全部功能。"),
        ))
    })?;
    let way = Way { gate, snapshot: &snapshot, caller: &caller, now, language };
    // The verdict comes before the body: a device that may not have the feature sends nothing.
    let clearance = way.clear(feature).await.map_err(refused)?;
    let body = intake::json_body(&parts.headers, body).await.map_err(refused)?;
    let question = FeatureRequest::parse(feature, &body, yumen_device::detect)
        .map_err(|error| refused(error.into()))?;
    drop(body);
    let streamed = wants_events(&parts.headers);
    let delivery = if streamed { Delivery::Streamed } else { Delivery::Whole };
    let served = way
        .serve(feature, clearance, |clearance| prepare(clearance, feature, question), delivery)
        .await
        .map_err(refused)?;
    let open = gate.metrics.counters().open_answer();
    Ok(if streamed {
        let body = feature_answer::events(served, feature, language).map_err(refused)?;
        reply::answer(EVENT_STREAM, body, open)
    } else {
        let body = feature_answer::whole(served, feature).map_err(refused)?;
        reply::answer(JSON, body, open)
    })
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains(EVENT_STREAM))
}
