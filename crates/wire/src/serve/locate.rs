//! Finding which field of a request a parser error is about.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::shape::{
    RequestFormat, RequestMessage, RequestTool, RequestToolChoice, Stop, StreamOptions, Thinking,
};
use crate::error::WireError;

/// Finds which field a parser error is about. Runs only for requests that are refused anyway, so it
/// may read them again, piece by piece.
pub(super) fn locate(body: &str, error: &serde_json::Error) -> WireError {
    use serde_json::error::Category;
    if error.classify() != Category::Data {
        return WireError::Json { detail: error.to_string() };
    }
    let Ok(members) = serde_json::from_str::<Members<'_>>(body) else {
        return WireError::invalid("", "must be a JSON object with each field once");
    };
    for (name, value) in &members.0 {
        let found = match name.as_ref() {
            "messages" => in_list::<RequestMessage>("messages", value),
            "tools" => in_list::<RequestTool>("tools", value),
            "tool_choice" => in_value::<Option<RequestToolChoice>>(name, value),
            "stream_options" => in_value::<Option<StreamOptions>>(name, value),
            "response_format" => in_value::<Option<RequestFormat>>(name, value),
            "stop" => in_value::<Option<Stop>>(name, value),
            "thinking" => in_value::<Option<Thinking>>(name, value),
            "model" | "service_tier" | "reasoning_effort" => {
                in_value::<Option<String>>(name, value)
            }
            "modalities" => in_value::<Option<Vec<String>>>(name, value),
            "stream" | "parallel_tool_calls" | "store" | "logprobs" | "enable_thinking" => {
                in_value::<Option<bool>>(name, value)
            }
            "temperature" | "top_p" | "presence_penalty" | "frequency_penalty" => {
                in_value::<Option<f64>>(name, value)
            }
            "max_tokens" | "max_completion_tokens" | "thinking_budget" => {
                in_value::<Option<u32>>(name, value)
            }
            "n" => in_value::<Option<u64>>(name, value),
            "seed" => in_value::<Option<i64>>(name, value),
            _ => None,
        };
        if let Some(found) = found {
            return found;
        }
    }
    describe("", error)
}

/// The members of an object, in order, values unread.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

fn in_value<T: DeserializeOwned>(path: &str, value: &RawValue) -> Option<WireError> {
    serde_json::from_str::<T>(value.get()).err().map(|error| describe(path, &error))
}

fn in_list<T: DeserializeOwned>(path: &str, value: &RawValue) -> Option<WireError> {
    let items = match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        Ok(items) => items,
        Err(error) => return Some(describe(path, &error)),
    };
    let mut items = items.iter().enumerate();
    items.find_map(|(at, item)| in_value::<T>(&format!("{path}[{at}]"), item))
}

/// Says what a parser error is about, in words for the person who wrote the request, without
/// repeating what stood there.
fn describe(path: &str, error: &serde_json::Error) -> WireError {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let named = |prefix: &str| text.strip_prefix(prefix)?.split_once('`').map(|(name, _)| name);
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(name) = named("unknown field `") {
        WireError::unknown_field(path, name)
    } else if let Some(name) = named("missing field `") {
        WireError::invalid(at(name), "missing")
    } else if let Some(name) = named("duplicate field `") {
        WireError::invalid(at(name), "given twice")
    } else if let Some((_, expected)) = text.rsplit_once(", expected ") {
        WireError::invalid(path, format!("expected {expected}"))
    } else {
        WireError::invalid(path, "has the wrong type")
    }
}
