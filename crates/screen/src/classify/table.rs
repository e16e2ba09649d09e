//! The weights of a model: a table from the hash of a run of characters to one small number for each label.
//!
//! Hashes fall into groups of four slots, and each slot keeps sixteen further bits of its hash, so that a run that was never
//! trained is found with a chance below 1 in 10,000, and then only if its group is full.

/// Slots in a group.
pub(super) const GROUP: usize = 4;
/// Slots of the largest table.
pub(super) const MOST_SLOTS: usize = 1 << 22;

/// The weights, as many for each slot as there are labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    labels: usize,
    /// Sixteen bits of the hash in each slot; 0 where it is empty.
    checks: Vec<[u16; GROUP]>,
    weights: Vec<i8>,
}

impl Table {
    /// An empty table with a power of two of groups.
    pub(super) fn new(groups: usize, labels: usize) -> Self {
        debug_assert!(groups.is_power_of_two());
        Self { labels, checks: vec![[0; GROUP]; groups], weights: vec![0; groups * GROUP * labels] }
    }

    /// The number of groups that leaves a third of the slots empty.
    pub(super) fn groups_for(entries: usize) -> usize {
        let slots = (entries + entries / 2).clamp(GROUP, MOST_SLOTS);
        slots.div_ceil(GROUP).next_power_of_two().min(MOST_SLOTS / GROUP)
    }

    /// Puts the weights of a hash in, if its group has room.
    pub(super) fn insert(&mut self, hash: u64, weights: &[i8]) -> bool {
        let (group, check) = self.place(hash);
        match self.checks[group].iter().position(|known| *known == 0) {
            Some(slot) if !self.checks[group].contains(&check) => {
                self.put(group, slot, check, weights);
                true
            }
            _ => false,
        }
    }

    /// Fills one slot.
    pub(super) fn put(&mut self, group: usize, slot: usize, check: u16, weights: &[i8]) {
        self.checks[group][slot] = check;
        let first = (group * GROUP + slot) * self.labels;
        self.weights[first..first + self.labels].copy_from_slice(weights);
    }

    /// Adds the weights of a hash to the sums.
    #[inline]
    pub(super) fn add(&self, hash: u64, sums: &mut [i64]) {
        let (group, check) = self.place(hash);
        if let Some(slot) = self.checks[group].iter().position(|known| *known == check) {
            for (sum, weight) in sums.iter_mut().zip(self.weights_of(group, slot)) {
                *sum += i64::from(*weight);
            }
        }
    }

    /// Every group's checks.
    pub(super) fn groups(&self) -> &[[u16; GROUP]] {
        &self.checks
    }

    /// The weights in one slot.
    #[inline]
    pub(super) fn weights_of(&self, group: usize, slot: usize) -> &[i8] {
        let first = (group * GROUP + slot) * self.labels;
        &self.weights[first..first + self.labels]
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the bits are chosen by the masks")]
    fn place(&self, hash: u64) -> (usize, u16) {
        let group = hash as usize & (self.checks.len() - 1);
        (group, ((hash >> 48) as u16).max(1))
    }
}
