//! The policy: one immutable snapshot of markets, terms, releases and approvals, indexed to judge by.
//!
//! It is swapped whole when anything changes; what is under way keeps the snapshot it began with.
//! Its digest names it in verdicts, assertions and records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::canonical::PlainData;
use crate::checks::TermChecks;
use crate::{
    Approval, Device, Digest, Drift, Elsewhere, FeatureId, FeatureTerms, HighWater, Input, Kill,
    Management, Market, MarketId, Overlay, PackAge, PolicyError, Region, Release,
};

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
    /// The screening packs in use, with when they were issued.
    pub packs: Vec<PackAge>,
    /// When each approval, by its number, was last confirmed to stand.
    pub confirmed: BTreeMap<String, Timestamp>,
    /// What the operator leaves switched off for every device.
    pub management: Management,
    /// The latest instant ever known here.
    pub high_water: Option<HighWater>,
    /// Whether development markets answer; never where real people are served.
    pub sandbox: bool,
}

/// A feature with the checks its terms come down to.
#[derive(Debug)]
pub(crate) struct FeatureEntry {
    pub(crate) terms: FeatureTerms,
    pub(crate) checks: TermChecks,
}

/// A release that carries a feature in a market, with every approval that covers it there.
#[derive(Debug)]
struct Offer {
    release: Arc<Release>,
    approvals: Vec<Arc<Approval>>,
}

/// All that concerns one feature in one market.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// Indices of the rules of the market that apply to the feature.
    pub(crate) rules: Vec<usize>,
    /// The newest release first.
    offers: Vec<Offer>,
}

/// What a feature may be served under at one instant.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) release: Arc<Release>,
    pub(crate) approval: Option<Arc<Approval>>,
}

/// Why a feature may not be served at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lacking {
    /// No release of the market carries it with a model.
    Release,
    /// No approval covers it.
    Approval,
    /// Approvals cover it, and none of them has begun.
    ApprovalToCome,
    /// Approvals covered it, and have ended.
    ApprovalOver,
}

/// Where the purchase region of a device leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// To this market, by index.
    Market(usize),
    /// To a development market, which this policy does not open.
    SandboxDisabled(usize),
    /// To no market.
    Unknown,
    /// Nowhere yet: the region is unset.
    Unset,
    /// Nowhere: the region is in error.
    Error,
}

/// The immutable snapshot that every decision is made on.
#[derive(Debug)]
pub struct Policy {
    markets: Vec<Market>,
    features: Vec<FeatureEntry>,
    by_market: BTreeMap<MarketId, usize>,
    by_region: BTreeMap<Region, usize>,
    by_feature: BTreeMap<FeatureId, usize>,
    /// One lane for each market and feature, market by market.
    lanes: Vec<Lane>,
    releases: Vec<Arc<Release>>,
    sandbox: bool,
    digest: Arc<Digest>,
}

impl Policy {
    /// Indexes the source and checks that its parts fit together.
    ///
    /// An approval of a market or a release that is not here covers nothing and does no harm; every
    /// other reference must resolve.
    ///
    /// # Errors
    /// Two markets or features of one id, a region of two markets, terms that name an unknown
    /// market, a rule that selects an unknown feature, a release of an unknown market or with an
    /// unknown feature, a release given twice.
    pub fn new(source: PolicySource) -> Result<Self, PolicyError> {
        let digest = Arc::new(digest_of(&source));
        let PolicySource { markets, terms, releases, approvals, sandbox, .. } = source;

        let mut by_market = BTreeMap::new();
        let mut by_region: BTreeMap<Region, usize> = BTreeMap::new();
        for (index, market) in markets.iter().enumerate() {
            if by_market.insert(market.id().clone(), index).is_some() {
                return Err(PolicyError::MarketTwice(market.id().clone()));
            }
            for &region in market.regions() {
                if let Some(first) = by_region.insert(region, index) {
                    let (first, second) = (markets[first].id().clone(), market.id().clone());
                    return Err(PolicyError::RegionTwice { region, first, second });
                }
            }
        }

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
            features.push(FeatureEntry { terms, checks });
        }

        for market in &markets {
            for rule in market.rules() {
                if let Some(selector) = rule.idle_selector(&by_feature) {
                    let problem = format!("rule `{}`: there is no feature `{selector}`", rule.id());
                    return Err(PolicyError::Market { market: market.id().clone(), problem });
                }
            }
        }

        let releases: Vec<_> = releases.into_iter().map(Arc::new).collect();
        let mut digests = BTreeSet::new();
        for release in &releases {
            let wrong = |problem| Err(PolicyError::Release { release: release.digest(), problem });
            if !by_market.contains_key(release.market()) {
                return wrong(format!("`{}` is no market", release.market()));
            }
            if let Some((id, _)) = release.features().find(|(id, _)| !by_feature.contains_key(*id))
            {
                return wrong(format!("`{id}` is no feature"));
            }
            if !digests.insert(release.digest()) {
                return wrong("it is given twice".into());
            }
        }

