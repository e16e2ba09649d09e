//! `yumen check`: whether a configuration would serve, and what in it would not.
//!
//! What stops `yumen serve` stops the check with the same words; what keeps a market closed, or a
//! feature of it, is told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;
use yumen_gate::Snapshot;
use yumen_judges::{Appointment, JudgeConfig, Judges, OnFailure};
use yumen_partners::Partners;
use yumen_policy::{Approval, Conflict, FeatureId, Market, MarketId, PartnerId, Timestamp};

use super::{Output, read_config};
use crate::cli::ServeArgs;
use crate::compose::{Build, Settings};
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};

#[derive(Serialize)]
struct Checked {
    listen: SocketAddr,
    data_dir: PathBuf,
    partners: Vec<String>,
    judges: Vec<JudgeState>,
    markets: Vec<MarketState>,
    app_keys: usize,
    /// Where the operator's management profiles contradict each other.
    management_conflicts: Vec<Conflict>,
    /// What would serve, and likely not as it is meant.
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct JudgeState {
    judge: String,
    kind: &'static str,
    /// What a failure means in each market where it judges.
    markets: BTreeMap<MarketId, OnFailure>,
}

#[derive(Serialize)]
struct MarketState {
    market: String,
    state: State,
    /// Why it is not open to all its features.
    why: Vec<String>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    PartlyOpen,
    Closed,
}

pub(super) fn run(args: &ServeArgs, output: Output) -> Result<(), Failure> {
    let config = read_config(&args.config, args.catalog.as_deref())?;
    let mut build = Build::with(config.catalog.as_deref(), &config.screen, &config.judges)?;
    let partners =
        Partners::new(config.partners, config.routing).context("the partners cannot be set up")?;
    Judges::new(config.judges.clone()).context("the judges cannot be set up")?;
    let warnings = warnings(&build.shipped.markets, &config.judges, &config.pictures);
    let data = DataDir::open(&config.data_dir)?;
    let store = data.store()?;
    build.equip(&store)?;
    let holdings = build.holdings(&data, &store)?;
    let approvals = holdings.approvals.clone();
    let management_conflicts = config.management.conflicts().to_vec();
    let configured: BTreeSet<_> = partners.ids().cloned().collect();
    let settings = Settings {
        sandbox: config.sandbox,
        management: config.management,
        provider: config.provider,
        partners: configured.clone(),
    };
    let snapshot = build.snapshot(&store, holdings, &settings, None)?;
    let keys = store.list_keys().context("the app keys cannot be read")?;
    let survey =
        Survey { configured, approvals, now: Timestamp::now(), build: &build, snapshot: &snapshot };
    let checked = Checked {
        listen: config.listen,
        data_dir: config.data_dir,
        partners: build
            .shipped
            .partners
            .iter()
            .filter(|card| survey.configured.contains(&card.id))
            .map(|card| format!("{} ({})", card.id, card.name.en))
            .collect(),
        judges: config
            .judges
            .iter()
            .map(|judge| JudgeState::of(judge, &build.shipped.markets))
            .collect(),
        markets: build.shipped.markets.iter().map(|market| survey.market(market)).collect(),
        app_keys: keys.iter().filter(|key| key.revoked_at.is_none()).count(),
        management_conflicts,
        warnings,
    };
    output.print(&checked, text)
}

impl JudgeState {
    fn of(judge: &JudgeConfig, markets: &[Market]) -> Self {
        let judged = markets.iter().filter(|market| appointed(judge, market) != Appointment::None);
        Self {
            judge: judge.id.clone(),
            kind: judge.kind.as_str(),
            markets: judged
                .map(|market| (market.id().clone(), judge.failing(market.id())))
                .collect(),
        }
    }
}

fn appointed(judge: &JudgeConfig, market: &Market) -> Appointment {
    judge.appointed(market.id(), market.residency())
}

/// What of judges and pictures is likely not as it is meant.
fn warnings(
    markets: &[Market],
    judges: &[JudgeConfig],
    pictures: &BTreeSet<MarketId>,
) -> Vec<String> {
    let known = |id: &MarketId| markets.iter().find(|market| market.id() == id);
    let mut warnings = Vec::new();
    for judge in judges {
        let id = &judge.id;
        for market in &judge.markets {
            match known(market).map(|market| appointed(judge, market)) {
                None => warnings.push(format!("judge {id}: there is no market {market}")),
                Some(Appointment::Outside) => warnings.push(format!(
                    "judge {id}: {} lies outside the residency of {market}; it is never asked there, which counts as failed",
                    judge.region
                )),
                Some(_) => {}
            }
        }
        if judge.markets.is_empty()
            && !markets.iter().any(|market| appointed(judge, market) == Appointment::Within)
        {
            warnings.push(format!("judge {id}: it judges in no market"));
        }
        for said in judge.unheard_of() {
            let kind = judge.kind.as_str();
            warnings.push(format!("judge {id}: no {kind} is documented to say {said:?}"));
        }
    }
    for id in pictures {
        let Some(market) = known(id) else {
            warnings.push(format!("server.pictures: there is no market {id}"));
            continue;
        };
        let withholds = |judge: &JudgeConfig| {
            judge.pictures
                && appointed(judge, market) == Appointment::Within
                && judge.failing(id) == OnFailure::Closed
        };
        if market.wants_pictures_judged() && !judges.iter().any(withholds) {
            warnings.push(format!(
                "server.pictures: {id} demands a judge of pictures whose failure closes, and none judges there; it takes no picture"
            ));
        }
    }
    warnings
}

/// What a market's state is read from.
struct Survey<'a> {
    build: &'a Build,
    snapshot: &'a Snapshot,
    approvals: Vec<Approval>,
    configured: BTreeSet<PartnerId>,
    now: Timestamp,
}

