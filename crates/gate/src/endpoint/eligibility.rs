//! `POST /v1/eligibility`: a device in, verdicts with reasons and a signed assertion out.

use serde::{Deserialize, Serialize};
use yumen_policy::{
    Device, DeviceKey, Digest, FeatureId, Holder, Market, MarketId, Thumbprint, Timestamp, Verdict,
    judge,
};

use crate::caller;
use crate::gate::Gate;
use crate::intake;
use crate::journal;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::visit::Visit;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    device: Device,
    features: Option<Vec<FeatureId>>,
    /// The public key the assertion is to be bound to.
    device_key: Option<DeviceKey>,
}

#[derive(Serialize)]
struct Judged<'a> {
    market: Option<&'a MarketId>,
    policy: Digest,
    expires_at: Timestamp,
    assertion: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_to: Option<Thumbprint>,
    verdicts: Vec<serde_json::Value>,
}

/// Judges the device for the features asked for, or for all.
///
/// The assertion covers every feature the device may have, so that asking about one feature does
/// not take the others away. Whoever sends a `device_key` need not prove to have it: an assertion
/// bound to another's key is worth nothing to them.
pub(crate) async fn answer(gate: &Gate, visit: Visit, now: Timestamp) -> Result<Reply, Problem> {
    let Visit { snapshot, headers, body, language, .. } = visit;
    let body = intake::json_body(&headers, body).await?;
    let Question { device, features, device_key } = intake::parse(&body)?;
    if gate.require_device_key && device_key.is_none() {
        return Err(caller::device_key_missing());
    }
    let policy = &snapshot.policy;
    let all: Vec<Verdict> =
        gate.catalogue.iter().map(|feature| judge(policy, &device, feature.id(), now)).collect();
    let bound_to = device_key.as_ref().map(DeviceKey::thumbprint);
    let holder = Holder { key: bound_to, limits: None };
    let assertion = gate.assertions.with(|signer, _| signer.issue_for(policy, &all, holder, now));
    let asked: Vec<Verdict> = match features {
        None => all,
        Some(features) => {
            features.iter().map(|feature| judge(policy, &device, feature, now)).collect()
        }
    };
    let market = policy.market_of(&device).map(Market::id);
    journal::verdicts(&gate.ledger, market, policy.digest(), &asked, now);
    Ok(reply::json(&Judged {
        market,
        policy: policy.digest(),
        expires_at: assertion.expires,
        assertion: assertion.token,
        bound_to,
        verdicts: asked.iter().map(|verdict| verdict.to_json(language)).collect(),
    }))
}
