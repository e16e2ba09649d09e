//! `GET /v1/features` and `POST /v1/features/{id}`: the typed features, whole or as events.

use http::{HeaderMap, header};
use yumen_features::{Feature, FeatureRequest, Nonce, prepare};
use yumen_policy::{Timestamp, clear};
use yumen_screen::Gazetteer;

use crate::caller::Caller;
use crate::conversation::Conversation;
use crate::display::Display;
use crate::endpoint::feature_answer;
use crate::gate::{Gate, Mode};
use crate::intake;
use crate::pipeline::{Delivery, Way};
use crate::problem::Problem;
use crate::random::random;
use crate::reply::{self, EVENT_STREAM, JSON, Reply};
use crate::restoring::OwnTools;
use crate::visit::Visit;

/// What every feature is: names, languages, limits, schemas; and, for a caller whose device is known
/// and may have it, what has to be shown with it. What a device may have, and why not, is
/// `POST /v1/eligibility`'s to say.
pub(crate) fn list(gate: &Gate, visit: &Visit, now: Timestamp) -> Reply {
    let caller = Caller::identify(gate, visit, now).ok();
    let display = |feature: &Feature| {
        let verdict = caller.as_ref()?.judge(&visit.snapshot.policy, feature.id(), now);
        let clearance = clear(&visit.snapshot.policy, verdict, now).ok()?;
        Some(Display::of(&gate.names, clearance.models().first()?, &clearance))
    };
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
                "display": display(feature),
            })
        })
        .collect();
    reply::json(&serde_json::json!({
        "features": features,
        "demo": gate.mode == Mode::Demo,
    }))
}

/// Runs one feature.
pub(crate) async fn run(
    gate: &Gate,
    visit: Visit,
    id: &str,
    now: Timestamp,
) -> Result<Reply, Problem> {
    let caller = Caller::identify(gate, &visit, now)?;
    let Visit { snapshot, headers, body, language, uri, .. } = visit;
    let feature = gate.catalogue.get(id).ok_or_else(|| {
        Problem::new(
            "feature_unknown",
            format!("There is no feature {id:?}; GET /v1/features lists them."),
            format!("没有功能 {id:?}；GET /v1/features 列出全部功能。"),
        )
    })?;
    let mut way = Way {
        gate,
        snapshot: &snapshot,
        caller: &caller,
        now,
        language,
        conversation: Conversation::of(&headers)?,
        own_tools: OwnTools::default(),
        contacts: Gazetteer::default(),
    };
    // The verdict comes before the body: a device that may not have the feature sends nothing.
    let clearance = way.clear(feature).await?;
    let body = intake::json_body(&headers, body).await?;
    let question = FeatureRequest::parse(feature, &body, yumen_device::detect)?;
    drop(body);
    way.contacts = Gazetteer::new(question.contacts());
    let streamed = wants_events(&headers);
    // All that came is read: the room it came in, 8 KiB, is free while the partner is asked.
    drop((headers, uri));
    let delivery = if streamed { Delivery::Events } else { Delivery::Whole };
    let nonce = Nonce::new(random()?);
    let prepare = |clearance| prepare(clearance, feature, question, &nonce);
    let served = way.serve(feature, clearance, prepare, delivery).await?;
    let open = gate.metrics.counters().open_answer();
    Ok(if streamed {
        let body = feature_answer::events(served, feature, language)?;
        reply::answer(EVENT_STREAM, body, open)
    } else {
        let body = feature_answer::whole(served, feature).await?;
        reply::answer(JSON, body, open)
    })
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains(EVENT_STREAM))
}
