//! `yumen eligibility explain`: whether a device may have a feature, and why, in words.

use std::io::Read as _;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use yumen_policy::{
    Device, Digest, FeatureId, Input, Market, MarketId, Text, Timestamp, UiLanguage, judge,
};

use super::{Court, Output};
use crate::eligibility::explanation;
use crate::failure::{Context as _, Failure};

#[derive(Serialize)]
struct Explained {
    at: Timestamp,
    catalog: String,
    policy: Digest,
    approvals_supposed: bool,
    verdicts: Vec<Judged>,
}

#[derive(Serialize)]
struct Judged {
    /// The market in which the device was taken to have been bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_if_bought_in: Option<MarketId>,
    #[serde(flatten)]
    verdict: Value,
    #[serde(skip)]
    names: Names,
}

/// What the feature and the market are called.
struct Names {
    feature: Option<Text>,
    market: Option<Text>,
}

pub(super) fn run(
    court: &Court,
    device: &Path,
    features: &[String],
    markets: &[String],
    language: UiLanguage,
    output: Output,
) -> Result<(), Failure> {
    let device = Device::parse(&read(device)?)
        .context("the device cannot be used")
        .map_err(|failure| failure.help("docs/devices-and-markets.md shows one"))?;
    let features = asked(court, features)?;
    let mut devices = Vec::new();
    for id in markets {
        let market = market(court, id)?;
        devices.push((Some(market.id().clone()), bought_in(court, &device, market)?));
    }
    if devices.is_empty() {
        devices.push((None, device));
    }
    let mut verdicts = Vec::new();
    for (as_if_bought_in, device) in &devices {
        for feature in &features {
            let verdict = judge(&court.policy, device, feature, court.at);
            let names = Names {
                feature: court
                    .build
                    .shipped
                    .features
                    .get(feature.as_str())
                    .map(|feature| feature.name().clone()),
                market: verdict
                    .market()
                    .and_then(|id| court.policy.market(id))
                    .map(|market| market.name().clone()),
            };
            let verdict = verdict.to_json(language);
            verdicts.push(Judged { as_if_bought_in: as_if_bought_in.clone(), verdict, names });
        }
    }
    let explained = Explained {
        at: court.at,
        catalog: court.catalog.clone(),
        policy: court.policy.digest(),
        approvals_supposed: court.supposed,
        verdicts,
    };
    output.print(&explained, |explained| text(explained, language, court.caveat()))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(path).context(format!("cannot read {}", path.display()))?;
    }
    Ok(bytes)
}

/// The features that are asked for, or all.
fn asked(court: &Court, names: &[String]) -> Result<Vec<FeatureId>, Failure> {
    if names.is_empty() {
        return Ok(court.features());
    }
    names
        .iter()
        .map(|name| {
            let known = court.build.shipped.features.get(name);
            known.map(|feature| feature.id().clone()).ok_or_else(|| {
                let all: Vec<_> = court.features().iter().map(ToString::to_string).collect();
                Failure::new(format!("there is no feature {name:?}"))
                    .help(format!("there are {}", all.join(", ")))
            })
        })
        .collect()
}

fn market<'a>(court: &'a Court, id: &str) -> Result<&'a Market, Failure> {
    let markets = court.policy.markets();
    markets.iter().find(|market| market.id().as_str() == id).ok_or_else(|| {
        let all: Vec<_> = markets.iter().map(|market| market.id().as_str()).collect();
        Failure::new(format!("there is no market {id:?}"))
            .help(format!("there are {}", all.join(", ")))
    })
}

/// The same device, had it been bought in this market.
fn bought_in(court: &Court, device: &Device, market: &Market) -> Result<Device, Failure> {
    let mut device = device.clone();
    let Some(&region) = market.regions().first() else {
        return Err(Failure::new(format!("no device is bought in the market {}", market.id()))
            .help("it stands for regions of no market; give a device that was bought in one"));
    };
    // A device of the market itself stays as it is: a market of many regions has no first among them.
    let own = court.policy.market_of(&device).is_some_and(|own| own.id() == market.id());
    if !own {
        device.purchase_region = Input::Set(region);
    }
    Ok(device)
}

fn text(explained: &Explained, language: UiLanguage, caveat: Option<&str>) -> String {
    let mut parts: Vec<String> = explained
        .verdicts
        .iter()
        .map(|judged| {
            let name =
                |text: &Option<Text>| text.as_ref().map(|text| text.get(language).to_owned());
            explanation::words(
                &judged.verdict,
                name(&judged.names.feature).as_deref(),
                name(&judged.names.market).as_deref(),
                judged.as_if_bought_in.as_ref().map(MarketId::as_str),
                language,
            )
        })
        .collect();
    let mut end = format!("{}, {}, {}", explained.policy, explained.catalog, explained.at);
    if let Some(caveat) = caveat {
        end = format!("{caveat}\n{end}");
    }
    parts.push(end);
    parts.join("\n\n")
}
