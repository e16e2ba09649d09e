//! Many strings of character classes in one hashed trie, walked from one place of a text.
//!
//! A node is a slot of an open-addressing table, found by its parent's slot and the class that leads to it: one memory
//! access for a step. The first classes have no slots of their own. A node with one string left below it ends the trie; it
//! has the next two classes at hand, and what follows is compared with the string itself.
//!
//! Where the next classes of a text are at hand, no walk begins at the root: a table of what strings begin with ([`Heads`]) leads
//! to the string, or to the node from which several strings go on. The steps from the root on are for the ends of pieces.
//!
//! Compared with a double array this is built in one pass whatever the strings; compared with Aho-Corasick it has no failure
//! links: walks overlap instead, but few are begun.

use super::heads::{AHEAD, HEAD, Heads, LENGTHS, Quads, agree, lengths, quads};

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

/// One of the strings, in half a line of memory.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Entry {
    /// Its first [`HEAD`] classes, [`UNKNOWN`] after its end, and then its length.
    head: [Class; AHEAD],
    /// Where in `rests` the classes after its head begin.
    rest: u32,
    /// Its term if it has one alone, otherwise [`SEVERAL`] and where in `terms` their count stands before them.
    terms: u32,
}

/// In an entry: the string has several terms.
const SEVERAL: u32 = 1 << 31;

impl Entry {
    #[inline]
    fn length(&self) -> usize {
        usize::from(self.head[HEAD])
    }
}

/// Strings with the same head.
#[derive(Clone, Copy, Debug)]
struct Branch {
    /// The node at the end of the head.
    slot: u32,
    /// The first of the strings.
    string: u32,
    /// How long the head is.
    depth: u16,
    /// How many classes the longest strings with a head of this length have.
    longest: u16,
}

/// Marks a value of [`Heads`] as the number of a branch; others are those of strings.
const BRANCH: u32 = 1 << 30;

#[derive(Debug, Default)]
pub(super) struct Trie {
    slots: Vec<Slot>,
    /// For each class the string that is just that class.
    ones: Vec<u32>,
    pub(super) heads: Heads,
    branches: Vec<Branch>,
    strings: Vec<Entry>,
    /// What follows the heads of the strings.
    rests: Vec<Class>,
    /// The terms of strings that have several.
    terms: Vec<u32>,
}

/// A walk that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    at: At,
    /// How many classes it has gone.
    depth: u32,
}

#[derive(Clone, Copy, Debug)]
enum At {
    /// At a node, or at one of the first.
    Node(u32),
    /// Within the one string that is left.
    Alone(u32),
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
    /// Builds the trie of strings of classes, each for one term; none is empty. `latin` tells which classes are those of Latin
    /// letters and digits.
    pub(super) fn new(
        mut strings: Vec<(Vec<Class>, u32)>,
        classes: usize,
        latin: impl Fn(Class) -> bool,
    ) -> Self {
        strings.sort_unstable();
        let mut trie = Self { ones: vec![NOWHERE; classes], ..Self::default() };
        let mut distinct: Vec<&[Class]> = Vec::with_capacity(strings.len());
        for same in strings.chunk_by(|a, b| a.0 == b.0) {
            let string = &*same[0].0;
            if let [one] = string {
                trie.ones[usize::from(*one)] = index(distinct.len());
            }
            let terms =
                if let [(_, term)] = same { *term } else { SEVERAL | index(trie.terms.len()) };
            if same.len() > 1 {
                trie.terms.push(index(same.len()));
                trie.terms.extend(same.iter().map(|(_, term)| term));
            }
            let (first, rest) = string.split_at(string.len().min(HEAD));
            let mut head = [UNKNOWN; AHEAD];
            head[..first.len()].copy_from_slice(first);
            head[HEAD] = short(string.len());
            let entry = Entry { head, rest: index(trie.rests.len()), terms };
            trie.rests.extend(rest);
            trie.strings.push(entry);
            distinct.push(string);
        }
        trie.place(&nodes(&distinct));
        trie.note_heads(&distinct, latin);
        trie
    }

