//! `yumen ledger prune|hold`: how long entries are kept.

use serde_json::Value;
use yumen_desk::{Action, HoldOrder, Keeping, PruneOrder};

use super::super::Output;
use crate::cli::{DeskPlace, HoldCommand};
use crate::failure::Failure;

pub(super) fn prune(desk: &DeskPlace, order: PruneOrder, output: Output) -> Result<(), Failure> {
    let outcome = desk.open()?.act(Action::Keep(Keeping::Prune(order)))?;
    let said = outcome.text.unwrap_or_default();
    output.print(&outcome.value, |report| {
        let mut lines = vec![said];
        let kinds = report["kinds"].as_object().into_iter().flatten();
        lines.extend(kinds.map(|(kind, count)| format!("  {:>8}  {kind}", count.to_string())));
        let before = report["pruned_before"].as_u64().unwrap_or_default();
        if before > 0 {
            lines.push(format!("  {before:>8}  had been pruned before"));
        }
        lines.extend(outcome.index.map(|index| format!("recorded as entry {index}")));
        lines.join("\n")
    })
}

pub(super) fn hold(command: HoldCommand, output: Output) -> Result<(), Failure> {
    match command {
        HoldCommand::Add { desk, market, kind, entry, reason } => {
            let order = HoldOrder { market, kind, entry, reason };
            changed(&desk, Action::Keep(Keeping::Hold(order)), output)
        }
        HoldCommand::List { desk } => {
            let found = desk.open()?.act(Action::Keep(Keeping::Holds))?.value;
            output.print(&found["holds"], |holds| {
                let holds = holds.as_array().map(Vec::as_slice).unwrap_or_default();
                if holds.is_empty() {
                    return "no legal holds".to_owned();
                }
                holds.iter().map(line).collect::<Vec<_>>().join("\n")
            })
        }
        HoldCommand::Release { desk, id } => {
            changed(&desk, Action::Keep(Keeping::Release { id }), output)
        }
    }
}

fn changed(desk: &DeskPlace, action: Action, output: Output) -> Result<(), Failure> {
    let outcome = desk.open()?.act(action)?;
    let said = outcome.text.clone().unwrap_or_default();
    super::super::tell(outcome, output, |_| said)
}

fn line(hold: &Value) -> String {
    let word = |name: &str| hold[name].as_str();
    let named = ["market", "kind", "entry"];
    let named = named.iter().filter_map(|name| Some(format!("{name} {}", word(name)?)));
    let what = named.collect::<Vec<_>>().join(", ");
    let what = if what.is_empty() { "everything" } else { &what };
    let [id, since, reason] = ["id", "since", "reason"].map(|name| word(name).unwrap_or_default());
    format!("{id}  {what}  since {since}  {reason}")
}
