//! `yumen pack test`: packs tried on texts of which it is known what is to happen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::json;
use yumen_screen::csv_lines::{LineFeeds, read_row};
use yumen_screen::{Action, Boundary, Inspection, Pack, Screen};

use super::super::Output;
use super::files::{any_pack, pack_failure, read_text};
use crate::catalog::Shipped;
use crate::cli::{Direction, TestArgs};
use crate::failure::{CHECK_FAILED, Context as _, Failure};
use crate::screens::today;

/// A text, and what is to happen to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    id: Option<serde_json::Value>,
    text: String,
    #[serde(default)]
    direction: Option<Way>,
    #[serde(default)]
    expect: Option<Expected>,
    /// The category of something that is found in it; an empty one: nothing is found.
    #[serde(default)]
    category: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    In,
    Out,
}

/// What is to happen.
#[derive(Clone, Copy)]
enum Expected {
    /// The text goes on as it is, and nobody is told.
    Pass,
    /// The weightiest action is this one.
    Does(Action),
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        if word == "pass" {
            return Ok(Self::Pass);
        }
        let named = serde::de::value::StringDeserializer::new(word);
        Action::deserialize(named).map(Self::Does)
    }
}

impl Expected {
    fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Does(action) => action.as_str(),
        }
    }

    fn is(self, action: Action) -> bool {
        match self {
            Self::Pass => action <= Action::Detect,
            Self::Does(expected) => action == expected,
        }
    }
}

impl Case {
    /// What it is counted under: what is to happen, and the category.
    fn group(&self) -> String {
        let expect = self.expect.map(Expected::name);
        let category = match self.category.as_deref() {
            Some("") => Some("(nothing found)"),
            named => named,
        };
        [expect, category].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn holds(&self, inspection: &Inspection) -> bool {
        let happens = self.expect.is_none_or(|expected| expected.is(inspection.action));
        let found = match self.category.as_deref() {
            None => true,
            Some("") => inspection.findings.is_empty(),
            Some(category) => inspection.findings.iter().any(|one| &*one.category == category),
        };
        happens && found
    }
}

/// How many of some cases went as expected.
#[derive(Clone, Copy, Default, Serialize)]
struct Share {
    cases: usize,
    right: usize,
}

/// A case that went otherwise. The text is not repeated: it may be one that nobody wants on a screen.
#[derive(Serialize)]
struct Failed {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<serde_json::Value>,
    expected: String,
    action: Action,
    categories: Vec<String>,
}

pub(super) fn run(args: &TestArgs, output: Output) -> Result<(), Failure> {
    let shipped = Shipped::load(None).context("the catalogue is broken")?;
    let keys = args.secrets.keys()?;
    let today = today();
    let packs: Vec<Pack> =
        args.pack.iter().map(|named| any_pack(named, &shipped, &keys)).collect::<Result<_, _>>()?;
    let screen = Screen::new(packs.into_iter().map(|pack| pack.on(today)).collect())
        .map_err(|error| pack_failure("the packs do not fit together", &error))?;
    let cases = cases(args)?;
    let mut groups: BTreeMap<String, Share> = BTreeMap::new();
    let mut failed = Vec::new();
    for (line, case) in &cases {
        let way = match case.direction {
            None => args.direction,
            Some(Way::In) => Direction::In,
            Some(Way::Out) => Direction::Out,
        };
        let inspection = screen.inspect(&case.text, Boundary::from(way));
        let share = groups.entry(case.group()).or_default();
        share.cases += 1;
        if case.holds(&inspection) {
            share.right += 1;
            continue;
        }
        let mut categories: Vec<String> =
            inspection.findings.iter().map(|one| one.category.to_string()).collect();
        categories.sort();
        categories.dedup();
        let (line, id, expected) = (*line, case.id.clone(), case.group());
        failed.push(Failed { line, id, expected, action: inspection.action, categories });
    }
    let all = Share { cases: cases.len(), right: cases.len() - failed.len() };
    let value = json!({
        "cases": all.cases,
        "right": all.right,
        "interval": all.interval(),
        "groups": groups.iter().map(|(name, share)| json!({
            "expected": name, "cases": share.cases, "right": share.right, "interval": share.interval(),
        })).collect::<Vec<_>>(),
        "failed": failed,
    });
    output.print(&value, |_| shown(all, &groups, &failed))?;
    if failed.is_empty() {
        return Ok(());
    }
    let what = format!("{} of {} cases went otherwise", failed.len(), all.cases);
    Err(Failure::new(what).code(CHECK_FAILED))
}

/// The cases with their lines.
fn cases(args: &TestArgs) -> Result<Vec<(u64, Case)>, Failure> {
    let path = &args.cases;
    let text = read_text(path)?;
    let text = text.trim_start_matches('\u{feff}');
    let wrong = |line: u64, reason: String| {
        Failure::new(format!("{}, line {line}: {reason}", path.display())).help(
            "a case has `text`, and `expect` (pass, mask, refuse, ...), `category` or both; docs/packs.md shows some",
        )
    };
    let mut cases = Vec::new();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        let mut reader = csv::Reader::from_reader(LineFeeds::new(text.as_bytes()));
        let headings = reader.headers().map_err(|error| wrong(1, error.to_string()))?.clone();
        let mut row = csv::ByteRecord::new();
        while let Some(line) =
            read_row(&mut reader, &mut row).map_err(|bad| wrong(bad.line, bad.reason))?
        {
            let record = csv::StringRecord::from_byte_record_lossy(row.clone());
            // An empty cell says nothing; `-` is the category of what nothing is found in.
            let cells = headings
                .iter()
                .zip(&record)
                .filter(|(name, cell)| *name == "text" || !cell.is_empty());
            let cell = |name: &str, cell: &str| match (name, cell) {
                ("category", "-") => json!(""),
                _ => json!(cell),
            };
            let object: serde_json::Map<_, _> =
                cells.map(|(name, text)| (name.to_owned(), cell(name, text))).collect();
            let case = serde_json::from_value::<Case>(object.into());
            cases.push((line, case.map_err(|error| wrong(line, error.to_string()))?));
        }
    } else {
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let case = serde_json::from_str::<Case>(text);
            cases.push((line, case.map_err(|error| wrong(line, error.to_string()))?));
        }
    }
    let unsaid = |case: &Case| case.expect.is_none() && case.category.is_none();
    if let Some((line, _)) = cases.iter().find(|(_, case)| unsaid(case)) {
        return Err(wrong(*line, "it is not said what is to happen".to_owned()));
    }
    Ok(cases)
}

