//! Strikes: what becomes of a person whose inputs the screen refuses again and again.
//!
//! A market's file says what counts and what follows ([`StrikeRules`]); a [`Conduct`] is what is remembered of one
//! person. Nothing here reads a clock: time is an argument, and a clock set back frees nobody. A warning tells, a limit
//! stops what a model in the cloud would answer, a suspension stops everything; each ends by itself, and at once when
//! somebody lifts it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Lapse, Source, Surface, Text};

/// How long a strike counts for `in_a_day`.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// After how long without another strike a row is over.
const ROW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most strikes of a day that are remembered; no market may ask for more.
const MOST: usize = 64;

/// The heaviest that one strike may weigh.
const HEAVIEST: u32 = 16;

/// What is done about a person, from the lightest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// They are told.
    Warn,
    /// Features in the cloud are stopped for them.
    Limit,
    /// All features are stopped for them.
    Suspend,
}

impl Measure {
    /// The word for it in the ledger: what was done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Warn => "warned",
            Self::Limit => "limited",
            Self::Suspend => "suspended",
        }
    }

    /// Whether it stops a feature of this surface.
    pub const fn stops(self, surface: Surface) -> bool {
        match self {
            Self::Warn => false,
            Self::Limit => matches!(surface, Surface::Cloud),
            Self::Suspend => true,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.done())
    }
}

/// The `[strikes]` table of a market file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrikeRules {
    /// From which severity on, 1 to 4, a refused input counts.
    #[serde(default = "least_severity")]
    severity: u8,
    /// How much an input of a category weighs, where it is not 1; 0 does not count.
    #[serde(default)]
    weights: BTreeMap<String, u32>,
    #[serde(rename = "step")]
    steps: Vec<Rung>,
    source: Source,
}

/// One step of a market's strikes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rung {
    in_a_row: Option<u32>,
    in_a_day: Option<u32>,
    then: Measure,
    #[serde(default)]
    lasts: Lapse,
    text: Text,
}

fn least_severity() -> u8 {
    1
}

/// What was done about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sanction {
    /// What.
    pub measure: Measure,
    /// Since when, in whole seconds.
    pub since: Timestamp,
    /// Until when, in whole seconds; a warning is over as it is told.
    pub until: Timestamp,
    /// What the person is told.
    pub text: Text,
}

/// What is remembered of one person in one market.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conduct {
    /// The weight of the strikes since the last input that was in order.
    #[serde(default)]
    row: u32,
    /// The strikes of the last day, the oldest first.
    #[serde(default)]
    day: Vec<(Timestamp, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sanction: Option<Sanction>,
}

impl StrikeRules {
    /// How much a refused input weighs: by its severity, and by its category where it has one.
    pub fn weight(&self, category: Option<&str>, severity: u8) -> u32 {
        if severity < self.severity {
            return 0;
        }
        category.and_then(|category| self.weights.get(category)).copied().unwrap_or(1)
    }

    /// Where the rules come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn problem(&self) -> Option<String> {
        let most = u32::try_from(MOST).unwrap_or(u32::MAX);
        let within = |count: Option<u32>| count.is_none_or(|n| (1..=most).contains(&n));
        if self.steps.is_empty() {
            return Some("strikes: there is no `step`".into());
        }
        if !(1..=4).contains(&self.severity) {
            return Some("strikes: `severity` is 1 to 4".into());
        }
        if self.weights.values().any(|weight| *weight > HEAVIEST) {
            return Some(format!("strikes: a weight is at most {HEAVIEST}"));
        }
        for step in &self.steps {
            if step.in_a_row.is_some() == step.in_a_day.is_some() {
                return Some("strikes: a step has either `in_a_row` or `in_a_day`".into());
            }
            if !within(step.in_a_row) || !within(step.in_a_day) {
                return Some(format!("strikes: a step counts from 1 to {MOST}"));
            }
            if (step.then == Measure::Warn) != (step.lasts == Lapse::ZERO) {
                return Some("strikes: a limit and a suspension last, a warning does not".into());
            }
            if !step.text.is_complete() {
                return Some("strikes: `text` needs both en and zh".into());
            }
        }
        self.source.problem().map(|problem| format!("strikes: {problem}"))
    }
}

impl Conduct {
    /// An input was refused. Gives what follows, if anything does.
    ///
    /// Where several steps are reached the heaviest counts. A limit or suspension begins the counting anew; one in force
    /// is never shortened by another.
    pub fn strike(&mut self, rules: &StrikeRules, weight: u32, now: Timestamp) -> Option<Sanction> {
        if weight == 0 {
            return None;
        }
        self.forget(now);
        self.row = self.row.saturating_add(weight);
        self.day.push((now, weight));
        if self.day.len() > MOST {
            self.day.remove(0);
        }
        self.last = self.last.max(Some(now));
        let today = self.day.iter().fold(0_u32, |sum, (_, weight)| sum.saturating_add(*weight));
        let reached = rules.steps.iter().filter(|step| {
            step.in_a_row.is_some_and(|count| self.row >= count)
                || step.in_a_day.is_some_and(|count| today >= count)
        });
        let step = reached.max_by_key(|step| (step.then, step.lasts))?;
        // A person is told both, and reads no fractions of a second.
        let since = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let until = step.lasts.after(since);
        let sanction = Sanction { measure: step.then, since, until, text: step.text.clone() };
        if step.then != Measure::Warn {
            self.row = 0;
            if step.in_a_day.is_some() {
                self.day.clear();
            }
            let heavier = |held: &Sanction| (held.measure, held.until) > (step.then, until);
            if !self.sanction(now).is_some_and(heavier) {
                self.sanction = Some(sanction.clone());
            }
        }
        Some(sanction)
    }

    /// An input was in order: a row of strikes ends. Whether that changed anything.
    pub fn pass(&mut self) -> bool {
        std::mem::take(&mut self.row) > 0
    }

    /// The limit or suspension that is in force.
    pub fn sanction(&self, now: Timestamp) -> Option<&Sanction> {
        self.sanction.as_ref().filter(|sanction| now < sanction.until)
    }

    /// Lifts what is in force and begins anew: the person was wronged, or has waited long enough.
    pub fn lift(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing of it counts any longer, so that it need not be kept.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let quiet = |since: Timestamp, long| now.duration_since(since) >= long;
        self.sanction(now).is_none()
            && self.day.iter().all(|(at, _)| quiet(*at, DAY))
            && (self.row == 0 || self.last.is_none_or(|last| quiet(last, ROW)))
    }

    fn forget(&mut self, now: Timestamp) {
        self.day.retain(|(at, _)| now.duration_since(*at) < DAY);
        if self.last.is_some_and(|last| now.duration_since(last) >= ROW) {
            self.row = 0;
        }
    }
}
