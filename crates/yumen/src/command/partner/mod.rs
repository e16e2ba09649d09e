//! `yumen partner`: the partners of a catalogue, what is known of them and from where, and whether
//! those that are configured can be asked.

mod check;
mod shown;

use serde::Serialize;
use yumen_partners::PartnerConfig;
use yumen_policy::{MarketId, Text};

use super::{Output, read_config};
use crate::catalog::{PartnerCard, Shipped};
use crate::cli::{CatalogPlace, PartnerCommand};
use crate::failure::{Context as _, Failure};

pub(super) fn run(command: PartnerCommand, output: Output) -> Result<(), Failure> {
    match command {
        PartnerCommand::List { under } => {
            let known = Known::under(&under)?;
            let lines: Vec<_> =
                known.shipped.partners.iter().map(|card| known.line(card)).collect();
            output.print(&lines, |lines| table(lines))
        }
        PartnerCommand::Show { name, under } => {
            let known = Known::under(&under)?;
            let card = find(&known.shipped, &name)?;
            let shown = shown::Shown::of(card, known.configured(card));
            output.print(&shown, shown::Shown::text)
        }
        PartnerCommand::Check { name, all: _, config, catalog, live } => {
            let config = read_config(&config, catalog.as_deref())?;
            check::run(name.as_deref(), config, live, output)
        }
    }
}

/// A catalogue, and what is configured over it.
struct Known {
    shipped: Shipped,
    partners: Vec<PartnerConfig>,
}

impl Known {
    fn under(place: &CatalogPlace) -> Result<Self, Failure> {
        let (catalog, partners) = match &place.config {
            None => (place.catalog.clone(), Vec::new()),
            Some(file) => {
                let config = read_config(file, place.catalog.as_deref())?;
                (config.catalog, config.partners)
            }
        };
        let shipped = Shipped::load(catalog.as_deref()).context("the catalogue cannot be used")?;
        Ok(Self { shipped, partners })
    }

    fn configured(&self, card: &PartnerCard) -> Option<&PartnerConfig> {
        self.partners.iter().find(|partner| partner.id == card.id)
    }

    fn line(&self, card: &PartnerCard) -> Line {
        let mut dialects: Vec<String> = Vec::new();
        for endpoint in &card.endpoints {
            if !dialects.iter().any(|known| known == endpoint.dialect.name()) {
                dialects.push(endpoint.dialect.name().to_owned());
            }
        }
        let mut regions: Vec<_> = card.hosts.iter().map(|host| host.region.to_string()).collect();
        regions.sort_unstable();
        regions.dedup();
        let mut markets: Vec<_> =
            card.model.iter().flat_map(|model| model.markets.clone()).collect();
        markets.sort_unstable();
        markets.dedup();
        Line {
            id: card.id.to_string(),
            name: card.name.clone(),
            dialects,
            regions,
            models: card.model.len(),
            markets,
            configured: self.configured(card).map(Configured::of),
        }
    }
}

fn find<'a>(shipped: &'a Shipped, name: &str) -> Result<&'a PartnerCard, Failure> {
    shipped.partners.iter().find(|card| card.id.as_str() == name).ok_or_else(|| {
        let ids: Vec<_> = shipped.partners.iter().map(|card| card.id.as_str()).collect();
        Failure::new(format!("there is no partner {name:?}"))
            .help(format!("there are {}", ids.join(", ")))
    })
}

/// A partner in one line.
#[derive(Serialize)]
struct Line {
    id: String,
    name: Text,
    dialects: Vec<String>,
    /// Where its hosts process, as far as that is known.
    regions: Vec<String>,
    /// How many models its card has.
    models: usize,
    /// The markets in whose releases it is.
    markets: Vec<MarketId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configured: Option<Configured>,
}

/// What is configured of a partner.
#[derive(Serialize)]
struct Configured {
    protocol: String,
    base_url: String,
    region: Option<String>,
    emulated: bool,
}

impl Configured {
    fn of(config: &PartnerConfig) -> Self {
        Self {
            protocol: config.protocol.name().to_owned(),
            base_url: config.base_url.to_string(),
            region: config.region.map(|region| region.to_string()),
            emulated: config.emulated,
        }
    }

    fn text(&self) -> String {
        let region = self.region.as_deref().unwrap_or("at a place nobody stated");
        let emulated = if self.emulated { ", EMULATED" } else { "" };
        format!("{} at {}, {region}{emulated}", self.protocol, self.base_url)
    }
}

fn table(lines: &[Line]) -> String {
    let row = |line: &Line| {
        let markets: Vec<_> = line.markets.iter().map(MarketId::as_str).collect();
        let markets = if markets.is_empty() { "none".to_owned() } else { markets.join(", ") };
        let regions =
            if line.regions.is_empty() { "not known".to_owned() } else { line.regions.join(", ") };
        let configured =
            line.configured.as_ref().map(|one| format!("\n{:<10} configured: {}", "", one.text()));
        format!(
            "{:<10} {}\n{:<10} {}; models: {}; processes in: {regions}; markets: {markets}{}",
            line.id,
            line.name.en,
            "",
            line.dialects.join(", "),
            line.models,
            configured.unwrap_or_default(),
        )
    };
    lines.iter().map(row).collect::<Vec<_>>().join("\n")
}
