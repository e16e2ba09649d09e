//! Grace: for how long a rule that reads the location still holds after the device has left.
//!
//! Grace arms only after a first match. That there was one is written on a signed ticket, which the
//! device keeps: so it survives every restart of the gate, and the gate keeps nothing of the device.
//! A ticket is bound to a device key, so that it cannot be handed to a device that never matched,
//! and tells the hours of matches, not their minutes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::canonical::PlainData;
use crate::possession::Proof;
use crate::{AssertionKey, AssertionVerifier, Lapse, MarketId, PolicyError, Thumbprint};

const DOMAIN: &[u8] = b"yumen grace v1\0";

/// The seconds to which matches are rounded down.
const HOUR: i64 = 3600;

/// The longest grace a rule may give; tickets forget matches that are older.
const LONGEST: Lapse = Lapse::days(180);

/// The most rules a ticket speaks of.
const MAX_RULES: usize = 64;

/// When a device matched rules of one market, told by a ticket that was believed or by the device's
/// present location. Only [`AssertionVerifier::verify_grace`] makes one from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grace {
    market: MarketId,
    matched: BTreeMap<Arc<str>, Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ticket {
    market: MarketId,
    matched: BTreeMap<Arc<str>, Timestamp>,
    cnf: Thumbprint,
}

impl PlainData for Ticket {}

impl Grace {
    /// The longest grace a rule may give.
    pub const LONGEST: Lapse = LONGEST;

    /// The market whose rules were matched.
    pub fn market(&self) -> &MarketId {
        &self.market
    }

    /// Until when this rule holds for a device that matches it no more; none if it never matched
    /// it, or if its match lies in the future.
    pub fn until(
        &self,
        market: &MarketId,
        rule: &str,
        lapse: Lapse,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let matched = self.matched.get(rule).filter(|_| self.market == *market)?;
        let until = lapse.min(LONGEST).after(*matched);
        (*matched <= now && now < until).then_some(until)
    }
}

impl AssertionKey {
    /// Writes a ticket for the holder of a device key: the rules its device matches now, and those
    /// it matched before by the ticket it brought. None where it matched no rule that gives grace.
    pub fn issue_grace(
        &self,
        market: &MarketId,
        matched: impl IntoIterator<Item = Arc<str>>,
        before: Option<&Grace>,
        holder: Thumbprint,
        now: Timestamp,
    ) -> Option<String> {
        let second = now.as_second();
        // Only the very beginning of time cannot be rounded down.
        let hour = Timestamp::from_second(second - second.rem_euclid(HOUR)).unwrap_or(now);
        let before = before.filter(|before| before.market == *market);
        let mut rules: BTreeMap<Arc<str>, Timestamp> = before
            .into_iter()
            .flat_map(|before| &before.matched)
            .filter(|(_, at)| now < LONGEST.after(**at))
            .map(|(rule, at)| (Arc::clone(rule), *at))
            .collect();
        rules.extend(matched.into_iter().map(|rule| (rule, hour)));
        while rules.len() > MAX_RULES {
            rules.pop_last();
        }
        let ticket = Ticket { market: market.clone(), matched: rules, cnf: holder };
        (!ticket.matched.is_empty()).then(|| self.sign(DOMAIN, &ticket.json()))
    }
}

impl AssertionVerifier {
    /// Believes a ticket that one of the keys signed while in use, from the holder of the device key
    /// it is bound to.
    ///
    /// # Errors
    /// [`PolicyError::Grace`] with what is wrong.
    pub fn verify_grace(&self, ticket: &str, proof: &Proof) -> Result<Grace, PolicyError> {
        let wrong = PolicyError::Grace;
        let (payload, signer) = self
            .open(DOMAIN, ticket)
            .map_err(|_| wrong("this gate did not sign it, or it was altered"))?;
        let Ticket { market, matched, cnf } =
            serde_json::from_slice(&payload).map_err(|_| wrong("its form is not known here"))?;
        if cnf != proof.thumbprint() {
            return Err(wrong("it is bound to another device key"));
        }
        let latest = matched.values().max().ok_or(wrong("it speaks of no rule"))?;
        if !self.trusts(&signer, *latest) {
            return Err(wrong("the key that signed it was not in use then"));
        }
        Ok(Grace { market, matched })
    }
}
