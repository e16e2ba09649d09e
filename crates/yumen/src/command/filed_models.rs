//! `yumen filed-models` and `yumen approval check-model`: the regulator's public list, and who is on it.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use yumen_desk::Action;

use super::{Output, tell};
use crate::cli::{DeskPlace, FiledModelsCommand};
use crate::failure::{CHECK_FAILED, Context as _, Failure};

pub(super) fn run(command: FiledModelsCommand, output: Output) -> Result<(), Failure> {
    match command {
        FiledModelsCommand::Import { file, place } => {
            let list = read(&file)?;
            let outcome = place.open()?.act(Action::ImportFiled { list })?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |value| [text, notes(value)].concat())
        }
        FiledModelsCommand::List { place } => look(None, &place, output).map(drop),
        FiledModelsCommand::Show { query, place } => look(Some(&query), &place, output).map(drop),
    }
}

/// Looks a model up; that it is not on the list is an exit code of its own.
pub(super) fn check(model: &str, place: &DeskPlace, output: Output) -> Result<(), Failure> {
    if look(Some(model), place, output)? {
        return Ok(());
    }
    Err(Failure::new(format!("{model} is not on the list of filed models"))
        .help("`yumen filed-models import` takes in what the regulator has published since")
        .code(CHECK_FAILED))
}

/// Prints what the list has; whether it has anything.
fn look(query: Option<&str>, place: &DeskPlace, output: Output) -> Result<bool, Failure> {
    let query = query.map(str::to_owned);
    let found = place.open()?.act(Action::FiledModels { query })?.value;
    let any = found["models"].as_array().is_some_and(|models| !models.is_empty());
    output.print(&found, text)?;
    Ok(any)
}

fn text(found: &Value) -> String {
    let mut lines: Vec<_> = found["models"].as_array().into_iter().flatten().map(line).collect();
    let at = found["imported_at"].as_str().unwrap_or("never");
    lines.push(format!("{} of {} models; last import {at}", lines.len(), found["size"]));
    let gaps: Vec<_> = found["missing"].as_array().into_iter().flatten().map(gap).collect();
    if !gaps.is_empty() {
        lines.push(format!("places of the list that are missing: {}", gaps.join(", ")));
    }
    lines.join("\n")
}

fn line(model: &Value) -> String {
    let word = |name: &str| model[name].as_str().unwrap_or_default();
    format!("{}  {}  {}  {}", word("number"), word("name"), word("entity"), word("filed_on"))
}

fn gap(gap: &Value) -> String {
    if gap[0] == gap[1] { gap[0].to_string() } else { format!("{}-{}", gap[0], gap[1]) }
}

/// What an import repaired, gave up, or found twice.
fn notes(imported: &Value) -> String {
    let mut lines = String::new();
    for (name, what) in [("repairs", "repaired"), ("rejects", "given up")] {
        for note in imported[name].as_array().into_iter().flatten() {
            let text = note["text"].as_str().unwrap_or_default();
            lines.push_str(
                &["\n  line ", &note["line"].to_string(), ", ", what, ": ", text].concat(),
            );
        }
    }
    for conflict in imported["conflicts"].as_array().into_iter().flatten() {
        lines.push_str("\n  given to another model before: ");
        lines.push_str(&line(&conflict["after"]));
    }
    lines
}

/// A part of the list as text. Spreadsheets write UTF-16 with its mark, too.
fn read(file: &Path) -> Result<String, Failure> {
    let bytes = if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
        bytes
    } else {
        std::fs::read(file).context(format!("cannot read {}", file.display()))?
    };
    let pairs = |unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units: Vec<_> = pairs.iter().map(|pair| unit(*pair)).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
    };
    let text = match bytes.as_slice() {
        [0xff, 0xfe, ..] => pairs(u16::from_le_bytes),
        [0xfe, 0xff, ..] => pairs(u16::from_be_bytes),
        utf_8 => String::from_utf8(utf_8.to_vec()).ok(),
    };
    text.ok_or_else(|| {
        Failure::new(format!("{} is neither UTF-8 nor UTF-16", file.display()))
            .help("save it as UTF-8")
    })
}
