//! `yumen ledger prune|hold`: how long entries are kept.

use jiff::Timestamp;
use yumen_ledger::{Hold, PruneReport, Retention, RetentionRule, merkle::TreeHash, read_holds};
use yumen_policy::{Duty, DutyKind, DutyValue};

use super::super::Output;
use super::{Log, failed};
use crate::catalog::Shipped;
use crate::cli::{HoldCommand, Place};
use crate::failure::{Context as _, Failure};

/// Who does it: the operator at the data folder.
const OPERATOR: &str = "local";

pub(super) fn prune(
    place: &Place,
    days: Option<u32>,
    mut rules: Vec<RetentionRule>,
    duties: bool,
    dry_run: bool,
    output: Output,
) -> Result<(), Failure> {
    let at_least = duties_of_markets()?;
    if duties {
        rules.extend(at_least.iter().cloned());
    }
    let retention = Retention { rules, at_least, default_days: days };
    let ledger = Log::open(place)?.data.ledger()?;
    let pruned = ledger.prune(&retention, OPERATOR, Timestamp::now(), dry_run);
    let report = failed("the ledger was not pruned", pruned)?;
    output.print(&report, |report| text(report, dry_run))
}

fn text(report: &PruneReport, dry_run: bool) -> String {
    let verb = if dry_run { "would be pruned" } else { "pruned" };
    let mut lines = vec![format!(
        "{} entries {verb}; {} kept, {} of them by legal hold",
        report.pruned,
        report.kept + report.held,
        report.held
    )];
    lines.extend(report.kinds.iter().map(|(kind, count)| format!("  {count:>8}  {kind}")));
    if report.pruned_before > 0 {
        lines.push(format!("  {:>8}  had been pruned before", report.pruned_before));
    }
    lines.extend(report.deletion.map(|index| format!("recorded as entry {index}")));
    lines.join("\n")
}

/// What the markets' duties ask the ledger to keep at least.
fn duties_of_markets() -> Result<Vec<RetentionRule>, Failure> {
    let shipped = Shipped::load(None).context("the embedded catalogue is broken")?;
    Ok(shipped
        .markets
        .iter()
        .flat_map(|market| market.duties().iter().map(move |duty| (market, duty)))
        .filter_map(|(market, duty)| {
            let days = days(duty)?;
            Some(RetentionRule { kind: None, market: Some(market.id().to_string()), days })
        })
        .collect())
}

/// How many days a duty that the ledger carries asks for; months and years at their longest.
fn days(duty: &Duty) -> Option<u32> {
    let carried = duty.enforced_by().is_some_and(|by| by.starts_with("ledger"));
    if duty.kind() != DutyKind::Retention || !carried {
        return None;
    }
    let Some(DutyValue::Whole(value)) = duty.value() else { return None };
    let unit = match duty.unit()? {
        "days" => 1,
        "months" => 31,
        "years" => 366,
        _ => return None,
    };
    u32::try_from(*value).ok()?.checked_mul(unit)
}

pub(super) fn hold(command: HoldCommand, output: Output) -> Result<(), Failure> {
    match command {
        HoldCommand::Add { place, market, kind, entry, reason } => {
            let since = Timestamp::now();
            let (id, by) = (String::new(), OPERATOR.to_owned());
            let mut hold = Hold { id, market, kind, entry, reason, by, since };
            hold.id = id_of(&hold);
            let ledger = Log::open(&place)?.data.ledger()?;
            let placed = failed("the hold was not placed", ledger.hold(hold.clone()))?;
            let index = placed.proof().index;
            output.print(&serde_json::json!({"hold": hold, "index": index}), |_| {
                format!("{} holds; recorded as entry {index}", hold.id)
            })
        }
        HoldCommand::List { place } => {
            let holds = failed("the holds cannot be read", read_holds(&Log::open(&place)?.dir))?;
            output.print(&holds, |holds| {
                if holds.is_empty() {
                    return "no legal holds".to_owned();
                }
                holds.iter().map(line).collect::<Vec<_>>().join("\n")
            })
        }
        HoldCommand::Release { place, id } => {
            let ledger = Log::open(&place)?.data.ledger()?;
            let released = ledger.release(&id, OPERATOR, Timestamp::now());
            let index = failed("the hold was not released", released)?.proof().index;
            output.print(&serde_json::json!({"released": id, "index": index}), |_| {
                format!("{id} holds no longer; recorded as entry {index}")
            })
        }
    }
}

/// An id made of what is held and when.
fn id_of(hold: &Hold) -> String {
    use std::fmt::Write as _;

    let what = format!("{hold:?}");
    let hash = TreeHash::of_leaf(what.as_bytes());
    hash.0[..6].iter().fold("hold_".to_owned(), |mut id, byte| {
        // Writing into a string does not fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

fn line(hold: &Hold) -> String {
    let named = [("market", &hold.market), ("kind", &hold.kind), ("entry", &hold.entry)];
    let named =
        named.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
    let what = named.collect::<Vec<_>>().join(", ");
    let what = if what.is_empty() { "everything" } else { &what };
    format!("{}  {what}  since {}  {}", hold.id, hold.since, hold.reason)
}
