//! `yumen pack diff`: what is different between two packs.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};
use yumen_screen::{PackDiff, PackSource};

use super::super::Output;
use super::files::{pack_failure, source};
use crate::cli::Secrets;
use crate::failure::Failure;

pub(super) fn run(
    older: &Path,
    newer: &Path,
    terms: bool,
    secrets: &Secrets,
    output: Output,
) -> Result<(), Failure> {
    let keys = secrets.keys()?;
    let (old, new) = (source(older, &keys)?, source(newer, &keys)?);
    let diff = PackDiff::between(&old, &new)
        .map_err(|error| pack_failure("the packs cannot be compared", &error))?;
    output.print(&value(&old, &new, &diff, terms), |_| text(&old, &new, &diff, terms))
}

/// The numbers, and the terms only where they are wanted.
fn value(old: &PackSource, new: &PackSource, diff: &PackDiff, terms: bool) -> Value {
    let named = |pack: &PackSource| json!({"id": pack.id(), "version": pack.version()});
    let by_category: Map<String, Value> = diff
        .terms
        .iter()
        .map(|(category, of)| {
            let counts = json!({
                "added": of.added.len(), "removed": of.removed.len(), "changed": of.changed.len(),
            });
            (category.clone(), if terms { json!(of) } else { counts })
        })
        .collect();
    json!({
        "older": named(old),
        "newer": named(new),
        "same": diff.is_empty(),
        "rules": {
            "added": diff.rules_added, "removed": diff.rules_removed, "changed": diff.rules_changed,
        },
        "categories_changed": diff.categories_changed,
        "terms": by_category,
    })
}

fn text(old: &PackSource, new: &PackSource, diff: &PackDiff, terms: bool) -> String {
    let [from, to] = [old, new].map(|pack| format!("{} {}", pack.id(), pack.version()));
    let mut text = format!("{from} -> {to}");
    if diff.is_empty() {
        return text + "\nboth do the same";
    }
    // Writing into a string does not fail.
    for (what, names) in [
        ("rules added", &diff.rules_added),
        ("rules removed", &diff.rules_removed),
        ("rules changed", &diff.rules_changed),
        ("categories changed", &diff.categories_changed),
    ] {
        if !names.is_empty() {
            let _ = write!(text, "\n{what}: {}", names.join(", "));
        }
    }
    for (category, of) in &diff.terms {
        let name = if category.is_empty() { "(no category)" } else { category };
        let (added, removed, changed) = (of.added.len(), of.removed.len(), of.changed.len());
        let _ = write!(text, "\n{name}: {added} added, {removed} removed, {changed} changed");
        if terms {
            for (sign, terms) in [("+", &of.added), ("-", &of.removed), ("~", &of.changed)] {
                for term in terms {
                    let _ = write!(text, "\n  {sign} {term}");
                }
            }
        }
    }
    text
}
