//! The models that may answer one prompt, in the order in which they are asked.

use std::{sync::Arc, time::Duration};

use yumen_policy::Clearance;
use yumen_wire::Usage;

use crate::{
    Stray,
    balance::{self, Choice},
    breaker::Admit,
    capabilities::{Ability, Needs},
    in_market::InMarket,
    keys::Pick,
    lane::Lane,
    partner::Partner,
    partners::Shared,
    sticky::Conversation,
};

/// A model of the clearance, at a partner inside its market, that can do what is asked.
pub(crate) struct Candidate {
    /// Which of the clearance's models.
    pub(crate) chosen: usize,
    pub(crate) partner: InMarket,
    pub(crate) lane: Arc<Lane>,
    /// How often it was asked for this answer.
    pub(crate) tries: u8,
    /// Whether it is not asked (again).
    pub(crate) out: bool,
    /// Whether it refused to go on from a beginning.
    pub(crate) refuses_prefix: bool,
    /// Not before then.
    pub(crate) from: Duration,
}

/// Why a model of a clearance is no candidate.
pub(crate) enum PassedOver {
    /// Its address leads outside the market.
    Stray(Stray),
    /// It cannot do what is asked.
    Lacks(Ability),
}

impl Candidate {
    /// The model at this place of a clearance.
    pub(crate) fn of(
        clearance: &Clearance,
        chosen: usize,
        partner: &Arc<Partner>,
        needs: &Needs,
    ) -> Result<Self, PassedOver> {
        let partner = InMarket::of(partner, clearance).map_err(PassedOver::Stray)?;
        let lane = Arc::clone(partner.lanes.of(&clearance.models()[chosen].model));
        let lacks = lane.can.lacks(needs).or_else(|| {
            let cannot = needs.prefix && partner.protocol.prefix().is_none();
            cannot.then_some(Ability::Prefix)
        });
        match lacks {
            Some(lacks) => Err(PassedOver::Lacks(lacks)),
            None => Ok(Self {
                chosen,
                partner,
                lane,
                tries: 0,
                out: false,
                refuses_prefix: false,
                from: Duration::ZERO,
            }),
        }
    }

    /// Whether it can go on from the beginning of an answer.
    pub(crate) fn continues(&self) -> bool {
        !self.refuses_prefix
            && self.lane.can.prefix == Some(true)
            && self.partner.protocol.prefix().is_some()
    }

    /// Whether it is better left alone for now, and before when it must not be asked.
    pub(crate) fn standing(&self, now: Duration) -> (bool, Duration) {
        let (mut resting, mut from) = (false, self.from);
        match self.lane.look(now) {
            Admit::Free | Admit::Probe => {}
            Admit::Resting(_) => resting = true,
            Admit::Told(until) => from = from.max(until),
        }
        match self.partner.keys_rest(&self.lane, now) {
            None => {}
            Some(Pick::Key(_)) => resting = true,
            Some(Pick::Resting(until)) => from = from.max(until),
        }
        (resting, from)
    }
}

/// Puts candidates into the order in which they are asked; `usage` is what the answer may take.
pub(crate) fn order(
    candidates: Vec<Candidate>,
    shared: &Shared,
    usage: &Usage,
    conversation: Option<Conversation>,
) -> Vec<Candidate> {
    let now = shared.now();
    let familiar = conversation.and_then(|conversation| shared.sticky.recall(conversation, now));
    let choices: Vec<Choice> = candidates
        .iter()
        .map(|candidate| {
            let (resting, from) = candidate.standing(now);
            Choice {
                priority: candidate.partner.priority,
                weight: candidate.partner.weight,
                cost: candidate.lane.price.map(|price| price.of(usage)),
                latency: candidate.lane.latency(now),
                busy: candidate.lane.busy(),
                resting: resting || from > now,
                familiar: familiar == Some(candidate.lane.number),
            }
        })
        .collect();
    let order = balance::order(shared.routing.strategy, &choices, || shared.chance.fraction());
    let mut candidates: Vec<_> = candidates.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| candidates[place].take()).collect()
}
