//! Grace tickets: for how long a rule still holds after the device has left the right place.
//!
//! Grace arms only after a first match. That there was one is written on a signed ticket, which the
//! device keeps: so it survives every restart of the gate, and the gate keeps nothing of the device.
//! A ticket is bound to a device key, so that it cannot be handed to a device that never matched,
//! and tells the hours of matches, not their minutes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::assertion::possession::Proof;
use crate::canonical::PlainData;
use crate::{AssertionKey, AssertionVerifier, Lapse, MarketId, Matches, PolicyError, Thumbprint};

const DOMAIN: &[u8] = b"yumen grace v1\0";

/// The seconds to which matches are rounded down.
const HOUR: i64 = 3600;

/// The most rules a ticket speaks of.
const MAX_RULES: usize = 64;

/// When a device was in the right place for rules of one market, by a ticket that was believed. Only
/// [`AssertionVerifier::verify_grace`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grace {
    market: MarketId,
    matches: Matches,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    market: MarketId,
    matched: Matches,
    cnf: Thumbprint,
}

impl PlainData for Ticket {}

impl Grace {
    /// The longest a grace can last: tickets forget what lies further back, and so do the keys that
    /// signed them.
    pub const LONGEST: Lapse = Lapse::days(180);

    /// The market whose rules were met.
    pub fn market(&self) -> &MarketId {
        &self.market
    }

    /// When rules of this market were met; none were if the ticket is of another.
    pub fn matches_in(&self, market: &MarketId) -> &Matches {
        if self.market == *market { &self.matches } else { Matches::NONE }
    }
}

impl AssertionKey {
    /// Writes a ticket for the holder of a device key: the rules its device meets now, and those
    /// that it met before by the ticket it brought. None where it met no rule that gives grace.
    pub fn issue_grace(
        &self,
        market: &MarketId,
        met: &Matches,
        before: Option<&Grace>,
        holder: Thumbprint,
        now: Timestamp,
    ) -> Option<String> {
        let before = before.map_or(Matches::NONE, |before| before.matches_in(market));
        // What is met now comes first, should there be more rules than a ticket holds.
        let matched: Matches = met
            .iter()
            .chain(before.iter())
            .filter(|&(_, at)| at <= now && now < Grace::LONGEST.after(at))
            .take(MAX_RULES)
            .map(|(rule, at)| (rule, hour(at)))
            .collect();
        let ticket = Ticket { market: market.clone(), matched, cnf: holder };
        (!ticket.matched.is_empty()).then(|| self.sign(DOMAIN, &ticket.json()))
    }
}

/// The beginning of the hour.
fn hour(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    // Only the very beginning of time cannot be rounded down.
    Timestamp::from_second(second - second.rem_euclid(HOUR)).unwrap_or(at)
}

impl AssertionVerifier {
    /// Believes a ticket that one of the keys signed while in use, from the holder of the device key
    /// it is bound to.
    ///
    /// # Errors
    /// [`PolicyError::Grace`] with what is wrong.
    pub fn verify_grace(&self, ticket: &str, proof: &Proof) -> Result<Grace, PolicyError> {
        let wrong = |en, zh| PolicyError::Grace { en, zh };
        let (payload, signer) = self.open(DOMAIN, ticket).map_err(|_| {
            wrong("this gate did not sign it, or it was altered", "并非由本网关签发，或已被改动")
        })?;
        let Ticket { market, matched, cnf } = serde_json::from_slice(&payload)
            .map_err(|_| wrong("its form is not known here", "格式无法识别"))?;
        if cnf != proof.thumbprint() {
            return Err(wrong("it is bound to another device key", "绑定的是另一设备密钥"));
        }
        let latest = matched
            .iter()
            .map(|(_, at)| at)
            .max()
            .ok_or(wrong("it speaks of no rule", "未涉及任何规则"))?;
        if !self.trusts(&signer, latest) {
            return Err(wrong(
                "the key that signed it was not in use then",
                "其签名密钥当时并未启用",
            ));
        }
        Ok(Grace { market, matches: matched })
    }
}
