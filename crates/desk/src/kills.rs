//! The kill switch: stopping at once, lifting in two commands.

use jiff::Timestamp;
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Entry, KillAt, KillStep};
use yumen_policy::{Digest, Hand, Kill, KillId, KillScope, LiftState, PolicyError, Text};
use yumen_store::new_id;

use crate::holdings::{kills, parsed, releases, written};
use crate::{Actor, Desk, DeskError, Done, KillOrder};

impl Desk {
    pub(crate) fn kill(
        &mut self,
        actor: &Actor,
        order: KillOrder,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let KillOrder { feature, market, partner, model, reason } = order;
        let scope = KillScope { feature: Some(feature), market, partner, model };
        self.must_be_known(&scope)?;
        let id: KillId = new_id("kill")?.parse().map_err(|error| invalid(&error))?;
        let kill =
            Kill::new(id, scope, &reason, actor.hand(), now).map_err(|error| invalid(&error))?;
        let json = written("kill", &kill)?;
        let ((), index) = self.change(|change| {
            change.add_kill(kill.id.as_str(), &json, now.as_second())?;
            Ok(((), vec![entry(&kill, KillAt::Killed, actor, now)]))
        })?;
        let what = what(&kill.scope);
        let text = Text::new(
            format!("{}: stopped {}", kill.id, what.en),
            format!("{}：已停用{}", kill.id, what.zh),
        );
        Ok(Done::changed(shown(&kill), index, text))
    }

    /// The first command asks, the second lifts.
    pub(crate) fn lift(
        &mut self,
        actor: &Actor,
        id: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let hand = actor.hand();
        let ((kill, state), index) = self.change(|change| {
            let Some(stored) = change.kill(id)? else {
                return Err(DeskError::Unknown { what: "kill", zh: "停用", name: id.into() });
            };
            let mut kill: Kill = parsed("kill", &stored)?;
            let state = lift(&mut kill, &hand, now)?;
            change.update_kill(id, &written("kill", &kill)?)?;
            let at = match state {
                LiftState::Lifted => KillAt::Lifted,
                LiftState::Standing | LiftState::Asked => KillAt::LiftAsked,
            };
            let entry = entry(&kill, at, actor, now);
            Ok(((kill, state), vec![entry]))
        })?;
        let what = what(&kill.scope);
        let text = match (state, hand.person) {
            (LiftState::Lifted, _) => Text::new(
                format!("{id}: lifted; it stops {} no longer", what.en),
                format!("{id}：已解除，不再停用{}", what.zh),
            ),
            (_, true) => Text::new(
                format!(
                    "{id}: still stops {}, until another person gives this command too",
                    what.en
                ),
                format!("{id}：仍停用{}，须由另一人再次执行此命令", what.zh),
            ),
            (_, false) => Text::new(
                format!("{id}: still stops {}, until this command is given again", what.en),
                format!("{id}：仍停用{}，须再次执行此命令", what.zh),
            ),
        };
        Ok(Done::changed(shown(&kill), index, text))
    }

    pub(crate) fn kills(&self) -> Result<Done, DeskError> {
        let kills = kills(&self.store)?;
        let held = kills.iter().filter(|kill| kill.is_in_force()).count();
        let text = Text::new(format!("{held} in force"), format!("{held} 项生效"));
        Ok(Done::found(&kills.iter().map(shown).collect::<Vec<_>>(), text))
    }

    /// A stop that names nothing would stop nothing, and whoever gave it would not know.
    fn must_be_known(&self, scope: &KillScope) -> Result<(), DeskError> {
        let unknown = |what, zh, name: &dyn ToString| {
            Err(DeskError::Unknown { what, zh, name: name.to_string() })
        };
        if let Some(named) = &scope.feature
            && !self.book.features.iter().any(|known| named.selects(known))
        {
            return unknown("feature", "功能", named);
        }
        if let Some(named) = &scope.market
            && !self.book.markets.iter().any(|known| known.id() == named)
        {
            return unknown("market", "市场", named);
        }
        let stored = releases(&self.store)?;
        let mut models =
            self.book.releases.iter().chain(&stored).flat_map(|release| {
                release.features().flat_map(|(_, feature)| feature.models.iter())
            });
        let fits = |model: &yumen_policy::ModelRef| {
            scope.partner.as_ref().is_none_or(|named| *named == model.partner)
                && scope.model.as_ref().is_none_or(|named| *named == model.model)
        };
        match (&scope.partner, &scope.model) {
            (None, None) => Ok(()),
            _ if models.any(fits) => Ok(()),
            (partner, Some(model)) => {
                let partner = partner.as_ref().map_or_else(String::new, |p| format!("{p}/"));
                unknown("model", "模型", &format!("{partner}{model}"))
            }
            (Some(partner), None) => unknown("partner", "合作方", partner),
        }
    }
}

fn lift(kill: &mut Kill, hand: &Hand, now: Timestamp) -> Result<LiftState, DeskError> {
    let state = kill.state();
    kill.lift(hand.clone(), now).map_err(|error| match state {
        LiftState::Asked => DeskError::SamePerson { name: hand.name.clone() },
        LiftState::Standing | LiftState::Lifted => {
            let zh = format!("{}：已经解除", kill.id);
            DeskError::Conflict(Text::new(error.to_string(), zh))
        }
    })
}

fn invalid(error: &PolicyError) -> DeskError {
    DeskError::Invalid(error.to_string())
}

fn entry(kill: &Kill, at: KillAt, actor: &Actor, now: Timestamp) -> Canonical {
    let KillScope { feature, market, partner, model } = &kill.scope;
    Canonical::from(Entry::Kill(KillStep {
        at,
        by: actor.id().into(),
        feature: feature.as_ref().map(|feature| feature.to_string().into()),
        id: kill.id.as_str().into(),
        market: market.as_ref().map(|id| id.as_str().into()),
        model: model.as_ref().map(|id| id.as_str().into()),
        partner: partner.as_ref().map(|id| id.as_str().into()),
        reason: Digest::of(kill.reason.as_bytes()).to_string().into(),
        time: now,
    }))
}

/// What a kill stops, for people.
fn what(scope: &KillScope) -> Text {
    let feature = scope.feature.as_ref().map(ToString::to_string).filter(|named| named != "*");
    let mut en = feature.clone().unwrap_or_else(|| "every feature".to_owned());
    let mut zh = feature.unwrap_or_else(|| "所有功能".to_owned());
    let members = [
        (" on the model ", "，模型 ", scope.model.as_ref().map(ToString::to_string)),
        (" at ", "，合作方 ", scope.partner.as_ref().map(ToString::to_string)),
        (" in ", "，市场 ", scope.market.as_ref().map(ToString::to_string)),
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
fn shown(kill: &Kill) -> Value {
    let KillScope { feature, market, partner, model } = &kill.scope;
    json!({
        "id": kill.id,
        "state": kill.state().as_str(),
        "feature": feature.as_ref().map_or_else(|| "*".to_owned(), ToString::to_string),
        "market": market,
        "partner": partner,
        "model": model,
        "reason": kill.reason,
        "by": kill.by.name,
        "since": kill.since,
        "lifts": kill.lifts().iter().map(|lift| json!({"by": lift.by.name, "at": lift.at})).collect::<Vec<_>>(),
    })
}
