//! The desk itself: who may, then what is done.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use yumen_ledger::Ledger;
use yumen_policy::{FeatureId, Market, Release};
use yumen_store::Store;

use crate::{Action, Actor, DeskError, Done};

/// What the desk knows of the program it belongs to.
#[derive(Debug, Default)]
pub struct Book {
    /// The markets.
    pub markets: Vec<Market>,
    /// The features.
    pub features: Vec<FeatureId>,
    /// What this build releases.
    pub releases: Vec<Release>,
}

/// The market desk on one data directory. Blocking: keep it off the request path.
pub struct Desk {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) ledger_dir: PathBuf,
    pub(crate) book: Arc<Book>,
}

impl Desk {
    /// Opens the desk on a store and a ledger, which stands in the folder `ledger_dir`, and records what an earlier
    /// process could not.
    ///
    /// # Errors
    /// [`DeskError::Store`] and [`DeskError::Ledger`] when one of the two does not answer.
    pub fn open(
        store: Store,
        ledger: Ledger,
        ledger_dir: PathBuf,
        book: Arc<Book>,
    ) -> Result<Self, DeskError> {
        let mut desk = Self { store, ledger, ledger_dir, book };
        desk.deliver_outgoing()?;
        Ok(desk)
    }

    /// The store, to read what is decided from.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Carries out an action. When it returns, what it changed is on disk.
    ///
    /// # Errors
    /// [`DeskError`]; nothing was changed then.
    pub fn act(
        &mut self,
        actor: &Actor,
        action: Action,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        actor.may(action.duty())?;
        match action {
            Action::Kill(order) => self.kill(actor, order, now),
            Action::Lift { id } => self.lift(actor, &id, now),
            Action::Kills => self.kills(),
            Action::AddSigner { key, name, role } => self.add_signer(actor, &key, &name, role, now),
            Action::RemoveSigner { key } => self.remove_signer(actor, &key, now),
            Action::Signers => self.signers(),
            Action::AddAdminKey { name, role } => self.add_admin_key(actor, &name, role, now),
            Action::RevokeAdminKey { id } => self.revoke_admin_key(actor, &id, now),
            Action::AdminKeys => self.admin_keys(),
        }
    }
}
