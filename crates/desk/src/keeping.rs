//! How long the record is kept: pruning what is past its time, and legal holds on what must not be.
//!
//! Pruning reads the whole ledger, so it is done with a [`Keeper`] beside the desk: whoever stops a feature meanwhile
//! does not wait for it. What the markets' duties ask for is added here, and not by whoever asks.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yumen_ledger::{Hold, Ledger, LedgerError, PruneReport, Retention, RetentionRule, read_holds};
use yumen_policy::{Digest, DutyKind, DutyValue, Text};

use crate::packs::plain;
use crate::{Actor, Book, Desk, DeskError, Done, Duty};

/// One thing somebody does that concerns how long the record is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "keeping", rename_all = "snake_case")]
pub enum Keeping {
    /// Deletes the bytes of entries past their time.
    Prune(PruneOrder),
    /// Places a legal hold: what it names is not pruned.
    Hold(HoldOrder),
    /// Looks at the legal holds.
    Holds,
    /// Releases a legal hold.
    Release {
        /// Its id.
        id: String,
    },
}

/// What is to be pruned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruneOrder {
    /// For how many days entries of a kind and market are kept; of several that fit, the longest holds.
    #[serde(default)]
    pub rules: Vec<RetentionRule>,
    /// The same for those that no rule fits; without it they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Whether entries are kept for as long as the markets' duties ask, and no longer. They are never kept for less.
    #[serde(default)]
    pub duties: bool,
    /// Whether it is only counted what would be pruned.
    #[serde(default)]
    pub dry_run: bool,
}

/// A legal hold to be placed. What is not named fits everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldOrder {
    /// The market of the entries to keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
    /// The kind of the entries to keep, with or without its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The id of the entries to keep, such as a receipt's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Why: a short code, which is recorded; of more words their digest is.
    pub reason: String,
}

/// Whoever keeps the record, beside the desk. Blocking.
pub struct Keeper {
    ledger: Ledger,
    dir: PathBuf,
    book: Arc<Book>,
}

impl Desk {
    /// Who keeps the record of this desk.
    pub fn keeper(&self) -> Keeper {
        Keeper {
            ledger: self.ledger.clone(),
            dir: self.ledger_dir.clone(),
            book: Arc::clone(&self.book),
        }
    }
}

impl Keeper {
    /// Carries it out. When it returns, it is on disk.
    ///
    /// # Errors
    /// [`DeskError::Forbidden`], [`DeskError::Unknown`], [`DeskError::Invalid`], and [`DeskError::Ledger`] when the
    /// ledger does not do it.
    pub fn act(&self, actor: &Actor, what: Keeping, now: Timestamp) -> Result<Done, DeskError> {
        let duty = if what == Keeping::Holds { Duty::Read } else { Duty::Keep };
        actor.may(duty)?;
        match what {
            Keeping::Prune(order) => self.prune(actor, order, now),
            Keeping::Hold(order) => self.hold(actor, order, now),
            Keeping::Holds => self.holds(),
            Keeping::Release { id } => self.release(actor, &id, now),
        }
    }

    fn prune(&self, actor: &Actor, order: PruneOrder, now: Timestamp) -> Result<Done, DeskError> {
        let PruneOrder { mut rules, days, duties, dry_run } = order;
        if rules.is_empty() && days.is_none() && !duties {
            let why = "say for how long entries are kept: `rules`, `days` or `duties`";
            return Err(DeskError::Invalid(why.into()));
        }
        let at_least = self.duties();
        if duties {
            rules.extend(at_least.iter().cloned());
        }
        let retention = Retention { rules, at_least, default_days: days };
        let report = self.ledger.prune(&retention, actor.id(), now, dry_run)?;
        let PruneReport { deletion, pruned, held, kept, .. } = report;
        let kept = kept + held;
        let text = if dry_run {
            Text::new(
                format!(
                    "{pruned} entries would be pruned; {kept} kept, {held} of them by legal hold"
                ),
                format!("将清除 {pruned} 条；保留 {kept} 条，其中 {held} 条因法律保全"),
            )
        } else {
            Text::new(
                format!("{pruned} entries pruned; {kept} kept, {held} of them by legal hold"),
                format!("已清除 {pruned} 条；保留 {kept} 条，其中 {held} 条因法律保全"),
            )
        };
        // A report is numbers and names, which have a JSON form.
        Ok(Done::recorded(serde_json::to_value(&report).unwrap_or_default(), deletion, text))
    }

    fn hold(&self, actor: &Actor, order: HoldOrder, now: Timestamp) -> Result<Done, DeskError> {
        let HoldOrder { market, kind, entry, reason } = order;
        if reason.trim().is_empty() {
            return Err(DeskError::Invalid("`reason` is empty: say why".into()));
        }
        let reason = plain(&reason);
        let by = actor.id().to_owned();
        let mut hold = Hold { id: String::new(), market, kind, entry, reason, by, since: now };
        // An id made of what is held, why and when.
        let digest = Digest::of(format!("{hold:?}").as_bytes()).to_string();
        hold.id = format!("hold_{}", digest.get(7..19).unwrap_or_default());
        let index = self.ledger.hold(hold.clone())?.proof().index;
        let text = Text::new(format!("{} holds", hold.id), format!("{} 已生效", hold.id));
        Ok(Done::recorded(json!({"hold": hold}), Some(index), text))
    }

    fn release(&self, actor: &Actor, id: &str, now: Timestamp) -> Result<Done, DeskError> {
        let released = self.ledger.release(id, actor.id(), now).map_err(|error| match error {
            LedgerError::NoSuchHold(name) => {
                DeskError::Unknown { what: "legal hold", zh: "法律保全", name }
            }
            other => other.into(),
        })?;
        let index = released.proof().index;
        let text = Text::new(format!("{id} holds no longer"), format!("{id} 已解除"));
        Ok(Done::recorded(json!({"released": id}), Some(index), text))
    }

    fn holds(&self) -> Result<Done, DeskError> {
        let holds = read_holds(&self.dir)?;
        let count = holds.len();
        let text = Text::new(format!("{count} legal holds"), format!("{count} 项法律保全"));
        Ok(Done::found(&json!({"holds": holds}), text))
    }

    /// What the markets' duties ask the ledger to keep at least.
    fn duties(&self) -> Vec<RetentionRule> {
        let of = |market: &yumen_policy::Market| {
            let days = market.duties().iter().filter_map(days).max()?;
            Some(RetentionRule { kind: None, market: Some(market.id().to_string()), days })
        };
        self.book.markets.iter().filter_map(of).collect()
    }
}

/// How many days a duty that the ledger carries asks for; months and years at their longest.
fn days(duty: &yumen_policy::Duty) -> Option<u32> {
    let carried = duty.enforced_by().is_some_and(|by| by.starts_with("ledger"));
    if duty.kind() != DutyKind::Retention || !carried {
        return None;
    }
    let Some(DutyValue::Whole(value)) = duty.value() else { return None };
    let unit = match duty.unit()? {
        "days" => 1,
        "months" => 31,
        "years" => 366,
        _ => return None,
    };
    u32::try_from(*value).ok()?.checked_mul(unit)
}
