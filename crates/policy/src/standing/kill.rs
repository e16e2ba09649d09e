//! Kills: what an operator stopped at once, and how it may be lifted again.
//!
//! A kill names a feature, a market, a partner, a model, or any of them together; what it leaves out
//! is meant in full. It only takes away: no number of kills opens anything. Stopping takes one
//! command, lifting takes two, and of two identified people both.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    FeatureId, FeatureSelector, KillId, MarketId, ModelId, ModelRef, PartnerId, PolicyError, Text,
};

/// Who gave a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hand {
    /// The name in the record: that of the signer or of the admin key, or `local`.
    pub name: String,
    /// Whether the name stands for one person. The local operator and the demo's key do not: what
    /// needs two people is not asked of them.
    #[serde(default)]
    pub person: bool,
}

impl Hand {
    /// A command of this identified person.
    pub fn person(name: impl Into<String>) -> Self {
        Self { name: name.into(), person: true }
    }

    /// A command of whoever has the program in hand: on its data folder, or with the demo's key.
    pub fn unnamed(name: impl Into<String>) -> Self {
        Self { name: name.into(), person: false }
    }
}

/// A command to lift a kill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// Who gave it.
    pub by: Hand,
    /// When.
    pub at: Timestamp,
}

/// How far the lifting of a kill has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiftState {
    /// Nobody asked: the kill stops what it names.
    Standing,
    /// The first command came; the kill still stops what it names.
    Asked,
    /// The second command came: the kill stops nothing any more.
    Lifted,
}

impl LiftState {
    /// The word for it in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Asked => "asked",
            Self::Lifted => "lifted",
        }
    }
}

/// What a kill stops. What is absent is meant in full, so that the empty scope stops everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KillScope {
    /// These features.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<FeatureSelector>,
    /// In this market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketId>,
    /// At this partner; whole features stop only where neither partner nor model is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// On this model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelId>,
}

impl KillScope {
    fn reaches(&self, market: &MarketId, feature: &FeatureId) -> bool {
        self.market.as_ref().is_none_or(|named| named == market)
            && self.feature.as_ref().is_none_or(|named| named.selects(feature))
    }
}

/// Something stopped at once, by an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// By which it is lifted.
    pub id: KillId,
    /// What it stops.
    #[serde(default)]
    pub scope: KillScope,
    /// Why, in the operator's words; for the record and the operators, not for people.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// Who gave the command.
    pub by: Hand,
    /// The commands to lift it, the first one first; at most two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lifts: Vec<Lift>,
}

/// Longer reasons are refused.
const MAX_REASON: usize = 1000;

impl Kill {
    /// Stops what `scope` names from now on.
    ///
    /// # Errors
    /// [`PolicyError::Form`] if the reason is empty or longer than 1000 bytes.
    pub fn new(
        id: KillId,
        scope: KillScope,
        reason: &str,
        by: Hand,
        now: Timestamp,
    ) -> Result<Self, PolicyError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > MAX_REASON {
            let form = "some words that say why, at most 1000 bytes";
            return Err(PolicyError::form("reason", reason, form));
        }
        Ok(Self { id, scope, reason: reason.into(), since: now, by, lifts: Vec::new() })
    }

    /// The commands to lift it so far.
    pub fn lifts(&self) -> &[Lift] {
        &self.lifts
    }

    /// How far its lifting has come.
    ///
    /// Read from the commands each time: a stored kill with two commands of one and the same person
    /// is not lifted, whoever wrote it.
    pub fn state(&self) -> LiftState {
        match &*self.lifts {
            [] => LiftState::Standing,
            [first, rest @ ..] if rest.iter().any(|lift| differ(&first.by, &lift.by)) => {
                LiftState::Lifted
            }
            _ => LiftState::Asked,
        }
    }

    /// Takes a command to lift it: the first asks, the second confirms.
    ///
    /// # Errors
    /// [`PolicyError::Kill`] if it is lifted already, or if the person who asked would confirm.
    pub fn lift(&mut self, by: Hand, now: Timestamp) -> Result<LiftState, PolicyError> {
        let wrong = |problem: &str| {
            Err(PolicyError::Kill { kill: self.id.clone(), problem: problem.into() })
        };
        match (self.state(), self.lifts.first()) {
            (LiftState::Lifted, _) => return wrong("it is lifted already"),
            (LiftState::Asked, Some(first)) if !differ(&first.by, &by) => {
                return wrong("whoever asked to lift it cannot confirm; another person must");
            }
            _ => self.lifts.push(Lift { by, at: now }),
        }
        Ok(self.state())
    }

    /// Whether it stops anything still.
    pub fn is_in_force(&self) -> bool {
        self.state() != LiftState::Lifted
    }

    /// Whether it stops this feature as a whole in this market.
    pub fn stops_feature(&self, market: &MarketId, feature: &FeatureId) -> bool {
        self.scope.partner.is_none()
            && self.scope.model.is_none()
            && self.is_in_force()
            && self.scope.reaches(market, feature)
    }

    /// Whether it stops this model for this feature in this market; so does a kill of the whole
    /// feature. A model is meant by its own name or by what its partner calls it in answers.
    pub fn stops_model(&self, market: &MarketId, feature: &FeatureId, model: &ModelRef) -> bool {
        self.scope.partner.as_ref().is_none_or(|partner| *partner == model.partner)
            && self
                .scope
                .model
                .as_ref()
                .is_none_or(|named| *named == model.model || model.reports.contains(named.as_str()))
            && self.is_in_force()
            && self.scope.reaches(market, feature)
    }

    /// What a person is told whose feature it stopped.
    pub fn text() -> Text {
        Text::new("The operator has stopped this feature here for now.", "运营者已在此暂停该功能。")
    }

    /// What that person can do.
    pub fn next_step() -> Text {
        Text::new("Wait until the operator lets it run again.", "请等待运营者恢复该功能。")
    }
}

/// Whether two commands may count as those of two hands.
fn differ(first: &Hand, second: &Hand) -> bool {
    !(first.person && second.person && first.name == second.name)
}
