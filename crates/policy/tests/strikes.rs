//! Strikes: what becomes of a person whose inputs are refused again and again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use yumen_policy::{Conduct, Market, Measure, StrikeRules};

/// The market of mainland China as it ships: three in a row, five in a day.
fn rules() -> StrikeRules {
    let market = Market::parse(include_str!("../../../catalog/markets/cn.toml")).unwrap();
    market.strikes().unwrap().clone()
}

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minutes)
}

#[test]
fn three_in_a_row_limit_and_an_input_in_order_ends_the_row() {
    let mut person = Conduct::default();
    assert_eq!(person.strike(&rules(), 1, at(0)).map(|s| s.measure), None);
    assert_eq!(person.strike(&rules(), 1, at(1)).map(|s| s.measure), Some(Measure::Warn));
    assert!(person.pass());
    assert!(!person.pass(), "the row is over already");
    assert_eq!(person.strike(&rules(), 1, at(2)).map(|s| s.measure), None);
    let mut person = Conduct::default();
    for minute in 0..2 {
        person.strike(&rules(), 1, at(minute));
    }
    let sanction = person.strike(&rules(), 1, at(2)).unwrap();
    assert_eq!(sanction.measure, Measure::Limit);
    assert_eq!(person.sanction(at(3)), Some(&sanction));
    assert_eq!(person.sanction(sanction.until), None, "it ends by itself");
}

#[test]
fn people_are_told_whole_seconds() {
    let mut person = Conduct::default();
    let now = at(0) + SignedDuration::from_nanos(1_234_567_891);
    let sanction = (0..3).find_map(|_| {
        person.strike(&rules(), 1, now).filter(|sanction| sanction.measure == Measure::Limit)
    });
    let sanction = sanction.unwrap();
    assert_eq!((sanction.since.subsec_nanosecond(), sanction.until.subsec_nanosecond()), (0, 0));
    assert_eq!(person.sanction(now), Some(&sanction));
}

#[test]
fn five_in_a_day_suspend_and_five_in_two_days_do_not() {
    let struck = |minutes: [i64; 5]| {
        let mut person = Conduct::default();
        let mut last = None;
        for minute in minutes {
            last = person.strike(&rules(), 1, at(minute));
            person.pass();
        }
        last.map(|sanction| sanction.measure)
    };
    assert_eq!(struck([0, 100, 200, 300, 400]), Some(Measure::Suspend));
    assert_eq!(struck([0, 100, 200, 300, 24 * 60 + 1]), None);
}

#[test]
fn what_is_lifted_is_gone_and_what_is_over_is_forgotten() {
    let mut person = Conduct::default();
    assert!(person.is_over(at(0)));
    for minute in 0..3 {
        person.strike(&rules(), 1, at(minute));
    }
    assert!(!person.is_over(at(10)));
    person.lift();
    assert_eq!((person.sanction(at(10)), person.is_over(at(10))), (None, true));
    person.strike(&rules(), 1, at(20));
    assert!(!person.is_over(at(25 * 60)), "a row is not over after a day");
    assert!(person.is_over(at(40 * 24 * 60)));
}

#[test]
fn a_category_weighs_what_the_market_says() {
    let toml = include_str!("../../../catalog/markets/cn.toml");
    let toml = toml.replacen("[strikes]", "[strikes]\nweights = { lanterns = 0, parcels = 3 }", 1);
    let market = Market::parse(&toml).unwrap();
    let rules = market.strikes().unwrap();
    let weights = [Some("lanterns"), Some("parcels"), Some("other"), None];
    assert_eq!(weights.map(|category| rules.weight(category, 4)), [0, 3, 1, 1]);
    assert_eq!(rules.weight(Some("parcels"), 0), 0, "too light to count");
    let sanction = Conduct::default().strike(rules, 3, at(0)).unwrap();
    assert_eq!(sanction.measure, Measure::Limit);
}

#[test]
fn a_market_that_counts_nonsense_is_refused() {
    let toml = include_str!("../../../catalog/markets/cn.toml");
    for (good, bad) in [
        ("in_a_row = 3", "in_a_row = 0"),
        ("in_a_row = 3", "in_a_row = 3\nin_a_day = 3"),
        ("then = \"warn\"", "then = \"warn\"\nlasts = \"1h\""),
        ("then = \"suspend\"", "then = \"banish\""),
    ] {
        assert!(toml.contains(good));
        assert!(Market::parse(&toml.replacen(good, bad, 1)).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn nobody_is_stopped_below_the_numbers_and_everybody_at_them(
        steps in prop::collection::vec((0_i64..600, any::<bool>()), 1..40),
    ) {
        let rules = rules();
        let mut person = Conduct::default();
        let (mut now, mut row, mut since) = (0, 0, Vec::new());
        for (wait, refused) in steps {
            now += wait;
            if !refused {
                person.pass();
                row = 0;
                continue;
            }
            row += 1;
            since.push(now);
            since.retain(|at| now - at < 24 * 60);
            let sanction = person.strike(&rules, 1, at(now));
            let measure = sanction.map(|sanction| sanction.measure);
            let expected = if since.len() >= 5 {
                Some(Measure::Suspend)
            } else if row >= 3 {
                Some(Measure::Limit)
            } else if row == 2 {
                Some(Measure::Warn)
            } else {
                None
            };
            prop_assert_eq!(measure, expected);
            if measure == Some(Measure::Suspend) {
                since.clear();
            }
            if measure.is_some_and(|measure| measure > Measure::Warn) {
                row = 0;
                prop_assert!(person.sanction(at(now)).is_some());
            }
        }
        let kept = serde_json::to_string(&person).unwrap();
        prop_assert!(kept.len() < 8 * 1024);
        prop_assert_eq!(serde_json::from_str::<Conduct>(&kept).unwrap(), person);
    }

    #[test]
    fn a_clock_set_back_frees_nobody(minutes in 0_i64..60) {
        let mut person = Conduct::default();
        for minute in 0..3 {
            person.strike(&rules(), 1, at(minute));
        }
        prop_assert!(person.sanction(at(2 - minutes)).is_some());
        prop_assert!(!person.is_over(at(2 - minutes)));
    }
}
