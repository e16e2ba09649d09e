//! Judging: one device, one feature, one policy, one instant in; one reasoned verdict out.
//!
//! The order of force is fixed. An input that closes (in error, expired, without an account) comes
//! first (`not_eligible`), then a rule or term that fails (`not_eligible`), then the device's
//! management (`not_eligible`), then an unset input (`not_yet`), then what is lacking in market,
//! release, approval or models; only when nothing of the kind is there is the answer `eligible`.
//! Whatever the answer, every reason can be told.
//!
//! Nothing is allocated on the way to an eligible verdict of a device nobody manages.

use std::sync::Arc;

use jiff::Timestamp;

use crate::device::input::InputSet;
use crate::lane::{Bar, Lacking};
use crate::policy::{FeatureEntry, Resolved};
use crate::verdict::{Asked, Code, Findings, Ground, Relation, Relations, Term, TermSet};
use crate::{
    Device, FeatureId, Input, InputName, Limits, Managed, MarketId, Matches, ModelRef, Outcome,
    Places, Policy, Presented, Region, Verdict,
};

/// Judges whether this device may have this feature now.
///
/// 1. The purchase region decides the market. A region of no market: `market_unknown`. A development
///    market that the policy does not open: `sandbox_disabled`. A closed one: `market_closed`. All of
///    them serve nothing.
/// 2. Every rule of the market, and of its overlays where the device is or may be, that applies to the
///    feature must pass.
/// 3. The feature's own terms must be met.
/// 4. Every basic input of the device must be known, except those the terms call optional; every
///    other, if a rule reads it.
/// 5. The profiles that manage the device must allow the feature.
/// 6. The market must be open, a release of it must carry the feature with a model that nothing takes
///    out, and where the market demands approval, one that covers feature, surface, release and model
///    must be in force; nothing of it may be too old.
pub fn judge(policy: &Policy, device: &Device, feature: &FeatureId, now: Timestamp) -> Verdict {
    judge_remembering(policy, device, feature, Matches::NONE, now)
}

/// As [`judge`], for a device that shows when it last was where rules with a grace want it.
///
/// A rule that fails only for where the device is now passes while its grace runs. Grace never grants
/// a first use: a device without a ticket has none.
pub fn judge_remembering(
    policy: &Policy,
    device: &Device,
    feature: &FeatureId,
    matches: &Matches,
    now: Timestamp,
) -> Verdict {
    let at = policy.time(now);
    let verdict = |asked, market, code, ground| Verdict {
        policy: policy.clone(),
        asked,
        market,
        code,
        ground,
        standing: None,
        at,
        until: None,
        uncleared: false,
        missed: None,
    };
    let Some(index) = policy.feature_index(feature) else {
        let asked = Asked::Unknown(feature.clone());
        return verdict(asked, None, Code::FeatureUnknown, Ground::Refused);
    };
    let asked = Asked::Known(index);
    let market = match policy.resolve(device.purchase_region) {
        Resolved::Market(market) => Some(market),
        Resolved::Unset => None,
        Resolved::Unknown => return verdict(asked, None, Code::MarketUnknown, Ground::Refused),
        Resolved::Closed(market) => {
            return verdict(asked, Some(market), Code::MarketClosed, Ground::Refused);
        }
        Resolved::SandboxDisabled(market) => {
            return verdict(asked, Some(market), Code::SandboxDisabled, Ground::Refused);
        }
    };
    let entry = policy.feature_at(index);
    let mut found = Findings {
        states: device.states(),
        read: InputSet::BASIC,
        platform: device.platform.get().copied(),
        relations: relations(policy, market, device),
        provenance: device.provenance.clone(),
        ..Findings::default()
    };
    let mut needed = InputSet::BASIC.without(entry.optional);
    let mut until = None;
    if let Some(market) = market {
        let place = Place { policy, market, feature: index, matches, now: at };
        needed = needed.union(place.rules(device, &mut found, &mut until));
    }
    found.terms = terms(entry, device, market.map(|market| policy.market_at(market).id()));
    let standing = market.map(|market| policy.standing(market, index, now));
    if let (Some(market), Some(management)) = (market, device.management.get()) {
        let market = policy.market_at(market).id();
        let limits = management.limits_in(market);
        let models = standing.and_then(Result::ok).map(|standing| standing.models);
        let barred = || models.and_then(|models| all_barred(models, &limits, feature));
        found.managed = management.allows_feature(market, feature).err().or_else(barred);
        found.limits = (!limits.is_none()).then(|| Arc::new(limits));
    }
    let standing = standing.map(|found| found.map(|standing| standing.approval.is_some()));
    let is_managed =
        found.managed.is_some() || matches!(standing, Some(Err(Lacking::Barred(Bar::Managed(_)))));
    // Profiles are read wherever there are any; where there are none, nothing is missing.
    let closing = found.read.union(InputSet::one(InputName::Management));
    let code = if !found.states.closed().common(closing).is_empty() {
        Code::InputError
    } else if !found.failed.is_empty() || !found.terms.is_empty() {
        Code::RuleFailed
    } else if is_managed {
        Code::ManagedOff
    } else if !found.states.unset.common(needed).is_empty() {
        Code::InputUnset
    } else {
        match standing {
            Some(Err(lacking)) => lacking.into(),
            Some(Ok(_)) => Code::Eligible,
            // Without a market the purchase region is unset or closes, which the cases above are.
            None => Code::InputUnset,
        }
    };
    Verdict { standing, until, ..verdict(asked, market, code, Ground::Device(found)) }
}

