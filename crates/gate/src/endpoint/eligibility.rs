//! `POST /v1/eligibility`: a device in, verdicts with reasons and a signed assertion out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use yumen_policy::{
    Conflict, Device, DeviceKey, Digest, FeatureId, Grace, Management, Market, MarketId, Matches,
    Proof, Switch, Thumbprint, Timestamp, Verdict, judge_remembering,
};

use crate::caller;
use crate::gate::Gate;
use crate::intake;
use crate::journal;
use crate::possession;
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
    /// The ticket of an earlier answer.
    grace: Option<String>,
}

#[derive(Serialize)]
struct Judged<'a> {
    market: Option<&'a MarketId>,
    policy: Digest,
    expires_at: Timestamp,
    assertion: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_to: Option<Thumbprint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    management: Option<Managed<'a>>,
    verdicts: Vec<serde_json::Value>,
}

/// What the profiles of a device come down to, for the app: where they contradict each other, and
/// what takes something away.
#[derive(Serialize)]
struct Managed<'a> {
    conflicts: &'a [Conflict],
    restricted: Vec<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_external_workspace_ids: Option<&'a BTreeSet<String>>,
}

/// Judges the device for the features asked for, or for all.
///
/// The assertion covers every feature the device may have, so that asking about one feature does
/// not take the others away. Whoever sends a `device_key` need not prove to have it: an assertion
/// bound to another's key is worth nothing to them. For a grace ticket they must.
pub(crate) async fn answer(gate: &Gate, visit: Visit, now: Timestamp) -> Result<Reply, Problem> {
    let proof = possession::proof(&visit, now)?;
    let Visit { snapshot, headers, body, language, .. } = visit;
    let body = intake::json_body(&headers, body).await?;
    let Question { device, features, device_key, grace } = intake::parse(&body)?;
    if gate.require_device_key && device_key.is_none() {
        return Err(caller::device_key_missing());
    }
    let bound_to = device_key.as_ref().map(DeviceKey::thumbprint);
    let ticket = match grace {
        None => None,
        Some(ticket) => Some(believed(gate, &ticket, bound_to, proof, now)?),
    };
    let policy = &snapshot.policy;
    let market = policy.market_of(&device).map(Market::id);
    let before = match (&ticket, market) {
        (Some(ticket), Some(market)) => ticket.matches_in(market),
        _ => Matches::NONE,
    };
    let judge = |feature: &FeatureId| judge_remembering(policy, &device, feature, before, now);
    let all: Vec<Verdict> = gate.catalogue.iter().map(|feature| judge(feature.id())).collect();
    let met: Matches = all
        .iter()
        .map(Verdict::matches)
        .flat_map(|met| met.iter().map(|(rule, at)| (rule.to_owned(), at)).collect::<Vec<_>>())
        .collect();
    // As the verdicts were made: never before the latest instant that was ever known here.
    let judged_at = all.first().map_or(now, Verdict::at);
    let (assertion, grace) = gate.assertions.with(|signer, _| {
        let grace = market.zip(bound_to).and_then(|(market, key)| {
            signer.issue_grace(market, &met, ticket.as_ref(), key, judged_at)
        });
        (signer.issue_for(policy, &all, bound_to, now), grace)
    });
    let asked: Vec<Verdict> = match features {
        None => all,
        Some(features) => features.iter().map(judge).collect(),
    };
    journal::verdicts(&gate.ledger, market, policy.digest(), &asked, now);
    Ok(reply::json(&Judged {
        market,
        policy: policy.digest(),
        expires_at: assertion.expires,
        assertion: assertion.token,
        bound_to,
        grace,
        management: device.management.get().filter(|profiles| !profiles.is_empty()).map(managed),
        verdicts: asked.iter().map(|verdict| verdict.to_json(language)).collect(),
    }))
}

/// The ticket, if this gate wrote it for the device key of whoever asks.
fn believed(
    gate: &Gate,
    ticket: &str,
    device_key: Option<Thumbprint>,
    proof: Option<Proof>,
    now: Timestamp,
) -> Result<Grace, Problem> {
    let Some(key) = device_key else {
        return Err(Problem::new(
            "grace_invalid",
            "A grace ticket counts only with the `device_key` it is bound to.",
            "宽限凭证须与其绑定的 `device_key` 一并提供。",
        ));
    };
    let proof = proof.ok_or_else(|| {
        Problem::new(
            "proof_missing",
            "A grace ticket needs a proof of possession of `device_key` in the DPoP header.",
            "宽限凭证须附带 `device_key` 的持有证明（DPoP 请求头）。",
        )
    })?;
    if proof.thumbprint() != key {
        return Err(Problem::new(
            "proof_invalid",
            "The proof of possession is made with another key than `device_key`.",
            "持有证明所用密钥并非 `device_key`。",
        ));
    }
    let grace = gate
        .assertions
        .with(|_, verifier| verifier.verify_grace(ticket, &proof))
        .map_err(|error| possession::refused(&error))?;
    gate.replays.admit(&proof, now)?;
    Ok(grace)
}

fn managed(profiles: &Management) -> Managed<'_> {
    Managed {
        conflicts: profiles.conflicts(),
        restricted: profiles.restricted().collect(),
        allowed_external_workspace_ids: profiles.workspaces(),
    }
}
