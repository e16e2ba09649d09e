//! Many strings of character classes in one hashed trie, walked from one place of a text.
//!
//! A node is a slot of an open-addressing table, found by its parent's slot and the class that leads to it: one memory
//! access for a step. The first classes have no slots of their own. A node with one string left below it ends the trie; it
//! has the next two classes at hand, and what follows is compared with the string itself. Before any slot is looked at,
//! tables of the first eight classes of long strings, the first four of shorter ones, and of the shortest as a whole turn
//! back nearly every walk that would end with no string, in accesses that do not wait for one another.
//!
//! Compared with a double array this is built in one pass whatever the strings; compared with Aho-Corasick it has no failure
//! links: walks overlap instead, but few are begun.

/// A class of characters that are one to the terms.
pub(super) type Class = u16;

/// The class of characters that occur in no term.
pub(super) const UNKNOWN: Class = 0;

/// No slot, no parent.
const NOWHERE: u32 = u32::MAX;

/// The slots of the first classes, which are not in the table: this and the class.
const FIRST: u32 = 0xffff_0000 - (1 << 16);

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
    /// The string that ends here, or goes on alone.
    string: u32,
    /// The next classes of a string that goes on alone.
    next: [Class; 2],
}

const EMPTY: Slot =
    Slot { parent: NOWHERE, class: UNKNOWN, marks: 0, string: NOWHERE, next: [UNKNOWN; 2] };

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
    /// For each class the string that is just that class.
    ones: Vec<u32>,
    /// The strings of two classes.
    twos: Bits,
    /// The strings of three.
    threes: Bits,
    /// The first four classes of those of four to seven.
    fours: Bits,
    /// The first eight classes of the longer ones.
    eights: Bits,
    entries: Vec<Entry>,
    classes: Vec<Class>,
    terms: Vec<u32>,
}

/// A set that is sometimes wrong when it says yes, never when it says no.
#[derive(Debug, Default)]
struct Bits {
    words: Vec<u64>,
    shift: u32,
}

impl Bits {
    /// Sixteen bits for each of so many, two of which are set, in one word.
    fn new(count: usize) -> Self {
        let words = (count / 4).next_power_of_two().clamp(16, 1 << 20);
        Self { words: vec![0; words], shift: 64 - words.trailing_zeros() }
    }

    fn insert(&mut self, key: u64) {
        let (word, bits) = self.place(key);
        self.words[word] |= bits;
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let (word, bits) = self.place(key);
        self.words[word] & bits == bits
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer words than 2^32")]
    fn place(&self, key: u64) -> (usize, u64) {
        let hash = mixed(key);
        ((hash >> self.shift) as usize, 1 << (hash >> 32 & 63) | 1 << (hash >> 26 & 63))
    }
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
    /// The node before it, or one of the first.
    parent: u32,
    class: Class,
    marks: u16,
    string: u32,
    next: [Class; 2],
}

const NO_NODE: Node =
    Node { parent: NOWHERE, class: UNKNOWN, marks: 0, string: NOWHERE, next: [UNKNOWN; 2] };

impl Trie {
    /// Builds the trie of strings of classes, each for one term; none is empty.
    pub(super) fn new(mut strings: Vec<(Vec<Class>, u32)>, classes: usize) -> Self {
        strings.sort_unstable();
        let mut trie = Self { ones: vec![NOWHERE; classes], ..Self::default() };
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
        trie.note_beginnings();
        trie.place(&trie.nodes());
        trie
    }

    /// Fills the tables of what strings begin with.
    fn note_beginnings(&mut self) {
        let of_length = |lengths: std::ops::Range<usize>| {
            (0..self.entries.len()).filter(|i| lengths.contains(&self.string(*i).len())).count()
        };
        let sizes = [2..3, 3..4, 4..8, 8..usize::MAX].map(of_length);
        [self.twos, self.threes, self.fours, self.eights] = sizes.map(Bits::new);
        for i in 0..self.entries.len() {
            match *self.string(i) {
                [one] => self.ones[usize::from(one)] = index(i),
                [a, b] => self.twos.insert(key([0, 0, a, b])),
                [a, b, c] => self.threes.insert(key([0, a, b, c])),
                [a, b, c, d, ref then @ ..] => match then.first_chunk() {
                    Some(then) => self.eights.insert(long_key([a, b, c, d], *then)),
                    None => self.fours.insert(key([a, b, c, d])),
                },
                [] => {}
            }
        }
    }

