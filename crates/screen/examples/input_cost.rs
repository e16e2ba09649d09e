//! What it costs to screen what a person sends: texts on their way to a partner through the packs that ship, one by one as whole
//! texts and as streams of small pieces.
//!
//! ```text
//! cargo run --release -p yumen-screen --example input_cost -- texts.txt mails.jsonl dataset.json
//! ```
//!
//! Of `.json` and `.jsonl` files the longest string of each object is a text; of other files each paragraph is one. With
//! `YUMEN_FINDINGS=file` all that is found is written there, to compare two builds; with `YUMEN_ONLY=said` (or `material`,
//! `pieces`) only that is measured.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use yumen_screen::{Boundary, Pack, Screen, ToPartner};

/// At least so long is measured.
const LEAST: Duration = Duration::from_millis(1_500);

fn main() -> Result<(), Box<dyn Error>> {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/packs");
    let packs = ["pii", "quasi", "injection", "self_harm"]
        .iter()
        .map(|name| Ok(Pack::parse(&std::fs::read_to_string(packs.join(format!("{name}.toml")))?)?))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let screen = Arc::new(Screen::new(packs)?);
    let mut all = String::new();
    for file in std::env::args().skip(1) {
        let texts = texts(&file)?;
        let bytes: usize = texts.iter().map(String::len).sum();
        let found = |text: &String| screen.inspect(text, Boundary::ToPartner).findings;
        let mut findings = 0;
        for (i, text) in texts.iter().enumerate() {
            for one in found(text) {
                findings += 1;
                writeln!(
                    all,
                    "{file} {i} {} {} {:?} {:.4}",
                    one.rule, one.kind, one.span.bytes, one.score
                )?;
            }
        }
        let material = rate("material", bytes, || texts.iter().map(|text| found(text).len()).sum());
        let said = rate("said", bytes, || texts.iter().map(|text| said(&screen, text)).sum());
        let pieces = rate("pieces", bytes, || texts.iter().map(|text| stream(&screen, text)).sum());
        println!(
            "{file}: {} texts, {bytes} bytes, {findings} findings: as material {material:.2} MB/s, as said \
             {said:.2} MB/s, in pieces {pieces:.2} MB/s",
            texts.len()
        );
    }
    if let Some(file) = std::env::var_os("YUMEN_FINDINGS") {
        std::fs::write(file, all)?;
    }
    Ok(())
}

/// Megabytes a second, in the best of many rounds.
#[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
fn rate(name: &str, bytes: usize, work: impl Fn() -> usize) -> f64 {
    if std::env::var("YUMEN_ONLY").is_ok_and(|only| only != name) {
        return 0.0;
    }
    let begun = Instant::now();
    let mut best = Duration::MAX;
    while begun.elapsed() < LEAST {
        let round = Instant::now();
        std::hint::black_box(work());
        best = best.min(round.elapsed());
    }
    bytes as f64 / best.as_secs_f64() / 1e6
}

/// The length of what comes out of a whole message.
fn said(screen: &Screen, text: &str) -> usize {
    screen.whole(text.to_owned(), ToPartner).map_or(0, |(text, _)| text.get().len())
}

/// The length of what comes out of a stream of pieces of four characters.
fn stream(screen: &Arc<Screen>, text: &str) -> usize {
    let mut stream = screen.stream(ToPartner);
    let mut given = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let cut = rest.char_indices().nth(4).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(cut);
        given += stream.push(piece).text.map_or(0, |text| text.get().len());
        rest = after;
    }
    given + stream.finish().text.map_or(0, |text| text.get().len())
}

fn texts(file: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let content = std::fs::read_to_string(file)?;
    let mut texts = Vec::new();
    match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("json") => collect(&serde_json::from_str(&content)?, &mut texts),
        Some("jsonl") => {
            for line in content.lines() {
                collect(&serde_json::from_str(line)?, &mut texts);
            }
        }
        _ => texts.extend(
            content.split("\n\n").filter(|text| !text.trim().is_empty()).map(str::to_owned),
        ),
    }
    Ok(texts)
}

/// The longest string of each object.
fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => texts.extend(
            fields
                .values()
                .filter_map(Value::as_str)
                .max_by_key(|text| text.len())
                .map(str::to_owned),
        ),
        Value::String(text) => texts.push(text.clone()),
        _ => {}
    }
}
