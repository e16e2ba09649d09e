//! What people report: appeals against what the screen did, complaints, harm. Each gets a number and a date by which
//! it is decided; who decides is the operator, and the person is told.
//!
//! The words are sealed before they are stored and never stand in the ledger. A granted appeal frees the person whom
//! the market's rules had limited or suspended.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Complaint, Entry};
use yumen_policy::{DutyKind, DutyValue, MarketId, Text, deadline};
use yumen_store::{Decision, StoredDeed, StoredReport, new_id};

use crate::conduct::lifted;
use crate::{Actor, Aftermath, Book, Desk, DeskError, Done};

/// How many days a report may wait where the market's file says nothing. A choice of the project.
const USUAL_DAYS: i64 = 30;

/// The most reports that come with one app key in 24 hours.
const MOST_A_DAY: u64 = 1000;

/// The most reports that one look shows.
const SHOWN: u32 = 1000;

/// What kind of report it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// The screen erred: it withheld or changed what should have passed, or stopped a person wrongly.
    Appeal,
    /// Something is wrong with the service or an answer.
    Complaint,
    /// An answer did harm, or could.
    Harm,
    /// Content that is against the law.
    Illegal,
    /// What concerns the person's own data.
    Privacy,
}

impl ReportKind {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Appeal => "appeal",
            Self::Complaint => "complaint",
            Self::Harm => "harm",
            Self::Illegal => "illegal",
            Self::Privacy => "privacy",
        }
    }
}

/// A report as the gate takes it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportOrder {
    /// The market, where it is known.
    pub market: Option<MarketId>,
    /// The id of the app key.
    pub caller: String,
    /// The person's pseudonym.
    pub person: Option<String>,
    /// What kind of report it is.
    pub kind: ReportKind,
    /// The receipt it is about.
    pub receipt: Option<String>,
    /// The code of the notice it is about.
    pub about: Option<String>,
    /// What the person wrote.
    pub text: Option<String>,
    /// How the person wants to be reached.
    pub contact: Option<String>,
}

/// What an operator decides on a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The person is right.
    Granted,
    /// They are not.
    Refused,
    /// It was taken note of; nothing had to be decided.
    Noted,
}

impl Ruling {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Noted => "noted",
        }
    }
}

impl Desk {
    pub(crate) fn report(
        &mut self,
        order: &ReportOrder,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let since = now.as_second() - 24 * 60 * 60;
        if self.store.reports_since(&order.caller, since)? >= MOST_A_DAY {
            return Err(DeskError::TooMany);
        }
        let id = new_id("rep")?;
        let words = json!({"text": order.text, "contact": order.contact});
        let wordless = order.text.is_none() && order.contact.is_none();
        let sealed = if wordless {
            None
        } else {
            let sealed = self.keys.reports.seal(&id, &words.to_string());
            Some(sealed.ok_or_else(|| DeskError::Invalid("the words cannot be sealed".into()))?)
        };
        let due = self.book.due(order.market.as_ref(), now);
        let stored = StoredReport {
            id,
            market: order.market.as_ref().map(|market| market.as_str().to_owned()),
            caller: order.caller.clone(),
            person: order.person.clone(),
            receipt: order.receipt.clone(),
            kind: order.kind.as_str().to_owned(),
            about: order.about.clone(),
            sealed,
            received_at: now.as_second(),
            due_at: due.as_second(),
            decision: None,
        };
        let entry = entry(&stored, None, "received", now);
        let deed = (order.kind == ReportKind::Appeal).then(|| deed(&stored, "appeals", now));
        let ((), index) = self.change_aside(|change| {
            change.add_report(&stored)?;
            if let Some(deed) = &deed {
                change.add_deed(deed)?;
            }
            Ok(((), vec![entry]))
        })?;
        self.aftermath.extend(deed.map(Aftermath::Done));
        let text = Text::new(
            format!("report {} is received", stored.id),
            format!("已收到报告 {}", stored.id),
        );
        Ok(Done::changed(told(&stored), index, text))
    }

    /// What the person may know of a report: theirs, and nobody else's.
    pub(crate) fn report_status(&self, id: &str, caller: &str) -> Result<Done, DeskError> {
        let found = self.store.report(id)?.filter(|report| report.caller == caller);
        let report = found.ok_or_else(|| unknown(id))?;
        Ok(Done::found(&told(&report), Text::new(status(&report), status(&report))))
    }

    pub(crate) fn reports(&self, decided: bool) -> Result<Done, DeskError> {
        let reports = self.store.list_reports(decided, SHOWN)?;
        let count = reports.len();
        let shown: Vec<_> = reports.iter().map(shown).collect();
        Ok(Done::found(&shown, Text::new(format!("{count} reports"), format!("{count} 份报告"))))
    }

    /// A report with its words.
    pub(crate) fn show_report(&self, id: &str) -> Result<Done, DeskError> {
        let report = self.store.report(id)?.ok_or_else(|| unknown(id))?;
        let mut shown = shown(&report);
        let words = report.sealed.as_deref().map(|sealed| self.keys.reports.open(id, sealed));
        match words {
            None => {}
            Some(Some(words)) => {
                let words: Value = serde_json::from_str(&words).unwrap_or(Value::Null);
                shown["text"] = words["text"].clone();
                shown["contact"] = words["contact"].clone();
            }
            Some(None) => shown["unreadable"] = true.into(),
        }
        Ok(Done::found(&shown, Text::new(status(&report), status(&report))))
    }

