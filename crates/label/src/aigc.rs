//! The machine-readable label of GB 45438-2025, Annex E: seven string fields under the key `AIGC`.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::error::LabelError;

/// How sure it is that the content is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degree {
    /// `"1"`: it is. Producers write only this.
    Is,
    /// `"2"`: it may be; its user says so.
    MayBe,
    /// `"3"`: it is suspected to be; a platform found traces.
    Suspected,
}

/// The seven fields of an embedded label.
///
/// A value is visible ASCII without the backslash (Annex E: GB 18030 code points 0x21, 0x23 to 0x5B, 0x5D to 0x7E,
/// and the quotation mark where JSON escapes it).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Aigc {
    /// `Label`.
    pub label: Degree,
    /// `ContentProducer`: the name or code of the provider.
    pub content_producer: String,
    /// `ProduceID`: the provider's number for the content.
    pub produce_id: String,
    /// `ReservedCode1`: the producer's own protection of the label, or nothing.
    pub reserved_code_1: String,
    /// `ContentPropagator`: the name or code of the platform, once there is one.
    pub content_propagator: String,
    /// `PropagateID`: the platform's number for the content.
    pub propagate_id: String,
    /// `ReservedCode2`: the platform's own protection of the label, or nothing.
    pub reserved_code_2: String,
}

impl Aigc {
    /// What a producer writes: generated, by it, under this number; the other fields stay empty.
    pub(crate) fn produced(content_producer: &str, produce_id: &str) -> Self {
        Self {
            label: Degree::Is,
            content_producer: content_producer.to_owned(),
            produce_id: number(produce_id),
            reserved_code_1: String::new(),
            content_propagator: String::new(),
            propagate_id: String::new(),
            reserved_code_2: String::new(),
        }
    }
}

impl Serialize for Aigc {
    /// `{"AIGC": {"Label": "1", ...}}`, every value a string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let label = match self.label {
            Degree::Is => "1",
            Degree::MayBe => "2",
            Degree::Suspected => "3",
        };
        let fields = Fields {
            label,
            content_producer: &self.content_producer,
            produce_id: &self.produce_id,
            reserved_code_1: &self.reserved_code_1,
            content_propagator: &self.content_propagator,
            propagate_id: &self.propagate_id,
            reserved_code_2: &self.reserved_code_2,
        };
        Wrapped { fields }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Wrapped<'a> {
    #[serde(rename = "AIGC")]
    fields: Fields<'a>,
}

/// The fields in the order of Annex E.
#[derive(Serialize)]
struct Fields<'a> {
    #[serde(rename = "Label")]
    label: &'a str,
    #[serde(rename = "ContentProducer")]
    content_producer: &'a str,
    #[serde(rename = "ProduceID")]
    produce_id: &'a str,
    #[serde(rename = "ReservedCode1")]
    reserved_code_1: &'a str,
    #[serde(rename = "ContentPropagator")]
    content_propagator: &'a str,
    #[serde(rename = "PropagateID")]
    propagate_id: &'a str,
    #[serde(rename = "ReservedCode2")]
    reserved_code_2: &'a str,
}

/// Reads a label: the object under `AIGC`, or those fields themselves, as some formats embed them.
///
/// `Label`, `ContentProducer` and `ProduceID` must be there; the other fields may be missing.
pub fn read_back(value: &Value) -> Result<Aigc, LabelError> {
    let fields = value.get("AIGC").unwrap_or(value).as_object().ok_or(LabelError::NotALabel)?;
    if !value.as_object().is_some_and(|all| all.contains_key("AIGC") || all.contains_key("Label")) {
        return Err(LabelError::NotALabel);
    }
    let label = match required(fields, "Label")?.as_str() {
        "1" => Degree::Is,
        "2" => Degree::MayBe,
        "3" => Degree::Suspected,
        other => return Err(LabelError::Degree(other.to_owned())),
    };
    Ok(Aigc {
        label,
        content_producer: required(fields, "ContentProducer")?,
        produce_id: required(fields, "ProduceID")?,
        reserved_code_1: optional(fields, "ReservedCode1")?,
        content_propagator: optional(fields, "ContentPropagator")?,
        propagate_id: optional(fields, "PropagateID")?,
        reserved_code_2: optional(fields, "ReservedCode2")?,
    })
}

fn required(fields: &Map<String, Value>, field: &'static str) -> Result<String, LabelError> {
    match optional(fields, field)? {
        value if value.is_empty() => Err(LabelError::Missing { field }),
        value => Ok(value),
    }
}

fn optional(fields: &Map<String, Value>, field: &'static str) -> Result<String, LabelError> {
    let Some(value) = fields.get(field) else { return Ok(String::new()) };
    let value = value.as_str().ok_or(LabelError::NotAString { field })?;
    if !value.chars().all(|c| c.is_ascii_graphic() && c != '\\') {
        return Err(LabelError::Characters { field });
    }
    Ok(value.to_owned())
}

/// A content number in the characters a label may have: others, and `%` itself, are percent-encoded, so that
/// different numbers stay different. No number at all becomes `%00`, since the field may not be empty.
fn number(id: &str) -> String {
    if id.is_empty() {
        return "%00".to_owned();
    }
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'%') {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Aigc, read_back};
    use crate::LabelError;

    #[test]
    fn what_is_written_reads_back() {
        for id in ["r-17", "", "a b", "100%", "编号\\\"", "%00"] {
            let label = Aigc::produced("001191110102MACQD9K64010000", id);
            assert_eq!(read_back(&serde_json::to_value(&label).unwrap()).unwrap(), label, "{id}");
        }
        assert_ne!(Aigc::produced("x", "%00"), Aigc::produced("x", ""));
    }

    #[test]
    fn a_reader_names_what_is_wrong() {
        let check = |value, error| assert_eq!(read_back(&value), Err(error));
        check(json!({"other": 1}), LabelError::NotALabel);
        check(json!("AIGC"), LabelError::NotALabel);
        check(json!({"AIGC": {"Label": 1}}), LabelError::NotAString { field: "Label" });
        check(json!({"AIGC": {"Label": "4"}}), LabelError::Degree("4".into()));
        check(
            json!({"AIGC": {"Label": "1", "ContentProducer": "x"}}),
            LabelError::Missing { field: "ProduceID" },
        );
        check(
            json!({"Label": "1", "ContentProducer": "某公司", "ProduceID": "1"}),
            LabelError::Characters { field: "ContentProducer" },
        );
    }

    #[test]
    fn bare_fields_and_missing_optional_ones_are_read() {
        let label = read_back(&json!({"Label": "2", "ContentProducer": "x", "ProduceID": "1"}));
        assert_eq!(label.unwrap().propagate_id, "");
    }
}
