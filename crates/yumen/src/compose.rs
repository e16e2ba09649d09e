//! What the gate is put together from: what ships, what the operator decides, what the store holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use yumen_desk::{Book, Holdings, PackBench};
use yumen_device::Engine;
use yumen_features::Task;
use yumen_gate::{AppKey, AppKeys, ModelNames, Snapshot};
use yumen_judges::{Charter, JudgeConfig};
use yumen_label::{LabelRules, Labeller, Provider};
use yumen_policy::{
    FeatureId, HighWater, Management, Market, MarketId, ModelId, ModelRef, PartnerId, Policy,
    PolicySource, Release, SignerKey, Text, Timestamp,
};
use yumen_store::Store;

use crate::catalog::Shipped;
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};
use crate::screens::{Fitted, ScreenConfig, Workshop};

/// What ships, compiled: everything that is the same for every data directory.
pub(crate) struct Build {
    /// The catalogue.
    pub shipped: Shipped,
    /// What each market gets from this build, with the packs that are in force.
    pub releases: Vec<Release>,
    labels: BTreeMap<MarketId, LabelRules>,
    /// The on-device engine's model for each feature that it serves.
    engine: BTreeMap<FeatureId, ModelRef>,
    /// What the external judges of each market are, where there are any.
    charters: BTreeMap<MarketId, Charter>,
    workshop: Arc<Workshop>,
    screens: Fitted,
}

/// What the operator decides about a snapshot.
pub(crate) struct Settings {
    /// Whether the market `sandbox` exists.
    pub sandbox: bool,
    /// What the operator leaves switched off for every device.
    pub management: Management,
    /// Who provides the service, written into labels.
    pub provider: Provider,
    /// The partners that are configured.
    pub partners: BTreeSet<PartnerId>,
}

impl Build {
    /// Loads what is embedded in the binary, under an overlay of the operator's if there is one: a folder shaped like
    /// `catalog/`. Its screens have the packs that ship, until it is [equipped](Self::equip).
    pub(crate) fn over(overlay: Option<&Path>) -> Result<Self, Failure> {
        Self::with(overlay, &ScreenConfig::default(), &[])
    }

    /// The same with what the operator decides about screens, and with external judges.
    pub(crate) fn with(
        overlay: Option<&Path>,
        config: &ScreenConfig,
        judges: &[JudgeConfig],
    ) -> Result<Self, Failure> {
        let shipped = Shipped::load(overlay).context("the catalogue cannot be used")?;
        let workshop = Arc::new(Workshop::new(&shipped, config)?);
        let mut labels = BTreeMap::new();
        for market in &shipped.markets {
            let rules = LabelRules::parse(market.label())
                .context(format!("the label rules of {} are broken", market.id()))?;
            labels.insert(market.id().clone(), rules);
        }
        let charter = |market| Some((Market::id(market).clone(), Charter::of(judges, market)?));
        let charters = shipped.markets.iter().filter_map(charter).collect();
        let on_device = Engine::new();
        let engine = shipped
            .features
            .iter()
            .filter_map(|feature| match feature.task() {
                Task::Device(kind) => {
                    let model = device_model(on_device.model(kind), on_device.version(kind))?;
                    Some((feature.id().clone(), model))
                }
                Task::Chat | Task::Rewrite => None,
            })
            .collect();
        let mut build = Self {
            shipped,
            releases: Vec::new(),
            labels,
            engine,
            charters,
            workshop,
            screens: Fitted::default(),
        };
        build.refit(None)?;
        if let Some((market, why)) = build.screens.broken.first() {
            return Err(Failure::new(format!(
                "the screen packs of {market} cannot be used: {why}"
            )));
        }
        Ok(build)
    }

    /// Takes the packs into use that are installed now. Compiles what changed, which may take a second.
    pub(crate) fn equip(&mut self, store: &Store) -> Result<(), Failure> {
        self.refit(Some(store))
    }

    fn refit(&mut self, store: Option<&Store>) -> Result<(), Failure> {
        let fitted = self.workshop.fit(store, &self.screens, Timestamp::now());
        if let Some(fitted) = fitted.context("cannot read the installed packs")? {
            let releases =
                self.shipped.releases(&fitted.screens, &self.labels, &self.engine, &self.charters);
            self.releases = releases.context("the releases do not fit together")?;
            self.screens = fitted;
        }
        Ok(())
    }

    /// Whether the screens are those of an earlier day: rules of a pack ended since.
    pub(crate) fn screens_end(&self, now: Timestamp) -> bool {
        self.screens.is_over(now)
    }

    /// The markets whose packs cannot be used, and why.
    pub(crate) fn broken_screens(&self) -> &[(MarketId, String)] {
        &self.screens.broken
    }

    /// Where screens are made.
    pub(crate) fn workshop(&self) -> &Arc<Workshop> {
        &self.workshop
    }

