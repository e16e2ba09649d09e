//! Many strings of character classes in one hashed trie, walked from one place of a text.
//!
//! A node is a slot of an open-addressing table, found by its parent's slot and the class that leads to it: eight
//! bytes, and one memory access for a step. A node with one string left below it ends the trie, and the rest is compared
//! with the string itself. Each node keeps a few bits of which classes lead on from it, so that most steps that lead
//! nowhere touch no memory. Compared with a double array this is built in one pass whatever the strings, and compared with
//! Aho-Corasick it has no failure links: walks overlap instead, but few are begun (see [`Trie::may_begin`]).

/// A class of characters that are one to the terms.
pub(super) type Class = u16;

/// The class of characters that occur in no term.
pub(super) const UNKNOWN: Class = 0;

/// No slot, no parent.
const NOWHERE: u32 = u32::MAX;

/// The parent of the first characters.
const ROOT: u32 = u32::MAX - 1;

/// A string ends here.
const ENDS: u16 = 1;

/// One string alone goes on from here.
const ALONE: u16 = 2;

/// How many bits of a node say which classes lead on, from the third on.
const LEADS: u32 = 14;

#[derive(Clone, Copy, Debug)]
struct Slot {
    parent: u32,
    class: Class,
    marks: u16,
}

/// One of the strings.
#[derive(Clone, Debug)]
struct Entry {
    /// Where in `classes` it ends; it begins where the one before it does.
    end: u32,
    /// Where in `terms` its terms end.
    terms_end: u32,
}

#[derive(Debug, Default)]
pub(super) struct Trie {
    slots: Vec<Slot>,
    /// For each slot that ends a string, or from which one alone goes on: which.
    strings: Vec<u32>,
    /// For each class the slot of the strings that begin with it.
    roots: Vec<u32>,
    /// For each pair of classes, hashed, whether a string begins with it.
    pairs: Vec<u64>,
    pair_shift: u32,
    entries: Vec<Entry>,
    classes: Vec<Class>,
    terms: Vec<u32>,
}

/// A walk that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    slot: u32,
    /// How many classes it has gone.
    depth: u32,
}

/// A node while the trie is built.
struct Node {
    parent: u32,
    class: Class,
    marks: u16,
    string: u32,
}

impl Trie {
    /// Builds the trie of strings of classes, each for one term; none is empty.
    pub(super) fn new(mut strings: Vec<(Vec<Class>, u32)>, classes: usize) -> Self {
        strings.sort_unstable();
        let mut trie = Self { roots: vec![NOWHERE; classes], ..Self::default() };
        let mut last: Option<&[Class]> = None;
        for (string, term) in &strings {
            if last == Some(string) {
                trie.terms.push(*term);
            } else {
                trie.classes.extend(string);
                trie.terms.push(*term);
                trie.entries.push(Entry { end: index(trie.classes.len()), terms_end: 0 });
                last = Some(string);
            }
            if let Some(entry) = trie.entries.last_mut() {
                entry.terms_end = index(trie.terms.len());
            }
        }
        drop(strings);
        trie.place(&trie.nodes());
        trie
    }

