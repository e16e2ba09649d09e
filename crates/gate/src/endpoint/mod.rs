//! What is behind each address of the gate, one file an address or a family of them.

pub(crate) mod admin;
pub(crate) mod chat;
pub(crate) mod eligibility;
mod feature_answer;
pub(crate) mod features;
pub(crate) mod health;
pub(crate) mod ledger;
pub(crate) mod models;
pub(crate) mod phone;
pub(crate) mod reports;
