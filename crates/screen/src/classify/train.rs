//! Training: logistic regression with `AdaGrad` over runs of characters, weighted by how differently they are spread.
//!
//! A run counts if at least [`Options::least_examples`] have it. Its value is a mix of one and of the logarithm of the ratio of its
//! frequency with and without the label (Wang and Manning 2012, "Baselines and Bigrams"), and a text's vector is divided by the root of
//! its number of runs. The steps are those of Duchi, Hazan and Singer (2011). Each label is trained against all the rest.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::ScreenError;
use crate::normal::folded;

use super::calibrate::Platt;
use super::examples::Example;
use super::grams::{Grams, MOST_ORDER};
use super::model::{Label, Model, length};
use super::report::{LabelReport, Report, best_threshold};
use super::table::Table;

/// The most labels of one model.
pub(super) const MOST_LABELS: usize = 64;
/// The most bytes of a label's name.
const MOST_NAME: usize = 64;
/// The fewest examples with, and without, a label that can be learned from.
const LEAST: usize = 8;

/// How to train. The defaults were chosen on a fifth of the training part of the COLD data set, held out with three seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The longest run of characters, 1 to 5. Default 5.
    pub order: u8,
    /// A run counts if so many examples have it. Default 2.
    pub least_examples: u32,
    /// How often all examples are gone through. Default 8.
    pub epochs: u32,
    /// The length of the first step. Default 0.2.
    pub rate: f32,
    /// How strongly weights are drawn to nothing. Default 0.000001.
    pub decay: f32,
    /// How much of a run's value is the logarithm of its ratio, 0 to 1. Default 0.5.
    pub ratio: f32,
    /// The share of the examples held out to calibrate and to measure. Default 0.2.
    pub held_out: f32,
    /// What the order of the examples is drawn from: the same seed, examples and options give the same model.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            order: 5,
            least_examples: 2,
            epochs: 8,
            rate: 0.2,
            decay: 1e-6,
            ratio: 0.5,
            held_out: 0.2,
            seed: 1,
        }
    }
}

impl Options {
    fn check(&self) -> Result<(), ScreenError> {
        let wrong = |reason: &str| Err(ScreenError::Training(reason.to_owned()));
        let within = |number: f32, most: f32| number > 0.0 && number <= most;
        if !(1..=MOST_ORDER).contains(&self.order.into()) {
            return wrong("the longest run of characters is 1 to 5");
        }
        if !(1..=1000).contains(&self.epochs) {
            return wrong("the examples are gone through 1 to 1000 times");
        }
        if !within(self.rate, 100.0) || !(0.0..=1.0).contains(&self.decay) {
            return wrong("the rate is above 0 and at most 100, the decay 0 to 1");
        }
        if !(0.0..=1.0).contains(&self.ratio) || !within(self.held_out, 0.5) {
            return wrong("the ratio's part is 0 to 1, the part held out above 0 and at most 0.5");
        }
        Ok(())
    }
}

impl Model {
    /// Trains a model, and says how well it does on examples that were held out.
    ///
    /// # Errors
    /// [`ScreenError::Training`] where there is too little to learn from, or an option is out of its range.
    pub fn train(examples: &[Example], options: &Options) -> Result<(Self, Report), ScreenError> {
        options.check()?;
        let names = names(examples)?;
        let texts: Vec<Vec<u64>> =
            examples.iter().map(|example| runs(&example.text, options)).collect();
        let mut draw = Draw(options.seed);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        draw.shuffle(&mut order);
        let held_out = part(examples.len(), options.held_out);
        let (held, rest) = order.split_at(held_out);

        // What is measured and calibrated: a model that has not seen the examples held out.
        let measured = Fit::of(&texts, examples, rest, &names, options);
        let mut labels = Vec::new();
        let mut reports = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let holds = |example: &usize| examples[*example].labels.contains(name);
            let sums: Vec<_> = held
                .iter()
                .map(|example| (measured.sum(&texts[*example], at), holds(example)))
                .collect();
            let platt = Platt::fit(&sums);
            let told: Vec<_> = sums.iter().map(|&(sum, holds)| (platt.of(sum), holds)).collect();
            let threshold = best_threshold(&told);
            let of_all = order.iter().filter(|example| holds(example)).count();
            reports.push(LabelReport::of(name, of_all, threshold, &told));
            labels.push((name, platt, threshold));
        }

        // What is given: a model of all examples, with the same calibration.
        let whole = Fit::of(&texts, examples, &order, &names, options);
        let (table, steps, features) = whole.table();
        let labels = labels.into_iter().zip(steps).zip(&whole.bias);
        let labels = labels
            .map(|(((name, platt, threshold), step), bias)| Label {
                name: name.clone(),
                step,
                bias: *bias,
                platt,
                threshold,
            })
            .collect();
        let report = Report { examples: examples.len(), held_out, features, labels: reports };
        Ok((Self { order: options.order, labels, table }, report))
    }
}

