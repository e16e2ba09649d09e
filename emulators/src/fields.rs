//! Reading request fields as strictly as the partners do, with their way of naming a fault.

use std::fmt::Display;

use serde_json::{Map, Value};

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The field, as the partner writes it: `messages[0].role`; empty when none is to blame.
    pub(crate) path: String,
    /// A sentence for people.
    pub(crate) message: String,
    /// OpenAI's machine-readable code, where it has one.
    pub(crate) code: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(
        path: impl Into<String>,
        code: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), message: message.into(), code }
    }

    pub(crate) fn missing(path: impl Into<String>) -> Self {
        let path = path.into();
        let message = format!("Missing required parameter: '{path}'.");
        Self::new(path, Some("missing_required_parameter"), message)
    }

    pub(crate) fn unknown(path: impl Into<String>) -> Self {
        let path = path.into();
        let message = format!("Unknown parameter: '{path}'.");
        Self::new(path, Some("unknown_parameter"), message)
    }

    pub(crate) fn wrong_type(path: impl Into<String>, expected: &str, got: &Value) -> Self {
        let path = path.into();
        let message = format!(
            "Invalid type for '{path}': expected {expected}, but got {} instead.",
            kind(got)
        );
        Self::new(path, Some("invalid_type"), message)
    }

    pub(crate) fn unsupported(path: impl Into<String>, got: &str, supported: &[&str]) -> Self {
        let path = path.into();
        let supported = supported.iter().map(|s| format!("'{s}'")).collect::<Vec<_>>().join(", ");
        let message = format!("Invalid value: '{got}'. Supported values are: {supported}.");
        Self::new(path, Some("invalid_value"), message)
    }

    pub(crate) fn empty_array(path: impl Into<String>) -> Self {
        let path = path.into();
        let message = format!(
            "Invalid '{path}': empty array. Expected an array with minimum length 1, but got an \
             empty array instead."
        );
        Self::new(path, Some("empty_array"), message)
    }

    /// Valid with the real partner, but beyond what the emulator offers.
    pub(crate) fn beyond_the_emulator(path: impl Into<String>) -> Self {
        let path = path.into();
        let message = format!("'{path}' is not offered by this emulator.");
        Self::new(path, Some("unsupported_parameter"), message)
    }
}

/// The type of a JSON value, with its article.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(n) if n.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One JSON object of a request and where it stands. A null field counts as absent.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    /// Reads `value`, found at `path`, as an object.
    pub(crate) fn of(value: &'a Value, path: impl Into<String>) -> Result<Self, Problem> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self { map, path }),
            other => Err(Problem::wrong_type(path, "an object", other)),
        }
    }

    /// The full name of a field.
    pub(crate) fn at(&self, name: impl Display) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) }
    }

    /// The fields not in `names`, by their full names.
    pub(crate) fn beyond(&self, names: &[&str]) -> Vec<String> {
        self.map.keys().filter(|k| !names.contains(&k.as_str())).map(|k| self.at(k)).collect()
    }

    /// Refuses a field not in `names`.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Problem> {
        match self.beyond(names).into_iter().next() {
            Some(path) => Err(Problem::unknown(path)),
            None => Ok(()),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|v| !v.is_null())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&'a Value, Problem> {
        self.get(name).ok_or_else(|| Problem::missing(self.at(name)))
    }

    pub(crate) fn string(&self, name: &str) -> Result<Option<&'a str>, Problem> {
        self.get(name)
            .map(|v| v.as_str().ok_or_else(|| Problem::wrong_type(self.at(name), "a string", v)))
            .transpose()
    }

    pub(crate) fn required_string(&self, name: &str) -> Result<&'a str, Problem> {
        self.string(name)?.ok_or_else(|| Problem::missing(self.at(name)))
    }

    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Problem> {
        self.get(name)
            .map(|v| v.as_bool().ok_or_else(|| Problem::wrong_type(self.at(name), "a boolean", v)))
            .transpose()
    }

    /// A whole number of at least `min`.
    pub(crate) fn integer(&self, name: &str, min: i64) -> Result<Option<i64>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let path = self.at(name);
        let Some(n) = value.as_i64() else {
            return Err(Problem::wrong_type(path, "an integer", value));
        };
        if n < min {
            let message = format!(
                "Invalid '{path}': integer below minimum value. Expected a value >= {min}, but got {n} instead."
            );
            return Err(Problem::new(path, Some("integer_below_min_value"), message));
        }
        Ok(Some(n))
    }

    /// A count of tokens of at least `min`.
    pub(crate) fn limit(&self, name: &str, min: i64) -> Result<Option<u64>, Problem> {
        Ok(self.integer(name, min)?.map(i64::unsigned_abs))
    }

    /// A number between `min` and `max`, both allowed.
    pub(crate) fn number(&self, name: &str, min: f64, max: f64) -> Result<Option<f64>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let path = self.at(name);
        let Some(n) = value.as_f64() else {
            return Err(Problem::wrong_type(path, "a decimal", value));
        };
        let (side, sign, bound) = if n < min {
            ("below minimum", ">=", min)
        } else if n > max {
            ("above maximum", "<=", max)
        } else {
            return Ok(Some(n));
        };
        let code = if n < min { "decimal_below_min_value" } else { "decimal_above_max_value" };
        let message = format!(
            "Invalid '{path}': decimal {side} value. Expected a value {sign} {bound}, but got {n} instead."
        );
        Err(Problem::new(path, Some(code), message))
    }

    pub(crate) fn array(&self, name: &str) -> Result<Option<&'a [Value]>, Problem> {
        self.get(name)
            .map(|v| match v {
                Value::Array(items) => Ok(items.as_slice()),
                other => Err(Problem::wrong_type(self.at(name), "an array of objects", other)),
            })
            .transpose()
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Fields<'a>>, Problem> {
        self.get(name).map(|v| Fields::of(v, self.at(name))).transpose()
    }

    /// A string out of `supported`.
    pub(crate) fn one_of(
        &self,
        name: &str,
        supported: &[&str],
    ) -> Result<Option<&'a str>, Problem> {
        match self.string(name)? {
            Some(got) if !supported.contains(&got) => {
                Err(Problem::unsupported(self.at(name), got, supported))
            }
            found => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_name_the_field_and_the_bound() {
        let value = json!({"temperature": 3, "seed": "x", "odd": 1, "n": 0});
        let fields = Fields::of(&value, "parameters").unwrap();
        let high = fields.number("temperature", 0.0, 2.0).unwrap_err();
        assert_eq!(high.code, Some("decimal_above_max_value"));
        assert_eq!(
            high.message,
            "Invalid 'parameters.temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead."
        );
        assert_eq!(
            fields.integer("seed", 0).unwrap_err().message,
            "Invalid type for 'parameters.seed': expected an integer, but got a string instead."
        );
        assert_eq!(fields.integer("n", 1).unwrap_err().code, Some("integer_below_min_value"));
        assert_eq!(
            fields.only(&["temperature", "seed", "n"]).unwrap_err(),
            Problem::unknown("parameters.odd")
        );
    }

    #[test]
    fn null_counts_as_absent() {
        let value = json!({"stop": null});
        let fields = Fields::of(&value, "").unwrap();
        assert_eq!(fields.string("stop"), Ok(None));
        assert_eq!(fields.required("stop").unwrap_err(), Problem::missing("stop"));
    }
}
