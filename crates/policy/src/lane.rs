//! Lanes: all that concerns one feature in one market, worked out once when a policy is made, so that
//! a decision only looks at the clock.
//!
//! A model stands in a lane if the release has it and nothing takes it out: the approval, the
//! residency of the market, the authority's list, a kill, a drift, the operator's management. What
//! takes the preferred model out is what is said when none is left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{
    Approval, ApprovalState, Drift, FeatureTerms, FiledModels, Freshness, Kill, Limits, Managed,
    Management, Market, ModelRef, PackAge, Part, PartnerId, Release, Surface, Turns,
};

/// The most rules that may apply to one feature in one market, its overlays' included.
pub(crate) const MAX_RULES: usize = 128;

/// Where a rule of a lane stands: in the market's own file or in one of its overlays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneRule {
    /// The place of the overlay among the market's; none for the market's own rules.
    pub(crate) overlay: Option<usize>,
    /// The place in the file.
    pub(crate) rule: usize,
}

/// All that concerns one feature in one market.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// The rules that apply to the feature, the market's own first.
    pub(crate) rules: Vec<LaneRule>,
    /// What stops the feature as a whole.
    stop: Option<Bar>,
    /// The newest release first.
    offers: Vec<Offer>,
}

/// A release that carries a feature in a market.
#[derive(Debug)]
struct Offer {
    release: Arc<Release>,
    /// One for each approval that covers it, the one that lasts longest first; where none is needed
    /// exactly one.
    grants: Vec<Grant>,
}

/// One way in which a release may serve a feature.
#[derive(Debug)]
struct Grant {
    approval: Option<Arc<Approval>>,
    /// What is left of the models of the release, in its order.
    models: Arc<[ModelRef]>,
    /// Why none is left.
    bar: Option<Bar>,
    /// How the confirmation of the approval ages.
    turns: Turns,
}

/// What takes a model, or a whole feature, out of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bar {
    /// An operator stopped it.
    Killed,
    /// The partner answers with another model.
    Drifted,
    /// It processes elsewhere than the market allows, or nobody knows where.
    OutOfMarket,
    /// The approval names models, and not this one.
    NotApproved,
    /// It is not on the authority's list.
    NotFiled,
    /// A management profile forbids it.
    Managed(Managed),
}

/// Why a feature may not be served at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lacking {
    /// The clock was set back.
    Clock,
    /// Nothing is served in the market yet.
    Preparing,
    /// Something takes out the feature, or every model it could be served by.
    Barred(Bar),
    /// Something is too old.
    Stale(Part),
    /// No release of the market carries it with a model.
    Release,
    /// No approval covers it.
    Approval,
    /// The approval has not begun.
    ApprovalToCome,
    /// The approval has ended.
    ApprovalOver,
    /// The approval is stopped for now.
    ApprovalSuspended,
    /// The approval was taken back.
    ApprovalRevoked,
}

/// What a feature may be served under at one instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) release: &'a Arc<Release>,
    pub(crate) approval: Option<&'a Arc<Approval>>,
    pub(crate) models: &'a Arc<[ModelRef]>,
    /// When what it rests on is next too old, if ever.
    pub(crate) turn: Option<Timestamp>,
}

/// What lanes are made from, besides markets and terms.
pub(crate) struct LaneSource<'a> {
    pub(crate) releases: &'a [Arc<Release>],
    pub(crate) approvals: &'a [Arc<Approval>],
    pub(crate) kills: &'a [Kill],
    pub(crate) drifts: &'a [Drift],
    pub(crate) filed: Option<&'a FiledModels>,
    pub(crate) confirmed: &'a BTreeMap<String, Timestamp>,
    pub(crate) management: &'a Management,
    pub(crate) reachable: Option<&'a BTreeSet<PartnerId>>,
}