/// The labels there are, in the order of their names.
fn names(examples: &[Example]) -> Result<Vec<String>, ScreenError> {
    let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for label in examples.iter().flat_map(|example| &example.labels) {
        *counts.entry(label).or_default() += 1;
    }
    if counts.is_empty() || counts.len() > MOST_LABELS {
        return Err(ScreenError::Training(format!(
            "the examples have {} labels; a model has 1 to {MOST_LABELS}. Is it the right column?",
            counts.len()
        )));
    }
    for (name, with) in &counts {
        let without = examples.len() - with;
        if *with < LEAST || without < LEAST {
            return Err(ScreenError::Training(format!(
                "{with} examples have the label {name:?} and {without} do not: give at least {LEAST} of each"
            )));
        }
        if name.is_empty() || name.len() > MOST_NAME {
            return Err(ScreenError::Training(format!(
                "the label {name:?} has {} bytes: give it a name of 1 to {MOST_NAME}",
                name.len()
            )));
        }
    }
    Ok(counts.into_keys().map(str::to_owned).collect())
}

/// The hashes of a text's runs, as often as it has them.
fn runs(text: &str, options: &Options) -> Vec<u64> {
    let mut runs = Vec::new();
    let mut grams = Grams::default();
    let order = options.order.into();
    for c in folded(text).chars() {
        grams.push(c, order, |hash| runs.push(hash));
    }
    grams.finish(order, |hash| runs.push(hash));
    runs
}

/// One logistic regression for each label over the same runs.
struct Fit {
    places: HashMap<u64, u32, BuildHasherDefault<Plain>>,
    /// For each run and label, what one occurrence adds, before the length of the text.
    weights: Vec<f32>,
    bias: Vec<f32>,
    labels: usize,
}

impl Fit {
    fn of(
        texts: &[Vec<u64>],
        examples: &[Example],
        chosen: &[usize],
        names: &[String],
        options: &Options,
    ) -> Self {
        let places = places(texts, chosen, options.least_examples);
        let vectors: Vec<Vec<u32>> = chosen
            .iter()
            .map(|example| {
                texts[*example].iter().filter_map(|hash| places.get(hash).copied()).collect()
            })
            .collect();
        let scales: Vec<f32> = chosen.iter().map(|example| scale(texts[*example].len())).collect();
        let mut weights = vec![0.0; places.len() * names.len()];
        let mut biases = Vec::with_capacity(names.len());
        for (at, name) in names.iter().enumerate() {
            let holds: Vec<bool> =
                chosen.iter().map(|example| examples[*example].labels.contains(name)).collect();
            let values = values(&vectors, &holds, places.len(), options.ratio);
            let mut draw = Draw(options.seed ^ 0x5eed);
            let (of_label, bias) = descend(&vectors, &scales, &holds, &values, options, &mut draw);
            for (place, weight) in of_label.iter().enumerate() {
                weights[place * names.len() + at] = weight * values[place];
            }
            biases.push(bias);
        }
        Self { places, weights, bias: biases, labels: names.len() }
    }

    /// What the model makes of a text for one label, before it is calibrated.
    fn sum(&self, runs: &[u64], label: usize) -> f64 {
        let weight = |hash| {
            let place = *self.places.get(hash)?;
            Some(f64::from(self.weights[place as usize * self.labels + label]))
        };
        let sum: f64 = runs.iter().filter_map(weight).sum();
        sum / length(count(runs.len())) + f64::from(self.bias[label])
    }

    /// The weights in 8 bits, what one step of each label's stands for, and how many runs have any.
    fn table(&self) -> (Table, Vec<f32>, usize) {
        let steps: Vec<f32> = (0..self.labels)
            .map(|label| {
                let of_label = self.weights.iter().skip(label).step_by(self.labels);
                of_label.fold(0.0_f32, |most, weight| most.max(weight.abs())).max(f32::MIN_POSITIVE)
                    / 127.0
            })
            .collect();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a weight is at most 127 of its label's steps"
        )]
        let rounded = |place: u32| -> Vec<i8> {
            let first = place as usize * self.labels;
            let weights = &self.weights[first..first + self.labels];
            weights.iter().zip(&steps).map(|(weight, step)| (weight / step).round() as i8).collect()
        };
        let mut entries: Vec<(u64, Vec<i8>)> = self
            .places
            .iter()
            .map(|(hash, place)| (*hash, rounded(*place)))
            .filter(|(_, weights)| weights.iter().any(|weight| *weight != 0))
            .collect();
        // The heaviest first: where a group is full, the lightest are left out.
        let weight = |weights: &[i8]| weights.iter().map(|weight| weight.unsigned_abs()).max();
        entries.sort_unstable_by_key(|(hash, weights)| (std::cmp::Reverse(weight(weights)), *hash));
        let mut table = Table::new(Table::groups_for(entries.len()), self.labels);
        let features =
            entries.iter().filter(|(hash, weights)| table.insert(*hash, weights)).count();
        (table, steps, features)
    }
}

