//! The results, as a table for people and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

/// What one number of terms gave.
#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) terms: usize,
    pub(crate) bytes: usize,
    pub(crate) rows: Vec<Row>,
}

/// What one way gave.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) way: &'static str,
    /// The fastest of its times.
    pub(crate) megabytes_per_second: f64,
    pub(crate) median_megabytes_per_second: f64,
    pub(crate) build_ms: f64,
    pub(crate) memory_bytes: usize,
    pub(crate) matches: usize,
}

/// Markdown, with each way's speed as a multiple of the first one's.
pub(crate) fn table(runs: &[Run]) -> String {
    let mut out = String::new();
    for run in runs {
        let first = run.rows.first().map_or(1.0, |row| row.megabytes_per_second);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{} terms, {:.1} MB of text\n", run.terms, run.bytes as f64 / 1e6);
        let _ =
            writeln!(out, "| way | MB/s per core | median | ratio | build | tables | matches |");
        let _ = writeln!(out, "|---|---|---|---|---|---|---|");
        for row in &run.rows {
            let _ = writeln!(
                out,
                "| {} | {:.0} | {:.0} | {:.2} | {:.0} ms | {:.1} MB | {} |",
                row.way,
                row.megabytes_per_second,
                row.median_megabytes_per_second,
                row.megabytes_per_second / first,
                row.build_ms,
                row.memory_bytes as f64 / 1e6,
                row.matches
            );
        }
        out.push('\n');
    }
    out
}

/// All figures.
pub(crate) fn json(runs: &[Run]) -> String {
    serde_json::to_string_pretty(runs).unwrap_or_default()
}
