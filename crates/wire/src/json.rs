//! A JSON value that keeps the order of object members and lets every piece of text in it be seen.
//!
//! JSON Schemas of tools and answers travel through the gate in this form: member order matters to
//! a model, and a description deep inside a schema reaches the model like any other text, so the
//! screen must be able to read and replace it.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any JSON value; object members keep their order.
///
/// Nesting is bounded by the parser (128 levels in `serde_json`).
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, members in the order they were written.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Shows every text in the value to `visit`: strings, member names, and numbers in their decimal
    /// form (an identity number may be written as a JSON number). A number that `visit` changes
    /// becomes a string.
    pub fn visit(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Json::Null | Json::Bool(_) => {}
            Json::Number(number) => {
                let before = number.to_string();
                let mut after = before.clone();
                visit(&mut after);
                if after != before {
                    *self = Json::String(after);
                }
            }
            Json::String(text) => visit(text),
            Json::Array(items) => {
                for item in items {
                    item.visit(visit);
                }
            }
            Json::Object(members) => {
                for (name, value) in members {
                    visit(name);
                    value.visit(visit);
                }
            }
        }
    }

    /// Whether this is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Json::Object(_))
    }
}

/// Shows every text inside a string that holds JSON to `visit`, decoded, so that an escape such as
/// `\u73a9` hides nothing. The string is rewritten only if something changed. A string that is not
/// JSON, or nested too deep to read, is shown whole, such escapes decoded.
pub(crate) fn visit_json_text(text: &mut String, visit: &mut dyn FnMut(&mut String)) {
    let Ok(mut json) = serde_json::from_str::<Json>(text) else {
        let plain = without_escapes(text);
        let mut shown = plain.clone();
        visit(&mut shown);
        if shown != plain {
            *text = shown;
        }
        return;
    };
    let mut changed = false;
    json.visit(&mut |piece| {
        let before = piece.clone();
        visit(piece);
        changed |= *piece != before;
    });
    if changed && let Ok(rewritten) = serde_json::to_string(&json) {
        *text = rewritten;
    }
}

/// The text with its `\uXXXX` escapes decoded, pairs of surrogates included.
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        out.push_str(&rest[..at]);
        let mut units = Vec::new();
        rest = &rest[at..];
        while let Some(unit) = rest
            .strip_prefix("\\u")
            .and_then(|hex| hex.get(..4))
            .and_then(|hex| u16::from_str_radix(hex, 16).ok())
        {
            units.push(unit);
            rest = &rest[6..];
        }
        if units.is_empty() {
            out.push_str("\\u");
            rest = &rest[2..];
        }
        out.push_str(&String::from_utf16_lossy(&units));
    }
    out.push_str(rest);
    out
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(number) => number.serialize(serializer),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Json::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Json::Null,
            serde_json::Value::Bool(value) => Json::Bool(value),
            serde_json::Value::Number(number) => Json::Number(number),
            serde_json::Value::String(text) => Json::String(text),
            serde_json::Value::Array(items) => {
                Json::Array(items.into_iter().map(Json::from).collect())
            }
            serde_json::Value::Object(members) => Json::Object(
                members.into_iter().map(|(name, value)| (name, Json::from(value))).collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_members_is_kept() {
        let text = r#"{"z":1,"a":[true,null,-2,1.5,"x"],"m":{"q":{}}}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
    }

    #[test]
    fn escapes_hide_nothing_and_numbers_are_seen() {
        let mut text = r#"{"\u6635\u79f0":"\u73a9\u5076","phone":13800138000}"#.to_owned();
        let mut seen = Vec::new();
        visit_json_text(&mut text, &mut |piece| seen.push(piece.clone()));
        assert_eq!(seen, ["昵称", "玩偶", "phone", "13800138000"]);
        assert!(text.contains("\\u73a9"), "nothing changed, so the text keeps its form: {text}");

        visit_json_text(&mut text, &mut |piece| {
            if piece == "13800138000" {
                "***".clone_into(piece);
            }
        });
        assert_eq!(text, r#"{"昵称":"玩偶","phone":"***"}"#);
    }

    #[test]
    fn text_that_is_not_json_is_shown_whole() {
        let mut text = r#"{"cut off"#.to_owned();
        visit_json_text(&mut text, &mut |piece| piece.push('!'));
        assert_eq!(text, r#"{"cut off!"#);

        let deep = format!(r#"{}"\u73a9\u5076 \ud83d\ude00 \u7 \ux \u""#, "[".repeat(200));
        let mut text = deep.clone();
        let mut seen = String::new();
        visit_json_text(&mut text, &mut |piece| seen = piece.trim_start_matches('[').to_owned());
        assert_eq!(seen, r#""玩偶 😀 \u7 \ux \u""#);
        assert_eq!(text, deep, "nothing changed, so the text keeps its form");
        visit_json_text(&mut text, &mut |piece| *piece = piece.replace("玩偶", "**"));
        assert!(text.contains("** 😀") && !text.contains("73a9"), "{text}");
    }
}
