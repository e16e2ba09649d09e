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

/// The threshold nearest to one half, in steps of 0.01 from 0.05 to 0.95, whose macro-F1 is within one standard error of the
/// highest (the rule of Breiman et al. 1984): the highest itself is as much luck of the examples held out.
pub(super) fn best_threshold(held: &[(f32, bool)]) -> f32 {
    let mut sorted = held.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = sorted.iter().filter(|(_, holds)| *holds).count();
    let (mut below, mut positives_below) = (0, 0);
    let mut scores = Vec::new();
    for step in 5..=95_u8 {
        let threshold = f32::from(step) / 100.0;
        while below < sorted.len() && sorted[below].0 < threshold {
            positives_below += usize::from(sorted[below].1);
            below += 1;
        }
        let (tp, fn_) = (positives - positives_below, positives_below);
        let (tn, fp) = (below - fn_, sorted.len() - below - tp);
        scores.push((step, threshold, macro_f1(tp, fp, tn, fn_)));
    }
    let highest = scores.iter().map(|(.., f1)| *f1).fold(0.0, f64::max);
    let error = (highest * (1.0 - highest) / float(held.len().max(1))).sqrt();
    let good = scores.iter().filter(|(.., f1)| *f1 >= highest - error);
    good.min_by_key(|(step, ..)| step.abs_diff(50)).map_or(0.5, |(_, threshold, _)| *threshold)
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

#[cfg(test)]
mod tests {
    use super::best_threshold;

    #[test]
    fn one_half_is_kept_unless_another_threshold_is_clearly_better() {
        // Calibrated: of those with probability p, a share of p holds.
        let calibrated: Vec<_> = (0..1000_u16)
            .map(|at| (f32::from(at) / 1000.0, u32::from(at) * 617 % 1000 < u32::from(at)))
            .collect();
        assert!((best_threshold(&calibrated) - 0.5).abs() < 1e-6);
        // All that holds lies between 0.2 and 0.3, and nothing else does.
        let low: Vec<_> =
            (0..1000_u16).map(|at| if at < 50 { (0.25, true) } else { (0.1, false) }).collect();
        let threshold = best_threshold(&low);
        assert!(threshold > 0.1 && threshold <= 0.25, "{threshold}");
        assert!((best_threshold(&[]) - 0.5).abs() < 1e-6);
    }
}
