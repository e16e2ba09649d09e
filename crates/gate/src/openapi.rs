//! `/openapi.json`: the fixed part is `openapi.json` beside this file; each feature adds a path of
//! its own, with the schemas of its definition, and so does each address of the desk.

use serde_json::{Value, json};
use yumen_features::{Catalogue, Feature};

/// The fixed part of the document.
const BASE: &str = include_str!("openapi.json");

/// What each address of the desk does, in the order of [`yumen_desk::ROUTES`].
const DESK: &[(&str, &str, &str)] = &[
    ("GET", "/admin/v1/admin-keys", "The admin keys"),
    ("POST", "/admin/v1/admin-keys", "Make an admin key; only on the machine itself"),
    ("POST", "/admin/v1/admin-keys/{id}/revoke", "Revoke an admin key; only on the machine itself"),
    ("GET", "/admin/v1/approvals", "The approvals, and what they stand for now"),
    ("POST", "/admin/v1/approvals", "Draft an application, or take in a signed approval whole"),
    ("POST", "/admin/v1/approvals/verify", "Verify an approval without taking it in"),
    ("GET", "/admin/v1/approvals/{number}", "One approval with its whole way"),
    ("POST", "/admin/v1/approvals/{number}/confirm", "Say that it still stands"),
    ("POST", "/admin/v1/approvals/{number}/grant", "Write the authority's decision down"),
    ("POST", "/admin/v1/approvals/{number}/remove", "Take an approval out of the store"),
    ("POST", "/admin/v1/approvals/{number}/resume", "Let a suspended approval go on"),
    ("POST", "/admin/v1/approvals/{number}/revoke", "Take an approval back, for good"),
    ("POST", "/admin/v1/approvals/{number}/sign", "Add signatures to its record"),
    ("POST", "/admin/v1/approvals/{number}/submit", "Say that the application was handed in"),
    ("POST", "/admin/v1/approvals/{number}/suspend", "Stop what it covers until it is resumed"),
    ("GET", "/admin/v1/assertion-keys", "The keys that assertions are signed with"),
    ("POST", "/admin/v1/assertion-keys/rotate", "Sign assertions with a new key from now on"),
    ("POST", "/admin/v1/assertion-keys/{kid}/revoke", "Believe a key's assertions no longer"),
    ("GET", "/admin/v1/drifts", "The models that drifted, with the change filings drafted"),
    ("GET", "/admin/v1/filed-models", "The public list of filed models, by number or entity"),
    ("POST", "/admin/v1/filed-models", "Take in what the authority published anew"),
    ("GET", "/admin/v1/kills", "What is stopped, and was"),
    ("POST", "/admin/v1/kills", "Stop a feature, market, partner or model"),
    ("POST", "/admin/v1/kills/{id}/lift", "Ask to lift a kill, or lift one that was asked for"),
    ("GET", "/admin/v1/ledger/entries", "Entries of the ledger, from `from` on, at most `limit`"),
    ("GET", "/admin/v1/ledger/holds", "The legal holds"),
    ("POST", "/admin/v1/ledger/holds", "Place a legal hold: what it names is not pruned"),
    ("POST", "/admin/v1/ledger/holds/{id}/release", "Release a legal hold"),
    ("POST", "/admin/v1/ledger/prune", "Delete the bytes of entries past their time"),
    ("GET", "/admin/v1/packs", "The screen packs in use"),
    ("POST", "/admin/v1/packs", "Install a screen pack, in the place of the one of its name"),
    ("POST", "/admin/v1/packs/{id}/remove", "Take an installed screen pack out of use"),
    ("GET", "/admin/v1/people", "The people whose inputs were refused, by pseudonym"),
    ("GET", "/admin/v1/people/{person}", "How one of them stands"),
    ("POST", "/admin/v1/people/{person}/lift", "Free a person who is limited or suspended"),
    ("GET", "/admin/v1/releases", "The releases of this build and of the store"),
    ("POST", "/admin/v1/releases", "Keep a release"),
    ("GET", "/admin/v1/releases/{digest}", "One release"),
    ("GET", "/admin/v1/reports", "The reports that wait; with `decided=true` those decided"),
    ("GET", "/admin/v1/reports/{id}", "One report with what the person wrote"),
    ("POST", "/admin/v1/reports/{id}/decide", "Decide on a report, and answer the person"),
    ("GET", "/admin/v1/signers", "The people whose signatures count"),
    ("POST", "/admin/v1/signers", "Trust a person's public key; only on the machine itself"),
    ("POST", "/admin/v1/signers/{key}/remove", "Trust a key no longer; only on the machine itself"),
];

