//! `yumen eligibility simulate`: how a made-up population comes out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use yumen_policy::{Digest, Timestamp};

use super::{Court, Output};
use crate::command::progress::Progress;
use crate::eligibility::{Case, Counted, Population, Source, Tally};
use crate::failure::{Context as _, Failure};

/// How often the progress of writing is told, in devices.
const TOLD_EVERY: u64 = 1 << 15;

#[derive(Serialize)]
struct Simulated {
    devices: u64,
    /// How many of them are different.
    judged: u64,
    seed: u64,
    at: Timestamp,
    catalog: String,
    policy: Digest,
    approvals_supposed: bool,
    verdicts: Vec<Row>,
    #[serde(skip)]
    caveat: Option<&'static str>,
    #[serde(skip)]
    took: Duration,
}

#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    case: Case,
    devices: u64,
}

pub(super) fn run(
    court: &Court,
    many: u64,
    seed: u64,
    out: Option<&Path>,
    output: Output,
) -> Result<(), Failure> {
    let population = Population::new(seed);
    let mut progress = Progress::new();
    if let Some(path) = out {
        write(population, many, path, &mut progress)
            .context(format!("cannot write {}", path.display()))?;
    }
    let features = court.features();
    let make = || Tally::new(&court.policy, &features, court.at);
    let Counted { devices, judged, census } = Source::Synthetic { population, count: many }
        .count(make, |done, all| progress.show(done, all))
        .context("the population cannot be judged")?;
    progress.clear();
    let simulated = Simulated {
        devices,
        judged,
        seed,
        at: court.at,
        catalog: court.catalog.clone(),
        policy: court.policy.digest(),
        approvals_supposed: court.supposed,
        verdicts: census.cases().into_iter().map(|(case, devices)| Row { case, devices }).collect(),
        caveat: court.caveat(),
        took: progress.elapsed(),
    };
    output.print(&simulated, text)
}

fn write(
    population: Population,
    count: u64,
    path: &Path,
    progress: &mut Progress,
) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut line = String::new();
    for number in 0..count {
        line.clear();
        population.device(number).write(&mut line);
        line.push('\n');
        file.write_all(line.as_bytes())?;
        if number.is_multiple_of(TOLD_EVERY) {
            progress.show(number, count);
        }
    }
    file.into_inner()?.sync_data()
}

fn text(simulated: &Simulated) -> String {
    let mut lines = vec![format!(
        "{} made-up devices of seed {}, {} different ones, under {}, at {}; {:.1} s",
        grouped(simulated.devices),
        simulated.seed,
        grouped(simulated.judged),
        simulated.catalog,
        simulated.at,
        simulated.took.as_secs_f64(),
    )];
    lines.extend(simulated.caveat.map(str::to_owned));
    let mut markets: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    for row in &simulated.verdicts {
        markets.entry(&row.case.market).or_default().push(row);
    }
    for (market, rows) in markets {
        lines.push(String::new());
        lines.push(market.as_ref().map_or("no market", |market| market.as_str()).to_owned());
        for row in rows {
            lines.push(format!(
                "  {:<20} {:<13} {:<18} {:>14}",
                row.case.feature.as_str(),
                row.case.answer.as_str(),
                row.case.code,
                grouped(row.devices)
            ));
        }
    }
    lines.join("\n")
}

/// A number with its thousands apart: `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart() {
        let all = [0, 12, 123, 1234, 123_456, 10_000_000].map(grouped);
        assert_eq!(all, ["0", "12", "123", "1,234", "123,456", "10,000,000"]);
    }
}
