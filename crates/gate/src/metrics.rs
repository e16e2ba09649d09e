//! What the operator's dashboards read: `GET /metrics` in the Prometheus text format.
//!
//! Labels are from closed sets (surface, outcome code, tier), never from a request's content.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::alarm::AlarmKind;

/// The gate's counters.
pub(crate) struct Metrics {
    registry: Registry,
    counters: Counters,
}

/// Handles to the counters, for what outlives a handler.
#[derive(Clone)]
pub(crate) struct Counters {
    requests: Family<RequestLabels, Counter>,
    notices: Family<NoticeLabels, Counter>,
    alarms: Family<AlarmLabels, Counter>,
    open_answers: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AlarmLabels {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    surface: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NoticeLabels {
    direction: &'static str,
    action: &'static str,
}

/// Counts one answer as open until it is dropped.
pub(crate) struct OpenAnswer(Gauge);

impl Drop for OpenAnswer {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("yumen");
        let requests = Family::default();
        registry.register(
            "requests",
            "Requests by surface and outcome: ok, or the code of the problem",
            Family::clone(&requests),
        );
        let notices = Family::default();
        registry.register(
            "screen_notices",
            "What the screen did, by direction and action",
            Family::clone(&notices),
        );
        let alarms = Family::<AlarmLabels, Counter>::default();
        registry.register(
            "alarms",
            "What the operator must hear of, by code; each time, also when it is told only once",
            Family::clone(&alarms),
        );
        for kind in AlarmKind::ALL {
            // At zero from the start, so that a first alarm is seen as a rise.
            let _ = alarms.get_or_create(&AlarmLabels { code: kind.code() });
        }
        let open_answers = Gauge::default();
        registry.register("open_answers", "Answers being written", open_answers.clone());
        Self { registry, counters: Counters { requests, notices, alarms, open_answers } }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The Prometheus text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl Counters {
    pub(crate) fn request(&self, surface: &'static str, outcome: &'static str) {
        self.requests.get_or_create(&RequestLabels { surface, outcome }).inc();
    }

    pub(crate) fn notice(&self, direction: &'static str, action: &'static str, count: u32) {
        let labels = NoticeLabels { direction, action };
        self.notices.get_or_create(&labels).inc_by(u64::from(count));
    }

    pub(crate) fn alarm(&self, code: &'static str) {
        self.alarms.get_or_create(&AlarmLabels { code }).inc();
    }

    pub(crate) fn open_answer(&self) -> OpenAnswer {
        self.open_answers.inc();
        OpenAnswer(self.open_answers.clone())
    }
}
