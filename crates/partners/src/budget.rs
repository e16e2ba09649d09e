//! What an answer costs while it is being made: prices, tokens before anybody counted them, and the
//! budget over all attempts.

use serde::{Deserialize, Serialize};
use yumen_wire::Usage;

/// What a model costs, per million tokens, in whatever one currency the operator keeps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens of the question.
    pub input: f64,
    /// Tokens of the answer.
    pub output: f64,
    /// Tokens of the question that the partner had cached; as `input` where it is left out.
    #[serde(default)]
    pub cached_input: Option<f64>,
}

impl Price {
    /// What this much costs.
    pub fn of(&self, usage: &Usage) -> f64 {
        let cached = usage.cached_input_tokens.unwrap_or(0).min(usage.input_tokens);
        let millions = |tokens: u64| {
            // Beyond 2^53 tokens a rounding does not matter.
            #[expect(clippy::cast_precision_loss, reason = "an amount of money")]
            let tokens = tokens as f64;
            tokens / 1_000_000.0
        };
        millions(usage.input_tokens - cached) * self.input
            + millions(cached) * self.cached_input.unwrap_or(self.input)
            + millions(usage.output_tokens) * self.output
    }
}

/// About how many tokens a text of so many bytes has, where nobody counted: one for four bytes. That
/// is an English word and a bit, and a Chinese character and a third; partners' tokenisers differ by
/// a third either way.
pub(crate) fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// The cost budget of one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    limit: Option<f64>,
    spent: f64,
}

impl Budget {
    pub(crate) fn of(limit: Option<f64>) -> Self {
        Self { limit, spent: 0.0 }
    }

    /// Notes what an attempt cost.
    pub(crate) fn spend(&mut self, price: Option<&Price>, usage: &Usage) {
        self.spent += price.map_or(0.0, |price| price.of(usage));
    }

    /// Whether another attempt may be made whose question alone costs this.
    pub(crate) fn allows(&self, price: Option<&Price>, question: &Usage) -> bool {
        self.limit
            .is_none_or(|limit| self.spent + price.map_or(0.0, |price| price.of(question)) <= limit)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PRICE: Price = Price { input: 2.0, output: 8.0, cached_input: Some(0.5) };

    fn usage(input_tokens: u64, output_tokens: u64, cached: Option<u64>) -> Usage {
        Usage { input_tokens, output_tokens, cached_input_tokens: cached, ..Usage::default() }
    }

    #[test]
    fn cached_tokens_cost_their_own_price() {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(PRICE.of(&usage(1_000_000, 500_000, None)), 6.0));
        assert!(close(PRICE.of(&usage(1_000_000, 0, Some(400_000))), 1.4));
        assert!(close(PRICE.of(&usage(10, 0, Some(400_000))), 0.000_005));
    }

    proptest! {
        #[test]
        fn a_budget_is_overdrawn_by_no_more_than_the_last_answer(
            limit in 0.0..1.0_f64,
            attempts in proptest::collection::vec((0..200_000_u64, 0..50_000_u64), 1..30),
        ) {
            let mut budget = Budget::of(Some(limit));
            let mut last = 0.0;
            for (input, output) in attempts {
                if budget.allows(Some(&PRICE), &usage(input, 0, None)) {
                    let used = usage(input, output, None);
                    last = PRICE.of(&usage(0, output, None));
                    budget.spend(Some(&PRICE), &used);
                }
                prop_assert!(budget.spent <= limit + last + 1e-9);
            }
        }
    }
}
