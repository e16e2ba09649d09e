//! The desk itself: who may, then what is done.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use yumen_ledger::Ledger;
use yumen_policy::{
    AssertionKeys, Calendar, FeatureId, Market, Procedures, Release, SignerKey, SigningKey,
};
use yumen_store::Store;

use crate::{Action, Actor, Aftermath, DeskError, Done, Holdings, KeyShelf, PackBench, ReportSeal};

/// What the desk knows of the program it belongs to.
#[derive(Debug, Default)]
pub struct Book {
    /// The markets.
    pub markets: Vec<Market>,
    /// The features.
    pub features: Vec<FeatureId>,
    /// How approvals of each kind are given out.
    pub procedures: Procedures,
    /// The working days that statutory clocks run in.
    pub calendars: Vec<Calendar>,
    /// What this build releases.
    pub releases: Vec<Release>,
    /// Who reads screen packs; none: none can be installed.
    pub packs: Option<Arc<dyn PackBench>>,
}

/// The keys that the installation itself signs with.
pub struct Keyring {
    /// For what an operator may do with an approval.
    pub operator: SigningKey,
    /// On a demonstration, the key of one of its made-up people.
    pub demonstration: Option<SigningKey>,
    /// The keys that sign assertions.
    pub assertions: AssertionKeys,
    /// Where those are kept.
    pub shelf: Arc<dyn KeyShelf>,
    /// For what people write in reports.
    pub reports: ReportSeal,
}

/// The market desk on one data directory. Blocking: keep it off the request path.
pub struct Desk {
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) ledger_dir: PathBuf,
    pub(crate) keys: Keyring,
    pub(crate) book: Arc<Book>,
    pub(crate) aftermath: Vec<Aftermath>,
}

impl Desk {
    /// Opens the desk on a store and a ledger, which stands in the folder `ledger_dir`, records what an earlier
    /// process could not, and takes away the files of packs it left.
    ///
    /// # Errors
    /// [`DeskError::Store`] and [`DeskError::Ledger`] when one of the two does not answer.
    pub fn open(
        store: Store,
        ledger: Ledger,
        ledger_dir: PathBuf,
        keys: Keyring,
        book: Arc<Book>,
    ) -> Result<Self, DeskError> {
        let aftermath = Vec::new();
        let mut desk = Self { store, ledger, ledger_dir, keys, book, aftermath };
        desk.deliver_outgoing()?;
        if let Err(error) = desk.store.sweep_packs() {
            tracing::warn!(%error, "files of packs that are not in force stay for now");
        }
        Ok(desk)
    }

    /// What the store holds for a policy now.
    ///
    /// # Errors
    /// As for [`Holdings::read`].
    pub fn holdings(&self) -> Result<Holdings, DeskError> {
        Holdings::read(&self.store, &self.book, SignerKey::of(&self.keys.operator))
    }

    /// Goes on with another book: what this build releases changes with the packs that are installed.
    pub fn turn_to(&mut self, book: Arc<Book>) {
        self.book = book;
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
            Action::Draft { application, step } => self.draft(actor, application, step, now),
            Action::Step { approval, kind, order } => self.step(actor, &approval, kind, order, now),
            Action::Sign { approval, signed } => self.sign(actor, &approval, &signed, now),
            Action::Import { file } => self.import(actor, &file, now),
            Action::Remove { approval } => self.remove(&approval, now),
            Action::Verify { file } => self.verify(&file, now),
            Action::Approvals => self.approvals(now),
            Action::Approval { approval } => self.approval(&approval, now),
            Action::AddRelease { release } => self.add_release(actor, &release, now),
            Action::Releases => self.releases(),
            Action::Release { digest } => self.release(&digest),
            Action::InstallPack(order) => self.install_pack(actor, &order, now),
            Action::RemovePack { pack, grounds } => self.remove_pack(actor, &pack, &grounds, now),
            Action::Packs => self.packs(),
            Action::Report(order) => self.report(&order, now),
            Action::ReportStatus { report, caller } => self.report_status(&report, &caller),
            Action::Reports { decided } => self.reports(decided),
            Action::ShowReport { report } => self.show_report(&report),
            Action::Decide { report, ruling, answer } => {
                self.decide(actor, &report, ruling, &answer, now)
            }
            Action::People => self.people(now),
            Action::Person { person } => self.person(&person, now),
            Action::LiftPerson { person } => self.lift_person(actor, &person, now),
            Action::Drift(drift) => self.drift(&drift, now),
            Action::Drifts => self.drifts(),
            Action::Entries { from, limit } => self.entries(from, limit),
            Action::ImportFiled { list } => self.import_filed(actor, &list, now),
            Action::FiledModels { query } => self.filed_models(query.as_deref()),
            Action::Keep(what) => self.keeper().act(actor, what, now),
            Action::AddSigner { key, name, role } => self.add_signer(actor, &key, &name, role, now),
            Action::RemoveSigner { key } => self.remove_signer(actor, &key, now),
            Action::Signers => self.signers(),
            Action::AddAdminKey { name, role } => self.add_admin_key(actor, &name, role, now),
            Action::RevokeAdminKey { id } => self.revoke_admin_key(actor, &id, now),
            Action::AdminKeys => self.admin_keys(),
            Action::AssertionKeys => Ok(self.shown_assertion_keys()),
            Action::RotateAssertionKey { revoke } => self.rotate_assertion_key(actor, revoke, now),
            Action::RevokeAssertionKey { kid } => self.revoke_assertion_key(actor, &kid, now),
        }
    }
}