/// The key of the profile that takes out the preferred model, where no model is left.
fn all_barred(models: &[ModelRef], limits: &Limits, feature: &FeatureId) -> Option<Managed> {
    let bar = |model: &ModelRef| limits.allows_model(feature, model).err();
    if models.iter().any(|model| bar(model).is_none()) {
        return None;
    }
    models.first().and_then(bar)
}

/// One feature in one market at one instant.
struct Place<'a> {
    policy: &'a Policy,
    market: usize,
    feature: usize,
    matches: &'a Matches,
    now: Timestamp,
}

impl Place<'_> {
    /// Looks at every rule of the lane; returns the inputs that those in force need.
    fn rules(
        &self,
        device: &Device,
        found: &mut Findings,
        until: &mut Option<Timestamp>,
    ) -> InputSet {
        let Self { policy, market, matches, now, .. } = *self;
        found.overlays = overlays(policy, market, device);
        let mut needed = InputSet::default();
        for (at, &place) in policy.lane(market, self.feature).rules.iter().enumerate() {
            let rule = policy.rule_at(market, place);
            let elsewhere = place.overlay.is_some_and(|pack| found.overlays & 1 << pack == 0);
            if elsewhere || rule.spares(device) {
                found.spared.insert(at);
                continue;
            }
            needed = needed.union(rule.reads());
            let ruling = rule.outcome(device, found.states, matches, now);
            if ruling.outcome == Outcome::Fail {
                found.failed.insert(at);
            }
            if ruling.matched {
                found.matched.insert(at);
            }
            if let Some(end) = ruling.until {
                found.graced.insert(at);
                *until = Some(until.map_or(end, |until: Timestamp| until.min(end)));
            }
        }
        found.read = found.read.union(needed);
        needed
    }
}

/// The overlays that are in force for a device: those it is in, and all it may be in.
fn overlays(policy: &Policy, market: usize, device: &Device) -> u16 {
    let mut mask = 0;
    for (at, overlay) in policy.overlays_at(market).iter().enumerate() {
        let may_be_there = match &device.subdivision {
            Input::Set(parts) if !parts.is_empty() => !parts.is_disjoint(overlay.subdivisions()),
            _ => true,
        };
        mask |= u16::from(may_be_there) << at;
    }
    mask
}