    /// All nodes but the first ones, each after its parent, level by level.
    fn nodes(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::with_capacity(2 * self.entries.len());
        // What lies below a node: the strings from one to another, and how deep it is.
        let mut below: Vec<(usize, usize, usize)> = Vec::with_capacity(2 * self.entries.len());
        let mut from = 0;
        while from < self.entries.len() {
            let first = self.string(from)[0];
            let to = self.group(from, self.entries.len(), 0);
            let longer = from + usize::from(self.string(from).len() == 1);
            self.lead_on(FIRST + u32::from(first), (longer, to, 1), &mut nodes, &mut below);
            from = to;
        }
        let mut at = 0;
        while at < nodes.len() {
            let (mut from, to, depth) = below[at];
            if self.string(from).len() == depth {
                nodes[at].marks = ENDS;
                nodes[at].string = index(from);
                from += 1;
            }
            if to - from == 1 && nodes[at].marks == 0 {
                nodes[at].marks = ALONE;
                nodes[at].string = index(from);
                let rest = &self.string(from)[depth..];
                nodes[at].next = [rest[0], rest.get(1).copied().unwrap_or(UNKNOWN)];
            } else {
                let marks = self.lead_on(index(at), (from, to, depth), &mut nodes, &mut below);
                nodes[at].marks |= marks;
            }
            at += 1;
        }
        nodes
    }

    /// Where the strings end that have the class of the string `from` at a depth.
    fn group(&self, from: usize, to: usize, depth: usize) -> usize {
        let class = self.string(from)[depth];
        (from + 1..to).find(|i| self.string(*i)[depth] != class).unwrap_or(to)
    }

    /// Adds the nodes to which a node leads on, and gives the marks of their classes.
    fn lead_on(
        &self,
        parent: u32,
        (mut from, to, depth): (usize, usize, usize),
        nodes: &mut Vec<Node>,
        below: &mut Vec<(usize, usize, usize)>,
    ) -> u16 {
        let mut marks = 0;
        while from < to {
            let end = self.group(from, to, depth);
            let class = self.string(from)[depth];
            nodes.push(Node { parent, class, ..NO_NODE });
            below.push((from, end, depth + 1));
            marks |= lead(class);
            from = end;
        }
        marks
    }

    /// Puts the nodes into slots.
    fn place(&mut self, nodes: &[Node]) {
        // Two thirds full: a step looks at little more than one slot.
        let size = (nodes.len() + nodes.len() / 2).max(8);
        self.slots = vec![EMPTY; size];
        let mut slot_of = vec![NOWHERE; nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            let parent =
                if node.parent >= FIRST { node.parent } else { slot_of[node.parent as usize] };
            let mut at = self.home(parent, node.class);
            while self.slots[at].parent != NOWHERE {
                at = if at + 1 == size { 0 } else { at + 1 };
            }
            let Node { class, marks, string, next, .. } = *node;
            self.slots[at] = Slot { parent, class, marks, string, next };
            slot_of[i] = index(at);
        }
    }

    /// Whether a string of more than one class may begin with these: mostly right when it says yes, always when it says no.
    #[inline]
    pub(super) fn may_begin(&self, classes: &[Class]) -> bool {
        let [a, b, c, d, ref then @ ..] = *classes else { return true };
        let Some(then) = then.first_chunk() else { return true };
        // No branch between them: they are looked at together.
        self.eights.has(long_key([a, b, c, d], *then))
            | self.fours.has(key([a, b, c, d]))
            | self.threes.has(key([0, a, b, c]))
            | self.twos.has(key([0, 0, a, b]))
    }