impl Share {
    /// The Wilson score interval of 95 % for the share that went as expected (Wilson 1927).
    fn interval(self) -> (f64, f64) {
        const Z: f64 = 1.959_964;
        if self.cases == 0 {
            return (0.0, 1.0);
        }
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 cases")]
        let (n, right) = (self.cases as f64, self.right as f64);
        let share = right / n;
        let centre = share + Z * Z / (2.0 * n);
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        let low = if self.right == 0 { 0.0 } else { (centre - spread) / scale };
        let high = if self.right == self.cases { 1.0 } else { (centre + spread) / scale };
        (low, high)
    }

    fn text(self) -> String {
        let (low, high) = self.interval();
        format!(
            "{:>6} of {:<6} 95 %: {:.1} to {:.1} %",
            self.right,
            self.cases,
            100.0 * low,
            100.0 * high
        )
    }
}

fn shown(all: Share, groups: &BTreeMap<String, Share>, failed: &[Failed]) -> String {
    const SHOWN: usize = 20;
    let width = groups.keys().map(|name| name.chars().count()).max().unwrap_or(0).max(3);
    let mut text = String::new();
    // Writing into a string does not fail.
    for (name, share) in groups {
        let _ = writeln!(text, "{name:<width$}  {}", share.text());
    }
    let _ = write!(text, "{:<width$}  {}", "all", all.text());
    for one in failed.iter().take(SHOWN) {
        let found =
            if one.categories.is_empty() { "nothing".into() } else { one.categories.join(", ") };
        let action = one.action.as_str();
        let _ =
            write!(text, "\nline {}: expected {}; {action}, found {found}", one.line, one.expected);
    }
    if failed.len() > SHOWN {
        let _ = write!(text, "\nand {} more; --json names them all", failed.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Share;

    #[test]
    fn the_interval_is_that_of_the_facts() {
        let of = |right, cases| {
            let (low, high) = Share { cases, right }.interval();
            [low, high].map(|share| format!("{share:.3}"))
        };
        // Computed by hand for 285 of 300 and 900 of 1,000.
        assert_eq!(of(285, 300), ["0.919", "0.969"]);
        assert_eq!(of(900, 1000), ["0.880", "0.917"]);
        assert_eq!(of(0, 0), ["0.000", "1.000"]);
        assert_eq!(of(10, 10)[1], "1.000");
    }
}
