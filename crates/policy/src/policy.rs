//! The policy: one immutable snapshot of markets, terms, releases and approvals, indexed to judge by.
//!
//! It is swapped whole when anything changes; what is under way keeps the snapshot it began with.
//! Its digest names what devices are judged by, in verdicts, assertions and records. What is looked
//! at anew on every request does not change it: kills, drifts, the list of filed models, ages and the
//! clock; so an assertion outlives them, and they stop it all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::canonical::PlainData;
use crate::checks::TermChecks;
use crate::device::input::InputSet;
use crate::lane::{Aging, Lacking, Lane, LaneRule, LaneSource, MAX_RULES, Standing};
use crate::market::clause::Languages;
use crate::{
    Approval, Device, Digest, Drift, Elsewhere, FeatureId, FeatureTerms, FiledModels, HighWater,
    Input, Kill, Management, Market, MarketId, MarketState, Overlay, PackAge, Part, PartnerId,
    PolicyError, Region, Release, Rule, Step, Subdivision,
};

/// The most overlays a market may have.
const MAX_OVERLAYS: usize = 16;

/// What a policy is made from.
#[derive(Debug, Default)]
pub struct PolicySource {
    /// The markets.
    pub markets: Vec<Market>,
    /// More rules for parts of markets.
    pub overlays: Vec<Overlay>,
    /// What devices of no market are told.
    pub elsewhere: Option<Elsewhere>,
    /// The terms of every feature there is.
    pub terms: Vec<FeatureTerms>,
    /// The releases, the oldest first: of those that may be served, the newest is.
    pub releases: Vec<Release>,
    /// The approvals, verified; those in force are picked when a verdict is made.
    pub approvals: Vec<Approval>,
    /// What operators stopped; those that are lifted stop nothing.
    pub kills: Vec<Kill>,
    /// The models that were seen to answer as others than were approved.
    pub drifts: Vec<Drift>,
    /// The authority's list of filed models, where the operator imported one.
    pub filed: Option<FiledModels>,
    /// The screening packs in use, with when they were issued.
    pub packs: Vec<PackAge>,
    /// When each approval, by its number, was last confirmed to stand, where that is not part of it.
    pub confirmed: BTreeMap<String, Timestamp>,
    /// What the operator leaves switched off for every device.
    pub management: Management,
    /// The partners that can be asked here; none given: any. A model of another is approved all the
    /// same, and is no reason to keep quiet about what stopped the ones that can be.
    pub reachable: Option<BTreeSet<PartnerId>>,
    /// The latest instant ever known here.
    pub high_water: Option<HighWater>,
    /// Whether development markets answer; never where real people are served.
    pub sandbox: bool,
}

/// A feature with the checks its terms come down to.
#[derive(Debug)]
pub(crate) struct FeatureEntry {
    pub(crate) terms: FeatureTerms,
    pub(crate) languages: Languages,
    pub(crate) optional: InputSet,
    pub(crate) checks: TermChecks,
}

/// What is in force in a market besides its own file.
#[derive(Debug)]
struct Beside {
    overlays: Vec<Overlay>,
    aging: Aging,
}

/// Where the purchase region of a device leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// To this market, by index.
    Market(usize),
    /// To a market where nothing is ever served.
    Closed(usize),
    /// To a development market, which this policy does not open.
    SandboxDisabled(usize),
    /// To no market.
    Unknown,
    /// Nowhere: the region is not known.
    Unset,
}

/// The immutable snapshot that every decision is made on. A copy is a handle on the same one.
#[derive(Clone)]
pub struct Policy(Arc<Snapshot>);

impl fmt::Debug for Policy {
    /// Its digest: a policy holds whole catalogues, and is part of every verdict.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Policy").field(&self.0.digest).finish()
    }
}

