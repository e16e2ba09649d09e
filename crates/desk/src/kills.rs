//! The kill switch: stopping at once, lifting in two commands.

use jiff::Timestamp;
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Entry, KillAt, KillStep};
use yumen_policy::{Digest, Text};
use yumen_store::{StoredKill, new_id};

use crate::{Actor, Desk, DeskError, Done, KillOrder};

/// The longest reason, in characters.
const MAX_REASON: usize = 1000;

impl Desk {
    pub(crate) fn kill(
        &mut self,
        actor: &Actor,
        order: KillOrder,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let KillOrder { feature, market, partner, model, reason } = order;
        let feature = (feature != "*").then_some(feature);
        self.must_be_known(feature.as_deref(), market.as_ref().map(|id| id.as_str()))?;
        if reason.chars().count() > MAX_REASON {
            return Err(DeskError::Invalid(format!(
                "the reason is longer than {MAX_REASON} characters"
            )));
        }
        let kill = StoredKill {
            id: new_id("kill")?,
            feature,
            market: market.map(|id| id.as_str().to_owned()),
            partner: partner.map(|id| id.as_str().to_owned()),
            model: model.map(|id| id.as_str().to_owned()),
            reason,
            killed_by: actor.id().to_owned(),
            killed_at: now.as_second(),
            lift_asked_by: None,
            lift_asked_at: None,
            lifted_by: None,
            lifted_at: None,
        };
        let ((), index) = self.change(|change| {
            change.add_kill(&kill)?;
            Ok(((), vec![entry(&kill, KillAt::Killed, actor, now)]))
        })?;
        let text = Text::new(
            format!("{} is stopped by {}", what(&kill).en, kill.id),
            format!("{}已停用（{}）", what(&kill).zh, kill.id),
        );
        Ok(Done::changed(shown(&kill), index, text))
    }

    pub(crate) fn lift(
        &mut self,
        actor: &Actor,
        id: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let kills = self.store.list_kills()?;
        let Some(kill) = kills.into_iter().find(|kill| kill.id == id) else {
            return Err(DeskError::Unknown { what: "kill", zh: "停用", name: id.into() });
        };
        if kill.lifted_at.is_some() {
            let en = format!("{id} is already lifted");
            return Err(DeskError::Conflict(Text::new(en, format!("{id} 已经解除"))));
        }
        match &kill.lift_asked_by {
            None => self.ask_lift(actor, &kill, now),
            Some(asked_by) => {
                if let Some(name) = actor.person()
                    && self.person_of(asked_by)?.as_deref() == Some(name)
                {
                    return Err(DeskError::SamePerson { name: name.into() });
                }
                self.lift_now(actor, &kill, now)
            }
        }
    }

    fn ask_lift(
        &mut self,
        actor: &Actor,
        kill: &StoredKill,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let id = &kill.id;
        let (asked, index) = self.change(|change| {
            if !change.ask_lift(id, actor.id(), now.as_second())? {
                return Err(changed_meanwhile(id));
            }
            let asked = change.kill(id)?.ok_or_else(|| changed_meanwhile(id))?;
            Ok((asked, vec![entry(kill, KillAt::LiftAsked, actor, now)]))
        })?;
        let (en, zh) = if actor.person().is_some() {
            (", by another person", "（由另一人执行）")
        } else {
            ("", "")
        };
        let text = Text::new(
            format!(
                "{} stays stopped until `yumen kill lift {id}` is given again{en}",
                what(kill).en
            ),
            format!("{}仍停用；须再次执行 `yumen kill lift {id}`{zh}", what(kill).zh),
        );
        Ok(Done::changed(shown(&asked), index, text))
    }

