//! `GET /v1/models`, and which model names exist.

use serde::Serialize;

use super::answered;
use super::errors::Refusal;
use crate::delivery::Delivery;
use crate::exchange::{Response, Ticket};
use crate::snapshot;

/// The chat models on sale in November 2026.
const MODELS: [&str; 15] = [
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.4-nano",
    "gpt-5.5",
    "gpt-5.6",
    "gpt-5.6-luna",
    "gpt-5.6-sol",
    "gpt-5.6-terra",
    "gpt-6-astra",
    "gpt-6-luna",
    "gpt-6-sol",
    "gpt-6.1-sol",
    "gpt-6.1-terra",
];

#[derive(Serialize)]
struct Listing {
    object: &'static str,
    data: Vec<Model>,
}

#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

impl Model {
    fn named(id: &str) -> Self {
        // 2026-01-01: models have some date of birth, and a client that shows one needs a number.
        Self { id: id.to_owned(), object: "model", created: 1_767_225_600, owned_by: "emulated" }
    }
}

/// Whether `name` is a model or a dated snapshot of one.
pub(super) fn exists(name: &str) -> bool {
    snapshot::is_of(&MODELS, name)
}

pub(super) fn all(ticket: &Ticket) -> Response {
    let data = MODELS.iter().map(|id| Model::named(id)).collect();
    let body = serde_json::to_vec(&Listing { object: "list", data }).unwrap_or_default();
    answered(ticket, "application/json", Delivery::whole(body, None))
}

pub(super) fn one(id: &str, ticket: &Ticket) -> Result<Response, Refusal> {
    if !exists(id) {
        return Err(Refusal::model(id));
    }
    let body = serde_json::to_vec(&Model::named(id)).unwrap_or_default();
    Ok(answered(ticket, "application/json", Delivery::whole(body, None)))
}