#[derive(Debug)]
struct Snapshot {
    markets: Vec<Market>,
    /// One for each market.
    beside: Vec<Beside>,
    elsewhere: Option<Elsewhere>,
    features: Vec<FeatureEntry>,
    by_market: BTreeMap<MarketId, usize>,
    /// For each region its market, by index, plus one; zero for none.
    by_region: Box<[u16; 26 * 26]>,
    by_feature: BTreeMap<FeatureId, usize>,
    /// One lane for each market and feature, market by market.
    lanes: Vec<Lane>,
    releases: Vec<Arc<Release>>,
    high_water: Option<HighWater>,
    sandbox: bool,
    digest: Digest,
}

impl Policy {
    /// Indexes the source and checks that its parts fit together.
    ///
    /// An approval of a market or a release that is not here covers nothing and does no harm; every
    /// other reference must resolve.
    ///
    /// # Errors
    /// Two markets or features of one id, a region of two markets, an overlay of no market or of a
    /// part of none of its regions, terms that name an unknown market, a rule or duty that selects an
    /// unknown feature, a release of an unknown market or with an unknown feature, a release given
    /// twice, more than 128 rules for one feature.
    pub fn new(source: PolicySource) -> Result<Self, PolicyError> {
        let digest = digest_of(&source);
        let PolicySource { markets, overlays, terms, releases, approvals, sandbox, .. } = source;

        let mut by_market = BTreeMap::new();
        let mut by_region = Box::new([0; 26 * 26]);
        for (index, market) in markets.iter().enumerate() {
            if by_market.insert(market.id().clone(), index).is_some() {
                return Err(PolicyError::MarketTwice(market.id().clone()));
            }
            for &region in market.regions() {
                let slot: &mut u16 = &mut by_region[region.index()];
                if *slot != 0 {
                    let (first, second) = (usize::from(*slot) - 1, market.id().clone());
                    let first = markets[first].id().clone();
                    return Err(PolicyError::RegionTwice { region, first, second });
                }
                // Each market has a region of its own, and there are 676.
                *slot = u16::try_from(index + 1).unwrap_or(u16::MAX);
            }
        }
        let mut beside: Vec<Beside> = markets
            .iter()
            .map(|market| {
                let packs = source.packs.iter().filter(|pack| pack.is_in(market.id()));
                let aging = Aging::new(market.freshness(), market.issued(), packs);
                Beside { overlays: Vec::new(), aging }
            })
            .collect();
        place(overlays, &markets, &mut beside, &by_market)?;

        let mut by_feature = BTreeMap::new();
        let mut features = Vec::with_capacity(terms.len());
        for terms in terms {
            if by_feature.insert(terms.id().clone(), features.len()).is_some() {
                return Err(PolicyError::FeatureTwice(terms.id().clone()));
            }
            let only = terms.terms().markets.iter().flatten();
            if let Some(market) = only.into_iter().find(|market| !by_market.contains_key(*market)) {
                let problem = format!("`markets` names `{market}`, which is no market");
                return Err(PolicyError::Terms { feature: terms.id().clone(), problem });
            }
            let checks = TermChecks::of(&terms);
            let languages = terms.terms().spoken();
            let optional = terms.terms().optional.iter().copied().collect();
            features.push(FeatureEntry { terms, languages, optional, checks });
        }
        check_selectors(&markets, &beside, &by_feature)?;

        let releases: Vec<_> = releases.into_iter().map(Arc::new).collect();
        check_releases(&releases, &by_market, &by_feature)?;

        let approvals: Vec<_> = approvals.into_iter().map(Arc::new).collect();
        let lane_source = LaneSource {
            releases: &releases,
            approvals: &approvals,
            kills: &source.kills,
            drifts: &source.drifts,
            filed: source.filed.as_ref(),
            confirmed: &source.confirmed,
            management: &source.management,
            reachable: source.reachable.as_ref(),
        };
        let mut lanes = Vec::with_capacity(markets.len() * features.len());
        for (market, beside) in markets.iter().zip(&beside) {
            for feature in &features {
                let mut lane = Lane::new(&lane_source, market, &feature.terms);
                lane.rules = rules_for(market, &beside.overlays, &feature.terms)?;
                lanes.push(lane);
            }
        }
        Ok(Self(Arc::new(Snapshot {
            markets,
            beside,
            elsewhere: source.elsewhere,
            features,
            by_market,
            by_region,
            by_feature,
            lanes,
            releases,
            high_water: source.high_water,
            sandbox,
            digest,
        })))
    }

