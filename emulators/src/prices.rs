//! What answers cost: `PUT /emulator/prices` with prices by model; then every entry of the log has
//! its cost.
//!
//! The emulator knows no price of its own: they change by the week, and no partner writes them into
//! its answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::log::Tokens;

/// What a model takes for a million tokens, in any one currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Of the question.
    pub input: f64,
    /// Of the answer, reasoning included.
    pub output: f64,
}

impl Price {
    /// The cost in millionths of the currency, rounded.
    fn of(self, tokens: Tokens) -> u64 {
        // Both counts are far below 2^52, and a cost is not below zero.
        #[expect(clippy::cast_precision_loss, reason = "counts of tokens are small")]
        let exact =
            tokens.input_tokens as f64 * self.input + tokens.output_tokens as f64 * self.output;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "prices are checked when they are set; a cast saturates"
        )]
        let rounded = exact.round() as u64;
        rounded
    }
}

/// The prices that hold now, by model; `*` is every other.
#[derive(Debug, Default)]
pub(crate) struct Prices(Mutex<BTreeMap<String, Price>>);

impl Prices {
    pub(crate) fn set(&self, prices: BTreeMap<String, Price>) -> Result<(), String> {
        let fine = |price: f64| price.is_finite() && price >= 0.0;
        if let Some((model, _)) =
            prices.iter().find(|(_, price)| !fine(price.input) || !fine(price.output))
        {
            return Err(format!("a price of {model:?} is below zero"));
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = prices;
        Ok(())
    }

    pub(crate) fn get(&self) -> BTreeMap<String, Price> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What an answer of `model` costs, in millionths; none without a price.
    pub(crate) fn cost(&self, model: &str, tokens: Tokens) -> Option<u64> {
        let prices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        prices.get(model).or_else(|| prices.get("*")).map(|price| price.of(tokens))
    }
}
