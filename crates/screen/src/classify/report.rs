//! What training says of the model it made.

use serde::Serialize;

/// How a training went.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// How many examples there were.
    pub examples: usize,
    /// How many of them were held out to measure and to calibrate; the model was then trained on all.
    pub held_out: usize,
    /// How many runs of characters have a weight.
    pub features: usize,
    /// How well it tells each label on the examples held out, at its threshold.
    pub labels: Vec<LabelReport>,
}

/// How well one label is told, on the examples held out, by a model that was not trained on them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LabelReport {
    /// Its name.
    pub label: String,
    /// Examples of it, of all.
    pub examples: usize,
    /// The probability from which on it counts.
    pub threshold: f32,
    /// Held-out examples of it that were told as such.
    pub true_positives: usize,
    /// Held-out examples of something else that were told to be of it.
    pub false_positives: usize,
    /// Held-out examples of something else that were told as such.
    pub true_negatives: usize,
    /// Held-out examples of it that were told to be of something else.
    pub false_negatives: usize,
    /// The share told rightly.
    pub accuracy: f64,
    /// The mean of the F1 of the label and the F1 of its absence.
    pub macro_f1: f64,
    /// The mean squared difference between the probability and what was so: 0 is best, 0.25 is what 0.5 for everything gives.
    pub brier: f64,
}

impl LabelReport {
    /// Counts the probabilities of a label on examples of which it is known whether it holds.
    pub(super) fn of(label: &str, examples: usize, threshold: f32, held: &[(f32, bool)]) -> Self {
        let count = |told: bool, so: bool| {
            held.iter().filter(|(p, holds)| (*p >= threshold) == told && *holds == so).count()
        };
        let (tp, fp) = (count(true, true), count(true, false));
        let (tn, fn_) = (count(false, false), count(false, true));
        let squares =
            held.iter().map(|(p, holds)| (f64::from(*p) - f64::from(u8::from(*holds))).powi(2));
        Self {
            label: label.to_owned(),
            examples,
            threshold,
            true_positives: tp,
            false_positives: fp,
            true_negatives: tn,
            false_negatives: fn_,
            accuracy: share(tp + tn, held.len()),
            macro_f1: macro_f1(tp, fp, tn, fn_),
            brier: squares.sum::<f64>() / float(held.len().max(1)),
        }
    }
}

/// The threshold with the highest macro-F1 among those in steps of 0.01 from 0.05 to 0.95; of equal ones the nearest to one half.
pub(super) fn best_threshold(held: &[(f32, bool)]) -> f32 {
    let mut sorted = held.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = sorted.iter().filter(|(_, holds)| *holds).count();
    let (mut best, mut at) = (f64::MIN, 0.5);
    let mut below = 0;
    let mut positives_below = 0;
    for step in 5..=95_u8 {
        let threshold = f32::from(step) / 100.0;
        while below < sorted.len() && sorted[below].0 < threshold {
            positives_below += usize::from(sorted[below].1);
            below += 1;
        }
        let (tp, fn_) = (positives - positives_below, positives_below);
        let (tn, fp) = (below - fn_, sorted.len() - below - tp);
        let f1 = macro_f1(tp, fp, tn, fn_);
        if f1 > best || (f1 >= best && (threshold - 0.5).abs() < (at - 0.5_f32).abs()) {
            (best, at) = (f1, threshold);
        }
    }
    at
}

fn macro_f1(tp: usize, fp: usize, tn: usize, fn_: usize) -> f64 {
    let f1 = |right: usize| share(2 * right, 2 * right + fp + fn_);
    f64::midpoint(f1(tp), f1(tn))
}

fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { float(part) / float(of) }
}

#[expect(clippy::cast_precision_loss, reason = "nobody trains on 2^52 examples")]
fn float(count: usize) -> f64 {
    count as f64
}