    /// The digest of everything devices are judged by: markets, overlays, terms, releases, approvals,
    /// the operator's management, and whether development markets answer.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Whether the other handle is on the very same snapshot, or on one of the same content.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.digest == other.0.digest
    }

    /// A market by its id.
    pub fn market(&self, id: &MarketId) -> Option<&Market> {
        self.0.by_market.get(id).map(|&index| &self.0.markets[index])
    }

    /// All markets.
    pub fn markets(&self) -> &[Market] {
        &self.0.markets
    }

    /// What devices of no market are told, if there is a file that says it.
    pub fn elsewhere(&self) -> Option<&Elsewhere> {
        self.0.elsewhere.as_ref()
    }

    /// All releases, the oldest first.
    pub fn releases(&self) -> impl ExactSizeIterator<Item = &Release> {
        self.0.releases.iter().map(Arc::as_ref)
    }

    /// The terms of all features.
    pub fn features(&self) -> impl ExactSizeIterator<Item = &FeatureTerms> {
        self.0.features.iter().map(|entry| &entry.terms)
    }

    /// Whether development markets answer.
    pub fn opens_sandbox(&self) -> bool {
        self.0.sandbox
    }

    /// The market a device belongs to, if there is one that answers.
    pub fn market_of(&self, device: &Device) -> Option<&Market> {
        match self.resolve(device.purchase_region) {
            Resolved::Market(index) => Some(self.market_at(index)),
            _ => None,
        }
    }

    /// What of a market has passed its age: its rules, its packs, and each approval by its number.
    /// What is fresh is not listed.
    pub fn aging(&self, market: &MarketId, now: Timestamp) -> Vec<(Part, Option<&str>, Step)> {
        let Some(&index) = self.0.by_market.get(market) else {
            return Vec::new();
        };
        let now = self.time(now);
        let Aging { policy, packs } = self.0.beside[index].aging;
        let mut steps =
            vec![(Part::Policy, None, policy.step(now)), (Part::Packs, None, packs.step(now))];
        for feature in 0..self.0.features.len() {
            for (approval, turns) in self.lane(index, feature).aging() {
                let step = (Part::Approval, Some(approval.number()), turns.step(now));
                if approval.in_force(now) && !steps.contains(&step) {
                    steps.push(step);
                }
            }
        }
        steps.retain(|(_, _, step)| *step != Step::Fresh);
        steps
    }

    /// The time to measure by: never before an instant that was known already.
    pub(crate) fn time(&self, now: Timestamp) -> Timestamp {
        self.0.high_water.map_or(now, |mark| mark.time(now))
    }

    pub(crate) fn resolve(&self, purchase: Input<Region>) -> Resolved {
        match purchase {
            Input::Set(region) => match self.market_index(region) {
                None => Resolved::Unknown,
                Some(index) => self.open(index),
            },
            Input::Unset | Input::Error | Input::Expired | Input::NoAccount => Resolved::Unset,
        }
    }

    /// The market whose devices are bought in this region.
    pub(crate) fn market_index(&self, region: Region) -> Option<usize> {
        usize::from(self.0.by_region[region.index()]).checked_sub(1)
    }

    pub(crate) fn resolve_id(&self, id: &MarketId) -> Resolved {
        self.0.by_market.get(id).map_or(Resolved::Unknown, |&index| self.open(index))
    }

    fn open(&self, index: usize) -> Resolved {
        let market = self.market_at(index);
        if market.is_development() && !self.0.sandbox {
            Resolved::SandboxDisabled(index)
        } else if market.state() == MarketState::Closed {
            Resolved::Closed(index)
        } else {
            Resolved::Market(index)
        }
    }

    pub(crate) fn market_at(&self, index: usize) -> &Market {
        &self.0.markets[index]
    }

    pub(crate) fn overlays_at(&self, index: usize) -> &[Overlay] {
        &self.0.beside[index].overlays
    }

    pub(crate) fn rule_at(&self, market: usize, at: LaneRule) -> &Rule {
        match at.overlay {
            None => &self.0.markets[market].rules()[at.rule],
            Some(overlay) => &self.0.beside[market].overlays[overlay].rules()[at.rule],
        }
    }

    pub(crate) fn feature_index(&self, id: &FeatureId) -> Option<usize> {
        self.0.by_feature.get(id).copied()
    }

    pub(crate) fn feature_at(&self, index: usize) -> &FeatureEntry {
        &self.0.features[index]
    }

    pub(crate) fn lane(&self, market: usize, feature: usize) -> &Lane {
        &self.0.lanes[market * self.0.features.len() + feature]
    }

    /// What a feature may be served under when the clock reads `now`.
    pub(crate) fn standing(
        &self,
        market: usize,
        feature: usize,
        now: Timestamp,
    ) -> Result<Standing<'_>, Lacking> {
        if self.0.high_water.is_some_and(|mark| mark.is_backwards(now)) {
            return Err(Lacking::Clock);
        }
        let now = self.time(now);
        let (here, aging) = (&self.0.markets[market], &self.0.beside[market].aging);
        if here.state() != MarketState::Open {
            return Err(Lacking::Preparing);
        }
        let surface = self.0.features[feature].terms.surface();
        let standing = self.lane(market, feature).standing(here, surface, now)?;
        if let Some(part) = aging.lacks(surface, now) {
            return Err(Lacking::Stale(part));
        }
        let turns = [aging.policy.next(now), aging.packs.next(now), standing.turn];
        Ok(Standing { turn: turns.into_iter().flatten().min(), ..standing })
    }
}