impl Lane {
    /// The lane of one feature in one market, without its rules.
    pub(crate) fn new(source: &LaneSource<'_>, market: &Market, terms: &FeatureTerms) -> Self {
        let (id, feature) = (market.id(), terms.id());
        let killed = source.kills.iter().any(|kill| kill.stops_feature(id, feature));
        let managed = source.management.allows_feature(id, feature).err().map(Bar::Managed);
        let limits = source.management.limits_in(id);
        let offers = source.releases.iter().rev().filter(|release| release.market() == id);
        let offers = offers.filter_map(|release| {
            let models = &release.feature(feature)?.models;
            let grant = |approval: Option<&Arc<Approval>>| {
                let (models, bar) = source.left(models, |model| {
                    source.bar(market, terms, &limits, approval.map(Arc::as_ref), model)
                });
                let turns = approval.map_or(Turns::NEVER, |approval| {
                    let confirmed = source.confirmed.get(approval.number()).copied();
                    let dated = approval.confirmed_at().max(confirmed.unwrap_or(Timestamp::MIN));
                    market.freshness().turns(Part::Approval, Some(dated))
                });
                Grant { approval: approval.map(Arc::clone), models, bar, turns }
            };
            let mut grants: Vec<Grant> = if market.approval().is_required() {
                let covers = |approval: &&Arc<Approval>| {
                    approval.signers().len() >= market.approval().signers()
                        && approval.covers(id, feature, terms.surface(), release.digest())
                };
                source
                    .approvals
                    .iter()
                    .filter(covers)
                    .map(|approval| grant(Some(approval)))
                    .collect()
            } else {
                vec![grant(None)]
            };
            // In an order of their own, so that the order they came in does not matter.
            grants.sort_by(|one, other| {
                let key = |grant: &Grant| {
                    let record = grant.approval.as_ref()?.record();
                    Some((record.valid_until, record.number.clone(), record.digest()))
                };
                key(other).cmp(&key(one))
            });
            (!models.is_empty()).then(|| Offer { release: Arc::clone(release), grants })
        });
        let stop = if killed { Some(Bar::Killed) } else { managed };
        Self { rules: Vec::new(), stop, offers: offers.collect() }
    }

    /// What the feature may be served under now: in a market that demands approval the newest release
    /// with one in force (of several, the one that lasts longest), elsewhere the newest release.
    ///
    /// A release whose models are all out is not passed over for an older one: what stopped them
    /// stops the feature, until a newer release is there.
    pub(crate) fn standing(
        &self,
        market: &Market,
        surface: Surface,
        now: Timestamp,
    ) -> Result<Standing<'_>, Lacking> {
        if let Some(bar) = self.stop {
            return Err(Lacking::Barred(bar));
        }
        if self.offers.is_empty() {
            return Err(Lacking::Release);
        }
        let required = market.approval().is_required();
        for offer in &self.offers {
            let in_force = |grant: &&Grant| match &grant.approval {
                Some(approval) => approval.in_force(now),
                None => !required,
            };
            let mut grants = offer.grants.iter().filter(in_force).peekable();
            let Some(first) = grants.peek().copied() else {
                continue;
            };
            return match grants.find(|grant| grant.lacks(surface, now).is_none()) {
                Some(grant) => Ok(Standing {
                    release: &offer.release,
                    approval: grant.approval.as_ref(),
                    models: &grant.models,
                    turn: grant.turns.next(now),
                }),
                // In this arm the first lacks something, as all of them do.
                None => Err(first.lacks(surface, now).unwrap_or(Lacking::Approval)),
            };
        }
        Err(self.unapproved(now))
    }

    /// What is nearest to an approval in force, where there is none.
    fn unapproved(&self, now: Timestamp) -> Lacking {
        const NEAREST: [(ApprovalState, Lacking); 4] = [
            (ApprovalState::Suspended, Lacking::ApprovalSuspended),
            (ApprovalState::ToCome, Lacking::ApprovalToCome),
            (ApprovalState::Expired, Lacking::ApprovalOver),
            (ApprovalState::Revoked, Lacking::ApprovalRevoked),
        ];
        let grants = self.offers.iter().flat_map(|offer| &offer.grants);
        let states = grants.filter_map(|grant| Some(grant.approval.as_ref()?.state(now)));
        let nearest = NEAREST.iter().find(|(state, _)| states.clone().any(|is| is == *state));
        nearest.map_or(Lacking::Approval, |(_, lacking)| *lacking)
    }

    /// Every approval that covers the feature, with how its confirmation ages.
    pub(crate) fn aging(&self) -> impl Iterator<Item = (&Approval, &Turns)> {
        let grants = self.offers.iter().flat_map(|offer| &offer.grants);
        grants.filter_map(|grant| Some((grant.approval.as_deref()?, &grant.turns)))
    }
}

