//! `POST /v1/reports` and `GET /v1/reports/{id}`: what a person objects to or complains of, and what became of it.
//! `GET /v1/transparency`: how often what was done, for everybody.
//!
//! Whoever has an app key may report; no eligibility is asked for, so that who was stopped can still object. Where the
//! request says which device or person it is, the report is of its market, and a granted appeal frees them.

use http::StatusCode;
use serde::Deserialize;
use yumen_desk::{Action, Actor, DeskError, Done, ReportKind, ReportOrder};
use yumen_policy::{MarketId, Timestamp};

use crate::caller::Caller;
use crate::choices::is_identifier;
use crate::gate::Gate;
use crate::intake;
use crate::people::Naming;
use crate::problem::Problem;
use crate::reply::{self, JSON, Reply};
use crate::visit::Visit;

/// The most characters of what a person writes.
const MAX_TEXT: usize = 4000;

/// The most characters of how they want to be reached.
const MAX_CONTACT: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    kind: ReportKind,
    receipt: Option<String>,
    about: Option<String>,
    text: Option<String>,
    contact: Option<String>,
}

pub(crate) async fn post(gate: &Gate, visit: Visit, now: Timestamp) -> Result<Reply, Problem> {
    let (market, person) = origin(gate, &visit, now)?;
    let Visit { key, headers, body, .. } = visit;
    let body = intake::json_body(&headers, body).await?;
    let Body { kind, receipt, about, text, contact } = intake::parse(&body)?;
    for (name, code) in [("receipt", &receipt), ("about", &about)] {
        if code.as_deref().is_some_and(|code| code.is_empty() || !is_identifier(code)) {
            return Err(wrong(name, "an id as an answer gives it", "回答中给出的标识"));
        }
    }
    for (name, text, most) in [("text", &text, MAX_TEXT), ("contact", &contact, MAX_CONTACT)] {
        if text.as_deref().is_some_and(|text| text.chars().nth(most).is_some()) {
            let (en, zh) = (format!("at most {most} characters"), format!("最多 {most} 个字符"));
            return Err(wrong(name, &en, &zh));
        }
    }
    let caller = key.id.clone();
    let order = ReportOrder { market, caller, person, kind, receipt, about, text, contact };
    let done = ask(gate, Action::Report(order)).await?;
    // Plain JSON of the desk's own making.
    Ok(reply::own(StatusCode::CREATED, JSON, done.changed.to_string()))
}

pub(crate) async fn get(gate: &Gate, visit: Visit, id: &str) -> Result<Reply, Problem> {
    let (report, caller) = (id.to_owned(), visit.key.id.clone());
    let done = ask(gate, Action::ReportStatus { report, caller }).await?;
    Ok(reply::json(&done.changed))
}

/// The public account.
pub(crate) fn transparency(gate: &Gate, now: Timestamp) -> Reply {
    reply::json(&gate.deeds.public(now))
}

/// The market and the person a report is of, as far as the request says.
fn origin(
    gate: &Gate,
    visit: &Visit,
    now: Timestamp,
) -> Result<(Option<MarketId>, Option<String>), Problem> {
    let caller = Caller::identify(gate, visit, now).ok();
    let market = caller.as_ref().and_then(|caller| {
        let feature = gate.catalogue.iter().next()?;
        caller.judge(&visit.snapshot.policy, feature.id(), now).market().cloned()
    });
    let naming = match &caller {
        Some(caller) => caller.naming().cloned(),
        None => Naming::of(&visit.headers, &visit.key.id, None)?,
    };
    let person = market
        .as_ref()
        .zip(naming)
        .map(|(market, naming)| gate.people.person(market, &naming).id().to_owned());
    Ok((market, person))
}

async fn ask(gate: &Gate, action: Action) -> Result<Done, Problem> {
    let unavailable = || {
        Problem::new("store_unavailable", "Reports cannot be taken in now.", "暂时无法受理报告。")
    };
    let desk = gate.operations().ok_or_else(unavailable)?;
    desk.act(Actor::gate(), action).await.map_err(|error| match error {
        DeskError::Unknown { name, .. } => Problem::new(
            "report_unknown",
            format!("No report {name} came with this app key."),
            format!("此应用密钥没有编号为 {name} 的报告。"),
        ),
        error => error.into(),
    })
}

fn wrong(name: &str, en: &str, zh: &str) -> Problem {
    Problem::new("input_invalid", format!("`{name}` is {en}."), format!("`{name}` 须为{zh}。"))
        .at(Some(name))
}
