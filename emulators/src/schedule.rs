//! Which requests a fault befalls: the schedule that stands at `/emulator/faults`.
//!
//! The rules are looked through in order; the first that applies to a request is its fault. Only
//! requests that reach the model count: a refused key or a bad field uses no rule up.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::exchange::mix;
use crate::fault::{Fault, FaultKind, RetryAfter};

/// One rule of a schedule.
///
/// Without `times`, `for_ms` and the like a rule befalls every request until it is taken back.
/// Times in milliseconds count from when the schedule was set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: FaultKind,
    /// The HTTP status of `status`, between 400 and 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `Retry-After` of a refusal, in seconds. Without it a scheduled refusal has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// How long what is slow takes, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Text parts of a stream that come before the fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_part: Option<usize>,
    /// Only requests for this model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// So many requests the rule lets pass before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<u64>,
    /// So many requests at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Only so long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
    /// Each request with this probability, between 0 and 1, drawn from the emulator's seed and the
    /// request's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Flapping: on for so many milliseconds, then off for `off_ms`, and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_ms: Option<u64>,
    /// The other half of `on_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_ms: Option<u64>,
    /// How many requests it has befallen. Only told, never set.
    #[serde(default, skip_deserializing)]
    pub fired: u64,
}

impl FaultRule {
    /// A rule that befalls every request.
    pub fn always(fault: FaultKind) -> Self {
        Self {
            fault,
            status: None,
            retry_after: None,
            delay_ms: None,
            after_part: None,
            model: None,
            skip: None,
            times: None,
            for_ms: None,
            probability: None,
            on_ms: None,
            off_ms: None,
            fired: 0,
        }
    }

    /// What is wrong with the rule, for people.
    fn problem(&self) -> Option<String> {
        if self.status.is_some_and(|status| !(400..600).contains(&status)) {
            return Some("status: between 400 and 599".to_owned());
        }
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Some("probability: between 0 and 1".to_owned());
        }
        match (self.on_ms, self.off_ms) {
            (None, None) => None,
            (Some(on), Some(off)) if on > 0 && off > 0 => None,
            _ => Some("on_ms and off_ms: both, each above 0".to_owned()),
        }
    }

    /// Whether the times allow it `age` after the schedule was set.
    fn is_time(&self, age: Duration) -> bool {
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let flap = match (self.on_ms, self.off_ms) {
            (Some(on), Some(off)) => age % on.saturating_add(off) < on,
            _ => true,
        };
        flap && self.for_ms.is_none_or(|limit| age < limit)
    }

    fn fault(&self) -> Fault {
        Fault {
            kind: self.fault,
            status: self.status.unwrap_or(503),
            retry: self.retry_after.map_or(RetryAfter::Absent, RetryAfter::Seconds),
            delay: self.delay_ms.map(Duration::from_millis),
            after_part: self.after_part,
        }
    }
}

/// One request, as far as a schedule looks at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) model: &'a str,
    /// The conversation ends with a turn to be continued.
    pub(crate) prefixed: bool,
    /// What chance draws from: other for every request, the same in every run with one seed.
    pub(crate) lot: u64,
}

/// The rules that hold now.
#[derive(Debug)]
pub(crate) struct Schedule(Mutex<Standing>);

#[derive(Debug)]
struct Standing {
    since: Instant,
    rules: Vec<FaultRule>,
    /// How many requests each rule has looked at and let pass.
    passed: Vec<u64>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self(Mutex::new(Standing { since: Instant::now(), rules: Vec::new(), passed: Vec::new() }))
    }
}

impl Schedule {
    /// Sets `rules` in place of all that stood before; or says what is wrong with them.
    pub(crate) fn set(&self, mut rules: Vec<FaultRule>) -> Result<(), String> {
        let wrong = rules.iter().enumerate().find_map(|(at, rule)| Some((at, rule.problem()?)));
        if let Some((at, problem)) = wrong {
            return Err(format!("rule {at}: {problem}"));
        }
        for rule in &mut rules {
            rule.fired = 0;
        }
        let passed = vec![0; rules.len()];
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Standing { since: Instant::now(), rules, passed };
        Ok(())
    }

