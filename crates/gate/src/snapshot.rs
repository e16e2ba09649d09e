//! What a request is decided on: one immutable snapshot, swapped whole when anything changes.
//!
//! A request takes the snapshot once and keeps it to its end, so a change of policy, keys or
//! approvals never shows half-way through a request.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use yumen_label::Labeller;
use yumen_policy::{Device, MarketId, Policy, PolicySource};
use yumen_screen::Screen;

/// The decision's inputs that change while the gate runs.
pub struct Snapshot {
    /// Markets, rules, releases and approvals.
    pub policy: Policy,
    /// The app keys in force.
    pub keys: AppKeys,
    /// How each market's answers are labelled.
    pub labellers: BTreeMap<MarketId, Labeller>,
    /// The safety check of each market; a market without one serves nothing. Markets with the same packs share one.
    pub screens: BTreeMap<MarketId, Arc<Screen>>,
}

impl Snapshot {
    /// A snapshot on which nothing is known and so nothing is served.
    pub(crate) fn closed() -> Self {
        // An empty source has no parts that could contradict each other.
        let policy = Policy::new(PolicySource::default()).expect("an empty policy fits together");
        Self {
            policy,
            keys: AppKeys::default(),
            labellers: BTreeMap::new(),
            screens: BTreeMap::new(),
        }
    }
}

/// App keys by the hash of their secret; the secrets themselves are nowhere.
#[derive(Default)]
pub struct AppKeys {
    by_hash: HashMap<[u8; 32], Arc<AppKey>>,
}

/// An app that may call the gate.
#[derive(Debug)]
pub struct AppKey {
    /// A stable, meaningless id; it is what the ledger knows of the caller.
    pub id: String,
    /// SHA-256 of its secret: the same wherever the key is known.
    pub secret_hash: [u8; 32],
    /// Whether it may use development markets.
    pub development: bool,
    /// A fixed device, for plain clients that know no assertion.
    pub profile: Option<Device>,
}

impl AppKeys {
    /// Adds a key.
    pub fn insert(&mut self, key: AppKey) {
        self.by_hash.insert(key.secret_hash, Arc::new(key));
    }

    /// The key with this secret. Looking up a hash gives no timing hint about the secret.
    pub(crate) fn find(&self, secret: &str) -> Option<&Arc<AppKey>> {
        self.by_hash.get(&<[u8; 32]>::from(Sha256::digest(secret.as_bytes())))
    }
}
