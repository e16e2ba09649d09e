//! The combinations of a border, compiled.

use std::collections::HashMap;

/// The largest distance: what is near must be held back until all of it has come.
pub(crate) const MAX_WITHIN: usize = 64;

/// The most sets of terms of one combination.
pub(crate) const MAX_SETS: usize = 8;

/// All combinations of a border.
#[derive(Debug, Default)]
pub(crate) struct Combinations {
    pub(super) all: Vec<Combination>,
    /// For each rule whose terms are a part of something, which part: a range of `slots`.
    parts: HashMap<u32, (usize, usize)>,
    slots: Vec<(usize, Slot)>,
}

/// One combination.
#[derive(Debug)]
pub(crate) struct Combination {
    /// The rule that it is.
    pub(crate) rule: u32,
    /// How many sets of terms it needs.
    pub(crate) sets: usize,
    /// How far from the beginning of the first to the end of the last; `None`: anywhere.
    pub(crate) within: Option<usize>,
    /// Something may take it back.
    pub(crate) excepted: bool,
}

/// Which part of a combination a term is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// It belongs to this one of its sets.
    Needed(usize),
    /// It takes it back.
    Excepted,
}

impl Combinations {
    /// Combinations, each with the rules whose terms are its parts.
    pub(crate) fn new(all: Vec<(Combination, Vec<(u32, Slot)>)>) -> Self {
        let mut by_rule: HashMap<u32, Vec<(usize, Slot)>> = HashMap::new();
        let mut combinations = Self::default();
        for (n, (combination, parts)) in all.into_iter().enumerate() {
            for (rule, slot) in parts {
                by_rule.entry(rule).or_default().push((n, slot));
            }
            combinations.all.push(combination);
        }
        for (rule, slots) in by_rule {
            let start = combinations.slots.len();
            combinations.slots.extend(slots);
            combinations.parts.insert(rule, (start, combinations.slots.len()));
        }
        combinations
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the terms of a rule are a part of.
    pub(crate) fn roles(&self, rule: u32) -> Option<(usize, usize)> {
        self.parts.get(&rule).copied()
    }

    pub(super) fn slots(&self, (start, end): (usize, usize)) -> &[(usize, Slot)] {
        &self.slots[start..end]
    }
}
