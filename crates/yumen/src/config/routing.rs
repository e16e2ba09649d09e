//! `[routing]`: how requests are spread over the partners, and what prices are counted in.

use serde::{Deserialize, Deserializer};
use toml::Table;
use yumen_partners::Routing;

use crate::catalog::Currency;

/// The section as it is written.
pub(super) struct RawRouting {
    /// The currency of the prices that are taken from partners' cards.
    pub currency: Currency,
    /// Everything else.
    pub routing: Routing,
}

impl Default for RawRouting {
    fn default() -> Self {
        Self { currency: Currency::Usd, routing: Routing::default() }
    }
}

impl<'de> Deserialize<'de> for RawRouting {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let mut table = Table::deserialize(from)?;
        let bad = |error: toml::de::Error| D::Error::custom(error.message());
        let currency = match table.remove("currency") {
            None => Self::default().currency,
            Some(word) => word.try_into().map_err(bad)?,
        };
        Ok(Self { currency, routing: table.try_into().map_err(bad)? })
    }
}
