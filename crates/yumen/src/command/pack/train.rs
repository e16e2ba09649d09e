//! `yumen pack train`: a classifier from labelled texts.

use std::fmt::Write as _;
use std::fs::File;

use serde_json::json;
use yumen_screen::classify::{Columns, Model, Options, Report};

use super::super::Output;
use super::files::{pack_failure, read_text, replace};
use crate::cli::TrainArgs;
use crate::failure::{Context as _, Failure};

pub(super) fn run(args: &TrainArgs, output: Output) -> Result<(), Failure> {
    let mut columns = Columns::default();
    if let Some(text) = &args.text {
        columns.text.clone_from(text);
    }
    if let Some(label) = &args.label {
        columns.label.clone_from(label);
    }
    if !args.none.is_empty() {
        columns.none.clone_from(&args.none);
    }
    columns.names.extend(args.name.iter().cloned());
    let mut examples = Vec::new();
    for path in &args.examples {
        let what = || format!("{} cannot be used", path.display());
        let read = if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
            let file = File::open(path).context(format!("cannot read {}", path.display()))?;
            columns.read_csv(file)
        } else {
            columns.read_jsonl(&read_text(path)?)
        };
        examples.extend(read.map_err(|error| pack_failure(what(), &error))?);
    }
    let mut options = Options::default();
    if let Some(seed) = args.seed {
        options.seed = seed;
    }
    let (model, report) = Model::train(&examples, &options)
        .map_err(|error| pack_failure("nothing can be trained from this", &error))?;
    let bytes = model.to_bytes();
    replace(&args.out, &bytes)?;
    let (file, digest) = (args.out.display().to_string(), model.digest());
    let value = json!({
        "file": file, "bytes": bytes.len(), "digest": digest, "report": report,
    });
    output.print(&value, |_| {
        format!("model {digest}\n  in {file}, {} bytes\n{}", bytes.len(), shown(&report))
    })
}

fn shown(report: &Report) -> String {
    let mut text = format!(
        "{} examples, {} of them held out to measure, {} features",
        report.examples, report.held_out, report.features
    );
    for label in &report.labels {
        // Writing into a string does not fail.
        let _ = write!(
            text,
            "\n{}: {} examples, threshold {:.2}, accuracy {:.3}, macro-F1 {:.3}, Brier {:.3}",
            label.label,
            label.examples,
            label.threshold,
            label.accuracy,
            label.macro_f1,
            label.brier,
        );
    }
    text
}
