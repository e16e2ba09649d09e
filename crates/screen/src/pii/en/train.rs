//! Trains the weights by which names are told. Only with the feature `train`, which the program is built without.
//!
//! Multinomial logistic regression: at every place where a name may begin, one of the candidates from there is right, or none. The
//! weights are learnt by `AdaGrad`, averaged over the last passes, and rounded to bytes.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of passes and places, and weights that were clamped to a byte"
)]

use std::ops::Range;

use super::model::{BUCKETS, Feature, UNIT};
use super::tagger::Row;
use super::token::{Memo, Tokens};
use crate::normal::{Glyph, Window, fold};
use crate::pii::words::inside;

/// A sentence and what is in it: ranges of characters with 0 person, 1 place, 2 organisation, 3 occupation; 4 is something that
/// others read, and nothing is learnt from it.
#[derive(Clone, Debug)]
pub struct Marked {
    /// The sentence.
    pub text: String,
    /// What is in it, by characters.
    pub spans: Vec<(Range<usize>, u8)>,
}

/// What kinds there are.
const LABELS: usize = 4;

/// A place where a name may begin.
struct Place {
    start: Vec<Feature>,
    /// For each row that may be a name the features of its end.
    rows: Vec<Vec<Feature>>,
    /// The right row and label; `None`: no name begins here.
    right: Option<(usize, usize)>,
}

/// Learns from sentences in `passes` passes, and gives the weights as the program reads them. How much surer than nothing a name
/// must be is `margin`.
pub fn train(sentences: &[Marked], passes: usize, rate: f32, decay: f32, margin: f32) -> Vec<u8> {
    let mut places: Vec<Place> = sentences.iter().flat_map(places).collect();
    let mut weights = vec![0_f32; BUCKETS * LABELS];
    let mut squares = vec![1e-2_f32; BUCKETS * LABELS];
    let mut total = vec![0_f32; BUCKETS * LABELS];
    let mut random = 0x1234_5678_9abc_def1_u64;
    let averaged = passes / 2;
    for pass in 0..passes {
        for i in (1..places.len()).rev() {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(random >> 33).unwrap_or(0) % (i + 1);
            places.swap(i, other);
        }
        let (mut wrong, mut loss) = (0, 0.0);
        for place in &places {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let scores = scores(place, &weights);
            let most = scores.iter().copied().fold(0.0, f32::max);
            // A margin: nothing counts for more than it is, where something is right.
            let none = if place.right.is_some() { margin } else { -margin };
            let sum: f32 =
                scores.iter().map(|s| (s - most).exp()).sum::<f32>() + (none - most).exp();
            let right = place.right.map(|(row, label)| row * LABELS + label);
            let best = scores.iter().copied().fold(0.0, f32::max);
            wrong += usize::from(right.map_or(best > 0.0, |right| scores[right] < best));
            loss -= right.map_or(none - most, |right| scores[right] - most) - sum.ln();
            for (row, features) in place.rows.iter().enumerate() {
                for label in 0..LABELS {
                    let i = row * LABELS + label;
                    let p = (scores[i] - most).exp() / sum;
                    let gradient = p - f32::from(u8::from(right == Some(i)));
                    if gradient.abs() < 1e-4 {
                        continue;
                    }
                    for (i, feature) in place.start.iter().chain(features).enumerate() {
                        // Each time some features are not looked at, so that none is relied on alone.
                        if random.rotate_right((i % 64) as u32).trailing_zeros() >= 2 {
                            continue;
                        }
                        let at = feature.bucket() * LABELS + label;
                        let g = gradient + decay * weights[at];
                        squares[at] += g * g;
                        weights[at] -= rate * g / squares[at].sqrt();
                    }
                }
            }
        }
        if pass >= averaged {
            for (total, weight) in total.iter_mut().zip(&weights) {
                *total += weight;
            }
        }
        eprintln!(
            "pass {pass}: {wrong} of {} places wrong, loss {:.4}",
            places.len(),
            loss / places.len() as f32
        );
    }
    let count = (passes - averaged) as f32;
    total
        .iter()
        .map(|weight| (weight / count * UNIT).round().clamp(-127.0, 127.0) as i8 as u8)
        .collect()
}

fn scores(place: &Place, weights: &[f32]) -> Vec<f32> {
    let sum = |features: &[Feature], label: usize| -> f32 {
        features.iter().map(|feature| weights[feature.bucket() * LABELS + label]).sum()
    };
    let start: Vec<f32> = (0..LABELS).map(|label| sum(&place.start, label)).collect();
    let row = |features: &Vec<Feature>| -> Vec<f32> {
        (0..LABELS).map(|label| start[label] + sum(features, label)).collect()
    };
    place.rows.iter().flat_map(row).collect()
}

/// The places of a sentence from which something is learnt.
fn places(sentence: &Marked) -> Vec<Place> {
    let mut glyphs = Vec::new();
    for (i, raw) in sentence.text.chars().enumerate() {
        fold(raw, |c| glyphs.push(Glyph { c, raw, start: i, end: i + 1 }));
    }
    let window = Window::new(&glyphs, true);
    let memo = Memo::default();
    let mut found = Vec::new();
    for (at, glyph) in glyphs.iter().enumerate() {
        if inside(&window, at) {
            continue;
        }
        let Ok(Some(row)) = Row::read(&Tokens::new(&window, &memo), at) else { continue };
        let span = sentence.spans.iter().find(|(range, _)| range.contains(&glyph.start));
        if span.is_some_and(|(range, label)| *label == 4 || range.start != glyph.start) {
            continue;
        }
        let ends: Vec<usize> = (1..=row.words).filter(|words| row.may_end(*words)).collect();
        let right = span.map(|(range, label)| {
            let fits = |words: &usize| {
                let end = glyphs[row.end(*words) - 1].end;
                // The point after an abbreviation may be marked as part of it.
                end == range.end || end + 1 == range.end
            };
            (ends.iter().position(fits), usize::from(*label))
        });
        let right = match right {
            None => None,
            Some((Some(row), label)) => Some((row, label)),
            // It cannot be read whole: nothing is learnt.
            Some((None, _)) => continue,
        };
        found.push(Place {
            start: row.start().as_slice().to_vec(),
            rows: ends.iter().map(|words| row.with(*words).as_slice().to_vec()).collect(),
            right,
        });
    }
    found
}
