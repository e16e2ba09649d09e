//! Trains the weights by which English names are told.
//!
//! ```text
//! python3 crates/screen/train/sentences.py 200 > /tmp/sentences.jsonl
//! cargo run --release -p yumen-screen --features train --example train_names < /tmp/sentences.jsonl
//! ```
//!
//! Reads JSON lines `{"text", "spans": [[start, end, label]]}` and writes `crates/screen/data/en/names.weights`.

use std::io::{self, BufRead};

use serde_json::Value;
use yumen_screen::{Marked, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sentences = Vec::new();
    for line in io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap_or(0)).unwrap_or(0);
        let spans = line["spans"].as_array().into_iter().flatten();
        sentences.push(Marked {
            text: line["text"].as_str().unwrap_or_default().to_owned(),
            spans: spans
                .map(|span| {
                    let label = u8::try_from(number(&span[2])).unwrap_or(4);
                    (number(&span[0])..number(&span[1]), label)
                })
                .collect(),
        });
    }
    let weights = train(&sentences, 10, 0.2, 0.0, 0.5);
    std::fs::write("crates/screen/data/en/names.weights", weights)?;
    Ok(())
}