    fn lift_now(
        &mut self,
        actor: &Actor,
        kill: &StoredKill,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let id = &kill.id;
        let (lifted, index) = self.change(|change| {
            if !change.lift(id, actor.id(), now.as_second())? {
                return Err(changed_meanwhile(id));
            }
            let lifted = change.kill(id)?.ok_or_else(|| changed_meanwhile(id))?;
            Ok((lifted, vec![entry(kill, KillAt::Lifted, actor, now)]))
        })?;
        let text = Text::new(
            format!("{id} is lifted: it stops {} no longer", what(kill).en),
            format!("{id} 已解除，不再停用{}", what(kill).zh),
        );
        Ok(Done::changed(shown(&lifted), index, text))
    }

    pub(crate) fn kills(&self) -> Result<Done, DeskError> {
        let kills = self.store.list_kills()?;
        let held = kills.iter().filter(|kill| kill.lifted_at.is_none()).count();
        let text = Text::new(format!("{held} in force"), format!("{held} 项生效"));
        Ok(Done::found(&kills.iter().map(shown).collect::<Vec<_>>(), text))
    }

    /// A stop that names nothing would stop nothing, and whoever gave it would not know.
    fn must_be_known(&self, feature: Option<&str>, market: Option<&str>) -> Result<(), DeskError> {
        if let Some(name) = feature
            && !self.book.features.iter().any(|known| known.as_str() == name)
        {
            return Err(DeskError::Unknown { what: "feature", zh: "功能", name: name.into() });
        }
        if let Some(name) = market
            && !self.book.markets.iter().any(|known| known.id().as_str() == name)
        {
            return Err(DeskError::Unknown { what: "market", zh: "市场", name: name.into() });
        }
        Ok(())
    }
}

fn changed_meanwhile(id: &str) -> DeskError {
    DeskError::Conflict(Text::new(
        format!("{id} was changed by somebody else meanwhile; look at it again"),
        format!("{id} 刚被他人更改，请重新查看"),
    ))
}

fn entry(kill: &StoredKill, at: KillAt, actor: &Actor, now: Timestamp) -> Canonical {
    Canonical::from(Entry::Kill(KillStep {
        at,
        by: actor.id().into(),
        feature: kill.feature.as_deref().map(Into::into),
        id: kill.id.as_str().into(),
        market: kill.market.as_deref().map(Into::into),
        model: kill.model.as_deref().map(Into::into),
        partner: kill.partner.as_deref().map(Into::into),
        reason: Digest::of(kill.reason.as_bytes()).to_string().into(),
        time: now,
    }))
}

/// What a kill stops, for people.
fn what(kill: &StoredKill) -> Text {
    let feature = kill.feature.as_deref();
    let mut en = feature.unwrap_or("every feature").to_owned();
    let mut zh = feature.unwrap_or("所有功能").to_owned();
    let members = [
        (" on the model ", "，模型 ", &kill.model),
        (" at ", "，合作方 ", &kill.partner),
        (" in ", "，市场 ", &kill.market),
    ];
    for (before_en, before_zh, member) in members {
        if let Some(member) = member {
            en = format!("{en}{before_en}{member}");
            zh = format!("{zh}{before_zh}{member}");
        }
    }
    Text::new(en, zh)
}

/// A kill as the desk shows it.
fn shown(kill: &StoredKill) -> Value {
    let state = match (kill.lifted_at, kill.lift_asked_at) {
        (Some(_), _) => "lifted",
        (None, Some(_)) => "lift_asked",
        (None, None) => "in_force",
    };
    let time = |seconds: Option<i64>| seconds.and_then(|at| Timestamp::from_second(at).ok());
    json!({
        "id": kill.id,
        "state": state,
        "feature": kill.feature.as_deref().unwrap_or("*"),
        "market": kill.market,
        "partner": kill.partner,
        "model": kill.model,
        "reason": kill.reason,
        "by": kill.killed_by,
        "since": time(Some(kill.killed_at)),
        "lift_asked_by": kill.lift_asked_by,
        "lift_asked_at": time(kill.lift_asked_at),
        "lifted_by": kill.lifted_by,
        "lifted_at": time(kill.lifted_at),
    })
}