    /// All nodes, each after its parent, level by level.
    fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::with_capacity(2 * self.entries.len());
        // What lies below a node: the strings from one to another, and how deep it is.
        let mut below: Vec<(usize, usize, usize)> = Vec::with_capacity(2 * self.entries.len());
        let children = |from: usize,
                        to: usize,
                        depth: usize,
                        parent: u32,
                        marks: &mut u16,
                        nodes: &mut Vec<Node>,
                        below: &mut Vec<(usize, usize, usize)>| {
            let mut i = from;
            while i < to {
                let class = self.string(i)[depth];
                let same = self.entries[i..to].len();
                let end =
                    i + (1..same).find(|n| self.string(i + n)[depth] != class).unwrap_or(same);
                nodes.push(Node { parent, class, marks: 0, string: NOWHERE });
                below.push((i, end, depth + 1));
                *marks |= lead(class);
                i = end;
            }
        };
        children(0, self.entries.len(), 0, ROOT, &mut 0, &mut nodes, &mut below);
        let mut at = 0;
        while at < nodes.len() {
            let (mut from, to, depth) = below[at];
            let (mut marks, mut string) = (0, NOWHERE);
            if self.string(from).len() == depth {
                marks = ENDS;
                string = index(from);
                from += 1;
            }
            if to - from == 1 && marks == 0 {
                marks = ALONE;
                string = index(from);
            } else {
                children(from, to, depth, index(at), &mut marks, &mut nodes, &mut below);
            }
            nodes[at].marks = marks;
            nodes[at].string = string;
            at += 1;
        }
        nodes
    }

    /// Puts the nodes into slots, and the pairs of first classes into their table.
    fn place(&mut self, nodes: &[Node]) {
        // Half full: a step looks at little more than one slot.
        let size = (2 * nodes.len()).max(8);
        self.slots = vec![Slot { parent: NOWHERE, class: UNKNOWN, marks: 0 }; size];
        self.strings = vec![NOWHERE; size];
        let mut slot_of = vec![NOWHERE; nodes.len()];
        let mut pairs = Vec::new();
        for (i, node) in nodes.iter().enumerate() {
            let (parent, first) = match node.parent {
                ROOT => (ROOT, None),
                parent => (slot_of[parent as usize], Some(&nodes[parent as usize])),
            };
            let mut at = self.home(parent, node.class);
            while self.slots[at].parent != NOWHERE {
                at = if at + 1 == size { 0 } else { at + 1 };
            }
            self.slots[at] = Slot { parent, class: node.class, marks: node.marks };
            self.strings[at] = node.string;
            slot_of[i] = index(at);
            match first {
                None => self.roots[usize::from(node.class)] = index(at),
                Some(first) if first.parent == ROOT => pairs.push((first.class, node.class)),
                Some(_) => {}
            }
            if node.parent == ROOT && node.marks & ALONE != 0 {
                pairs.push((node.class, self.string(node.string as usize)[1]));
            }
        }
        // Sixteen bits for each pair: one in sixteen pairs that begin nothing looks as if it did.
        let bits = (16 * pairs.len()).next_power_of_two().clamp(1 << 12, 1 << 24);
        self.pairs = vec![0; bits / 64];
        self.pair_shift = 32 - bits.trailing_zeros();
        for (first, second) in pairs {
            let bit = pair(first, second) >> self.pair_shift;
            self.pairs[bit as usize / 64] |= 1 << (bit % 64);
        }
    }

    /// Whether a string may begin with two classes: mostly right when it says yes, always when it says no.
    #[inline]
    pub(super) fn may_begin(&self, first: Class, second: Class) -> bool {
        let bit = pair(first, second) >> self.pair_shift;
        self.pairs[bit as usize / 64] & 1 << (bit % 64) != 0
    }

    /// Whether any string begins with a class, and whether one is just that class.
    pub(super) fn begins(&self, class: Class) -> (bool, bool) {
        let Some(root) = self.roots.get(usize::from(class)).copied() else { return (false, false) };
        let begins = root != NOWHERE;
        (begins, begins && self.slots[root as usize].marks & ENDS != 0)
    }

    /// Begins a walk with a class that begins a string.
    #[inline]
    pub(super) fn walk(&self, first: Class) -> Walk {
        Walk { slot: self.roots[usize::from(first)], depth: 1 }
    }

    /// The string that ends with the first class of a walk.
    #[inline]
    pub(super) fn ends(&self, walk: Walk) -> Option<u32> {
        let ends = self.slots[walk.slot as usize].marks & ENDS != 0;
        ends.then(|| self.strings[walk.slot as usize])
    }

    /// Goes on over `classes`; `found` is told of each string that ends, and after how many of the classes. `None`: the walk
    /// has come to its end; otherwise it may go on with what follows.
    #[inline]
    pub(super) fn go(
        &self,
        mut walk: Walk,
        classes: &[Class],
        mut found: impl FnMut(u32, usize),
    ) -> Option<Walk> {
        let mut gone = 0;
        loop {
            let marks = self.slots[walk.slot as usize].marks;
            if marks & ALONE != 0 {
                let string = self.strings[walk.slot as usize];
                let rest = &self.string(string as usize)[walk.depth as usize..];
                let ahead = &classes[gone..];
                let both = rest.len().min(ahead.len());
                if rest[..both] != ahead[..both] {
                    return None;
                }
                if both == rest.len() {
                    found(string, gone + both);
                    return None;
                }
                return Some(Walk { depth: walk.depth + index(both), ..walk });
            }
            if marks & !(ENDS | ALONE) == 0 {
                return None;
            }
            let Some(class) = classes.get(gone).copied() else { return Some(walk) };
            if marks & lead(class) == 0 {
                return None;
            }
            let mut at = self.home(walk.slot, class);
            loop {
                let slot = self.slots[at];
                if slot.parent == walk.slot && slot.class == class {
                    break;
                }
                if slot.parent == NOWHERE {
                    return None;
                }
                at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
            }
            gone += 1;
            walk = Walk { slot: index(at), depth: walk.depth + 1 };
            if self.slots[at].marks & ENDS != 0 {
                found(self.strings[at], gone);
            }
        }
    }

    /// The classes of a string.
    #[inline]
    pub(super) fn string(&self, string: usize) -> &[Class] {
        let start = if string == 0 { 0 } else { self.entries[string - 1].end as usize };
        &self.classes[start..self.entries[string].end as usize]
    }

    /// The terms of a string.
    #[inline]
    pub(super) fn terms(&self, string: u32) -> &[u32] {
        let string = string as usize;
        let start = if string == 0 { 0 } else { self.entries[string - 1].terms_end as usize };
        &self.terms[start..self.entries[string].terms_end as usize]
    }

    /// How many strings there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.slots)
            + size_of_val(&*self.strings)
            + size_of_val(&*self.roots)
            + size_of_val(&*self.pairs)
            + size_of_val(&*self.entries)
            + size_of_val(&*self.classes)
            + size_of_val(&*self.terms)
    }

    /// Where a node is put if the slot is free.
    #[inline]
    fn home(&self, parent: u32, class: Class) -> usize {
        let key = u64::from(parent) << 16 | u64::from(class);
        let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        // The product of two numbers below 2^32, its upper half: below the number of slots.
        (hash * self.slots.len() as u64 >> 32) as usize
    }
}

/// The bit that a class sets in the node it leads on from.
#[inline]
fn lead(class: Class) -> u16 {
    let mixed = u32::from(class.wrapping_mul(0x9e37));
    4 << (mixed * LEADS >> 16)
}

/// A pair of classes, mixed: the upper bits count.
#[inline]
fn pair(first: Class, second: Class) -> u32 {
    (u32::from(first) << 16 | u32::from(second)).wrapping_mul(0x9e37_79b1)
}

/// Tables of terms stay far below 2^32: each of their bytes would have to be held in memory.
#[inline]
fn index(i: usize) -> u32 {
    debug_assert!(u32::try_from(i).is_ok());
    i as u32
}
