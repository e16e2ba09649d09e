//! The weights by which names are told: a linear model over hashed features, trained by `examples/train_names.rs`.

/// What a row of words may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Person,
    Place,
    Organisation,
    Occupation,
}

/// Labels in the order of the weights.
pub(super) const LABELS: [Label; 4] =
    [Label::Person, Label::Place, Label::Organisation, Label::Occupation];

/// How many bits of a feature's hash say its place among the weights.
const BITS: u32 = 18;

/// How many places features are hashed into.
#[cfg(feature = "train")]
pub(super) const BUCKETS: usize = 1 << BITS;

/// A weight of 1 in the steps in which weights are kept.
pub(super) const UNIT: f32 = 16.0;

/// A feature's place among the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feature(u32);

impl Feature {
    /// The feature of a kind with two values.
    #[inline]
    pub(super) fn of(kind: u8, a: u64, b: u64) -> Self {
        let mixed =
            (a ^ b.rotate_left(23).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(kind) << 56)
                .wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self((mixed >> (u64::BITS - BITS)) as u32)
    }

    pub(super) fn bucket(self) -> usize {
        self.0 as usize
    }
}

/// For each bucket a weight for each label, one signed byte each.
static WEIGHTS: &[u8] = include_bytes!("../../../data/en/names.weights");

/// The sum of the weights of some features, by label, in steps of 1/[`UNIT`].
#[inline]
pub(super) fn sum(features: &[Feature]) -> [i32; 4] {
    let mut sum = [0; 4];
    for feature in features {
        let at = feature.bucket() * 4;
        for (total, weight) in sum.iter_mut().zip(&WEIGHTS[at..at + 4]) {
            *total += i32::from(i8::from_ne_bytes([*weight]));
        }
    }
    sum
}
