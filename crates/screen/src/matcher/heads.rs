//! What strings of classes begin with: from the first classes of a place in a text to the strings that may stand there.
//!
//! Each string is known by its head: of the lengths that heads have, the longest one that it reaches. So a place is asked about
//! a few times, whatever the strings, and neither question waits for the answer to another. Words in Latin letters share more
//! of what they begin with than strings of other characters do, and have longer heads too.
//! A set of bits, small enough to stay near, turns away nearly all places with nothing to find; for the others a table says
//! in one line of memory how to go on. Neither knows the heads themselves, so whoever goes on compares the classes.

use super::trie::Class;

/// How many classes the longest heads have.
pub(super) const HEAD: usize = 11;

/// How many classes of a place are looked at together.
pub(super) const AHEAD: usize = 12;

/// How many classes the heads have: of strings that do not begin with a Latin letter or digit only as many as [`lengths`] says.
pub(super) const LENGTHS: [usize; 6] = [2, 3, 4, 6, 8, HEAD];

/// How many of [`LENGTHS`] the heads of strings may have that begin with a Latin letter or digit, or with something else.
#[inline]
pub(super) fn lengths(latin: bool) -> usize {
    if latin { LENGTHS.len() } else { 4 }
}

/// The first classes of a place or a string, [`AHEAD`] of them, the first one lowest.
pub(super) type Quads = [u64; 3];

/// Which classes belong to a head of each length, from none to [`HEAD`].
const MASKS: [Quads; HEAD + 1] = {
    let mut masks = [[0; 3]; HEAD + 1];
    let mut length = 0;
    while length <= HEAD {
        let mut class = 0;
        while class < length {
            masks[length][class / 4] |= 0xffff << (16 * (class % 4));
            class += 1;
        }
        length += 1;
    }
    masks
};

/// A different number for each of [`LENGTHS`]: digits of the golden ratio and of the roots of primes, the last one odd.
const SEEDS: [u64; 6] = [
    0x9e37_79b9_7f4a_7c15,
    0xbb67_ae85_84ca_a73b,
    0xa54f_f53a_5f1d_36f1,
    0x9b05_688c_2b3e_6c1f,
    0x5be0_cd19_137e_2179,
    0x629a_292a_367c_d507,
];

/// An entry is free.
const FREE: u32 = 0;

/// In the first value of a bucket: what did not find room is in the next one.
const GOES_ON: u32 = 1 << 31;

/// How to go on from heads; the two halves of a line of memory hold one each.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Bucket {
    tags: [u32; 4],
    values: [u32; 4],
}

#[derive(Debug, Default)]
pub(super) struct Heads {
    /// Two bits for each head, in the word that its hash names.
    bits: Vec<u64>,
    shift: u32,
    buckets: Vec<Bucket>,
}

impl Heads {
    /// Tables for heads, each with the place of its length in [`LENGTHS`] and a value below 2^31.
    pub(super) fn new(heads: &[(usize, Quads, u32)]) -> Self {
        let words = (heads.len() / 4).next_power_of_two().clamp(16, 1 << 20);
        let mut new = Self {
            bits: vec![0; words],
            shift: 64 - words.trailing_zeros(),
            buckets: vec![Bucket::default(); heads.len() / 2 + 1],
        };
        for (which, head, value) in heads {
            let hash = hash(*which, *head);
            let word = new.word(hash);
            new.bits[word] |= bits(hash);
            let mut at = new.home(hash);
            loop {
                let bucket = &mut new.buckets[at];
                if let Some(free) = bucket.tags.iter().position(|tag| *tag == FREE) {
                    bucket.tags[free] = tag(hash);
                    bucket.values[free] |= value;
                    break;
                }
                bucket.values[0] |= GOES_ON;
                at = new.after(at);
            }
        }
        new
    }