    pub(crate) fn decide(
        &mut self,
        actor: &Actor,
        id: &str,
        ruling: Ruling,
        answer: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        if answer.trim().is_empty() {
            return Err(DeskError::Invalid("`answer` is empty: say to the person why".into()));
        }
        let decision = Decision {
            decision: ruling.as_str().to_owned(),
            answer: answer.to_owned(),
            by: actor.id().to_owned(),
            at: now.as_second(),
        };
        let ((report, deed, freed), index) = self.change_aside(|change| {
            let mut report = change.report(id)?.ok_or_else(|| unknown(id))?;
            if !change.decide_report(id, &decision)? {
                return Err(DeskError::Conflict(Text::new(
                    format!("{id} is decided already"),
                    format!("{id} 已作出决定"),
                )));
            }
            report.decision = Some(decision);
            let granted = ruling == Ruling::Granted && report.kind == ReportKind::Appeal.as_str();
            let deed = granted.then(|| deed(&report, "granted", now));
            if let Some(deed) = &deed {
                change.add_deed(deed)?;
            }
            let mut entries = vec![entry(&report, Some(actor), ruling.as_str(), now)];
            let person = report.market.as_deref().zip(report.person.as_deref());
            let mut freed = None;
            if let Some((market, person)) = person.filter(|_| granted)
                && change.forget_person(market, person)?
            {
                entries.insert(0, lifted(actor, market, person, now));
                freed = Some(person.to_owned());
            }
            Ok(((report, deed, freed), entries))
        })?;
        self.aftermath.extend(deed.map(Aftermath::Done));
        self.aftermath.extend(freed.map(|person| Aftermath::Freed { person }));
        let text = Text::new(
            format!("{id} is {}; the person can see the answer", ruling.as_str()),
            format!("{id} 已作出决定（{}），当事人可查看答复", ruling.as_str()),
        );
        Ok(Done::changed(shown(&report), index, text))
    }
}

impl Book {
    /// By when a report has to be decided: by the market's duty to close complaints, else [`USUAL_DAYS`].
    fn due(&self, market: Option<&MarketId>, now: Timestamp) -> Timestamp {
        let duty = self.market(market).and_then(|market| {
            market.duties().iter().find(|duty| {
                duty.kind() == DutyKind::Complaints && duty.id().ends_with(".complaints-closed")
            })
        });
        let number = match duty.and_then(|duty| duty.value()) {
            Some(DutyValue::Whole(number)) => *number,
            _ => return after(now, SignedDuration::from_hours(24 * USUAL_DAYS)),
        };
        match (duty.and_then(|duty| duty.unit()), market) {
            (Some("hours"), _) => after(now, SignedDuration::from_hours(number)),
            (Some("working days"), Some(market)) => {
                let zone = zone(market);
                let today = now.to_zoned(zone.clone()).date();
                let calendar = self.calendars.iter().find(|known| known.id() == market.as_str());
                let day = calendar.and_then(|calendar| {
                    deadline(today, u16::try_from(number).ok()?, calendar).ok()
                });
                match day.and_then(|day| end(day, &zone)) {
                    Some(end) => end,
                    // Days that are not known to be days off are working days: that is never too late.
                    None => after(now, SignedDuration::from_hours(24 * number)),
                }
            }
            _ => after(now, SignedDuration::from_hours(24 * number)),
        }
    }
}

fn zone(market: &MarketId) -> TimeZone {
    if market.as_str() == "cn" { TimeZone::fixed(Offset::constant(8)) } else { TimeZone::UTC }
}

/// The last second of a day.
fn end(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(
        day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp()
            - SignedDuration::from_secs(1),
    )
}

fn after(now: Timestamp, long: SignedDuration) -> Timestamp {
    now.checked_add(long).unwrap_or(Timestamp::MAX)
}

fn unknown(id: &str) -> DeskError {
    DeskError::Unknown { what: "report", zh: "报告", name: id.into() }
}

fn status(report: &StoredReport) -> &str {
    report.decision.as_ref().map_or("received", |decision| &decision.decision)
}

fn instant(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

/// What the person is told.
fn told(report: &StoredReport) -> Value {
    json!({
        "id": report.id,
        "kind": report.kind,
        "receipt": report.receipt,
        "about": report.about,
        "status": status(report),
        "received_at": instant(report.received_at),
        "due_at": instant(report.due_at),
        "decision": report.decision.as_ref().map(|decision| json!({
            "decision": decision.decision,
            "answer": decision.answer,
            "decided_at": instant(decision.at),
        })),
    })
}

/// What an operator sees of it in a list.
fn shown(report: &StoredReport) -> Value {
    let mut shown = told(report);
    shown["market"] = json!(report.market);
    shown["caller"] = json!(report.caller);
    shown["person"] = json!(report.person);
    if let Some(decision) = &report.decision {
        shown["decision"]["by"] = json!(decision.by);
    }
    shown
}

fn deed(report: &StoredReport, what: &str, now: Timestamp) -> StoredDeed {
    StoredDeed {
        day: now.to_zoned(TimeZone::UTC).date().to_string(),
        market: report.market.clone().unwrap_or_else(|| "unknown".to_owned()),
        deed: what.to_owned(),
        category: String::new(),
        count: 1,
    }
}

fn entry(report: &StoredReport, by: Option<&Actor>, step: &str, now: Timestamp) -> Canonical {
    Canonical::from(Entry::Complaint(Complaint {
        by: by.map(|actor| actor.id().into()),
        code: report.kind.as_str().into(),
        digest: None,
        id: report.id.as_str().into(),
        market: report.market.as_deref().map(Into::into),
        receipt: report.receipt.as_deref().map(Into::into),
        step: step.into(),
        time: now,
    }))
}