    /// Fills the table of what strings begin with.
    fn note_heads(&mut self, strings: &[&[Class]], latin: impl Fn(Class) -> bool) {
        let mut heads = Vec::with_capacity(strings.len());
        for (which, length) in LENGTHS.into_iter().enumerate() {
            let mut from = 0;
            while let Some(first) = strings.get(from) {
                let head = first.get(..length);
                let same = strings[from..].iter().take_while(|s| s.get(..length) == head).count();
                let group = from..from + if head.is_some() { same } else { 1 };
                from = group.end;
                let lengths = lengths(latin(first[0]));
                if which >= lengths {
                    continue;
                }
                // Longer strings have a longer head, if there is one.
                let longest = LENGTHS[..lengths].get(which + 1).map_or(usize::MAX, |next| next - 1);
                let mut members = group.filter(|i| (length..=longest).contains(&strings[*i].len()));
                let Some(first) = members.next() else { continue };
                let string = index(first);
                let value = if members.next().is_none() {
                    string
                } else {
                    let slot = self.node(&strings[first][..length]);
                    let (depth, longest) = (short(length), short(longest.min(u16::MAX.into())));
                    self.branches.push(Branch { slot, string, depth, longest });
                    BRANCH | index(self.branches.len() - 1)
                };
                heads.push((which, quads(&self.strings[first].head), value));
            }
        }
        self.heads = Heads::new(&heads);
    }

