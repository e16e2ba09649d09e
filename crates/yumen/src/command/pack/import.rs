//! `yumen pack import`: from somebody's list to a file of terms.

use std::fmt::Write as _;

use serde_json::json;
use yumen_screen::{Import, LeftOut};

use super::super::Output;
use super::files::{pack_failure, read, replace, today};
use crate::cli::ImportArgs;
use crate::failure::Failure;

pub(super) fn run(args: &ImportArgs, output: Output) -> Result<(), Failure> {
    let list = read(&args.list)?;
    let before = if args.into.exists() { read(&args.into)? } else { Vec::new() };
    let is_csv = args.list.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let import = Import {
        source: &args.source,
        category: &args.category,
        on: args.on.unwrap_or_else(today),
        csv: args.csv || is_csv,
    };
    let into = args.into.display().to_string();
    let (file, done) = import.add(&into, &before, &list).map_err(|error| {
        pack_failure(format!("{} cannot be taken in", args.list.display()), &error)
    })?;
    replace(&args.into, &file)?;
    let value = json!({"file": into, "candidates": done.candidates, "left_out": done.left_out});
    output.print(&value, |_| {
        let mut text = match done.candidates {
            1 => format!("1 new candidate in {into}"),
            new => format!("{new} new candidates in {into}"),
        };
        for (lines, why) in reasons(&done.left_out) {
            if !lines.is_empty() {
                // Writing into a string does not fail.
                let _ = write!(text, "\nleft out: {why} ({}), {}", lines.len(), on_lines(lines));
            }
        }
        if done.candidates > 0 {
            text += "\n`yumen pack accept` makes them terms: nothing is looked for that nobody accepted";
        }
        text
    })
}

fn reasons(left: &LeftOut) -> [(&[u64], &'static str); 6] {
    [
        (&left.duplicates, "there already"),
        (&left.addresses, "web addresses"),
        (&left.single, "single characters"),
        (&left.too_long, "too long"),
        (&left.empty, "without a letter or digit"),
        (&left.unreadable, "not in UTF-8"),
    ]
}

/// The first lines of a few or of many.
fn on_lines(lines: &[u64]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = lines.iter().take(SHOWN).map(u64::to_string).collect();
    let more = if lines.len() > SHOWN { ", ..." } else { "" };
    let word = if lines.len() == 1 { "line" } else { "lines" };
    format!("{word} {}{more}", shown.join(", "))
}
