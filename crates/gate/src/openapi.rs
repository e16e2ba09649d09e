//! `/openapi.json`: the fixed part is `openapi.json` beside this file; each feature adds a path of
//! its own, with the schemas of its definition, and so does each address of the desk.

use serde_json::{Value, json};
use yumen_features::{Catalogue, Feature};

/// The fixed part of the document.
const BASE: &str = include_str!("openapi.json");

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
    for (method, path) in yumen_desk::ROUTES {
        document["paths"][path][method.to_ascii_lowercase()] = desk(method, path);
    }
    serde_json::to_vec(&document).unwrap_or_default()
}

/// An address of the desk. What its body and its answer hold is in `docs/`.
fn desk(method: &str, path: &str) -> Value {
    let name =
        path.trim_start_matches("/admin/v1/").replace(['/', '-'], "_").replace(['{', '}'], "");
    let mut operation = json!({
        "operationId": format!("desk_{}_{name}", method.to_ascii_lowercase()),
        "tags": ["desk"],
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
    }
}
