//! A trained model and what it says of a text.

use std::ops::Range;

use yumen_policy::Digest;

use crate::normal::{Glyph, fold};

use super::calibrate::Platt;
use super::table::Table;
use super::window::WindowReader;

/// A trained classifier. Immutable; a pack carries its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(super) order: u8,
    pub(super) labels: Vec<Label>,
    pub(super) table: Table,
}

/// One of the things a model can say of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) name: String,
    /// What one step of a weight in the table stands for.
    pub(super) step: f32,
    pub(super) bias: f32,
    pub(super) platt: Platt,
    /// The probability from which on the label was best told apart on held-out examples.
    pub(super) threshold: f32,
}

/// The scores of one window of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Where it stands, in bytes.
    pub bytes: Range<usize>,
    /// The probability of each label, in the order of [`Model::labels`].
    pub scores: Vec<f32>,
}

impl Model {
    /// The names of the labels.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &str> {
        self.labels.iter().map(|label| label.name.as_str())
    }

    /// The place of a label among [`Model::labels`].
    pub fn label(&self, name: &str) -> Option<u16> {
        (0..).zip(&self.labels).find_map(|(place, label)| (label.name == name).then_some(place))
    }

    /// The probability from which on a text best counts as one of the label: where the macro-F1 on held-out examples is
    /// about the highest. A rule may set another.
    pub fn threshold(&self, label: u16) -> Option<f32> {
        Some(self.labels.get(usize::from(label))?.threshold)
    }

    /// The scores of a text, window by window; none where it has nothing but white space.
    pub fn score(&self, text: &str) -> Vec<Scored> {
        let mut reader = WindowReader::default();
        let mut judged = Vec::new();
        for (start, raw) in text.char_indices() {
            let end = start + raw.len_utf8();
            fold(raw, |c| reader.step(self, Glyph { c, raw, start, end }, &mut judged));
        }
        reader.finish(self, &mut judged);
        let windows = judged.chunk_by(|a, b| a.start == b.start);
        windows
            .map(|window| Scored {
                bytes: window[0].start..window[0].end,
                scores: window.iter().map(|judged| judged.score).collect(),
            })
            .collect()
    }

    /// The hash of its bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    pub(super) fn order(&self) -> usize {
        usize::from(self.order)
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// The probability of a label for a window in which `count` runs gave the sum.
    pub(super) fn probability(&self, label: u8, sum: i64, count: u32) -> f32 {
        let label = &self.labels[usize::from(label)];
        label
            .platt
            .of(f64::from(label.step) * as_float(sum) / length(count) + f64::from(label.bias))
    }
}

/// How long a vector of so many ones is: long texts do not say more than short ones because they are long.
pub(super) fn length(count: u32) -> f64 {
    f64::from(count.max(1)).sqrt()
}

#[expect(clippy::cast_precision_loss, reason = "a window has some thousands of weights of 8 bits")]
fn as_float(sum: i64) -> f64 {
    sum as f64
}
