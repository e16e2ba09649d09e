//! The way of a request without a step left out: it compiles. Each program beside it differs from
//! this one in a single step, and does not.

use std::sync::Arc;

use yumen_features::{Feature, FeatureRequest, Nonce, Prompt, prepare};
use yumen_gate::{AnswerBody, Piece};
use yumen_label::{Labelled, Labeller, Labels};
use yumen_ledger::{Admission, Admitted, Ledger};
use yumen_partners::{Answer, Manner, Partners, Route};
use yumen_policy::{
    Clearance, Device, FeatureId, Policy, Timestamp, UiLanguage, Verdict, clear, judge,
};
use yumen_screen::{FromPartner, Screen, Screened, StreamScreen, ToPartner};
use yumen_wire::Completion;

/// Judge, and clear.
pub(crate) fn cleared(
    policy: &Policy,
    device: &Device,
    id: &FeatureId,
    now: Timestamp,
) -> Clearance {
    let verdict: Verdict = judge(policy, device, id, now);
    clear(policy, verdict, now).unwrap()
}

/// Prepare, screen and route.
pub(crate) fn routed(
    clearance: Clearance,
    feature: &Arc<Feature>,
    request: FeatureRequest,
    nonce: &Nonce,
    screen: &Screen,
    partners: &Partners,
) -> Route {
    let prompt: Prompt = prepare(clearance, feature, request, nonce).unwrap();
    let (prompt, _): (Screened<Prompt, ToPartner>, _) = screen.whole(prompt, ToPartner).unwrap();
    partners.route(prompt, Manner::whole()).unwrap()
}

/// Ask, screen, label, record, answer.
pub(crate) async fn answered(
    route: Route,
    partners: &Partners,
    screen: &Screen,
    labeller: &Labeller,
    ledger: &Ledger,
    admission: Admission<'_>,
) -> AnswerBody {
    let labels: Labels = labeller.open(route.clearance(), "1", UiLanguage::En);
    let Answer::Whole(whole) = partners.ask(route).await.unwrap() else { unreachable!() };
    let (completion, _) = screen.whole(whole.completion, FromPartner).unwrap();
    let stamped: Labelled<Completion> = labels.stamp(completion);
    let admitted: Admitted = ledger.admit(admission).await.unwrap();
    AnswerBody::whole(&admitted, &stamped, |completion, _| completion.text.clone().into_bytes())
}

/// The same for a part of a streamed answer.
pub(crate) fn piece(
    screen: &mut StreamScreen<FromPartner>,
    labels: &Labels,
    text: &str,
) -> Option<Piece> {
    let screened: Option<Screened<String, FromPartner>> = screen.push(text).text;
    screened.map(|text| Piece::Text { choice: 0, text: labels.stamp(text) })
}
