//! From the sum of weights to a probability, after Platt (1999) with the targets and the Newton steps of Lin, Lin and
//! Weng (2007, "A note on Platt's probabilistic outputs for support vector machines").

/// `1 / (1 + exp(slope · sum + shift))`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Platt {
    pub(super) slope: f32,
    pub(super) shift: f32,
}

impl Platt {
    /// The plain logistic function: what a logistic regression is trained to.
    pub(super) const PLAIN: Self = Self { slope: -1.0, shift: 0.0 };

    /// The probability for a sum of weights.
    #[expect(clippy::cast_possible_truncation, reason = "a probability needs no more than 24 bits")]
    pub(super) fn of(self, sum: f64) -> f32 {
        (1.0 / (1.0 + (f64::from(self.slope) * sum + f64::from(self.shift)).exp())) as f32
    }

    /// Fits the two numbers to sums of which it is known whether the label holds.
    #[expect(clippy::cast_possible_truncation, reason = "the fit is no more exact than that")]
    pub(super) fn fit(sums: &[(f64, bool)]) -> Self {
        let count =
            |wanted| sums.iter().filter(|(_, holds)| *holds == wanted).map(|_| 1.0).sum::<f64>();
        let (holds, not) = (count(true), count(false));
        if holds == 0.0 || not == 0.0 {
            return Self::PLAIN;
        }
        let target = |label| if label { (holds + 1.0) / (holds + 2.0) } else { 1.0 / (not + 2.0) };
        let loss = |slope: f64, shift: f64| -> f64 {
            sums.iter()
                .map(|&(sum, label)| {
                    let z = slope * sum + shift;
                    // -t·ln p - (1-t)·ln(1-p) with p = 1/(1+e^z), written so that no exponent overflows.
                    target(label) * z + (-z.abs()).exp().ln_1p() + (-z).max(0.0)
                })
                .sum()
        };
        let (mut slope, mut shift) = (0.0, ((not + 1.0) / (holds + 1.0)).ln());
        let mut least = loss(slope, shift);
        for _ in 0..100 {
            let (mut aa, mut ab, mut bb, mut by_slope, mut by_shift) =
                (1e-12, 0.0, 1e-12, 0.0, 0.0);
            for &(sum, label) in sums {
                let p = 1.0 / (1.0 + (slope * sum + shift).exp());
                let (error, curve) = (target(label) - p, p * (1.0 - p));
                aa += sum * sum * curve;
                ab += sum * curve;
                bb += curve;
                by_slope += sum * error;
                by_shift += error;
            }
            if by_slope.abs() < 1e-6 && by_shift.abs() < 1e-6 {
                break;
            }
            let determinant = aa * bb - ab * ab;
            let (da, db) = (
                -(bb * by_slope - ab * by_shift) / determinant,
                -(aa * by_shift - ab * by_slope) / determinant,
            );
            let mut width = 1.0;
            loop {
                let (slope_there, shift_there) = (slope + width * da, shift + width * db);
                let there = loss(slope_there, shift_there);
                if there < least + 1e-4 * width * (by_slope * da + by_shift * db) {
                    (slope, shift, least) = (slope_there, shift_there, there);
                    break;
                }
                width /= 2.0;
                if width < 1e-10 {
                    return Self { slope: slope as f32, shift: shift as f32 };
                }
            }
        }
        Self { slope: slope as f32, shift: shift as f32 }
    }
}
