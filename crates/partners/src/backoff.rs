//! How long to wait before the same model is asked again.

use std::time::Duration;

/// The pause before a second attempt lies between half of this and the whole.
const FIRST: Duration = Duration::from_millis(400);
/// No pause that we choose ourselves is longer.
const LONGEST: Duration = Duration::from_secs(5);
/// The longest wait a partner may ask for and have granted while there is another to ask.
pub(crate) const WORTH_WAITING: Duration = Duration::from_millis(2_500);
/// The same where there is nobody else.
pub(crate) const WORTH_WAITING_ALONE: Duration = Duration::from_secs(10);

/// The pause before attempt `again` (1 for the second) where the partner asked for none: doubling,
/// and by `fraction` (0 to 1) spread over its upper half, so that those who failed together do not
/// come back together.
pub(crate) fn pause(again: u32, fraction: f64) -> Duration {
    let most = FIRST.saturating_mul(1 << again.saturating_sub(1).min(10)).min(LONGEST);
    most.mul_f64(0.5 + fraction.clamp(0.0, 1.0) / 2.0)
}

/// The pause where the partner asked for one: never shorter, and a little spread.
pub(crate) fn asked_pause(asked: Duration, fraction: f64) -> Duration {
    asked + FIRST.mul_f64(fraction.clamp(0.0, 1.0) / 4.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_grow_are_spread_and_bounded(again in 1..100_u32, fraction in 0.0..1.0_f64) {
            let pause = pause(again, fraction);
            prop_assert!(pause <= LONGEST && pause >= FIRST / 2);
            prop_assert!(super::pause(again + 1, fraction) >= pause);
        }

        #[test]
        fn nobody_comes_back_before_the_partner_said(asked in 0..100_000_u64, fraction in 0.0..1.0_f64) {
            let asked = Duration::from_millis(asked);
            let pause = asked_pause(asked, fraction);
            prop_assert!(pause >= asked && pause <= asked + FIRST);
        }
    }
}