    /// Puts aside the screens that were made to see how they are.
    pub(crate) fn forget_trials(&self) {
        self.workshop.forget_trials(&self.screens, Timestamp::now());
    }

    /// The release of a market.
    pub(crate) fn release(&self, market: &str) -> Option<&Release> {
        self.releases.iter().find(|release| release.market().as_str() == market)
    }

    /// What the models are called, for people: as their partner, with the id by which it sells them.
    pub(crate) fn names(&self) -> ModelNames {
        let mut names = ModelNames::default();
        for card in &self.shipped.partners {
            for model in &card.model {
                let Text { en, zh } = &card.name;
                let name = Text::new(format!("{en} {}", model.id), format!("{zh} {}", model.id));
                names.insert(card.id.clone(), model.id.clone(), name);
            }
        }
        let released = self.releases.iter().flat_map(Release::features);
        for model in released.flat_map(|(_, feature)| &feature.models) {
            if model.partner.is_device() {
                let id = &model.model;
                let name = Text::new(format!("On-device engine {id}"), format!("设备端引擎 {id}"));
                names.insert(model.partner.clone(), id.clone(), name);
            }
        }
        names
    }

    /// What the desk knows of this build.
    pub(crate) fn book(&self) -> Arc<Book> {
        Arc::new(Book {
            markets: self.shipped.markets.clone(),
            features: self.shipped.features.iter().map(|feature| feature.id().clone()).collect(),
            procedures: self.shipped.procedures.clone(),
            calendars: self.shipped.calendars.clone(),
            releases: self.releases.clone(),
            packs: Some(Arc::clone(&self.workshop) as Arc<dyn PackBench>),
        })
    }

    /// What people decided, as the store holds it, verified.
    pub(crate) fn holdings(&self, data: &DataDir, store: &Store) -> Result<Holdings, Failure> {
        let operator = SignerKey::of(&data.signing_key("operator")?);
        Holdings::read(store, &self.book(), operator).context("cannot read the store")
    }

    /// What a policy is made from: what the catalogue gives, and what people decided.
    pub(crate) fn policy_source(&self, holdings: Holdings, sandbox: bool) -> PolicySource {
        let Holdings { approvals, releases, kills, drifts, filed } = holdings;
        let book = self.book();
        // What runs here is offered under every release that names it; the build's own is the newest.
        let earlier = releases.into_iter().filter(|release| {
            book.runs(release) && !self.releases.iter().any(|own| own.digest() == release.digest())
        });
        let confirmed = approvals
            .iter()
            .map(|approval| (approval.number().to_owned(), approval.confirmed_at()));
        PolicySource {
            markets: self.shipped.markets.clone(),
            terms: self.shipped.features.iter().map(|feature| feature.terms().clone()).collect(),
            releases: earlier.chain(self.releases.iter().cloned()).collect(),
            confirmed: confirmed.collect(),
            approvals,
            kills,
            drifts,
            filed,
            sandbox,
            overlays: self.shipped.overlays.clone(),
            elsewhere: self.shipped.elsewhere.clone(),
            packs: self.screens.ages.clone(),
            ..PolicySource::default()
        }
    }

    /// The decision's inputs as the store holds them now.
    ///
    /// `seen` is the latest instant ever known here.
    pub(crate) fn snapshot(
        &self,
        store: &Store,
        holdings: Holdings,
        settings: &Settings,
        seen: Option<HighWater>,
    ) -> Result<Snapshot, Failure> {
        let mut keys = AppKeys::default();
        for key in store.list_keys().context("cannot read the app keys")? {
            if key.revoked_at.is_some() {
                continue;
            }
            let profile = match key.device {
                None => None,
                Some(json) => Some(
                    serde_json::from_str(&json)
                        .context(format!("the device profile of key {} cannot be read", key.id))?,
                ),
            };
            keys.insert(AppKey {
                id: key.id,
                secret_hash: key.secret_hash,
                development: key.development,
                profile,
            });
        }
        let source = self.policy_source(holdings, settings.sandbox);
        let policy = Policy::new(PolicySource {
            high_water: seen,
            management: settings.management.clone(),
            reachable: Some(settings.partners.clone()),
            ..source
        })
        .context("the policy does not fit together")?;
        let labellers = self
            .labels
            .iter()
            .filter_map(|(market, rules)| {
                // Where a code is demanded and there is none, nothing can be labelled nor served.
                let labeller = Labeller::new(rules, &settings.provider)?;
                Some((market.clone(), labeller))
            })
            .collect();
        let screens = self.screens.screens.clone();
        Ok(Snapshot { policy, keys, labellers, screens })
    }
}

/// An on-device engine as it stands in releases.
fn device_model(name: &str, version: String) -> Option<ModelRef> {
    let partner = PartnerId::DEVICE.parse::<PartnerId>().ok()?;
    Some(ModelRef::new(partner, name.parse::<ModelId>().ok()?, version))
}
