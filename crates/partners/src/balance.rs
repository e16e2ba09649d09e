//! In which order the models that may be asked are asked: the strategies, over plain numbers.

use std::{cmp::Ordering, time::Duration};

use serde::{Deserialize, Serialize};

/// How the first model to ask is chosen among those that may be. Partners of a lower `priority`
/// number always come before others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// In the order of the release: the preferred model first.
    #[default]
    Priority,
    /// By lot, each partner in proportion to its `weight`.
    Weighted,
    /// The cheapest for this request; models without a price come last.
    Cost,
    /// The one whose first token came soonest of late; an old measurement loses its weight, so that
    /// each is looked at again.
    Latency,
    /// The one with the fewest requests under way, in proportion to its `weight`.
    LeastBusy,
}

/// One that may be asked, as the strategies see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    /// Lower goes first.
    pub(crate) priority: u32,
    /// Its share; 0 is asked only after all others.
    pub(crate) weight: u32,
    /// What the request costs there, in the operator's currency.
    pub(crate) cost: Option<f64>,
    /// Time to the first token of late, and how old that is.
    pub(crate) latency: Option<(Duration, Duration)>,
    /// Requests under way.
    pub(crate) busy: u32,
    /// Whether it rests: a breaker is open, or every key rests.
    pub(crate) resting: bool,
    /// Whether it served this conversation last.
    pub(crate) familiar: bool,
}

/// After this long a measured latency counts half.
const HALF_LIFE: Duration = Duration::from_mins(1);

/// The order in which to ask, as places in `choices`, each once. `fraction` gives random numbers
/// between 0 and 1, neither included.
pub(crate) fn order(
    strategy: Strategy,
    choices: &[Choice],
    mut fraction: impl FnMut() -> f64,
) -> Vec<usize> {
    let scores: Vec<f64> = choices
        .iter()
        .map(|choice| {
            let weight = f64::from(choice.weight);
            match strategy {
                Strategy::Priority => 0.0,
                // Exponential races: each wins in proportion to its rate.
                Strategy::Weighted => -fraction().ln() / weight,
                Strategy::Cost => choice.cost.unwrap_or(f64::INFINITY),
                Strategy::Latency => choice.latency.map_or(0.0, |(latency, age)| {
                    latency.as_secs_f64() * (-age.div_duration_f64(HALF_LIFE)).exp2()
                }),
                Strategy::LeastBusy => f64::from(choice.busy + 1) / weight,
            }
        })
        .collect();
    let mut order: Vec<usize> = (0..choices.len()).collect();
    order.sort_by(|&a, &b| {
        let (x, y) = (&choices[a], &choices[b]);
        let spare = |choice: &Choice| choice.weight == 0;
        x.resting
            .cmp(&y.resting)
            .then(y.familiar.cmp(&x.familiar))
            .then(x.priority.cmp(&y.priority))
            .then(spare(x).cmp(&spare(y)))
            .then(scores[a].partial_cmp(&scores[b]).unwrap_or(Ordering::Equal))
            .then(a.cmp(&b))
    });
    order
}

#[cfg(test)]
mod tests {
    use proptest::{
        prelude::any, prop_assert, prop_assert_eq, proptest, strategy::Strategy as Draw,
    };

    use super::*;
    use crate::chance::Chance;

    const PLAIN: Choice = Choice {
        priority: 0,
        weight: 1,
        cost: None,
        latency: None,
        busy: 0,
        resting: false,
        familiar: false,
    };

    fn half() -> f64 {
        0.5
    }

    #[test]
    fn each_strategy_prefers_what_it_says() {
        let seconds = Duration::from_secs;
        let one =
            Choice { cost: Some(2.0), latency: Some((seconds(1), seconds(0))), busy: 9, ..PLAIN };
        let two =
            Choice { cost: Some(1.0), latency: Some((seconds(3), seconds(0))), busy: 4, ..PLAIN };
        let first = |strategy| order(strategy, &[one, two], half)[0];
        assert_eq!(first(Strategy::Priority), 0);
        assert_eq!(first(Strategy::Cost), 1);
        assert_eq!(first(Strategy::Latency), 0);
        assert_eq!(first(Strategy::LeastBusy), 1);
        let aged = Choice { latency: Some((seconds(3), seconds(300))), ..two };
        assert_eq!(order(Strategy::Latency, &[one, aged], half)[0], 1, "what is old is looked at");
        let priced = order(Strategy::Cost, &[PLAIN, one, two], half);
        assert_eq!(priced, [2, 1, 0], "unknown prices come last");
    }

    #[test]
    fn who_rests_comes_last_and_who_knows_the_conversation_first() {
        let resting = Choice { resting: true, familiar: true, ..PLAIN };
        let familiar = Choice { familiar: true, priority: 9, ..PLAIN };
        let spare = Choice { weight: 0, ..PLAIN };
        for strategy in [Strategy::Priority, Strategy::Weighted, Strategy::LeastBusy] {
            let order = order(strategy, &[resting, spare, PLAIN, familiar], half);
            assert_eq!(order, [3, 2, 1, 0], "{strategy:?}");
        }
        let second = Choice { priority: 1, weight: 1_000, ..PLAIN };
        assert_eq!(order(Strategy::Weighted, &[second, PLAIN], half), [1, 0]);
    }

    #[test]
    fn lots_fall_in_proportion_to_the_weights() {
        let chance = Chance::seeded(4);
        let choices = [1, 2, 7].map(|weight| Choice { weight, ..PLAIN });
        let mut won = [0_u32; 3];
        for _ in 0..10_000 {
            won[order(Strategy::Weighted, &choices, || chance.fraction())[0]] += 1;
        }
        // Four standard deviations of each binomial are below 200.
        for (won, expected) in won.into_iter().zip([1_000, 2_000, 7_000]) {
            assert!(won.abs_diff(expected) < 200, "{won} of {expected}");
        }
    }

    fn choice() -> impl Draw<Value = Choice> {
        (0..3_u32, 0..4_u32, proptest::option::of(0.0..9.0_f64), 0..9_u32, any::<(bool, bool)>())
            .prop_map(|(priority, weight, cost, busy, (resting, familiar))| Choice {
                priority,
                weight,
                cost,
                latency: None,
                busy,
                resting,
                familiar,
            })
    }

    proptest! {
        #[test]
        fn everyone_who_was_given_is_asked_once_and_nobody_else(
            choices in proptest::collection::vec(choice(), 0..12),
            seed in any::<u64>(),
        ) {
            let chance = Chance::seeded(seed);
            for strategy in [
                Strategy::Priority,
                Strategy::Weighted,
                Strategy::Cost,
                Strategy::Latency,
                Strategy::LeastBusy,
            ] {
                let mut order = order(strategy, &choices, || chance.fraction());
                prop_assert!(order.is_sorted_by_key(|&place| choices[place].resting));
                order.sort_unstable();
                prop_assert_eq!(order, (0..choices.len()).collect::<Vec<_>>());
            }
        }
    }
}
