//! The gate itself: what every request shares, and how it is put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use yumen_device::Engine;
use yumen_features::Catalogue;
use yumen_ledger::{Canonical, Ledger, LedgerError};
use yumen_partners::Partners;
use yumen_policy::{AssertionKey, FeatureId};
use yumen_screen::Screen;

use crate::caller::Assertions;
use crate::device::DeviceTier;
use crate::metrics::Metrics;
use crate::snapshot::Snapshot;

/// How the program was started; it is said wherever a person could mistake one for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `yumen demo`: emulated partners, a fictitious company's approvals.
    Demo,
    /// `yumen serve`: the operator's configuration.
    Serve,
}

/// What a gate is made of.
pub struct Parts {
    /// How the program was started.
    pub mode: Mode,
    /// The features that ship.
    pub catalogue: Catalogue,
    /// The first snapshot; [`Gate::publish`] replaces it.
    pub snapshot: Snapshot,
    /// The safety check.
    pub screen: Arc<Screen>,
    /// The partners that can be asked.
    pub partners: Partners,
    /// The on-device engine.
    pub engine: Arc<Engine>,
    /// The record.
    pub ledger: Ledger,
    /// The ledger's public key in the form of a C2SP verifier key.
    pub ledger_key: String,
    /// Signs assertions.
    pub assertions: AssertionKey,
    /// Model names of plain clients, each standing for a feature.
    pub aliases: BTreeMap<String, FeatureId>,
}

/// Everything the requests share. Nothing in it is locked on the way of a request.
pub struct Gate {
    pub(crate) mode: Mode,
    pub(crate) catalogue: Catalogue,
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) screen: Arc<Screen>,
    pub(crate) partners: Partners,
    pub(crate) device: DeviceTier,
    pub(crate) ledger: Ledger,
    pub(crate) ledger_key: String,
    pub(crate) assertions: AssertionKey,
    pub(crate) believed: Assertions,
    pub(crate) aliases: BTreeMap<String, FeatureId>,
    pub(crate) metrics: Metrics,
    pub(crate) openapi: Vec<u8>,
}

impl Gate {
    /// Puts a gate together.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            openapi: crate::openapi::document(&parts.catalogue),
            mode: parts.mode,
            catalogue: parts.catalogue,
            snapshot: ArcSwap::from_pointee(parts.snapshot),
            screen: parts.screen,
            partners: parts.partners,
            device: DeviceTier::new(parts.engine),
            ledger: parts.ledger,
            ledger_key: parts.ledger_key,
            believed: Assertions::new(parts.assertions.verifier()),
            assertions: parts.assertions,
            aliases: parts.aliases,
            metrics: Metrics::new(),
        })
    }

    /// Decides from now on by `snapshot`; requests on their way keep the one they began with.
    pub fn publish(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }

    /// Writes an entry that belongs to no request, such as an approval that came or went.
    ///
    /// # Errors
    /// When the ledger takes no entries.
    pub async fn record(&self, entry: Canonical) -> Result<(), LedgerError> {
        self.ledger.append(entry).await.map(drop)
    }

    /// Serves nothing until the next [`Gate::publish`]: no key is known any longer.
    pub fn close(&self) {
        self.snapshot.store(Arc::new(Snapshot::closed()));
    }
}