impl Survey<'_> {
    fn market(&self, market: &Market) -> MarketState {
        let (state, why) = self.state(market);
        MarketState { market: market.id().as_str().to_owned(), state, why }
    }

    fn state(&self, market: &Market) -> (State, Vec<String>) {
        let closed = |why: &str| (State::Closed, vec![why.to_owned()]);
        if market.is_development() && !self.snapshot.policy.opens_sandbox() {
            return closed("`server.sandbox` is off");
        }
        if !self.snapshot.labellers.contains_key(market.id()) {
            return closed("its labels demand a provider code, and `server.provider` is a name");
        }
        let broken = self.build.broken_screens();
        if let Some((_, why)) = broken.iter().find(|(broken, _)| broken == market.id()) {
            return (State::Closed, vec![format!("its screen packs cannot be used: {why}")]);
        }
        let Some(release) = self.build.release(market.id().as_str()) else {
            return closed("this build has no release for it");
        };
        let features: Vec<_> = release.features().map(|(id, _)| id).collect();
        let unapproved: Vec<_> =
            features.iter().copied().filter(|id| !self.is_approved(market, id)).collect();
        let unserved: Vec<_> = release
            .features()
            .filter(|(_, feature)| !feature.models.iter().any(|m| self.is_there(&m.partner)))
            .map(|(id, _)| id)
            .collect();
        let mut why = Vec::new();
        if unapproved.len() == features.len() {
            why.push("no approval in force covers this build's release".to_owned());
        } else if !unapproved.is_empty() {
            why.push(format!("no approval in force covers {}", list(&unapproved)));
        }
        if !unserved.is_empty() {
            why.push(format!("no configured partner serves {}", list(&unserved)));
        }
        let shut: BTreeSet<_> = unapproved.into_iter().chain(unserved).collect();
        let state = match shut.len() {
            0 => State::Open,
            some if some < features.len() => State::PartlyOpen,
            _ => State::Closed,
        };
        (state, why)
    }

    /// Whether the feature may be served in the market: none is demanded, or an approval in force
    /// covers it.
    fn is_approved(&self, market: &Market, feature: &FeatureId) -> bool {
        if !market.approval().is_required() {
            return true;
        }
        let Some(release) = self.build.release(market.id().as_str()) else { return false };
        let Some(known) = self.build.shipped.features.get(feature.as_str()) else { return false };
        let surface = known.terms().surface();
        self.approvals
            .iter()
            .filter(|approval| approval.in_force(self.now))
            .any(|approval| approval.covers(market.id(), feature, surface, release.digest()))
    }

    fn is_there(&self, partner: &PartnerId) -> bool {
        partner.is_device() || self.configured.contains(partner)
    }
}

fn list(features: &[&FeatureId]) -> String {
    features.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ")
}

fn text(checked: &Checked) -> String {
    let partners = match checked.partners.as_slice() {
        [] => "none".to_owned(),
        some => some.join(", "),
    };
    let mut lines = vec![
        format!("listen    {}", checked.listen),
        format!("data      {}", checked.data_dir.display()),
        format!("partners  {partners}"),
        format!("app keys  {}", checked.app_keys),
    ];
    lines.extend(checked.judges.iter().map(|judge| {
        let markets = judge.markets.iter();
        let markets: Vec<_> =
            markets.map(|(market, failure)| format!("{market} ({})", failure.as_str())).collect();
        format!("judge     {} ({}): {}", judge.judge, judge.kind, markets.join(", "))
    }));
    lines.extend(checked.markets.iter().map(|market| {
        let state = match market.state {
            State::Open => "open",
            State::PartlyOpen => "partly open: ",
            State::Closed => "closed: ",
        };
        format!("market    {}: {state}{}", market.market, market.why.join("; "))
    }));
    lines.extend(checked.warnings.iter().map(|warning| format!("warning   {warning}")));
    lines.join("\n")
}