/// The whole document for these features, as JSON.
pub(crate) fn document(catalogue: &Catalogue) -> Vec<u8> {
    let mut document: Value = serde_json::from_str(BASE).unwrap_or_else(|error| {
        // A test parses the embedded file; an invalid one does not ship.
        tracing::error!(%error, "the embedded OpenAPI document is invalid");
        json!({})
    });
    document["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    for feature in catalogue.iter() {
        document["paths"][format!("/v1/features/{}", feature.id())] = path(feature);
    }
    for (method, path, summary) in DESK {
        document["paths"][path][method.to_ascii_lowercase()] = desk(method, path, summary);
    }
    serde_json::to_vec(&document).unwrap_or_default()
}

/// An address of the desk. What its body and its answer hold is in `docs/`.
fn desk(method: &str, path: &str, summary: &str) -> Value {
    let name =
        path.trim_start_matches("/admin/v1/").replace(['/', '-'], "_").replace(['{', '}'], "");
    let mut operation = json!({
        "operationId": format!("desk_{}_{name}", method.to_ascii_lowercase()),
        "tags": ["desk"],
        "summary": summary,
        "security": [{"adminKey": []}],
        "responses": {
            "200": {
                "description": "What was found, or what was changed and where the ledger has it.",
                "content": {"application/json": {"schema": {}}},
            },
            "default": {"$ref": "#/components/responses/Problem"},
        },
    });
    if let Some(variable) = path.split(['{', '}']).nth(1) {
        operation["parameters"] = json!([
            {"name": variable, "in": "path", "required": true, "schema": {"type": "string"}}
        ]);
    }
    if method == "POST" {
        operation["requestBody"] =
            json!({"content": {"application/json": {"schema": {"type": "object"}}}});
    }
    operation
}

fn path(feature: &Feature) -> Value {
    let languages: Vec<_> = feature.languages().iter().map(|language| language.as_str()).collect();
    json!({
        "post": {
            "operationId": feature.id().as_str().replace('.', "_"),
            "summary": feature.name().en,
            "description": format!(
                "{} At most {} bytes of text.",
                feature.about().en,
                feature.limits().max_input_bytes
            ),
            "security": [{"key": []}],
            "parameters": [
                {"$ref": "#/components/parameters/Assertion"},
                {"$ref": "#/components/parameters/Proof"},
                {"$ref": "#/components/parameters/Person"},
                {"$ref": "#/components/parameters/Conversation"},
            ],
            "requestBody": {
                "required": true,
                "content": {"application/json": {"schema": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["input"],
                    "properties": {
                        "input": feature.input_schema(),
                        "language": {"type": "string", "description": format!("One of {languages:?}, or a tag below it.")},
                        "contacts": {
                            "type": "array",
                            "maxItems": 1000,
                            "items": {"type": "string", "maxLength": 64},
                            "description": "Names of the person's contacts: known as names in this request, neither kept nor sent on.",
                        },
                    },
                }}},
            },
            "responses": {
                "200": {
                    "description": "The answer; as events when `Accept: text/event-stream` asks for them.",
                    "content": {
                        "application/json": {"schema": {"allOf": [
                            {"$ref": "#/components/schemas/Answer"},
                            {"type": "object", "properties": {"output": feature.output_schema()}},
                        ]}},
                        "text/event-stream": {"schema": {"type": "string"}},
                    },
                },
                "default": {"$ref": "#/components/responses/Problem"},
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let base: Value = serde_json::from_str(BASE).unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in base["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys() {
                described.insert((method.to_uppercase(), path.clone()));
            }
        }
        described.insert(("POST".to_owned(), "/v1/features/{id}".to_owned()));
        let routes: BTreeSet<_> = crate::router::ROUTES
            .iter()
            .map(|(method, path)| ((*method).to_owned(), (*path).to_owned()))
            .collect();
        assert_eq!(described, routes);
        let desk: Vec<_> = DESK.iter().map(|(method, path, _)| (*method, *path)).collect();
        assert_eq!(desk, yumen_desk::ROUTES);
    }
}