/// The rules that apply to a feature in a market, the market's own first.
fn rules_for(
    market: &Market,
    overlays: &[Overlay],
    terms: &FeatureTerms,
) -> Result<Vec<LaneRule>, PolicyError> {
    let own = market.rules().iter().enumerate().map(|(at, rule)| (None, at, rule));
    let more = overlays.iter().enumerate().flat_map(|(overlay, pack)| {
        pack.rules().iter().enumerate().map(move |(at, rule)| (Some(overlay), at, rule))
    });
    let rules: Vec<_> = own
        .chain(more)
        .filter(|(_, _, rule)| rule.applies_to(terms.id(), terms.surface()))
        .map(|(overlay, rule, _)| LaneRule { overlay, rule })
        .collect();
    if rules.len() > MAX_RULES {
        let problem =
            format!("{} rules apply to `{}`, at most {MAX_RULES} may", rules.len(), terms.id());
        return Err(PolicyError::Market { market: market.id().clone(), problem });
    }
    Ok(rules)
}

/// Puts each overlay under its market, sorted by their ids.
fn place(
    mut overlays: Vec<Overlay>,
    markets: &[Market],
    beside: &mut [Beside],
    by_market: &BTreeMap<MarketId, usize>,
) -> Result<(), PolicyError> {
    overlays.sort_by(|one, other| one.id().cmp(other.id()));
    for overlay in overlays {
        let wrong =
            |problem: String| Err(PolicyError::Market { market: overlay.id().clone(), problem });
        let Some(&parent) = by_market.get(overlay.parent()) else {
            return wrong(format!("`parent` names `{}`, which is no market", overlay.parent()));
        };
        let (market, parent) = (&markets[parent], &mut beside[parent]);
        let regions = market.regions();
        let outside = |part: &&Subdivision| !regions.contains(&part.region());
        if let Some(part) = overlay.subdivisions().iter().find(outside) {
            return wrong(format!("`{part}` is no part of `{}`", market.id()));
        }
        let twice = parent.overlays.iter().any(|other| other.id() == overlay.id());
        if twice || by_market.contains_key(overlay.id()) {
            return Err(PolicyError::MarketTwice(overlay.id().clone()));
        }
        if parent.overlays.len() == MAX_OVERLAYS {
            return wrong(format!("a market has at most {MAX_OVERLAYS} overlays"));
        }
        parent.overlays.push(overlay);
    }
    Ok(())
}

