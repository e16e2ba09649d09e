//! From findings to a proofread text: one place decides what is applied.
//!
//! Promise: edits are in order and never overlap, and the original with every edit applied is
//! `corrected`, in bytes as in UTF-16.

use std::ops::Range;

use yumen_policy::Text;

use crate::output::{Edit, Proofread, Remark};
use crate::span::SpanFinder;

/// Something a rule found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) bytes: Range<usize>,
    pub(crate) rule: &'static str,
    pub(crate) explanation: Text,
    pub(crate) fix: Fix,
}

/// What may be done about a finding.
#[derive(Clone, Debug)]
pub(crate) enum Fix {
    /// Exactly one replacement is safe: it is applied.
    Apply(String),
    /// The person has to choose: nothing is applied.
    Ask(Vec<String>),
}

impl Finding {
    pub(crate) fn apply(
        bytes: Range<usize>,
        rule: &'static str,
        replacement: impl Into<String>,
        explanation: Text,
    ) -> Self {
        Self { bytes, rule, explanation, fix: Fix::Apply(replacement.into()) }
    }

    pub(crate) fn ask(
        bytes: Range<usize>,
        rule: &'static str,
        suggestions: Vec<String>,
        explanation: Text,
    ) -> Self {
        Self { bytes, rule, explanation, fix: Fix::Ask(suggestions) }
    }
}

/// Text for people from its two halves.
pub(crate) fn text(en: impl Into<String>, zh: impl Into<String>) -> Text {
    Text { en: en.into(), zh: zh.into() }
}

/// Settles the findings of all rules. Where two overlap, the one found first in the list wins,
/// and an applied edit wins over a remark.
pub(crate) fn settle(original: &str, findings: Vec<Finding>) -> Proofread {
    let (mut fixes, mut asks): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .filter(|f| match &f.fix {
            Fix::Apply(replacement) => *replacement != original[f.bytes.clone()],
            Fix::Ask(_) => true,
        })
        .partition(|f| matches!(f.fix, Fix::Apply(_)));
    fixes = without_overlaps(fixes, &[]);
    asks = without_overlaps(asks, &fixes);

    let mut corrected = String::with_capacity(original.len());
    let mut copied = 0;
    let mut edits = Vec::with_capacity(fixes.len());
    let mut finder = SpanFinder::new(original);
    for finding in fixes {
        let Fix::Apply(replacement) = finding.fix else { continue };
        corrected.push_str(&original[copied..finding.bytes.start]);
        corrected.push_str(&replacement);
        copied = finding.bytes.end;
        edits.push(Edit {
            original: original[finding.bytes.clone()].to_owned(),
            range: finder.find(finding.bytes),
            replacement,
            explanation: finding.explanation,
            rule: finding.rule.to_owned(),
        });
    }
    corrected.push_str(&original[copied..]);

    let mut finder = SpanFinder::new(original);
    let remarks = asks
        .into_iter()
        .filter_map(|finding| {
            let Fix::Ask(suggestions) = finding.fix else { return None };
            Some(Remark {
                original: original[finding.bytes.clone()].to_owned(),
                range: finder.find(finding.bytes),
                suggestions,
                explanation: finding.explanation,
                rule: finding.rule.to_owned(),
            })
        })
        .collect();
    Proofread { corrected, edits, remarks }
}

/// Keeps, in order of place, what overlaps neither an earlier-listed finding nor one of `taken`
/// (which is in order already).
fn without_overlaps(findings: Vec<Finding>, taken: &[Finding]) -> Vec<Finding> {
    let mut kept: std::collections::BTreeMap<usize, Finding> = std::collections::BTreeMap::new();
    for finding in findings {
        let Range { start, end } = finding.bytes;
        // Two insertions at one place, or an insertion at the rim of a change, have no defined
        // order: treat touching as overlapping for them.
        let meets = |other: &Range<usize>| {
            if start == end || other.start == other.end {
                other.start <= end && start <= other.end
            } else {
                other.start < end && start < other.end
            }
        };
        let clashes = kept
            .range(..=end)
            .rev()
            .take_while(|(_, f)| f.bytes.end >= start)
            .any(|(_, f)| meets(&f.bytes));
        let index = taken.partition_point(|t| t.bytes.end < start);
        let blocked =
            taken[index..].iter().take_while(|t| t.bytes.start <= end).any(|t| meets(&t.bytes));
        if !clashes && !blocked {
            kept.insert(start, finding);
        }
    }
    kept.into_values().collect()
}
