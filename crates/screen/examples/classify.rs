//! Trains a classifier on one labelled CSV file and tells how it does on another, without showing a text:
//! `cargo run --release -p yumen-screen --example classify -- TRAIN.csv TEST.csv TEXT_COLUMN LABEL_COLUMN`.

use std::error::Error;
use std::fs::File;
use std::time::Instant;

use yumen_screen::classify::{Columns, Model, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [train, other, text, label] = args.as_slice() else {
        return Err("usage: classify TRAIN.csv TEST.csv TEXT_COLUMN LABEL_COLUMN".into());
    };
    let columns = Columns { text: text.clone(), label: label.clone(), ..Columns::default() };
    let began = Instant::now();
    let examples = columns.read_csv(File::open(train)?)?;
    let (model, report) = Model::train(&examples, &Options::default())?;
    let trained = began.elapsed();
    println!("{}", serde_json::to_string_pretty(&report)?);
    let bytes = model.to_bytes();
    println!("trained in {trained:.1?}, {} bytes", bytes.len());
    let model = Model::from_bytes(&bytes)?;
    let examples = columns.read_csv(File::open(other)?)?;
    let began = Instant::now();
    let scored: Vec<_> = examples.iter().map(|example| model.score(&example.text)).collect();
    let took = began.elapsed();
    let characters: usize = examples.iter().map(|example| example.text.chars().count()).sum();
    println!("{characters} characters in {took:.1?}");
    for (at, name) in (0..).zip(model.labels()) {
        let threshold = model.threshold(at).unwrap_or(0.5);
        let mut counts = [[0_u32; 2]; 2];
        for (example, windows) in examples.iter().zip(&scored) {
            let told = windows.iter().any(|window| window.scores[usize::from(at)] >= threshold);
            let holds = example.labels.iter().any(|label| label == name);
            counts[usize::from(holds)][usize::from(told)] += 1;
        }
        let [[tn, fp], [fn_, tp]] = counts.map(|row| row.map(f64::from));
        let f1 = f64::midpoint(2.0 * tp / (2.0 * tp + fp + fn_), 2.0 * tn / (2.0 * tn + fp + fn_));
        let accuracy = (tp + tn) / (tp + tn + fp + fn_);
        println!("{name}: accuracy {accuracy:.4}, macro-F1 {f1:.4}, counts {counts:?}");
    }
    Ok(())
}