    /// The rules, and how often each has fired.
    pub(crate) fn get(&self) -> Vec<FaultRule> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rules.clone()
    }

    /// The fault of the next request.
    pub(crate) fn next(&self, candidate: Candidate<'_>) -> Option<Fault> {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = standing.since.elapsed();
        let Standing { rules, passed, .. } = &mut *standing;
        for (at, (rule, passed)) in rules.iter_mut().zip(passed).enumerate() {
            let meant = rule.model.as_deref().is_none_or(|model| model == candidate.model)
                && (rule.fault != FaultKind::RefusePrefix || candidate.prefixed)
                && rule.times.is_none_or(|times| rule.fired < times)
                && rule.is_time(age);
            if !meant {
                continue;
            }
            if rule.skip.is_some_and(|skip| *passed < skip) {
                *passed += 1;
                continue;
            }
            let lot = mix(candidate.lot ^ mix(at as u64)) >> 11;
            // 53 bits, which a float holds exactly.
            #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
            let drawn = lot as f64 / (1_u64 << 53) as f64;
            if rule.probability.is_none_or(|probability| drawn < probability) {
                rule.fired += 1;
                return Some(rule.fault());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(lot: u64) -> Candidate<'static> {
        Candidate { model: "m", prefixed: false, lot }
    }

    fn kinds(schedule: &Schedule, count: u64) -> Vec<Option<FaultKind>> {
        (0..count).map(|n| schedule.next(candidate(n)).map(|fault| fault.kind)).collect()
    }

    #[test]
    fn rules_are_used_up_in_order() {
        let schedule = Schedule::default();
        let once = FaultRule { times: Some(1), ..FaultRule::always(FaultKind::Reset) };
        let later =
            FaultRule { skip: Some(1), times: Some(1), ..FaultRule::always(FaultKind::Cut) };
        schedule.set(vec![once, later]).unwrap();
        let expected = [Some(FaultKind::Reset), None, Some(FaultKind::Cut), None];
        assert_eq!(kinds(&schedule, 4), expected);
        assert_eq!(schedule.get().iter().map(|rule| rule.fired).collect::<Vec<_>>(), [1, 1]);
        schedule.set(Vec::new()).unwrap();
        assert_eq!(kinds(&schedule, 1), [None]);
    }

    #[test]
    fn chance_is_the_same_in_every_run_and_near_what_was_asked() {
        let rule = FaultRule { probability: Some(0.1), ..FaultRule::always(FaultKind::Cut) };
        let schedule = Schedule::default();
        schedule.set(vec![rule.clone()]).unwrap();
        let first = kinds(&schedule, 10_000);
        schedule.set(vec![rule]).unwrap();
        assert_eq!(kinds(&schedule, 10_000), first);
        let hits = first.iter().flatten().count();
        assert!((800..1200).contains(&hits), "{hits}");
    }

    #[test]
    fn flapping_and_ending_follow_the_clock() {
        let flap =
            FaultRule { on_ms: Some(10), off_ms: Some(5), ..FaultRule::always(FaultKind::Status) };
        let at = |rule: &FaultRule, ms| rule.is_time(Duration::from_millis(ms));
        assert!(at(&flap, 0) && at(&flap, 9) && !at(&flap, 10) && !at(&flap, 14) && at(&flap, 15));
        let short = FaultRule { for_ms: Some(10), ..FaultRule::always(FaultKind::Status) };
        assert!(at(&short, 9) && !at(&short, 10));
    }

    #[test]
    fn a_rule_is_meant_for_its_model_and_its_kind_of_request() {
        let schedule = Schedule::default();
        let model =
            FaultRule { model: Some("other".to_owned()), ..FaultRule::always(FaultKind::Cut) };
        schedule.set(vec![model, FaultRule::always(FaultKind::RefusePrefix)]).unwrap();
        assert_eq!(schedule.next(candidate(0)), None);
        let prefixed = Candidate { prefixed: true, ..candidate(1) };
        assert_eq!(schedule.next(prefixed).unwrap().kind, FaultKind::RefusePrefix);
        let other = Candidate { model: "other", ..candidate(2) };
        assert_eq!(schedule.next(other).unwrap().kind, FaultKind::Cut);
    }

    #[test]
    fn nonsense_is_refused() {
        let schedule = Schedule::default();
        let bad = FaultRule { status: Some(200), ..FaultRule::always(FaultKind::Status) };
        assert!(schedule.set(vec![bad]).unwrap_err().contains("status"));
        let half = FaultRule { on_ms: Some(5), ..FaultRule::always(FaultKind::Status) };
        assert!(schedule.set(vec![half]).unwrap_err().starts_with("rule 0: on_ms"));
    }
}
