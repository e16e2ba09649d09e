//! JSON whose fields keep the order they are written in: partners have theirs.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// A JSON value in the order of its making.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(&'static str, Tree)>),
    /// A value in no order of ours.
    Other(Value),
}

impl Tree {
    /// The object with one field more.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Self>) -> Self {
        if let Self::Object(fields) = &mut self {
            fields.push((name, value.into()));
        }
        self
    }

    /// The object with one field more, where there is a value for it.
    pub(crate) fn maybe(self, name: &'static str, value: Option<impl Into<Self>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// As JSON without spaces.
    pub(crate) fn json(&self) -> String {
        // Serialising strings and numbers cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Tree {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Tree {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<u16> for Tree {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Tree {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Vec<Tree>> for Tree {
    fn from(items: Vec<Tree>) -> Self {
        Self::List(items)
    }
}

impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        Self::Other(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Tree {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// An object with these fields, in this order.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::tree::Tree::Object(vec![$(($name, $crate::tree::Tree::from($value))),*])
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stay_in_order() {
        let tree = object! {"z": 1_u64, "a": None::<&str>, "list": vec![Tree::from(true)]}
            .maybe("none", None::<&str>)
            .maybe("b", Some("x"));
        assert_eq!(tree.json(), r#"{"z":1,"a":null,"list":[true],"b":"x"}"#);
    }
}
