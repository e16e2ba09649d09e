//! The market desk: what people decide about what is served.
//!
//! An [`Action`] is one thing somebody at the desk does: stop a feature, sign an approval, look at the alarms. The
//! command line and the gate's admin addresses make the same actions, and [`Desk::act`] is the one place that carries
//! them out: it checks that the [`Actor`] may, changes the store in one transaction, and records the change in the
//! ledger.
//!
//! What the crate promises:
//!
//! - **Roles are kept apart.** Who writes a draft does not sign it; who operates the gate signs nothing into force;
//!   who audits changes nothing (`actor.rs`, `action.rs`).
//! - **No change without its record.** The ledger's entry is written in the transaction of the change, and appended
//!   after it; what a crash leaves in between is appended when the desk opens next, once (`record.rs`).
//! - **Closing is quick, opening takes two.** A kill holds when [`Desk::act`] returns. Lifting it takes two commands,
//!   and of two people where people are known by name.

mod action;
mod actor;
mod approvals;
mod assertion_keys;
mod conduct;
mod deadlines;
mod desk;
mod done;
mod drifts;
mod entries;
mod error;
mod filed;
mod holdings;
mod keeping;
mod kills;
mod operations;
mod packs;
mod people;
mod record;
mod releases;
mod reports;
mod request;
mod seal;

pub use action::{Action, KillOrder};
pub use actor::{Actor, Duty, Standing};
pub use approvals::StepOrder;
pub use assertion_keys::KeyShelf;
pub use conduct::Aftermath;
pub use desk::{Book, Desk, Keyring};
pub use done::Done;
pub use error::{CODES, Code, DeskError};
pub use holdings::Holdings;
pub use keeping::{HoldOrder, Keeper, Keeping, PruneOrder};
pub use operations::{Acting, Operations};
pub use packs::{Grounds, InstallOrder, MAX_PACK, PackBench, PackFile, Trial};
pub use reports::{ReportKind, ReportOrder, Ruling};
pub use request::{ROUTES, Request};
pub use seal::ReportSeal;
pub use yumen_policy::Role;
pub use yumen_store::{StoredDeed, StoredPerson};