    /// Which of [`LENGTHS`] a string's head may have here, as bits: seldom wrong where it says yes, never where it says no.
    #[inline]
    pub(super) fn at(&self, quads: Quads, latin: bool) -> u32 {
        // No branch between them: they are looked at together.
        let one = |which| {
            let hash = hash(which, quads);
            let wanted = bits(hash);
            u32::from(self.bits[self.word(hash)] & wanted == wanted) << which
        };
        let short = one(0) | one(1) | one(2) | one(3);
        // Text stays for a while in one script, so this can be foretold.
        if latin { short | one(4) | one(5) } else { short }
    }

    /// Adds what the table knows of a head to `values` from `count` on, and gives the count with it. It may be another head's.
    #[inline]
    pub(super) fn find(
        &self,
        which: usize,
        quads: Quads,
        values: &mut Vec<(u32, u32)>,
        mut count: usize,
        of: u32,
    ) -> usize {
        let hash = hash(which, quads);
        let tag = tag(hash);
        let mut at = self.home(hash);
        loop {
            let bucket = &self.buckets[at];
            if values.len() < count + bucket.tags.len() {
                values.resize(2 * count + 64, (0, 0));
            }
            let room = &mut values[count..count + bucket.tags.len()];
            let mut new = 0;
            // Written whether it is the one or not: which one it is cannot be foretold.
            for (known, value) in bucket.tags.iter().zip(bucket.values) {
                room[new & 3] = (of, value & !GOES_ON);
                new += usize::from(*known == tag);
            }
            count += new;
            if bucket.values[0] & GOES_ON == 0 {
                return count;
            }
            at = self.after(at);
        }
    }

    /// Bytes of the tables.
    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.bits) + size_of_val(&*self.buckets)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "there are fewer words than 2^32")]
    fn word(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize
    }

    /// Where a head is put if there is room.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        // The product of two numbers below 2^32, its upper half: below the number of buckets.
        (((hash >> 32) * self.buckets.len() as u64) >> 32) as usize
    }

    #[inline]
    fn after(&self, bucket: usize) -> usize {
        if bucket + 1 == self.buckets.len() { 0 } else { bucket + 1 }
    }
}

/// The first classes as numbers that are compared at once.
#[inline]
pub(super) fn quads(classes: &[Class; AHEAD]) -> Quads {
    let of = |at: usize| u64::from(classes[at]);
    let four = |at| of(at) | of(at + 1) << 16 | of(at + 2) << 32 | of(at + 3) << 48;
    [four(0), four(4), four(8)]
}

/// Whether the first classes, so many of them, are the same; [`HEAD`] if there are more.
#[inline]
pub(super) fn agree(a: Quads, b: Quads, length: usize) -> bool {
    let mask = MASKS[length.min(HEAD)];
    (a[0] ^ b[0]) & mask[0] | (a[1] ^ b[1]) & mask[1] | (a[2] ^ b[2]) & mask[2] == 0
}

/// The hash of the head that has one of [`LENGTHS`]: the higher a bit, the more it depends on all classes.
#[inline]
fn hash(which: usize, quads: Quads) -> u64 {
    let mask = MASKS[LENGTHS[which]];
    let mut all = quads[0] & mask[0];
    // Nothing is done here for short heads.
    if LENGTHS[which] > 4 {
        all ^= mixed(quads[1] & mask[1]);
    }
    if LENGTHS[which] > 8 {
        all ^= mixed(quads[2] & mask[2]).rotate_left(16);
    }
    all.wrapping_mul(SEEDS[which])
}

/// Spreads classes so that they do not meet those of another quad.
#[inline]
fn mixed(quad: u64) -> u64 {
    quad.wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(32)
}

/// The two bits of a hash in its word; other parts of it name the word.
#[inline]
fn bits(hash: u64) -> u64 {
    1 << (hash >> 32 & 63) | 1 << (hash >> 38 & 63)
}

/// What a bucket knows a head by; never [`FREE`].
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
fn tag(hash: u64) -> u32 {
    (hash >> 32 ^ hash) as u32 | 1
}
