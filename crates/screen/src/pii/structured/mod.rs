//! Personal data with a form of its own: numbers, plates, identifiers.

pub(super) mod account;
mod checks;
mod context;
pub(super) mod identity;
pub(super) mod phone;
pub(super) mod plate;
mod run;
