//! `yumen alarms`: what the operator has to look at. A running gate tells; without one the ledger does.

use serde_json::{Value, json};
use yumen_desk::Action;

use super::Output;
use crate::cli::DeskPlace;
use crate::failure::Failure;

/// How far back the ledger is searched where no gate runs, in entries.
const SEARCHED: u64 = 1000;

pub(super) fn run(place: &DeskPlace, output: Output) -> Result<(), Failure> {
    let mut door = place.open()?;
    let alarms = if let Some(answer) = door.ask_gate("/admin/v1/alarms")? {
        answer["alarms"].clone()
    } else {
        let found = door.act(Action::Entries { from: None, limit: SEARCHED })?.value;
        let entries = found["entries"].as_array().into_iter().flatten().rev();
        let alarms = entries.filter_map(|entry| {
                let alarm = entry["entry"].get("alarm.v1")?;
                Some(json!({"code": alarm["code"], "market": alarm["market"],
                            "subject": alarm["subject"], "last_at": alarm["time"], "index": entry["index"]}))
            });
        alarms.collect()
    };
    output.print(&alarms, text)
}

fn text(alarms: &Value) -> String {
    let rows = alarms.as_array().into_iter().flatten().map(|alarm| {
        let word = |name: &str| alarm[name].as_str().unwrap_or_default();
        let about: Vec<_> =
            ["market", "subject"].into_iter().map(word).filter(|word| !word.is_empty()).collect();
        let times = match alarm["count"].as_u64() {
            Some(count) if count > 1 => format!("  {count} times"),
            _ => String::new(),
        };
        let said = [alarm["text"]["en"].as_str(), alarm["detail"].as_str()];
        let said: Vec<_> = said.into_iter().flatten().map(|line| ["\n  ", line].concat()).collect();
        format!(
            "{}  {}  {}{times}{}",
            word("last_at"),
            word("code"),
            about.join(" "),
            said.concat()
        )
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() { "no alarms".to_owned() } else { rows.join("\n") }
}
