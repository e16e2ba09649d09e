//! Packs: the rules of a screen as data.
//!
//! ```toml
//! id = "pii"
//! version = "2026.11.0"
//! issued = "2026-11-22"                   # optional; how old the pack is, is counted from it
//! source = "where the rules come from"
//!
//! [[rule]]
//! id = "pii.email"
//! detector = "email"                      # or: phrases = ["(drop|lose) the parcel"]
//! placeholder = "email"                   # what stands in its place: ⟦email⟧
//! actions = { to_partner = "mask", from_partner = "allow", to_device = "allow", from_device = "allow" }
//! text = { en = "An e-mail address was masked.", zh = "已遮盖一个电子邮箱地址。" }
//! source = "RFC 5321 §4.5.3.1"
//! ```
//!
//! A phrase matches across any white space and punctuation that does not end a sentence; where it begins or ends
//! with a Latin letter or digit, it must begin or end a word. Directly after one of the words of `not_after` it does not count:
//! `not_after = ["do not"]`.

mod accept;
mod action;
mod category;
mod coverage;
mod diff;
mod entry;
mod file;
mod header;
mod import;
mod keys;
mod limits;
mod parts;
mod risk;
mod rows;
mod rule;
mod secret;
mod sheet;
mod source;

use jiff::civil::Date;
use yumen_policy::{Digest, MarketId, SignerKey};

use crate::error::ScreenError;

pub use accept::{Acceptance, Accepted, Candidate, Wanted, candidates};
pub(crate) use action::Actions;
pub use action::{Action, Boundary};
pub use category::{Category, Severity};
pub use coverage::{Coverage, RiskCoverage};
pub use diff::{PackDiff, TermDiff};
pub use file::{PackBuild, PackFile};
pub use header::{PackContents, PackCounts, PackHeader, Sealed};
pub use import::{Import, Imported, LeftOut};
pub use keys::PackKeys;
pub use risk::{NoRisk, Risk, RiskGroup};
pub(crate) use rule::{Kind, Rule};
pub use secret::PackSecret;
pub use source::PackSource;

/// The parsed rules of one pack.
#[derive(Clone, Debug)]
pub struct Pack {
    id: String,
    version: String,
    issued: Option<Date>,
    expires: Option<Date>,
    owner: Option<String>,
    markets: Vec<MarketId>,
    digest: Digest,
    signer: Option<SignerKey>,
    pub(crate) rules: Vec<(Rule, Kind)>,
}

impl Pack {
    /// The name of the pack.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version its makers gave it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The day this version was issued, if it says so; a market that lets packs grow old stops what
    /// is screened with one that does not.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// The hash of the pack's text: two packs with one digest are the same to the letter.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The day from which on it may not be used, if it says so.
    pub fn expires(&self) -> Option<Date> {
        self.expires
    }

    /// Who answers for it, if it says so.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// The markets it is for; none named: for every one.
    pub fn markets(&self) -> &[MarketId] {
        &self.markets
    }

    /// The key that signed it; `None` for a pack that was compiled in or read from its source.
    pub fn signer(&self) -> Option<SignerKey> {
        self.signer
    }

    /// The pack as it is in one market: with what is said there, such as where help is to be had.
    ///
    /// # Errors
    /// [`ScreenError::PackMarket`] if it is made for others.
    pub fn in_market(mut self, market: &MarketId) -> Result<Self, ScreenError> {
        if !self.markets.is_empty() && !self.markets.contains(market) {
            let markets = self.markets.iter().map(MarketId::as_str).collect::<Vec<_>>().join(", ");
            return Err(ScreenError::PackMarket { pack: self.id, market: market.clone(), markets });
        }
        for (rule, _) in &mut self.rules {
            if let Some(text) = rule.text_in.remove(market) {
                rule.text = text;
            }
        }
        Ok(self)
    }

    /// The pack without the rules that are over on a day.
    #[must_use]
    pub fn on(mut self, day: Date) -> Self {
        self.rules.retain(|(rule, _)| rule.expires.is_none_or(|expires| day < expires));
        self
    }

    /// The first day after `day` on which it is another: a rule is over, or the pack is.
    pub fn next_change(&self, day: Date) -> Option<Date> {
        let rules = self.rules.iter().filter_map(|(rule, _)| rule.expires);
        rules.chain(self.expires).filter(|change| *change > day).min()
    }
}
