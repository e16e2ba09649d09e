//! `yumen eligibility diff`: for how many devices the answer changes between two catalogues.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use yumen_policy::{Digest, Timestamp};

use super::simulate::grouped;
use super::{Court, Output};
use crate::command::progress::Progress;
use crate::eligibility::{Change, Comparison, Counted, Population, Side, Source};
use crate::failure::{CHECK_FAILED, Context as _, Failure};

/// How many rules are named on each side of a change, to people.
const RULES_NAMED: usize = 4;

/// The devices that are asked about.
pub(super) enum Crowd {
    /// A file of them; `-` is standard input.
    File(PathBuf),
    /// Made-up ones.
    Synthetic { count: u64, seed: u64 },
}

#[derive(Serialize)]
struct Diffed {
    old: Catalogue,
    new: Catalogue,
    population: String,
    devices: u64,
    /// How many of them were judged: each different one once.
    judged: u64,
    features: usize,
    at: Timestamp,
    approvals_supposed: bool,
    /// Pairs of a device and a feature that open, close, or change in another way.
    opened: u64,
    closed: u64,
    otherwise: u64,
    changes: Vec<Change>,
    #[serde(skip)]
    caveat: Option<&'static str>,
    #[serde(skip)]
    took: Duration,
}

#[derive(Serialize)]
struct Catalogue {
    catalog: String,
    policy: Digest,
}

pub(super) fn run(
    old: &Court,
    new: &Court,
    crowd: &Crowd,
    fail_on_opened: bool,
    output: Output,
) -> Result<(), Failure> {
    let mut progress = Progress::new();
    // One instant for both, or what ends in between would look like a change.
    let at = old.at;
    let comparison = Comparison::new(&old.policy, &new.policy, old.shares_with(new), at);
    let (source, population) = crowd.open()?;
    let Counted { devices, judged, census } = source
        .count(|| comparison.census(), |done, all| progress.show(done, all))
        .context("the population cannot be judged")?;
    progress.clear();
    let changes = census.changes();
    let sum = |which: fn(&Change) -> bool| -> u64 {
        changes.iter().filter(|change| which(change)).map(|change| change.devices).sum()
    };
    let opened = sum(Change::opens);
    let diffed = Diffed {
        old: Catalogue { catalog: old.catalog.clone(), policy: old.policy.digest() },
        new: Catalogue { catalog: new.catalog.clone(), policy: new.policy.digest() },
        population,
        devices,
        judged,
        features: comparison.features().len(),
        at,
        approvals_supposed: old.supposed,
        opened,
        closed: sum(Change::closes),
        otherwise: sum(|change| !change.opens() && !change.closes()),
        changes,
        caveat: old.caveat(),
        took: progress.elapsed(),
    };
    output.print(&diffed, text)?;
    if fail_on_opened && opened > 0 {
        return Err(Failure::new(format!("features open for {} devices", grouped(opened)))
            .help("without --fail-on-opened that is told and no failure")
            .code(CHECK_FAILED));
    }
    Ok(())
}

impl Crowd {
    fn open(&self) -> Result<(Source, String), Failure> {
        match self {
            Self::Synthetic { count, seed } => {
                let population = Population::new(*seed);
                let source = Source::Synthetic { population, count: *count };
                Ok((source, format!("made up, seed {seed}")))
            }
            Self::File(path) if path.as_os_str() == "-" => {
                Ok((Source::lines(Box::new(io::stdin()), 0), "standard input".to_owned()))
            }
            Self::File(path) => {
                let file = File::open(path).context(format!("cannot read {}", path.display()))?;
                let bytes = file.metadata().map_or(0, |about| about.len());
                Ok((Source::lines(Box::new(file), bytes), path.display().to_string()))
            }
        }
    }
}

fn text(diffed: &Diffed) -> String {
    let mut lines = vec![
        format!("old  {} ({})", diffed.old.catalog, diffed.old.policy),
        format!("new  {} ({})", diffed.new.catalog, diffed.new.policy),
        format!(
            "{} devices ({}), {} judged, × {} features, at {}; {:.1} s",
            grouped(diffed.devices),
            diffed.population,
            grouped(diffed.judged),
            diffed.features,
            diffed.at,
            diffed.took.as_secs_f64(),
        ),
    ];
    lines.extend(diffed.caveat.map(str::to_owned));
    if diffed.changes.is_empty() {
        lines.push("no answer changes".to_owned());
        return lines.join("\n");
    }
    let mut feature = None;
    for change in &diffed.changes {
        if feature != Some(&change.feature) {
            lines.push(String::new());
            lines.push(change.feature.to_string());
            feature = Some(&change.feature);
        }
        let sign = match (change.opens(), change.closes()) {
            (true, _) => "OPENS",
            (_, true) => "closes",
            _ => "",
        };
        lines.push(format!(
            "  {:>14} devices  {} -> {}  {sign}",
            grouped(change.devices),
            side(&change.from),
            side(&change.to),
        ));
        lines.extend(rules("kept back before by", &change.kept_by));
        lines.extend(rules("kept back now by", &change.stopped_by));
        lines.extend(change.examples.iter().map(|device| format!("      such as {device}")));
    }
    lines.push(String::new());
    lines.push(format!(
        "opens {}, closes {}, otherwise {} (pairs of a device and a feature)",
        grouped(diffed.opened),
        grouped(diffed.closed),
        grouped(diffed.otherwise)
    ));
    lines.join("\n")
}

fn side(side: &Side) -> String {
    let market = side.market.as_ref().map_or("no market", |market| market.as_str());
    if side.code == side.answer.as_str() {
        format!("{market} {}", side.code)
    } else {
        format!("{market} {} ({})", side.answer.as_str(), side.code)
    }
}

fn rules(words: &str, rules: &BTreeMap<String, u64>) -> Option<String> {
    if rules.is_empty() {
        return None;
    }
    let mut most: Vec<_> = rules.iter().collect();
    most.sort_by_key(|(rule, devices)| (std::cmp::Reverse(**devices), rule.as_str()));
    let more = most.len().saturating_sub(RULES_NAMED);
    let named = most
        .into_iter()
        .take(RULES_NAMED)
        .map(|(rule, devices)| format!("{rule} ({})", grouped(*devices)))
        .collect::<Vec<_>>()
        .join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("      {words} {named}{more}"))
}