/// Refuses selectors that select nothing: most likely a slip of the pen, which would silently leave a
/// rule without force.
fn check_selectors(
    markets: &[Market],
    beside: &[Beside],
    features: &BTreeMap<FeatureId, usize>,
) -> Result<(), PolicyError> {
    for (market, beside) in markets.iter().zip(beside) {
        let own = (market.id(), market.rules(), market.duties());
        let more = beside.overlays.iter().map(|pack| (pack.id(), pack.rules(), pack.duties()));
        for (id, rules, duties) in std::iter::once(own).chain(more) {
            let rules = rules.iter().map(|rule| ("rule", rule.id(), rule.idle_selector(features)));
            let duties =
                duties.iter().map(|duty| ("duty", duty.id(), duty.idle_selector(features)));
            for (kind, name, idle) in rules.chain(duties) {
                if let Some(selector) = idle {
                    let problem = format!("{kind} `{name}`: there is no feature `{selector}`");
                    return Err(PolicyError::Market { market: id.clone(), problem });
                }
            }
        }
    }
    Ok(())
}

fn check_releases(
    releases: &[Arc<Release>],
    markets: &BTreeMap<MarketId, usize>,
    features: &BTreeMap<FeatureId, usize>,
) -> Result<(), PolicyError> {
    let mut digests = BTreeSet::new();
    for release in releases {
        let wrong = |problem| Err(PolicyError::Release { release: release.digest(), problem });
        if !markets.contains_key(release.market()) {
            return wrong(format!("`{}` is no market", release.market()));
        }
        if let Some((id, _)) = release.features().find(|(id, _)| !features.contains_key(*id)) {
            return wrong(format!("`{id}` is no feature"));
        }
        if !digests.insert(release.digest()) {
            return wrong("it is given twice".into());
        }
    }
    Ok(())
}

/// The digest of a source: each part by its own digest, under a name and with its count, so that no
/// two sources write the same bytes. The order of markets, terms and approvals does not matter; that
/// of releases does, as it says which is newer.
fn digest_of(source: &PolicySource) -> Digest {
    fn part(bytes: &mut Vec<u8>, name: &str, digests: impl ExactSizeIterator<Item = Digest>) {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(&(digests.len() as u64).to_be_bytes());
        digests.for_each(|digest| bytes.extend_from_slice(digest.as_bytes()));
    }
    fn sorted(digests: impl Iterator<Item = Digest>) -> impl ExactSizeIterator<Item = Digest> {
        let mut digests: Vec<_> = digests.collect();
        digests.sort_unstable();
        digests.into_iter()
    }
    let mut bytes = b"yumen policy v2\0".to_vec();
    part(&mut bytes, "markets", sorted(source.markets.iter().map(Market::digest)));
    part(&mut bytes, "overlays", sorted(source.overlays.iter().map(Overlay::digest)));
    part(&mut bytes, "elsewhere", sorted(source.elsewhere.iter().map(Elsewhere::digest)));
    part(
        &mut bytes,
        "terms",
        sorted(source.terms.iter().map(|terms| Digest::of(&terms.canonical("terms")))),
    );
    part(&mut bytes, "releases", source.releases.iter().map(Release::digest));
    let approvals = source.approvals.iter();
    let approvals = approvals.map(|approval| Digest::of(&approval.canonical("approval")));
    part(&mut bytes, "approvals", sorted(approvals));
    let management = Digest::of(&source.management.canonical("management"));
    part(&mut bytes, "management", std::iter::once(management));
    bytes.push(u8::from(source.sandbox));
    Digest::of(&bytes)
}
