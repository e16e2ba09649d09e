//! Reads JSON lines `{"id", "text"}` and writes one line each: `{"id", "findings": [{"kind", "start", "end", "score"}]}`.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};
use yumen_screen::{Entity, EntitySet, Gazetteer, personal_data};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entities: EntitySet = Entity::ALL.into_iter().collect();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let text = line["text"].as_str().unwrap_or_default();
        let findings: Vec<Value> = personal_data(text, entities, &Gazetteer::default())
            .into_iter()
            .map(|found| {
                json!({
                    "kind": found.entity,
                    "start": found.chars.start,
                    "end": found.chars.end,
                    "score": found.score,
                })
            })
            .collect();
        writeln!(out, "{}", json!({"id": line["id"], "findings": findings}))?;
    }
    Ok(())
}
