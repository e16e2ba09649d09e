//! Drift: a partner answered with another model than the one that was approved.
//!
//! What counts is what the partner itself reports: the model id of its answer and, where the release
//! pins them, the fingerprint of the system. A model that drifted is out of every lane of its market
//! until a release names what is now reported, and is approved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{MarketId, ModelId, ModelRef, PartnerId, Text};

/// A model that answered as another one than was approved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// The market it was asked for.
    pub market: MarketId,
    /// The partner.
    pub partner: PartnerId,
    /// The model that was asked, by the release's name.
    pub model: ModelId,
    /// What the release lets the partner report: model ids, then fingerprints if it lists any.
    pub expected: Vec<String>,
    /// The model id the partner reported; none where it reported none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<String>,
    /// The system fingerprint it reported; none where it reported none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// When it was seen first.
    pub seen_at: Timestamp,
}

/// Reports are kept up to this many characters; they are a partner's words.
const MAX_REPORT: usize = 256;

impl Drift {
    /// Compares what a partner reported with what the release says of the model.
    ///
    /// A partner that reports nothing has not drifted, unless the release lists what it reports, or
    /// its fingerprints: then its silence is a change too. Fingerprints that no release lists are not
    /// looked at: partners change them without changing the model.
    pub fn check(
        market: &MarketId,
        model: &ModelRef,
        reported: Option<&str>,
        fingerprint: Option<&str>,
        now: Timestamp,
    ) -> Option<Self> {
        if accepts(model, reported, fingerprint) {
            return None;
        }
        Some(Self {
            market: market.clone(),
            partner: model.partner.clone(),
            model: model.model.clone(),
            expected: expected(model),
            reported: reported.map(cut),
            fingerprint: fingerprint.map(cut),
            seen_at: now,
        })
    }

    /// Whether it stops this model of a release in this market: the same model of the same partner,
    /// as long as the release does not name what is now reported.
    pub fn stops(&self, market: &MarketId, model: &ModelRef) -> bool {
        self.market == *market
            && self.partner == model.partner
            && self.model == model.model
            && !accepts(model, self.reported.as_deref(), self.fingerprint.as_deref())
    }

    /// What a person is told whose feature it stopped.
    pub fn text(&self) -> Text {
        Text::new(
            "The partner answers with another model than the approved one.",
            "合作方现以不同于获批模型的模型作答。",
        )
    }

    /// What can be done.
    pub fn next_step() -> Text {
        Text::new(
            "Wait until the operator has the changed model approved.",
            "请等待运营者就变更后的模型取得批准。",
        )
    }
}

/// Whether a release takes this report for the model it names.
fn accepts(model: &ModelRef, reported: Option<&str>, fingerprint: Option<&str>) -> bool {
    let named = match reported {
        Some(id) if model.reports.is_empty() => id == model.model.as_str(),
        Some(id) => model.reports.contains(id),
        None => model.reports.is_empty(),
    };
    let pinned = !model.fingerprints.is_empty();
    named && (!pinned || fingerprint.is_some_and(|print| model.fingerprints.contains(print)))
}

/// Model ids, and fingerprints after them.
fn expected(model: &ModelRef) -> Vec<String> {
    let own = model.reports.is_empty().then(|| model.model.to_string());
    own.into_iter().chain(model.reports.iter().chain(&model.fingerprints).cloned()).collect()
}

/// Control characters are replaced, not dropped: what was no name must not turn into one.
fn cut(report: &str) -> String {
    let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    report.chars().take(MAX_REPORT).map(shown).collect()
}
