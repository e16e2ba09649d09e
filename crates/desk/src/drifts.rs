//! Models that drifted: stopped with the next request, and the change filing drafted that would let them go on.

use jiff::Timestamp;
use serde_json::{Value, json};
use yumen_ledger::{Canonical, DriftSeen, Entry};
use yumen_policy::{Application, Digest, Drift, Text};
use yumen_store::{StoredDrift, new_id};

use crate::holdings::{Holdings, parsed, written};
use crate::{Desk, DeskError, Done};

/// The longest report that stands in the ledger as it came, in bytes; of a longer one stands the digest.
const MAX_REPORT: usize = 128;

impl Desk {
    /// Keeps what the gate saw. What is known already is said again, and changes nothing.
    pub(crate) fn drift(&mut self, drift: &Drift, now: Timestamp) -> Result<Done, DeskError> {
        let same = |known: &Drift| {
            let seen_at = known.seen_at;
            *known == Drift { seen_at, ..drift.clone() }
        };
        for stored in self.store.list_drifts()? {
            if same(&parsed("drift", &stored.drift)?) {
                return Ok(Done::found(&shown(&stored)?, text(drift)));
            }
        }
        let id = new_id("drift")?;
        let filing = self.change_filing(drift, &id, now)?;
        let filing = filing.map(|filing| written("draft", &filing)).transpose()?;
        let stored = StoredDrift {
            id,
            drift: written("drift", drift)?,
            draft: filing,
            seen_at: now.as_second(),
        };
        let entry = entry(&stored.id, drift, now);
        let ((), index) = self.change(|change| {
            change.add_drift(&stored)?;
            Ok(((), vec![entry]))
        })?;
        Ok(Done::changed(shown(&stored)?, index, text(drift)))
    }

    pub(crate) fn drifts(&self) -> Result<Done, DeskError> {
        let drifts = self.store.list_drifts()?;
        let count = drifts.len();
        let shown = drifts.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
        Ok(Done::found(&shown, Text::new(format!("{count} drifts"), format!("{count} 次模型变动"))))
    }

    /// The change filing that a drift calls for: what the approval in force covers, anew. Who files it puts in the
    /// release that names what is now reported.
    fn change_filing(
        &self,
        drift: &Drift,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Application>, DeskError> {
        let operator = yumen_policy::SignerKey::of(&self.keys.operator);
        let holdings = Holdings::read(&self.store, &self.book, operator)?;
        let in_force = holdings
            .approvals
            .iter()
            .find(|approval| approval.record().market == drift.market && approval.in_force(now));
        Ok(in_force.map(|approval| {
            let record = approval.record().clone();
            Application {
                case: format!("change-{id}"),
                kind: record.kind,
                market: record.market,
                entity: record.entity,
                scope: record.scope,
                release: record.release,
                models: record.models,
                materials: record.materials,
                replaces: Some(record.number),
            }
        }))
    }
}

fn shown(stored: &StoredDrift) -> Result<Value, DeskError> {
    let drift: Value = parsed("drift", &stored.drift)?;
    let change =
        stored.draft.as_deref().map(|filing| parsed::<Value>("draft", filing)).transpose()?;
    Ok(json!({"id": stored.id, "drift": drift, "draft": change}))
}

fn text(drift: &Drift) -> Text {
    let (partner, model, market) = (&drift.partner, &drift.model, &drift.market);
    let reported = drift.reported.as_deref().unwrap_or("another system");
    let (mut en, mut zh) = (
        format!("{partner}/{model} is stopped in {market}: it reports {reported}"),
        format!("{partner}/{model} 已在 {market} 停用：实际报告为 {reported}"),
    );
    if let Some(fingerprint) = &drift.fingerprint {
        en = format!("{en}, fingerprint {fingerprint}");
        zh = format!("{zh}，系统指纹 {fingerprint}");
    }
    Text::new(en, zh)
}

fn entry(id: &str, drift: &Drift, now: Timestamp) -> Canonical {
    let expected = drift.expected.first().map_or_else(|| drift.model.to_string(), Clone::clone);
    let short = |report: &String| {
        if report.len() > MAX_REPORT {
            Digest::of(report.as_bytes()).to_string()
        } else {
            report.clone()
        }
    };
    Canonical::from(Entry::Drift(DriftSeen {
        expected: expected.into(),
        fingerprint: drift.fingerprint.as_ref().map(|report| short(report).into()),
        id: id.into(),
        market: drift.market.as_str().into(),
        model: drift.model.as_str().into(),
        partner: drift.partner.as_str().into(),
        reported: drift.reported.as_ref().map(|report| short(report).into()),
        time: now,
    }))
}