fn terms(entry: &FeatureEntry, device: &Device, market: Option<&MarketId>) -> TermSet {
    let terms = entry.terms.terms();
    let mut failed = TermSet::default();
    let mut test = |term, holds: bool| {
        if !holds {
            failed.insert(term);
        }
    };
    if let (Some(only), Some(market)) = (&terms.markets, market) {
        test(Term::Market, only.contains(market));
    }
    if let (Some(classes), Some(class)) = (&terms.classes, device.class.get()) {
        test(Term::Class, classes.contains(class));
    }
    if let (Some(platforms), Some(platform)) = (&terms.platforms, device.platform.get()) {
        match (platforms.get(platform), device.os_version.get()) {
            (None, _) => test(Term::Platform, false),
            (Some(least), Some(version)) => test(Term::OsVersion, version >= least),
            (Some(_), None) => {}
        }
    }
    if let Some(has) = device.capabilities.get() {
        test(Term::Capabilities, terms.capabilities.is_subset(has));
    }
    let (language, assistant) = (device.language.get(), device.assistant_language.get());
    if let Some(language) = language {
        test(Term::Language, entry.languages.holds(language));
    }
    if let Some(assistant) = assistant {
        test(Term::AssistantLanguage, entry.languages.holds(assistant));
    }
    if let (true, Some(language), Some(assistant)) =
        (terms.languages_must_match, language, assistant)
        && language.primary() != assistant.primary()
    {
        failed.insert(Term::LanguagesMatch);
    }
    if let (Some(bands), Some(band)) = (&terms.age_bands, device.age_band.get())
        && !bands.contains(band)
    {
        failed.insert(Term::AgeBand);
    }
    failed
}

/// How the places a device names stand to its market.
fn relations(policy: &Policy, market: Option<usize>, device: &Device) -> Relations {
    let of = |region: Region| match policy.market_index(region) {
        None => Relation::NOWHERE,
        Some(other) if Some(other) == market => Relation::HERE,
        Some(_) => Relation::OTHER,
    };
    let one = |input: &Input<Region>| input.get().map_or_else(Relation::default, |&at| of(at));
    let places = device.location.get().into_iter().flat_map(Places::iter);
    let parts = device.subdivision.get().into_iter().flatten();
    Relations {
        purchase: one(&device.purchase_region),
        billing: one(&device.billing_region),
        location: places.fold(Relation::default(), |all, (region, _)| all.and(of(region))),
        setup: one(&device.setup_region),
        subdivision: parts.fold(Relation::default(), |all, part| all.and(of(part.region()))),
        developer: one(&device.developer_region),
    }
}

/// Judges whether the device behind this assertion may have this feature now.
///
/// The rules were judged when the assertion was made and are not judged again; that the policy is
/// still the same one is what makes this sound. Release, approval, kills, ages and time are looked at
/// anew, and the limits of the device's management hold.
pub fn judge_asserted(
    policy: &Policy,
    presented: &Presented,
    feature: &FeatureId,
    now: Timestamp,
) -> Verdict {
    let assertion = presented.assertion();
    let at = policy.time(now);
    let index = policy.feature_index(feature);
    let place = assertion.market().map(|id| policy.resolve_id(id));
    let market = match place {
        Some(Resolved::Market(at) | Resolved::Closed(at) | Resolved::SandboxDisabled(at)) => {
            Some(at)
        }
        _ => None,
    };
    let mut standing = None;
    let mut limits = None;
    let code = match (index, place) {
        (None, _) => Code::FeatureUnknown,
        _ if at >= assertion.expires() => Code::AssertionExpired,
        // By the clock as it reads: one that was set back is no reason to say something else.
        _ if now < assertion.issued() => Code::AssertionNotYetValid,
        _ if assertion.policy() != policy.digest() => Code::AssertionStale,
        (_, None | Some(Resolved::Unknown | Resolved::Unset)) => Code::MarketUnknown,
        (_, Some(Resolved::Closed(_))) => Code::MarketClosed,
        (_, Some(Resolved::SandboxDisabled(_))) => Code::SandboxDisabled,
        (_, Some(Resolved::Market(_))) if !assertion.features().contains(feature) => {
            Code::FeatureNotInAssertion
        }
        (Some(index), Some(Resolved::Market(market))) => {
            limits = assertion.limits().map(|limits| Arc::new(limits.clone()));
            let found = policy.standing(market, index, now).and_then(|standing| {
                let limits = limits.as_deref();
                match limits.and_then(|limits| all_barred(standing.models, limits, feature)) {
                    Some(key) => Err(Lacking::Barred(Bar::Managed(key))),
                    None => Ok(standing.approval.is_some()),
                }
            });
            standing = Some(found);
            found.err().map_or(Code::Eligible, Code::from)
        }
    };
    Verdict {
        policy: policy.clone(),
        asked: index.map_or_else(|| Asked::Unknown(feature.clone()), Asked::Known),
        market,
        code,
        ground: if standing.is_some() { Ground::Assertion(limits) } else { Ground::Refused },
        standing,
        at,
        until: Some(assertion.expires()),
        uncleared: false,
        missed: None,
    }
}
