//! What happens to a cleared request beside its admission: masks, refusals, failures. Each is
//! counted and recorded under the admission's id.
//!
//! These entries are queued and not waited for: the admission alone must be durable before an
//! answer. They may stand before or after it in the ledger; the id ties them together.

use std::sync::Arc;

use futures_util::TryFutureExt as _;
use yumen_ledger::{
    Asked, Canonical, Entry, Ledger, LedgerError, Notice as NoticeEntry, Refusal, Switch,
    VerdictGiven,
};
use yumen_policy::{Clearance, Digest, FeatureId, MarketId, Timestamp, Verdict};
use yumen_screen::{Action, Notice};

use crate::deeds::Deeds;
use crate::metrics::Counters;
use crate::problem::Problem;

/// A cleared request, by what the ledger may know of it.
pub(crate) struct Cleared {
    id: String,
    market: MarketId,
    feature: FeatureId,
    policy: Digest,
    caller: String,
}

impl Cleared {
    pub(crate) fn of(clearance: &Clearance, caller: &str, now: Timestamp) -> Self {
        Self {
            id: crate::id::receipt(now),
            market: clearance.market().clone(),
            feature: clearance.feature().clone(),
            policy: clearance.policy(),
            caller: caller.to_owned(),
        }
    }
}

/// Writes down what a device was told it may have, in one entry that names neither device nor app.
pub(crate) fn verdicts(
    ledger: &Ledger,
    market: Option<&MarketId>,
    policy: Digest,
    told: &[Verdict],
    now: Timestamp,
) {
    let answers = told
        .iter()
        .map(|verdict| (verdict.feature().as_str().into(), verdict.answer().as_str().into()))
        .collect();
    let entry = Entry::Verdict(VerdictGiven {
        answers,
        id: crate::id::verdict(now).into(),
        market: market.map_or("unknown", MarketId::as_str).into(),
        policy: policy.to_string().into(),
        time: now,
    });
    // Queued at the call. An answer that opens nothing by itself waits for no record.
    drop(ledger.append(Canonical::from(entry)));
}

/// Writes down what happens to one cleared request. Clones share it: whatever outlives the request's handler has one.
#[derive(Clone)]
pub(crate) struct Journal(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    counters: Counters,
    deeds: Deeds,
    cleared: Cleared,
}

impl Journal {
    pub(crate) fn new(
        ledger: &Ledger,
        counters: &Counters,
        deeds: &Deeds,
        cleared: Cleared,
    ) -> Self {
        let (ledger, counters, deeds) = (ledger.clone(), counters.clone(), deeds.clone());
        Self(Arc::new(Inner { ledger, counters, deeds, cleared }))
    }

    /// The id of the request and of its receipt.
    pub(crate) fn id(&self) -> &str {
        &self.0.cleared.id
    }

    /// The market it was cleared for.
    pub(crate) fn market(&self) -> &MarketId {
        &self.0.cleared.market
    }

    /// What the screen did to a text. Leaves what the person is told: what was only detected is counted, and no more.
    pub(crate) fn screened(&self, notices: &mut Vec<Notice>) {
        notices.retain(|notice| self.found(notice));
    }

    /// One thing that the screen did to a text. Gives whether the person is told.
    pub(crate) fn found(&self, notice: &Notice) -> bool {
        if notice.is_told() {
            self.notice(notice);
        } else {
            self.count(notice);
        }
        notice.is_told()
    }

    /// What was done to a text.
    pub(crate) fn notices(&self, notices: &[Notice]) {
        for notice in notices {
            self.notice(notice);
        }
    }

    /// One thing that was done.
    pub(crate) fn notice(&self, notice: &Notice) {
        let action = notice.action.as_str();
        self.count(notice);
        self.queue(&Entry::Notice(NoticeEntry {
            action: action.into(),
            count: notice.count,
            direction: notice.direction.into(),
            id: self.0.cleared.id.as_str().into(),
            rule: notice.code.as_str().into(),
            time: Timestamp::now(),
        }));
    }

    fn count(&self, notice: &Notice) {
        self.0.counters.notice(notice);
        self.0.deeds.notice(&self.0.cleared.market, notice);
    }

    /// The request, or the rest of its answer, was not served.
    pub(crate) fn refused(&self, problem: &Problem) {
        for notice in problem.notices() {
            self.0.deeds.notice(&self.0.cleared.market, notice);
        }
        let rules = problem.notices().iter().map(|notice| notice.code.as_str().into()).collect();
        self.queue(&Entry::Refusal(Refusal {
            caller: Some(self.0.cleared.caller.as_str().into()),
            code: problem.code().into(),
            feature: Some(self.0.cleared.feature.as_str().into()),
            id: self.0.cleared.id.as_str().into(),
            market: Some(self.0.cleared.market.as_str().into()),
            policy: self.0.cleared.policy.to_string().into(),
            rules,
            time: Timestamp::now(),
        }));
    }

    /// Another model answers than the admission or the last of these entries says, or nobody does. It
    /// is queued at the call; the future resolves when it is durable.
    pub(crate) fn switched(
        &self,
        how: &'static str,
        attempts: Vec<Asked<'_>>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send + use<> {
        let entry = Entry::Switch(Switch {
            attempts,
            how: how.into(),
            id: self.0.cleared.id.as_str().into(),
            market: self.0.cleared.market.as_str().into(),
            time: Timestamp::now(),
        });
        self.0.ledger.append(Canonical::from(entry)).map_ok(drop)
    }

    /// Something that happens with this request and has an entry of its own.
    pub(crate) fn also(&self, entry: Canonical) {
        drop(self.0.ledger.append(entry));
    }

    /// An answer is screened from here on.
    pub(crate) fn screens(&self) {
        self.0.deeds.screened(&self.0.cleared.market);
    }

    /// A text was judged by somebody outside.
    pub(crate) fn judged(&self) {
        self.0.deeds.add(&self.0.cleared.market, "judged", "", 1);
    }

    /// A text passed although a judge gave no verdict, because its failure opens. Told of each text, recorded when it is `new`.
    pub(crate) fn unjudged(&self, judge: &str, direction: &'static str, new: bool) {
        self.0.deeds.add(&self.0.cleared.market, "unjudged", "", 1);
        self.0.counters.unjudged(judge);
        if new {
            self.queue(&Entry::Notice(NoticeEntry {
                action: Action::Allow.as_str().into(),
                count: 1,
                direction: direction.into(),
                id: self.0.cleared.id.as_str().into(),
                rule: format!("judge.{judge}.unjudged").into(),
                time: Timestamp::now(),
            }));
        }
    }

    fn queue(&self, entry: &Entry<'_>) {
        // Queued at the call; the future would only say when it is durable.
        drop(self.0.ledger.append(Canonical::from(entry)));
    }
}