    /// The node to which classes lead, of which there is one.
    fn node(&self, classes: &[Class]) -> u32 {
        classes[1..].iter().fold(FIRST + u32::from(classes[0]), |parent, class| {
            let mut at = self.home(parent, *class);
            while (self.slots[at].parent, self.slots[at].class) != (parent, *class) {
                at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
            }
            index(at)
        })
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

    /// The string that is one class alone.
    #[inline]
    pub(super) fn one(&self, class: Class) -> Option<u32> {
        self.ones.get(usize::from(class)).copied().filter(|string| *string != NOWHERE)
    }

    /// Begins a walk with a class.
    #[inline]
    pub(super) fn walk(first: Class) -> Walk {
        Walk { at: At::Node(FIRST + u32::from(first)), depth: 1 }
    }

    /// Goes on over `classes`; `found` is told of each string that ends, and after how many of the classes. `None`: the walk
    /// has come to its end; otherwise it may go on with what follows.
    #[inline]
    pub(super) fn go(
        &self,
        walk: Walk,
        classes: &[Class],
        mut found: impl FnMut(u32, usize),
    ) -> Option<Walk> {
        let Walk { at, mut depth } = walk;
        let mut parent = match at {
            At::Node(node) => node,
            At::Alone(string) => return self.go_alone(string, depth, classes, 0, found),
        };
        let mut gone = 0;
        loop {
            let Some(class) = classes.get(gone).copied() else {
                return Some(Walk { at: At::Node(parent), depth });
            };
            let mut at = self.home(parent, class);
            let slot = loop {
                let slot = self.slots[at];
                if slot.parent == parent && slot.class == class {
                    break slot;
                }
                if slot.parent == NOWHERE {
                    return None;
                }
                at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
            };
            gone += 1;
            depth += 1;
            parent = index(at);
            if slot.marks & ALONE != 0 {
                let ahead = classes.get(gone).copied().unwrap_or(slot.next[0]);
                let then = classes.get(gone + 1).copied().unwrap_or(slot.next[1]);
                if ahead != slot.next[0] || slot.next[1] != UNKNOWN && then != slot.next[1] {
                    return None;
                }
                return self.go_alone(slot.string, depth, &classes[gone..], gone, found);
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

    /// Goes on over `ahead` within the one string that is left, `depth` of whose classes have come, `gone` of them just now.
    fn go_alone(
        &self,
        string: u32,
        depth: u32,
        ahead: &[Class],
        gone: usize,
        mut found: impl FnMut(u32, usize),
    ) -> Option<Walk> {
        let entry = &self.strings[string as usize];
        let rest = entry.length() - depth as usize;
        let both = rest.min(ahead.len());
        let passed = depth as usize;
        let (near, far) = ahead[..both].split_at(both.min(HEAD.saturating_sub(passed)));
        let after = entry.rest as usize + passed.saturating_sub(HEAD);
        let of_head = &entry.head[passed.min(HEAD)..][..near.len()];
        if !of_head.iter().eq(near) || self.rests[after..][..far.len()] != *far {
            return None;
        }
        if both < rest {
            return Some(Walk { at: At::Alone(string), depth: depth + index(both) });
        }
        found(string, gone + both);
        None
    }

    /// Whether a value that [`Heads`] gave stands for several strings that begin alike; otherwise it is a string.
    #[inline]
    pub(super) fn is_branch(value: u32) -> bool {
        value & BRANCH != 0
    }

    /// Whether a string begins as the classes do, as far as [`HEAD`] of them tell.
    #[inline]
    pub(super) fn begins(&self, string: u32, head: Quads) -> bool {
        let entry = &self.strings[string as usize];
        agree(quads(&entry.head), head, entry.length())
    }

    /// Goes on where a string [`begins`](Self::begins) as `classes` do. `found` is told if it ends there, and after how many
    /// of the classes.
    #[inline]
    pub(super) fn follow(
        &self,
        string: u32,
        classes: &[Class],
        found: impl FnOnce(u32, usize),
    ) -> Option<Walk> {
        let entry = &self.strings[string as usize];
        let length = entry.length();
        if length > HEAD {
            let ahead = &classes[HEAD..];
            let both = (length - HEAD).min(ahead.len());
            let rest = &self.rests[entry.rest as usize..][..both];
            if *rest != ahead[..both] {
                return None;
            }
            if both < length - HEAD {
                return Some(Walk { at: At::Alone(string), depth: index(HEAD + both) });
            }
        }
        found(string, length);
        None
    }

    /// Goes on from a value that [is a branch](Self::is_branch), of whose head `classes` may have the classes. `found` is told
    /// of each string that ends, and after how many of the classes.
    #[inline]
    pub(super) fn follow_branch(
        &self,
        value: u32,
        head: Quads,
        classes: &[Class],
        mut found: impl FnMut(u32, usize),
    ) -> Option<Walk> {
        let Branch { slot, string, depth, longest } = self.branches[(value & !BRANCH) as usize];
        let (depth, longest) = (usize::from(depth), usize::from(longest));
        let entry = &self.strings[string as usize];
        if !agree(quads(&entry.head), head, depth) {
            return None;
        }
        if entry.length() == depth {
            found(string, depth);
        }
        let walk = Walk { at: At::Node(slot), depth: index(depth) };
        let ahead = &classes[depth..classes.len().min(longest)];
        let walk = self.go(walk, ahead, |string, gone| found(string, depth + gone));
        // What is longer has a head of its own.
        walk.filter(|_| longest > HEAD)
    }

    /// The terms of a string.
    #[inline]
    pub(super) fn terms(&self, string: u32) -> &[u32] {
        let terms = &self.strings[string as usize].terms;
        if terms & SEVERAL == 0 {
            return std::slice::from_ref(terms);
        }
        let several = &self.terms[(terms & !SEVERAL) as usize..];
        &several[1..][..several[0] as usize]
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.slots)
            + size_of_val(&*self.ones)
            + self.heads.memory()
            + size_of_val(&*self.branches)
            + size_of_val(&*self.strings)
            + size_of_val(&*self.rests)
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

/// All nodes of sorted strings but the first ones, each after its parent, level by level.
fn nodes(strings: &[&[Class]]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::with_capacity(2 * strings.len());
    // What lies below a node: the strings from one to another, and how deep it is.
    let mut below: Vec<(usize, usize, usize)> = Vec::with_capacity(2 * strings.len());
    let mut from = 0;
    while from < strings.len() {
        let first = strings[from][0];
        let to = group(strings, from, strings.len(), 0);
        let longer = from + usize::from(strings[from].len() == 1);
        lead_on(strings, FIRST + u32::from(first), (longer, to, 1), &mut nodes, &mut below);
        from = to;
    }
    let mut at = 0;
    while at < nodes.len() {
        let (mut from, to, depth) = below[at];
        if strings[from].len() == depth {
            nodes[at].marks = ENDS;
            nodes[at].string = index(from);
            from += 1;
        }
        if to - from == 1 && nodes[at].marks == 0 {
            nodes[at].marks = ALONE;
            nodes[at].string = index(from);
            let rest = &strings[from][depth..];
            nodes[at].next = [rest[0], rest.get(1).copied().unwrap_or(UNKNOWN)];
        } else {
            let marks = lead_on(strings, index(at), (from, to, depth), &mut nodes, &mut below);
            nodes[at].marks |= marks;
        }
        at += 1;
    }
    nodes
}

/// Where the strings end that have the class of the string `from` at a depth.
fn group(strings: &[&[Class]], from: usize, to: usize, depth: usize) -> usize {
    let class = strings[from][depth];
    (from + 1..to).find(|i| strings[*i][depth] != class).unwrap_or(to)
}

/// Adds the nodes to which a node leads on, and gives the marks of their classes.
fn lead_on(
    strings: &[&[Class]],
    parent: u32,
    (mut from, to, depth): (usize, usize, usize),
    nodes: &mut Vec<Node>,
    below: &mut Vec<(usize, usize, usize)>,
) -> u16 {
    let mut marks = 0;
    while from < to {
        let end = group(strings, from, to, depth);
        let class = strings[from][depth];
        nodes.push(Node { parent, class, ..NO_NODE });
        below.push((from, end, depth + 1));
        marks |= lead(class);
        from = end;
    }
    marks
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
#[expect(clippy::cast_possible_truncation, reason = "tables of 2^32 terms fit into no memory")]
pub(super) fn index(i: usize) -> u32 {
    i as u32
}

/// The length of a string: a term has few characters, and each is few letters.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "128 characters of at most six letters")]
fn short(length: usize) -> u16 {
    length as u16
}
