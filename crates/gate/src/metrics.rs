//! What the operator's dashboards read: `GET /metrics` in the Prometheus text format.
//!
//! Labels are from closed sets (surface, outcome code, tier), never from a request's content.

use std::borrow::Borrow;
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use yumen_judges::{Asked, Judges};
use yumen_partners::{Attempt, Partners};
use yumen_policy::{ModelId, PartnerId};
use yumen_screen::Notice;

use crate::alarm::AlarmKind;

/// The gate's counters.
pub(crate) struct Metrics {
    registry: Registry,
    counters: Counters,
    tasks: Gauge,
    under_way: Family<ModelLabels, Gauge>,
    resting: Family<ModelLabels, Gauge>,
    judge_resting: Family<JudgeLabels, Gauge>,
    judge_failures: Family<JudgeLabels, Gauge>,
}

/// A handle to the counters, for what outlives a handler: each request hands on several.
#[derive(Clone)]
pub(crate) struct Counters(Arc<Families>);

struct Families {
    requests: Family<RequestLabels, Counter>,
    notices: Family<NoticeLabels, Counter>,
    alarms: Family<AlarmLabels, Counter>,
    open_answers: Gauge,
    attempts: Family<AttemptLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    judged: Family<JudgedLabels, Counter>,
    judge_cost: Family<JudgeLabels, Counter<f64, AtomicU64>>,
    judge_seconds: Family<JudgeLabels, Counter<f64, AtomicU64>>,
    unjudged: Family<JudgeLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JudgedLabels {
    judge: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JudgeLabels {
    judge: String,
}

/// An id as a label: cloned without a copy of its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name<T>(T);

impl<T: Borrow<str>> EncodeLabelValue for Name<T> {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(self.0.borrow())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    partner: Name<PartnerId>,
    model: Name<ModelId>,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    partner: Name<PartnerId>,
    model: Name<ModelId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    partner: Name<PartnerId>,
    model: Name<ModelId>,
    direction: &'static str,
    billed: &'static str,
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
    category: String,
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
            "What the screen did, by direction, action and category",
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
        let attempts = Family::default();
        registry.register(
            "partner_attempts",
            "Requests to partners by outcome: complete, cancelled, or the code of what went wrong",
            Family::clone(&attempts),
        );
        let tokens = Family::default();
        registry.register(
            "partner_tokens",
            "Tokens of attempts, as the partner counted or, where it did not come to that, estimated; \
             billed: part of an answer that was given",
            Family::clone(&tokens),
        );
        let judged = Family::default();
        registry.register(
            "judge_questions",
            "Questions to external judges by outcome: safe, controversial, unsafe, remembered, or why there is no verdict",
            Family::clone(&judged),
        );
        let judge_cost = Family::default();
        registry.register(
            "judge_cost",
            "What questions to external judges cost, in the operator's currency",
            Family::clone(&judge_cost),
        );
        let judge_seconds = Family::default();
        registry.register(
            "judge_seconds",
            "How long questions to external judges took, in all",
            Family::clone(&judge_seconds),
        );
        let unjudged = Family::default();
        registry.register(
            "judge_unjudged",
            "Texts that passed without the verdict of a judge whose failure opens",
            Family::clone(&unjudged),
        );
        let judge_resting = Family::default();
        registry.register(
            "judge_resting",
            "Whether a judge failed repeatedly and is left alone",
            Family::clone(&judge_resting),
        );
        let judge_failures = Family::default();
        registry.register(
            "judge_failures_in_a_row",
            "How often a judge gave no verdict since its last one",
            Family::clone(&judge_failures),
        );
        let tasks = Gauge::default();
        registry.register("tasks", "Tasks that are alive in the program", tasks.clone());
        let under_way = Family::default();
        registry.register(
            "partner_requests_under_way",
            "Requests to partners under way",
            Family::clone(&under_way),
        );
        let resting = Family::default();
        registry.register(
            "partner_resting",
            "Whether the breaker keeps requests from a model",
            Family::clone(&resting),
        );
        let counters = Counters(Arc::new(Families {
            requests,
            notices,
            alarms,
            open_answers,
            attempts,
            tokens,
            judged,
            judge_cost,
            judge_seconds,
            unjudged,
        }));
        Self { registry, counters, tasks, under_way, resting, judge_resting, judge_failures }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The Prometheus text, with how the partners and the judges stand now.
    pub(crate) fn text(&self, partners: &Partners, judges: &Judges) -> String {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            self.tasks.set(i64::try_from(runtime.metrics().num_alive_tasks()).unwrap_or(i64::MAX));
        }
        for standing in partners.standings() {
            let labels = ModelLabels {
                partner: Name(standing.partner.clone()),
                model: Name(standing.model.clone()),
            };
            self.under_way.get_or_create(&labels).set(standing.under_way.into());
            self.resting.get_or_create(&labels).set(standing.resting.into());
        }
        for standing in judges.standings() {
            let labels = JudgeLabels { judge: standing.judge.to_owned() };
            self.judge_resting.get_or_create(&labels).set(standing.resting.into());
            self.judge_failures.get_or_create(&labels).set(standing.in_a_row.into());
        }
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl Counters {
    pub(crate) fn request(&self, surface: &'static str, outcome: &'static str) {
        self.0.requests.get_or_create(&RequestLabels { surface, outcome }).inc();
    }

    pub(crate) fn notice(&self, notice: &Notice) {
        let category = notice.category.as_deref().map(|category| category.id.clone());
        let labels = NoticeLabels {
            direction: notice.direction,
            action: notice.action.as_str(),
            category: category.unwrap_or_default(),
        };
        self.0.notices.get_or_create(&labels).inc_by(u64::from(notice.count));
    }

    pub(crate) fn alarm(&self, code: &'static str) {
        self.0.alarms.get_or_create(&AlarmLabels { code }).inc();
    }

    /// What one answer took.
    pub(crate) fn attempts(&self, attempts: &[Attempt]) {
        for attempt in attempts {
            let (partner, model) = (attempt.partner(), &attempt.model().model);
            let labels = AttemptLabels {
                partner: Name(partner.clone()),
                model: Name(model.clone()),
                outcome: attempt.outcome.code(),
            };
            self.0.attempts.get_or_create(&labels).inc();
            let (input, output) = attempt.usage.map_or_else(
                || (0, attempt.estimated_output_tokens()),
                |usage| (usage.input_tokens, usage.output_tokens),
            );
            for (direction, tokens) in [("input", input), ("output", output)] {
                if tokens > 0 {
                    let labels = TokenLabels {
                        partner: Name(partner.clone()),
                        model: Name(model.clone()),
                        direction,
                        billed: if attempt.billed { "true" } else { "false" },
                    };
                    self.0.tokens.get_or_create(&labels).inc_by(tokens);
                }
            }
        }
    }

    /// One question to an external judge.
    pub(crate) fn judged(&self, asked: &Asked<'_>) {
        let judge = asked.judge.to_owned();
        let labels = JudgedLabels { judge: judge.clone(), outcome: asked.outcome };
        self.0.judged.get_or_create(&labels).inc();
        let labels = JudgeLabels { judge };
        self.0.judge_cost.get_or_create(&labels).inc_by(asked.cost);
        self.0.judge_seconds.get_or_create(&labels).inc_by(asked.took.as_secs_f64());
    }

    /// A text passed a judge without its verdict.
    pub(crate) fn unjudged(&self, judge: &str) {
        self.0.unjudged.get_or_create(&JudgeLabels { judge: judge.to_owned() }).inc();
    }

    pub(crate) fn open_answer(&self) -> OpenAnswer {
        self.0.open_answers.inc();
        OpenAnswer(self.0.open_answers.clone())
    }
}
