//! The statutory clocks that an approval's way has started, and the last day of each.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};
use yumen_policy::{ApprovalFile, ClockEvent, SignedStep, StepKind};

use crate::Book;

impl Book {
    /// What runs for this approval: by its kind's procedure and its market's calendar. A deadline that cannot be
    /// counted is shown with the reason, and never guessed.
    pub(crate) fn deadlines(&self, file: &ApprovalFile) -> Vec<Value> {
        let procedure = file.kind().and_then(|kind| self.procedures.get(kind));
        let (Some(procedure), Some(market)) = (procedure, file.market()) else { return Vec::new() };
        let Some(calendar) = self.calendars.iter().find(|known| known.id() == market.as_str())
        else {
            return Vec::new();
        };
        let mut running = Vec::new();
        for clock in procedure.clocks() {
            let Some(event) = event(file, clock.from) else { continue };
            let event = day(event, market.as_str());
            let due = clock.due(event, calendar);
            running.push(json!({
                "clock": clock.id,
                "on": clock.on,
                "text": clock.text,
                "from": event,
                "working_days": clock.working_days,
                "due": due.as_ref().ok(),
                "why": due.as_ref().err().map(ToString::to_string),
            }));
        }
        running
    }
}

/// When that happened which starts a clock, if it did.
fn event(file: &ApprovalFile, event: ClockEvent) -> Option<Timestamp> {
    let last = |kind| {
        let mut steps = file.steps().iter().rev().map(SignedStep::unverified);
        steps.find(|step| step.step == kind).map(|step| step.at)
    };
    match event {
        // What was handed in is taken for complete: the authority's day can only be later.
        ClockEvent::Complete => last(StepKind::Submitted),
        ClockEvent::Start => file.record().map(|record| record.valid_from),
        ClockEvent::End => last(StepKind::Revoked),
        // A change is a matter of its own, with a case of its own.
        ClockEvent::Change => None,
    }
}

/// The day where the market is.
fn day(at: Timestamp, market: &str) -> Date {
    let zone = if market == "cn" { TimeZone::fixed(Offset::constant(8)) } else { TimeZone::UTC };
    at.to_zoned(zone).date()
}
