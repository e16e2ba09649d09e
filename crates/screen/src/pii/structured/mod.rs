//! Personal data with a form of its own: numbers, plates, identifiers.

pub(super) mod account;
pub(super) mod card_said;
mod checks;
pub(super) mod context;
pub(super) mod domain;
pub(super) mod email;
pub(super) mod iban;
pub(super) mod identity;
pub(super) mod ip;
pub(super) mod licence;
pub(super) mod parcel;
pub(super) mod passport;
pub(super) mod phone;
pub(super) mod plate;
pub(super) mod postal;
pub(super) mod regional;
mod run;
pub(super) mod secret;
pub(super) mod ssn;
pub(super) mod token;
pub(super) mod world_phone;

pub(super) use run::{digits_from, is_digit};