/// A place for each run that enough of the chosen examples have, in the order in which they first come.
fn places(
    texts: &[Vec<u64>],
    chosen: &[usize],
    least: u32,
) -> HashMap<u64, u32, BuildHasherDefault<Plain>> {
    // How many examples have it, and by which of them it was counted last.
    let mut known: HashMap<u64, (u32, u32), BuildHasherDefault<Plain>> = HashMap::default();
    for (example, text) in (1..).zip(chosen.iter().map(|example| &texts[*example])) {
        for hash in text {
            let (number, by) = known.entry(*hash).or_default();
            if *by != example {
                (*number, *by) = (*number + 1, example);
            }
        }
    }
    let mut hashes: Vec<u64> = known
        .into_iter()
        .filter(|(_, (number, _))| *number >= least)
        .map(|(hash, _)| hash)
        .collect();
    hashes.sort_unstable();
    hashes.into_iter().zip(0..).collect()
}

/// The value of each run for one label: 1 for what says nothing by itself, more for what is spread unevenly.
fn values(vectors: &[Vec<u32>], holds: &[bool], runs: usize, ratio: f32) -> Vec<f32> {
    let mut with = vec![1.0_f32; runs];
    let mut without = vec![1.0_f32; runs];
    for (vector, holds) in vectors.iter().zip(holds) {
        let counts = if *holds { &mut with } else { &mut without };
        for place in vector {
            counts[*place as usize] += 1.0;
        }
    }
    let all = |holds: bool, of: &[bool]| {
        2.0 + of.iter().filter(|so| **so == holds).map(|_| 1.0_f32).sum::<f32>()
    };
    let (all_with, all_without) = (all(true, holds), all(false, holds));
    let spread = with.iter().zip(&without);
    spread
        .map(|(with, without)| {
            let log = ((with / all_with) / (without / all_without)).ln().abs();
            1.0 - ratio + ratio * log
        })
        .collect()
}

/// The descent for one label: the weights and the bias.
fn descend(
    vectors: &[Vec<u32>],
    scales: &[f32],
    holds: &[bool],
    values: &[f32],
    options: &Options,
    draw: &mut Draw,
) -> (Vec<f32>, f32) {
    let mut weights = vec![0.0_f32; values.len()];
    let mut squares = vec![1e-3_f32; values.len()];
    let (mut bias, mut bias_squares) = (0.0_f32, 1e-3_f32);
    let mut order: Vec<usize> = (0..vectors.len()).collect();
    for _ in 0..options.epochs {
        draw.shuffle(&mut order);
        for &example in &order {
            let (vector, scale) = (&vectors[example], scales[example]);
            let sum: f32 =
                vector.iter().map(|place| weights[*place as usize] * values[*place as usize]).sum();
            let told = 1.0 / (1.0 + (-(sum * scale + bias)).exp());
            let error = told - f32::from(u8::from(holds[example]));
            for place in vector {
                let place = *place as usize;
                let slope = error * values[place] * scale + options.decay * weights[place];
                squares[place] += slope * slope;
                weights[place] -= options.rate * slope / squares[place].sqrt();
            }
            bias_squares += error * error;
            bias -= 0.1 * options.rate * error / bias_squares.sqrt();
        }
    }
    (weights, bias)
}

#[expect(clippy::cast_possible_truncation, reason = "a factor needs no more than 24 bits")]
fn scale(runs: usize) -> f32 {
    (1.0 / length(count(runs))) as f32
}

fn count(runs: usize) -> u32 {
    u32::try_from(runs).unwrap_or(u32::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count, between 0 and the count"
)]
fn part(of: usize, share: f32) -> usize {
    (of as f64 * f64::from(share)).round() as usize
}

/// `SplitMix64`: what is drawn depends on the seed alone.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below a place")]
    fn shuffle(&mut self, places: &mut [usize]) {
        for last in (1..places.len()).rev() {
            let other = self.next() % (last as u64 + 1);
            places.swap(last, other as usize);
        }
    }
}

/// The hash of a run is a hash already.
#[derive(Default)]
struct Plain(u64);

impl Hasher for Plain {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
