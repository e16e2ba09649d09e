//! The catalogue: `catalog/`, embedded in the binary and parsed at start, under an overlay of the
//! operator's if there is one.

mod files;
mod markets;
mod partner;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use yumen_features::{Catalogue, Feature, FeatureError, Tier};
use yumen_judges::Charter;
use yumen_label::LabelRules;
use yumen_policy::{
    Calendar, Elsewhere, FeatureId, Market, MarketId, ModelId, ModelRef, Overlay, PartnerId,
    PolicyError, Procedure, Procedures, Region, Release, ReleasedFeature,
};
use yumen_screen::{Pack, Screen};

use self::files::{Files, Folder};
use self::markets::Markets;
pub(crate) use self::partner::{
    Abilities, Caches, Cited, Currency, Endpoint, Hours, ModelCard, PartnerCard, PriceCard,
    Sources, Thinks,
};

/// Everything that ships as data, with what an overlay changes in it.
pub(crate) struct Shipped {
    /// The features.
    pub features: Catalogue,
    /// The markets' rules.
    pub markets: Vec<Market>,
    /// Rules and duties of parts of markets.
    pub overlays: Vec<Overlay>,
    /// What devices of no market are told.
    pub elsewhere: Option<Elsewhere>,
    /// The partners and where their models may serve.
    pub partners: Vec<PartnerCard>,
    /// The kinds of decision of authorities.
    pub procedures: Procedures,
    /// The working days that statutory clocks run in.
    pub calendars: Vec<Calendar>,
    /// The packs of the safety check.
    packs: Vec<Pack>,
}

impl Shipped {
    /// Parses what is embedded and what the overlay, a folder with some of `calendars/`, `features/`,
    /// `markets/`, `packs/`, `partners/` and `procedures/`, puts in its place or adds.
    ///
    /// # Errors
    /// The file, and the key in it, that cannot be used; a folder or file nobody would read.
    pub(crate) fn load(overlay: Option<&Path>) -> Result<Self, CatalogError> {
        let files = Files::read(overlay)?;
        let features =
            files.parse(Folder::Features, Feature::parse, |one| one.id().as_str(), free)?;
        let Markets { whole: markets, parts: overlays, elsewhere } = Markets::read(&files)?;
        let card = |text: &str| PartnerCard::parse(text, files::shipped_partner);
        let partners = files.parse(Folder::Partners, card, |one| one.id.as_str(), free)?;
        partners.iter().try_for_each(|card| stays_out(card, &markets))?;
        Ok(Self {
            features: Catalogue::new(features)?,
            markets,
            overlays,
            elsewhere,
            partners,
            procedures: Procedures::new(files.parse(
                Folder::Procedures,
                Procedure::parse,
                |one| one.kind().as_str(),
                free,
            )?)?,
            calendars: files.parse(Folder::Calendars, Calendar::parse, Calendar::id, free)?,
            packs: files.parse(Folder::Packs, Pack::parse, Pack::id, free)?,
        })
    }

    /// The file of a market as it ships, to begin an overlay with.
    pub(crate) fn market_file(id: &str) -> Option<&'static str> {
        files::shipped_market(id)
    }

    /// The packs, in the order of their names.
    pub(crate) fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The release each market gets from this build: the features, the models that may serve them
    /// there, its screen, its judges' charter and the label rules. A market without a screen gets none.
    ///
    /// Each carries the texts of its parts, so that a difference can be told in words. `engine` names
    /// the on-device engine's model for a feature.
    pub(crate) fn releases(
        &self,
        screens: &BTreeMap<MarketId, Arc<Screen>>,
        labels: &BTreeMap<MarketId, LabelRules>,
        engine: &BTreeMap<FeatureId, ModelRef>,
        charters: &BTreeMap<MarketId, Charter>,
    ) -> Result<Vec<Release>, PolicyError> {
        self.markets
            .iter()
            .filter_map(|market| {
                Some((market, screens.get(market.id())?, labels.get(market.id())?))
            })
            .map(|(market, screen, label)| {
                let mut texts = vec![screen.manifest().to_owned(), label.manifest()];
                let features = self
                    .features
                    .iter()
                    .filter_map(|feature| {
                        let models = match feature.tier() {
                            Tier::Device => {
                                engine.get(feature.id()).cloned().into_iter().collect::<Vec<_>>()
                            }
                            Tier::Partner => self.models(market.id(), feature.id()),
                        };
                        (!models.is_empty()).then(|| {
                            let digest = feature.digest();
                            texts.push(feature.source().to_owned());
                            (feature.id().clone(), ReleasedFeature { digest, models })
                        })
                    })
                    .collect();
                let market = market.id().clone();
                let charter = charters.get(&market);
                texts.extend(charter.map(|charter| charter.text().to_owned()));
                let release = Release::new(market, features, screen.digest(), label.digest());
                match charter {
                    None => release,
                    Some(charter) => release.with_judges(charter.digest()),
                }
                .with_contents(texts)
            })
            .collect()
    }

    fn models(&self, market: &MarketId, feature: &FeatureId) -> Vec<ModelRef> {
        self.partners
            .iter()
            .flat_map(|partner| partner.model.iter().map(move |model| (partner, model)))
            .filter(|(_, model)| model.markets.contains(market) && model.features.contains(feature))
            .map(|(partner, model)| ModelRef {
                region: partner.region(model),
                reports: model.reports.iter().cloned().collect(),
                fingerprints: model.fingerprints.iter().cloned().collect(),
                filing: model.filing.as_ref().map(|filing| filing.number.clone()),
                ..ModelRef::new(partner.id.clone(), model.id.clone(), model.version())
            })
            .collect()
    }
}

