//! A small value that fits a JSON Schema: what an emulated model puts into tool arguments and
//! structured answers.

use serde_json::{Map, Value};

/// Schemas nest no deeper than this here; what is below becomes null.
const MAX_DEPTH: usize = 16;

/// A value for `schema`: constants, defaults and first choices where given; strings become `text`.
/// References and combinations (`$ref`, `anyOf`) give their first branch or null.
pub(crate) fn value(schema: &Value, text: &str) -> Value {
    at_depth(schema, text, 0)
}

fn at_depth(schema: &Value, text: &str, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if let Some(fixed) = schema.get("const").or_else(|| schema.get("default")) {
        return fixed.clone();
    }
    if let Some(first) = schema.get("enum").and_then(|e| e.get(0)) {
        return first.clone();
    }
    if let Some(first) =
        ["anyOf", "oneOf", "allOf"].iter().find_map(|k| schema.get(k)).and_then(|b| b.get(0))
    {
        return at_depth(first, text, depth + 1);
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str).unwrap_or_default(),
        _ if schema.get("properties").is_some() => "object",
        _ => "",
    };
    match kind {
        "string" => Value::from(text),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or_else(|| Value::from(0)),
        "boolean" => Value::Bool(true),
        "array" => {
            let item = schema.get("items").map(|items| at_depth(items, text, depth + 1));
            Value::Array(item.into_iter().collect())
        }
        "object" => Value::Object(object(schema, text, depth)),
        _ => Value::Null,
    }
}

/// The required properties; all of them when none is required.
fn object(schema: &Value, text: &str, depth: usize) -> Map<String, Value> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    properties
        .iter()
        .filter(|(name, _)| required.is_empty() || required.contains(&name.as_str()))
        .map(|(name, property)| (name.clone(), at_depth(property, text, depth + 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn required_properties_are_filled_by_type() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"enum": ["c", "f"]},
                "days": {"type": "integer", "minimum": 1},
                "note": {"type": "string"}
            },
            "required": ["city", "unit", "days"]
        });
        assert_eq!(value(&schema, "Beijing"), json!({"city": "Beijing", "unit": "c", "days": 1}));
    }

    #[test]
    fn a_schema_without_end_ends() {
        let mut schema = json!({"type": "string"});
        for _ in 0..100 {
            schema = json!({"type": "array", "items": schema});
        }
        assert!(value(&schema, "x").is_array());
    }
}
