//! `POST /v1/eligibility`: a device in, verdicts with reasons and a signed assertion out.

use serde::{Deserialize, Serialize};
use yumen_policy::{
    Device, Digest, FeatureId, Holder, Market, MarketId, Timestamp, Verdict, judge,
};

use crate::gate::Gate;
use crate::intake;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::visit::Visit;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    device: Device,
    features: Option<Vec<FeatureId>>,
}

#[derive(Serialize)]
struct Judged<'a> {
    market: Option<&'a MarketId>,
    policy: Digest,
    expires_at: Timestamp,
    assertion: String,
    verdicts: Vec<serde_json::Value>,
}

/// Judges the device for the features asked for, or for all.
///
/// The assertion covers every feature the device may have, so that asking about one feature does
/// not take the others away.
pub(crate) async fn answer(gate: &Gate, visit: Visit, now: Timestamp) -> Result<Reply, Problem> {
    let Visit { snapshot, headers, body, language, .. } = visit;
    let body = intake::json_body(&headers, body).await?;
    let Question { device, features } = intake::parse(&body)?;
    let policy = &snapshot.policy;
    let all: Vec<Verdict> =
        gate.catalogue.iter().map(|feature| judge(policy, &device, feature.id(), now)).collect();
    let assertion = gate.assertions.issue_for(policy, &all, Holder::default(), now);
    let asked: Vec<Verdict> = match features {
        None => all,
        Some(features) => {
            features.iter().map(|feature| judge(policy, &device, feature, now)).collect()
        }
    };
    Ok(reply::json(&Judged {
        market: policy.market_of(&device).map(Market::id),
        policy: policy.digest(),
        expires_at: assertion.expires,
        assertion: assertion.token,
        verdicts: asked.iter().map(|verdict| verdict.to_json(language)).collect(),
    }))
}
