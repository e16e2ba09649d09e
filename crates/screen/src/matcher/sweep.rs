//! The search of one piece of text in one lane, in steps each of which is taken for all places before the next.
//!
//! What a place needs from memory waits for nothing that another place needs, and a step has no branch that cannot be foretold
//! but where something is found: so the machine fetches for many places at once.

use super::heads::{AHEAD, LENGTHS, quads};
use super::lane::{Lane, Start, Symbols};
use super::trie::{Trie, Walk};

/// A walk with the place where it began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started {
    pub(super) place: usize,
    pub(super) inside: bool,
    pub(super) walk: Walk,
}

/// The number of a start, and what a table says of it.
type Value = (u32, u32);

/// What is kept from step to step; it holds nothing between two pieces.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// The starts at which a string may begin, and the lengths of its head as bits.
    hopeful: Vec<(u32, u32)>,
    /// The same with what the table says of one head.
    values: Vec<Value>,
    /// Those of the values that are strings, and are there.
    strings: Vec<Value>,
    /// Those of the values that stand for several strings.
    branches: Vec<Value>,
}

impl Sweep {
    /// Finds the strings of a lane in a piece of text that begins at the place `base`. `candidate` is told of each: the string,
    /// from where to where it stands, and whether it begins inside a word.
    #[inline]
    pub(super) fn over(
        &mut self,
        lane: &Lane,
        symbols: &Symbols,
        base: usize,
        walks: &mut Vec<Started>,
        mut candidate: impl FnMut(u32, usize, usize, bool),
    ) {
        let Symbols { classes, places, starts } = symbols;
        // The place after the character whose last class comes before `at`; none if that is in the midst of a character.
        let end = |at: usize| {
            let whole = places.get(at) != Some(&places[at - 1]);
            whole.then(|| base + places[at - 1] as usize + 1)
        };
        walks.retain_mut(|started| {
            let Started { place, inside, walk } = *started;
            let found = |string, gone| {
                if let Some(end) = end(gone) {
                    candidate(string, place, end, inside);
                }
            };
            let further = lane.trie.go(walk, classes, found);
            further.is_some_and(|walk| {
                started.walk = walk;
                true
            })
        });
        let near_end = (classes.len() + 1).saturating_sub(AHEAD);
        let (whole, cut) = starts.split_at(starts.partition_point(|start| start.at() < near_end));
        let hopeful = self.filter(lane, classes, whole);
        self.look_up(lane, classes, whole, hopeful);
        let (strings, branches) = self.compare(lane, classes, whole);
        for (of, string) in strings.iter().copied() {
            let start = whole[of as usize];
            let (at, inside) = (start.at(), start.inside());
            let place = base + places[at] as usize;
            let found = |string, length| {
                if let Some(end) = end(at + length) {
                    candidate(string, place, end, inside);
                }
            };
            if let Some(walk) = lane.trie.follow(string, &classes[at..], found) {
                walks.push(Started { place, inside, walk });
            }
        }
        for (of, branch) in branches.iter().copied() {
            let start = whole[of as usize];
            let (at, inside) = (start.at(), start.inside());
            let place = base + places[at] as usize;
            let ahead = &classes[at..];
            let found = |string, length| {
                if let Some(end) = end(at + length) {
                    candidate(string, place, end, inside);
                }
            };
            let Some(head) = ahead.first_chunk() else { continue };
            if let Some(walk) = lane.trie.follow_branch(branch, quads(head), ahead, found) {
                walks.push(Started { place, inside, walk });
            }
        }
        for start in cut {
            let (at, inside) = (start.at(), start.inside());
            let place = base + places[at] as usize;
            let mut found = |string, length| {
                if let Some(end) = end(at + length) {
                    candidate(string, place, end, inside);
                }
            };
            if start.is_alone()
                && let Some(string) = lane.trie.one(classes[at])
            {
                found(string, 1);
            }
            let further = |string, gone| found(string, 1 + gone);
            if let Some(walk) = lane.trie.go(Trie::walk(classes[at]), &classes[at + 1..], further) {
                walks.push(Started { place, inside, walk });
            }
        }
    }

    /// Finds the starts with [`AHEAD`] classes ahead at which the set of bits knows of a head, and gives their number.
    #[inline(never)]
    fn filter(&mut self, lane: &Lane, classes: &[u16], starts: &[Start]) -> usize {
        let hopeful = &mut self.hopeful;
        if hopeful.len() < starts.len() {
            hopeful.resize(starts.len(), (0, 0));
        }
        let mut count = 0;
        for (of, start) in (0..).zip(starts) {
            let Some(head) = classes[start.at()..].first_chunk() else { continue };
            let heads = lane.trie.heads.at(quads(head), start.is_latin());
            let lengths = heads << 1 | u32::from(start.is_alone());
            hopeful[count] = (of, lengths);
            count += usize::from(lengths != 0);
        }
        count
    }

    /// Fills `values` with what the tables say of the first `hopeful` of these starts: the number of the start and how to go on
    /// from there.
    #[inline(never)]
    fn look_up(&mut self, lane: &Lane, classes: &[u16], starts: &[Start], count: usize) {
        let Self { hopeful, values, .. } = self;
        let mut found = 0;
        for (of, lengths) in hopeful[..count].iter().copied() {
            let at = starts[of as usize].at();
            let Some(head) = classes[at..].first_chunk::<AHEAD>() else { continue };
            if lengths & 1 != 0
                && let Some(one) = lane.trie.one(head[0])
            {
                if values.len() == found {
                    values.resize(2 * found + 64, (0, 0));
                }
                values[found] = (of, one);
                found += 1;
            }
            let quads = quads(head);
            let mut lengths = lengths >> 1;
            while lengths != 0 {
                let which = lengths.trailing_zeros() as usize % LENGTHS.len();
                found = lane.trie.heads.find(which, quads, values, found, of);
                lengths &= lengths - 1;
            }
        }
        values.truncate(found);
    }

    /// Parts the values into strings, of which only those are kept that begin as the text does, and branches.
    #[inline(never)]
    fn compare(&mut self, lane: &Lane, classes: &[u16], starts: &[Start]) -> (&[Value], &[Value]) {
        let Self { values, strings, branches, .. } = self;
        if strings.len() < values.len() {
            strings.resize(values.len(), (0, 0));
            branches.resize(values.len(), (0, 0));
        }
        let (mut singles, mut several) = (0, 0);
        for value in &*values {
            let is_branch = Trie::is_branch(value.1);
            strings[singles] = *value;
            branches[several] = *value;
            singles += usize::from(!is_branch);
            several += usize::from(is_branch);
        }
        let mut there = 0;
        for single in 0..singles {
            let (of, string) = strings[single];
            let at = starts[of as usize].at();
            let Some(head) = classes[at..].first_chunk() else { continue };
            strings[there] = (of, string);
            there += usize::from(lane.trie.begins(string, quads(head)));
        }
        (&strings[..there], &branches[..several])
    }
}