    /// The string that is one class alone.
    #[inline]
    pub(super) fn one(&self, class: Class) -> Option<u32> {
        self.ones.get(usize::from(class)).copied().filter(|string| *string != NOWHERE)
    }

    /// Begins a walk with a class.
    #[inline]
    pub(super) fn walk(first: Class) -> Walk {
        Walk { slot: FIRST + u32::from(first), depth: 1 }
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
        if walk.slot < FIRST && self.slots[walk.slot as usize].marks & ALONE != 0 {
            return self.go_alone(walk, classes, 0, found);
        }
        loop {
            let Some(class) = classes.get(gone).copied() else { return Some(walk) };
            let mut at = self.home(walk.slot, class);
            let slot = loop {
                let slot = self.slots[at];
                if slot.parent == walk.slot && slot.class == class {
                    break slot;
                }
                if slot.parent == NOWHERE {
                    return None;
                }
                at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
            };
            gone += 1;
            walk = Walk { slot: index(at), depth: walk.depth + 1 };
            if slot.marks & ALONE != 0 {
                let ahead = classes.get(gone).copied().unwrap_or(slot.next[0]);
                let then = classes.get(gone + 1).copied().unwrap_or(slot.next[1]);
                if ahead != slot.next[0] || slot.next[1] != UNKNOWN && then != slot.next[1] {
                    return None;
                }
                return self.go_alone(walk, classes, gone, found);
            }
            if slot.marks & ENDS != 0 {
                found(slot.string, gone);
            }
            // The node says which classes may lead on from it.
            match classes.get(gone) {
                Some(class) if slot.marks & lead(*class) == 0 => return None,
                _ if slot.marks & !(ENDS | ALONE) == 0 => return None,
                _ => {}
            }
        }
    }

    /// Goes on from a node with one string below it.
    fn go_alone(
        &self,
        walk: Walk,
        classes: &[Class],
        gone: usize,
        mut found: impl FnMut(u32, usize),
    ) -> Option<Walk> {
        let string = self.slots[walk.slot as usize].string;
        let rest = &self.string(string as usize)[walk.depth as usize..];
        let ahead = &classes[gone..];
        let both = rest.len().min(ahead.len());
        if rest[..both] != ahead[..both] {
            return None;
        }
        if both < rest.len() {
            return Some(Walk { depth: walk.depth + index(both), ..walk });
        }
        found(string, gone + both);
        None
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

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        let bits = [&self.twos, &self.threes, &self.fours, &self.eights];
        size_of_val(&*self.slots)
            + size_of_val(&*self.ones)
            + bits.map(|bits| size_of_val(&*bits.words)).iter().sum::<usize>()
            + size_of_val(&*self.entries)
            + size_of_val(&*self.classes)
            + size_of_val(&*self.terms)
    }

    /// Where a node is put if the slot is free.
    #[inline]
    fn home(&self, parent: u32, class: Class) -> usize {
        let hash = mixed(u64::from(parent) << 16 | u64::from(class)) >> 32;
        // The product of two numbers below 2^32, its upper half: below the number of slots.
        ((hash * self.slots.len() as u64) >> 32) as usize
    }
}

/// The bit that a class sets in the node it leads on from.
#[inline]
fn lead(class: Class) -> u16 {
    let spread = u32::from(class.wrapping_mul(0x9e37));
    4 << ((spread * LEADS) >> 16)
}

/// A key spread over 64 bits, of which the upper ones count.
#[inline]
fn mixed(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[inline]
fn long_key(first: [Class; 4], then: [Class; 4]) -> u64 {
    mixed(key(first)).rotate_left(32) ^ key(then)
}

#[inline]
fn key([a, b, c, d]: [Class; 4]) -> u64 {
    let key = u64::from(a) << 48 | u64::from(b) << 32 | u64::from(c) << 16 | u64::from(d);
    // The upper bits of a product depend on the lower ones of its factor, but not the other way round.
    key ^ key >> 31
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "tables of 2^32 terms fit into no memory")]
pub(super) fn index(i: usize) -> u32 {
    i as u32
}
