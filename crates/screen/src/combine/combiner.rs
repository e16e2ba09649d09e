//! Which parts of the combinations of a border a text has had so far.

use super::rules::{Combination, Combinations, Slot};
use crate::finding::{Found, Late, Mark};
use crate::pack::Action;
use crate::scan::Context;

/// A term found that is a part of something. Places count normalised characters from the start of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) places: (usize, usize),
    pub(crate) start: Mark,
    pub(crate) end: Mark,
    /// See [`Combinations::roles`].
    pub(crate) roles: (usize, usize),
}

/// The state of all combinations in one text.
#[derive(Debug, Default)]
pub(crate) struct Combiner {
    /// Found, but one that begins before it may still be.
    waiting: Vec<Part>,
    states: Vec<State>,
}

/// The state of one combination.
#[derive(Clone, Debug, Default)]
struct State {
    /// The last part of each set.
    last: Vec<Option<Part>>,
    /// The last part that takes the combination back.
    taken_back: Option<Part>,
    /// Complete, but what follows may take it back: from the first part to the last.
    complete: Vec<(Part, Part)>,
}

/// What is told of combinations that were found.
struct Telling<'t> {
    context: Context<'t>,
    found: &'t mut Vec<Found>,
    late: &'t mut Vec<Late>,
}

impl Combiner {
    /// Takes a part that was found. They need not come in order.
    pub(crate) fn take(&mut self, part: Part) {
        self.waiting.push(part);
    }

    /// Combines the parts that begin before `decided`; before it no more will be found. `byte` gives the byte at which a
    /// place begins.
    pub(crate) fn decide(
        &mut self,
        combinations: &Combinations,
        context: Context<'_>,
        decided: usize,
        byte: impl Fn(usize) -> usize,
        found: &mut Vec<Found>,
        late: &mut Vec<Late>,
    ) {
        let mut telling = Telling { context, found, late };
        self.waiting.sort_by_key(|part| (part.places, part.roles));
        let ready = self.waiting.partition_point(|part| part.places.0 < decided);
        if ready > 0 && self.states.is_empty() {
            let state = |c: &Combination| State { last: vec![None; c.sets], ..State::default() };
            self.states = combinations.all.iter().map(state).collect();
        }
        for part in self.waiting.drain(..ready) {
            for (n, slot) in combinations.slots(part.roles) {
                let combination = &combinations.all[*n];
                self.states[*n].settle(combination, part.places.0, &byte, &mut telling);
                self.states[*n].step(combination, *slot, part, &mut telling);
            }
        }
        for (state, combination) in self.states.iter_mut().zip(&combinations.all) {
            state.settle(combination, decided, &byte, &mut telling);
        }
    }

    /// From this place on something that must be held back may be found.
    pub(crate) fn hold(&self, combinations: &Combinations, context: Context<'_>) -> Option<usize> {
        let held = self.states.iter().zip(&combinations.all).filter_map(|(state, combination)| {
            combination.within?;
            if !context.holds(combination.rule) {
                return None;
            }
            let parts = state.last.iter().flatten().chain(state.complete.iter().map(|(a, _)| a));
            parts.map(|part| part.places.0).min()
        });
        held.chain(self.waiting.iter().map(|part| part.places.0)).min()
    }
}

impl State {
    /// Takes the next part.
    fn step(
        &mut self,
        combination: &Combination,
        slot: Slot,
        part: Part,
        telling: &mut Telling<'_>,
    ) {
        let Slot::Needed(set) = slot else {
            if let Some(within) = combination.within {
                self.complete.retain(|(first, last)| !near(*first, *last, part, within));
                self.taken_back = Some(part);
            } else {
                self.taken_back.get_or_insert(part);
            }
            return;
        };
        self.last[set] = Some(part);
        let parts: Vec<Part> = self.last.iter().flatten().copied().collect();
        if parts.len() < combination.sets {
            return;
        }
        let Some(within) = combination.within else {
            if self.taken_back.is_none() {
                telling.anywhere(combination, part, &parts);
            }
            self.last.fill(None);
            return;
        };
        let first = parts.iter().min_by_key(|part| part.places.0).copied().unwrap_or(part);
        let last = parts.iter().max_by_key(|part| part.places.1).copied().unwrap_or(part);
        if last.places.1 - first.places.0 > within {
            return;
        }
        self.last.fill(None);
        if self.taken_back.is_some_and(|back| near(first, last, back, within)) {
            return;
        }
        if combination.excepted {
            self.complete.push((first, last));
        } else {
            telling.near(combination, first, last, last.end.byte - 1);
        }
    }

    /// Everything that begins before `decided` has come.
    fn settle(
        &mut self,
        combination: &Combination,
        decided: usize,
        byte: impl Fn(usize) -> usize,
        telling: &mut Telling<'_>,
    ) {
        let Some(within) = combination.within else { return };
        for last in &mut self.last {
            // What comes now ends too far from it.
            if last.is_some_and(|part| part.places.0 + within < decided) {
                *last = None;
            }
        }
        let ready = self.complete.iter().take_while(|(_, last)| last.places.1 + within < decided);
        let ready = ready.count();
        for (first, last) in self.complete.drain(..ready) {
            telling.near(combination, first, last, byte(last.places.1 + within));
        }
    }
}

impl Telling<'_> {
    fn near(&mut self, combination: &Combination, first: Part, last: Part, key: usize) {
        let found = found(combination.rule, first.start, last.end);
        if self.context.holds(combination.rule) {
            self.found.push(found);
        } else {
            let (start, end) = (first.start, last.end);
            self.late.push(Late { found, start, end, key, told: true });
        }
    }

    /// It is found at `part`; where it is retracted, the other parts are too.
    fn anywhere(&mut self, combination: &Combination, part: Part, parts: &[Part]) {
        let retract = self.context.border.action(combination.rule) == Action::Retract;
        let mut here = found(combination.rule, part.start, part.end);
        here.ends = retract && !self.context.revises;
        self.found.push(here);
        if !retract || !self.context.revises {
            return;
        }
        for other in parts.iter().filter(|other| other.places != part.places) {
            let (start, end) = (other.start, other.end);
            let found = found(combination.rule, start, end);
            // It may reach beyond the part that completes it.
            let key = end.byte.max(part.end.byte) - 1;
            self.late.push(Late { found, start, end, key, told: false });
        }
    }
}

fn found(rule: u32, start: Mark, end: Mark) -> Found {
    Found { rule, start: start.byte, end: end.byte, score: 1.0, bare: false, ends: false }
}

/// Whether a part stands at most so far before or after what lies between two others.
fn near(first: Part, last: Part, part: Part, within: usize) -> bool {
    part.places.0 <= last.places.1 + within && part.places.1 + within >= first.places.0
}