/// That no model of a partner is to serve where the partner takes no requests from. A region that two
/// markets claim is refused with both their names when the policy is made.
fn stays_out(card: &PartnerCard, markets: &[Market]) -> Result<(), CatalogError> {
    let shut = |market: &MarketId| {
        let market = markets.iter().find(|known| known.id() == market)?;
        let own = |region| {
            market.regions().contains(region)
                && markets.iter().filter(|other| other.regions().contains(region)).count() == 1
        };
        let place = card.blocked.iter().find(|place| own(&place.region))?;
        Some((market.id().clone(), place.region))
    };
    for model in &card.model {
        if let Some((market, region)) = model.markets.iter().find_map(shut) {
            let (partner, model) = (card.id.clone(), model.id.clone());
            return Err(CatalogError::Blocked { partner, model, market, region });
        }
    }
    Ok(())
}

/// What may be replaced by anything of its kind.
#[expect(clippy::unnecessary_wraps, reason = "stands where others refuse")]
fn free<T>(_: &T, _: &T) -> Result<(), String> {
    Ok(())
}

/// What is wrong with a catalogue: with the embedded one, the build is broken; with an overlay, the
/// file that is named.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    /// A model is to serve where its partner takes no requests from.
    #[error(
        "partner {partner}: model {model} is to serve the market {market}, and the partner takes no requests from {region}"
    )]
    Blocked {
        /// The partner.
        partner: PartnerId,
        /// The model.
        model: ModelId,
        /// The market its card names.
        market: MarketId,
        /// The region of the market that the card says is blocked.
        region: Region,
    },
    /// The features do not fit together.
    #[error(transparent)]
    Feature(#[from] FeatureError),
    /// A file cannot be used.
    #[error("{file} cannot be used")]
    File {
        /// The file.
        file: String,
        /// What is wrong in it, and where.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The procedures, or a release, do not fit together.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A file of the overlay takes from a shipped one what it may not.
    #[error("{file} loosens what ships: {problem}")]
    Looser {
        /// The file.
        file: String,
        /// The key, and what it must say.
        problem: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something lies where nobody reads it.
    #[error(
        "{0} would be passed over: an overlay has the folders calendars, features, markets, packs, partners and procedures, with .toml files in them"
    )]
    Stray(PathBuf),
    /// A file is larger than 1 MiB, or one of more than a thousand.
    #[error("{0} is too large, or one of more than 1000 files of its folder")]
    TooMuch(PathBuf),
    /// Two files of an overlay have one id.
    #[error("{first} and {second} both have the id {id:?}")]
    Twice {
        /// The id.
        id: String,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const QWEN: &str = include_str!("../../../catalog/partners/qwen.toml");
    const US: &str = include_str!("../../../catalog/markets/us.toml");
    const SUMMARY: &str = include_str!("../../../catalog/features/writing.summary.toml");

    fn overlay(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    /// Why an overlay is refused: every word an operator sees.
    fn refused(files: &[(&str, &str)]) -> String {
        let folder = overlay(files);
        let error = Shipped::load(Some(folder.path())).map(|_| ()).unwrap_err();
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        format!("{error}: {cause}")
    }

    #[test]
    fn a_file_of_the_overlay_replaces_the_one_of_its_id_or_adds_to_what_ships() {
        let folder = overlay(&[
            (
                "partners/mine.toml",
                &QWEN.replace("dashscope.aliyuncs.com/api/v1", "models.example/api/v1"),
            ),
            ("features/second.toml", &SUMMARY.replace("writing.summary", "writing.gist")),
            ("README.md", "how we decided"),
        ]);
        let plain = Shipped::load(None).unwrap();
        let shipped = Shipped::load(Some(folder.path())).unwrap();
        let qwen = |shipped: &Shipped| {
            let mut cards = shipped.partners.iter().filter(|card| card.id.as_str() == "qwen");
            (cards.next().unwrap().home().base_url.to_string(), cards.count())
        };
        assert_eq!(qwen(&plain), ("https://dashscope.aliyuncs.com/api/v1".to_owned(), 0));
        assert_eq!(qwen(&shipped), ("https://models.example/api/v1".to_owned(), 0));
        assert!(plain.features.get("writing.gist").is_none());
        assert!(shipped.features.get("writing.gist").is_some());
        assert_eq!(plain.partners.len(), shipped.partners.len());
        assert_eq!(plain.markets.len(), shipped.markets.len());
    }

    #[test]
    fn an_error_names_the_file_and_the_key() {
        let error = refused(&[("markets/us.toml", &US.replace("features =", "featurse ="))]);
        assert!(error.contains("markets/us.toml") && error.contains("featurse"), "{error}");
        let error = refused(&[("partners/q.toml", &QWEN.replace("key_env", "keyenv"))]);
        assert!(error.contains("partners/q.toml") && error.contains("keyenv"), "{error}");
        let error = refused(&[("partners/q.toml", &QWEN.replace("\"*.cn-", "\"*.*.cn-"))]);
        assert!(error.contains("partners/q.toml") && error.contains("*.*.cn-beijing"), "{error}");
        let spaced = QWEN.replace("version =", "fingerprints = [\"fp 1\"]\nversion =");
        let error = refused(&[("partners/q.toml", &spaced)]);
        assert!(error.contains("partners/q.toml") && error.contains("fingerprints"), "{error}");
        let error = refused(&[("features/s.toml", &SUMMARY.replace("[limits]", "[limit]"))]);
        assert!(error.contains("features/s.toml") && error.contains("limit"), "{error}");
        let error = refused(&[("packs/x.toml", "id = 'x'\nversions = '1'")]);
        assert!(error.contains("packs/x.toml") && error.contains("versions"), "{error}");
    }

    #[test]
    fn nothing_is_passed_over_in_silence() {
        for name in ["market/us.toml", "us.toml", "markets/old/us.toml"] {
            let error = refused(&[(name, US)]);
            assert!(error.contains("would be passed over"), "{name}: {error}");
        }
        let error = refused(&[("markets/a.toml", US), ("markets/b.toml", US)]);
        assert!(error.contains("a.toml") && error.contains("b.toml"), "{error}");
        let missing = Shipped::load(Some(Path::new("/nowhere/at/all"))).map(|_| ()).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/at/all"), "{missing}");
    }

    #[test]
    fn an_overlay_cannot_open_what_ships_closed_by_approval_residency_or_region() {
        let cn = include_str!("../../../catalog/markets/cn.toml");
        let without = |from: &str, to: &str| {
            assert!(cn.contains(from), "{from}");
            cn.replacen(from, to, 1)
        };
        for (text, key) in [
            (without("required = true\nsigners = 2", "required = false"), "approval.required"),
            (without("signers = 2", "signers = 1"), "approval.signers"),
            (without("processing = [\"CN\"]", "processing = [\"CN\", \"US\"]"), "residency"),
            (without("judge = \"required\"", "judge = \"optional\""), "pictures.judge"),
            (without("regions = [\"CN\"]", "regions = [\"MO\"]"), "regions"),
        ] {
            let error = refused(&[("markets/cn.toml", &text)]);
            assert!(error.contains("loosens what ships") && error.contains(key), "{error}");
        }
        let tighter = without("signers = 2", "signers = 3");
        let folder = overlay(&[("markets/cn.toml", &tighter)]);
        let shipped = Shipped::load(Some(folder.path())).unwrap();
        let cn = shipped.markets.iter().find(|market| market.id().as_str() == "cn").unwrap();
        assert_eq!(cn.approval().signers(), 3);
    }

    #[test]
    fn a_model_serves_no_market_its_partner_takes_no_requests_from() {
        let text =
            "extends = \"openai\"\n[[model]]\nid = \"gpt-5.4-mini\"\nmarkets = [\"us\", \"cn\"]";
        let error = refused(&[("partners/openai.toml", text)]);
        assert!(error.contains("gpt-5.4-mini") && error.contains("cn"), "{error}");
        assert!(error.contains("takes no requests from CN"), "{error}");
    }

    #[test]
    fn a_host_is_where_the_card_says_and_no_other_host_is_anywhere() {
        let card = PartnerCard::parse(QWEN, files::shipped_partner).unwrap();
        let region = |host| card.region_of(host).map(|region| region.to_string());
        assert_eq!(region("dashscope.aliyuncs.com").as_deref(), Some("CN"));
        assert_eq!(region("DashScope-Intl.aliyuncs.com.").as_deref(), Some("SG"));
        assert_eq!(region("ws-1.cn-beijing.maas.aliyuncs.com").as_deref(), Some("CN"));
        assert_eq!(region("ws-1.us-east-1.maas.aliyuncs.com").as_deref(), Some("US"));
        for nowhere in [
            "cn-beijing.maas.aliyuncs.com",
            ".cn-beijing.maas.aliyuncs.com",
            "dashscope.aliyuncs.com.example.org",
            "evildashscope.aliyuncs.com",
            "127.0.0.1",
            "",
        ] {
            assert_eq!(region(nowhere), None, "{nowhere}");
        }
    }
}