        let approvals: Vec<_> = approvals.into_iter().map(Arc::new).collect();
        let mut lanes = Vec::with_capacity(markets.len() * features.len());
        for market in &markets {
            for feature in &features {
                lanes.push(lane(market, &feature.terms, &releases, &approvals));
            }
        }
        Ok(Self {
            markets,
            features,
            by_market,
            by_region,
            by_feature,
            lanes,
            releases,
            sandbox,
            digest,
        })
    }

    /// The digest of everything it was made from.
    pub fn digest(&self) -> Digest {
        *self.digest
    }

    pub(crate) fn shared_digest(&self) -> Arc<Digest> {
        Arc::clone(&self.digest)
    }

    /// A market by its id.
    pub fn market(&self, id: &MarketId) -> Option<&Market> {
        self.by_market.get(id).map(|&index| &self.markets[index])
    }

    /// All markets.
    pub fn markets(&self) -> &[Market] {
        &self.markets
    }

    /// All releases, the oldest first.
    pub fn releases(&self) -> impl ExactSizeIterator<Item = &Release> {
        self.releases.iter().map(Arc::as_ref)
    }

    /// The terms of all features.
    pub fn features(&self) -> impl ExactSizeIterator<Item = &FeatureTerms> {
        self.features.iter().map(|entry| &entry.terms)
    }

    /// Whether development markets answer.
    pub fn opens_sandbox(&self) -> bool {
        self.sandbox
    }

    /// The market a device belongs to, if there is one that answers.
    pub fn market_of(&self, device: &Device) -> Option<&Market> {
        match self.resolve(device.purchase_region) {
            Resolved::Market(index) => Some(&self.markets[index]),
            _ => None,
        }
    }

    pub(crate) fn resolve(&self, purchase: Input<Region>) -> Resolved {
        match purchase {
            Input::Unset => Resolved::Unset,
            Input::Error | Input::Expired | Input::NoAccount => Resolved::Error,
            Input::Set(region) => match self.by_region.get(&region) {
                None => Resolved::Unknown,
                Some(&index) => self.open(index),
            },
        }
    }

    pub(crate) fn resolve_id(&self, id: &MarketId) -> Resolved {
        self.by_market.get(id).map_or(Resolved::Unknown, |&index| self.open(index))
    }

    fn open(&self, market: usize) -> Resolved {
        if self.markets[market].is_development() && !self.sandbox {
            Resolved::SandboxDisabled(market)
        } else {
            Resolved::Market(market)
        }
    }

    pub(crate) fn market_at(&self, index: usize) -> &Market {
        &self.markets[index]
    }

    pub(crate) fn feature_index(&self, id: &FeatureId) -> Option<usize> {
        self.by_feature.get(id).copied()
    }

    pub(crate) fn feature_at(&self, index: usize) -> &FeatureEntry {
        &self.features[index]
    }

    pub(crate) fn lane(&self, market: usize, feature: usize) -> &Lane {
        &self.lanes[market * self.features.len() + feature]
    }

    /// What a feature may be served under now: in a market that demands approval the newest release
    /// with one in force (of several, the one that lasts longest), elsewhere the newest release.
    pub(crate) fn standing(
        &self,
        market: usize,
        feature: usize,
        now: Timestamp,
    ) -> Result<Standing, Lacking> {
        let offers = &self.lane(market, feature).offers;
        let Some(newest) = offers.first() else {
            return Err(Lacking::Release);
        };
        if !self.markets[market].approval().is_required() {
            return Ok(Standing { release: Arc::clone(&newest.release), approval: None });
        }
        for offer in offers {
            let in_force = offer.approvals.iter().filter(|approval| approval.in_force(now));
            if let Some(approval) = in_force.max_by_key(|approval| approval.record().valid_until) {
                return Ok(Standing {
                    release: Arc::clone(&offer.release),
                    approval: Some(Arc::clone(approval)),
                });
            }
        }
        let mut covering = offers.iter().flat_map(|offer| &offer.approvals).peekable();
        Err(if covering.peek().is_none() {
            Lacking::Approval
        } else if covering.any(|approval| now < approval.record().valid_from) {
            Lacking::ApprovalToCome
        } else {
            Lacking::ApprovalOver
        })
    }
}

fn lane(
    market: &Market,
    terms: &FeatureTerms,
    releases: &[Arc<Release>],
    approvals: &[Arc<Approval>],
) -> Lane {
    let applies = |rule: &crate::Rule| rule.applies_to(terms.id(), terms.surface());
    let rules = market.rules().iter().enumerate();
    let offers = releases.iter().rev().filter(|release| {
        release.market() == market.id()
            && release.feature(terms.id()).is_some_and(|released| !released.models.is_empty())
    });
    let covers = |approval: &Approval, release: &Release| {
        approval.signers().len() >= market.approval().signers()
            && approval.covers(market.id(), terms.id(), terms.surface(), release.digest())
    };
    Lane {
        rules: rules.filter(|(_, rule)| applies(rule)).map(|(index, _)| index).collect(),
        offers: offers
            .map(|release| Offer {
                release: Arc::clone(release),
                approvals: approvals
                    .iter()
                    .filter(|approval| covers(approval, release))
                    .map(Arc::clone)
                    .collect(),
            })
            .collect(),
    }
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
    let mut bytes = b"yumen policy v1\0".to_vec();
    part(&mut bytes, "markets", sorted(source.markets.iter().map(Market::digest)));
    part(
        &mut bytes,
        "terms",
        sorted(source.terms.iter().map(|terms| Digest::of(&terms.canonical("terms")))),
    );
    part(&mut bytes, "releases", source.releases.iter().map(Release::digest));
    let approvals = source.approvals.iter();
    let approvals = approvals.map(|approval| Digest::of(&approval.canonical("approval")));
    part(&mut bytes, "approvals", sorted(approvals));
    bytes.push(u8::from(source.sandbox));
    Digest::of(&bytes)
}
