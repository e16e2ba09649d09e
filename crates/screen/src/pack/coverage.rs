//! What a library of terms covers of the 31 risks, and what it lacks of the numbers of the standard.
//!
//! TC260-003 §8 (GB/T 45654-2025 has the same): 10,000 terms in all, 200 for each risk of A.1, 100 for each of A.2, updated at
//! least each week. Counted are canonical terms that somebody accepted: a variant in width, case, accents, script, white space,
//! punctuation, digits for letters or repeated characters counts no second time, and a candidate not at all.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use serde::Serialize;

use super::category::Status;
use super::entry::checked;
use super::risk::Risk;
use super::source::PackSource;
use crate::error::ScreenError;

/// The fewest terms of a library in all.
const LEAST_TERMS: usize = 10_000;

/// The most days that a library may be old.
const MOST_DAYS: i32 = 7;

/// What packs cover together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Coverage {
    /// Canonical terms in all.
    pub terms: usize,
    /// The fewest there have to be.
    pub least_terms: usize,
    /// Terms as written, active ones: what is more than the canonical ones are variants and repetitions.
    pub written: usize,
    /// Terms that nobody accepted yet.
    pub candidates: usize,
    /// Canonical terms of no category that stands for a risk.
    pub without_risk: usize,
    /// Each of the 31 risks.
    pub risks: Vec<RiskCoverage>,
    /// The oldest of the packs.
    pub issued: Option<Date>,
    /// How many days it is old; `None` where a pack does not say when it was issued.
    pub days: Option<i32>,
    /// The most days it may be old.
    pub most_days: i32,
    /// The day on which the newest term was added, where that is said.
    pub newest: Option<Date>,
}

/// How one risk is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RiskCoverage {
    /// The risk.
    pub risk: Risk,
    /// Canonical terms of categories that stand for it.
    pub terms: usize,
    /// The fewest there have to be, where the standard says so.
    pub least: Option<usize>,
}

impl RiskCoverage {
    /// How many terms it lacks.
    pub fn lacks(&self) -> usize {
        self.least.unwrap_or(0).saturating_sub(self.terms)
    }
}

impl Coverage {
    /// What these packs cover together today.
    ///
    /// # Errors
    /// A pack that cannot be used, and why.
    pub fn of<'s>(
        packs: impl IntoIterator<Item = &'s PackSource>,
        today: Date,
    ) -> Result<Self, ScreenError> {
        // Each canonical term once, and of which risks: a set of 31 bits.
        let mut terms: HashMap<String, u32> = HashMap::new();
        let mut waiting: HashSet<String> = HashSet::new();
        let (mut written, mut newest) = (0, None);
        let mut issued: Vec<Option<Date>> = Vec::new();
        for pack in packs {
            let categories = checked(pack)?;
            let bits = |risks: &[Risk]| risks.iter().fold(0, |set, risk| set | 1 << *risk as u32);
            let risks: BTreeMap<&str, u32> = categories
                .iter()
                .map(|(id, category)| (id.as_str(), bits(&category.risks)))
                .collect();
            issued.push(pack.raw.issued);
            for entry in pack.entries() {
                if entry.status == Status::Candidate {
                    waiting.insert(entry.counted());
                    continue;
                }
                written += 1;
                newest = newest.max(entry.added);
                let set = entry.category.and_then(|id| risks.get(id)).copied().unwrap_or(0);
                *terms.entry(entry.counted()).or_default() |= set;
            }
        }
        let count = |risk: Risk| terms.values().filter(|set| *set & 1 << risk as u32 != 0).count();
        let risks = Risk::ALL.map(|risk| RiskCoverage {
            risk,
            terms: count(risk),
            least: risk.group().least_terms(),
        });
        // A pack that does not say when it was issued is as old as can be.
        let oldest = issued.into_iter().min().flatten();
        Ok(Self {
            terms: terms.len(),
            least_terms: LEAST_TERMS,
            written,
            candidates: waiting.iter().filter(|term| !terms.contains_key(*term)).count(),
            without_risk: terms.values().filter(|set| **set == 0).count(),
            risks: risks.into(),
            issued: oldest,
            days: oldest.and_then(|day| today.since(day).ok()).map(|span| span.get_days()),
            most_days: MOST_DAYS,
            newest,
        })
    }

    /// Whether there are enough terms in all.
    pub fn is_large_enough(&self) -> bool {
        self.terms >= self.least_terms
    }

    /// Whether the oldest pack was issued within the week.
    pub fn is_fresh(&self) -> bool {
        self.days.is_some_and(|days| days <= self.most_days)
    }

    /// Whether nothing is lacking.
    pub fn is_complete(&self) -> bool {
        self.is_large_enough() && self.is_fresh() && self.risks.iter().all(|risk| risk.lacks() == 0)
    }
}
