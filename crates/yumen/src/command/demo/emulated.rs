//! The demo's partners: each card whose models are in a release, with an emulator in its place.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use yumen_emulators::{Emulator, Kind, Options};
use yumen_partners::{KeySource, PartnerConfig};

use crate::catalog::{Currency, PartnerCard};
use crate::failure::{Context as _, Failure};

/// A partner's card and what stands in its place.
pub(super) struct Emulated {
    pub(super) card: PartnerCard,
    pub(super) emulator: Emulator,
}

/// Starts an emulator for each card with a model in some release. A partner that nothing emulates
/// is not asked.
pub(super) async fn emulated(
    cards: &[PartnerCard],
    options: impl Fn() -> Options,
) -> Result<Vec<Emulated>, Failure> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut all = Vec::new();
    for card in cards {
        if card.model.iter().all(|model| model.markets.is_empty()) {
            continue;
        }
        let Some(kind) = Kind::named(card.id.as_str()) else {
            tracing::warn!(partner = %card.id, "nothing emulates it; it is not asked");
            continue;
        };
        let emulator = Emulator::bind(kind, any, options())
            .await
            .context(format!("cannot start the emulated {}", card.name.en))?;
        all.push(Emulated { card: card.clone(), emulator });
    }
    Ok(all)
}

impl Emulated {
    /// How the demo's gate asks it. The emulator stands where the partner does.
    pub(super) fn config(&self, key: &Path) -> Result<PartnerConfig, Failure> {
        let home = self.card.home();
        let base_url = format!("http://{}{}", self.emulator.addr(), home.base_url.path());
        let base_url = base_url.parse().context("an emulator's address is broken")?;
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        Ok(PartnerConfig {
            region: self.card.region_of(home.base_url.host()),
            keys: vec![KeySource::File(key.to_owned())],
            emulated: true,
            models: self.card.models(Some(home), today, Currency::Usd),
            ..PartnerConfig::new(self.card.id.clone(), home.dialect.clone(), base_url)
        })
    }
}