impl Grant {
    fn lacks(&self, surface: Surface, now: Timestamp) -> Option<Lacking> {
        if self.turns.step(now).stops(surface) {
            Some(Lacking::Stale(Part::Approval))
        } else {
            self.bar.map(Lacking::Barred)
        }
    }
}

impl LaneSource<'_> {
    /// The models that nothing takes out, else why none is left. A model that nobody here can be
    /// asked for does not hide what took out one that could be.
    fn left(
        &self,
        models: &[ModelRef],
        bar: impl Fn(&ModelRef) -> Option<Bar>,
    ) -> (Arc<[ModelRef]>, Option<Bar>) {
        let within_reach = |model: &&ModelRef| {
            model.partner.is_device()
                || self.reachable.is_none_or(|partners| partners.contains(&model.partner))
        };
        let left = filter(models, &bar);
        if left.0.iter().any(|model| within_reach(&model)) {
            return left;
        }
        match models.iter().filter(within_reach).find_map(bar) {
            Some(bar) => (Arc::from([]), Some(bar)),
            None => left,
        }
    }

    /// What takes this model out, if anything.
    fn bar(
        &self,
        market: &Market,
        terms: &FeatureTerms,
        limits: &Limits,
        approval: Option<&Approval>,
        model: &ModelRef,
    ) -> Option<Bar> {
        let (id, feature) = (market.id(), terms.id());
        if self.kills.iter().any(|kill| kill.stops_model(id, feature, model)) {
            return Some(Bar::Killed);
        }
        if self.drifts.iter().any(|drift| drift.stops(id, model)) {
            return Some(Bar::Drifted);
        }
        let on_device = model.partner.is_device();
        if let Some(residency) = market.residency().filter(|_| !on_device) {
            let inside = |region| residency.processing().contains(&region);
            if !model.region.is_some_and(inside) {
                return Some(Bar::OutOfMarket);
            }
        }
        if approval.is_some_and(|approval| !approval.covers_model(model)) {
            return Some(Bar::NotApproved);
        }
        if !on_device && !self.is_filed(market, approval, model) {
            return Some(Bar::NotFiled);
        }
        limits.allows_model(feature, model).err().map(Bar::Managed)
    }

    /// Whether the authority's list has the model: always where the market asks for it, else where
    /// both the list and a number are there.
    fn is_filed(&self, market: &Market, approval: Option<&Approval>, model: &ModelRef) -> bool {
        let number = match approval {
            Some(approval) => approval.filing_of(model),
            None => model.filing.as_deref(),
        };
        match (self.filed, number) {
            (Some(filed), Some(number)) => filed.by_number(number).is_some(),
            _ => !market.approval().wants_filed_models(),
        }
    }
}

/// The models that nothing takes out; where that is none, what takes out the preferred one.
pub(crate) fn filter(
    models: &[ModelRef],
    bar: impl Fn(&ModelRef) -> Option<Bar>,
) -> (Arc<[ModelRef]>, Option<Bar>) {
    let left: Arc<[ModelRef]> =
        models.iter().filter(|model| bar(model).is_none()).cloned().collect();
    let bar = if left.is_empty() { models.first().and_then(bar) } else { None };
    (left, bar)
}

/// How a market's rules and packs age.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aging {
    pub(crate) policy: Turns,
    pub(crate) packs: Turns,
}

impl Aging {
    pub(crate) fn new<'a>(
        freshness: &Freshness,
        issued: Option<Date>,
        packs: impl IntoIterator<Item = &'a PackAge>,
    ) -> Self {
        let midnight = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
        Self {
            policy: freshness.turns(Part::Policy, issued.and_then(midnight)),
            packs: freshness.turns_of_packs(packs),
        }
    }

    /// What is too old for a feature of this surface.
    pub(crate) fn lacks(&self, surface: Surface, now: Timestamp) -> Option<Part> {
        if self.policy.step(now).stops(surface) {
            Some(Part::Policy)
        } else if self.packs.step(now).stops(surface) {
            Some(Part::Packs)
        } else {
            None
        }
    }
}
