//! `yumen report` and `yumen person`: what people object to, and who was stopped.

use serde_json::Value;
use yumen_desk::Action;

use super::{Output, tell};
use crate::cli::{DeskPlace, PersonCommand, ReportCommand};
use crate::failure::Failure;

pub(super) fn run(command: ReportCommand, output: Output) -> Result<(), Failure> {
    match command {
        ReportCommand::List { decided, place } => {
            look(&place, Action::Reports { decided }, output, |reports| {
                rows(reports, "no reports", &["id", "status", "kind", "market", "due_at", "about"])
            })
        }
        ReportCommand::Show { report, place } => {
            look(&place, Action::ShowReport { report }, output, |report| {
                let head =
                    ["id", "status", "kind", "market", "person", "receipt", "about", "due_at"];
                lines(report, &[&head[..], &["text", "contact"]].concat())
            })
        }
        ReportCommand::Decide { report, ruling, answer, place } => {
            act(&place, Action::Decide { report, ruling: ruling.into(), answer }, output)
        }
    }
}

pub(super) fn person(command: PersonCommand, output: Output) -> Result<(), Failure> {
    match command {
        PersonCommand::List { place } => look(&place, Action::People, output, |people| {
            rows(people, "nothing is counted of anybody", &["person", "market", "state", "until"])
        }),
        PersonCommand::Show { person, place } => {
            look(&place, Action::Person { person }, output, |person| {
                lines(person, &["person", "market", "state", "since", "until", "changed_at"])
            })
        }
        PersonCommand::Lift { person, place } => act(&place, Action::LiftPerson { person }, output),
    }
}

fn look(
    place: &DeskPlace,
    action: Action,
    output: Output,
    text: impl FnOnce(&Value) -> String,
) -> Result<(), Failure> {
    let found = place.open()?.act(action)?.value;
    output.print(&found, text)
}

fn act(place: &DeskPlace, action: Action, output: Output) -> Result<(), Failure> {
    let outcome = place.open()?.act(action)?;
    let text = outcome.text.clone().unwrap_or_default();
    tell(outcome, output, |_| text)
}

fn word<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or("-")
}

fn rows(found: &Value, none: &str, columns: &[&str]) -> String {
    let row = |of: &Value| columns.iter().map(|name| word(of, name)).collect::<Vec<_>>().join("  ");
    let rows: Vec<_> = found.as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() { none.to_owned() } else { rows.join("\n") }
}

fn lines(found: &Value, names: &[&str]) -> String {
    let line = |name: &&str| format!("{name:<10}  {}", word(found, name));
    names.iter().map(line).collect::<Vec<_>>().join("\n")
}
