//! Good frames made subtly wrong: the same faults in every protocol, told by the names of fields.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::fault::FaultKind;

/// Fields that hold a piece of text in one protocol or another.
const TEXTS: [&str; 6] = ["content", "Content", "text", "delta", "reasoning_content", "thinking"];
/// Fields that tell why an answer ended.
const FINISHES: [&str; 4] = ["finish_reason", "FinishReason", "stop_reason", "done_reason"];

/// What is done to every frame.
#[derive(Clone, Debug)]
pub(crate) struct Tamper {
    kind: FaultKind,
    /// What the reason of the end is before there is one, as the first frame told it.
    unfinished: Option<Value>,
}

impl Tamper {
    /// The tampering of `kind`, if it is one.
    pub(crate) fn with(kind: FaultKind) -> Option<Self> {
        matches!(
            kind,
            FaultKind::WrongType
                | FaultKind::RenamedField
                | FaultKind::NoFinish
                | FaultKind::UsageAsString
        )
        .then_some(Self { kind, unfinished: None })
    }

    /// A body in one piece, tampered with.
    pub(crate) fn whole(mut self, body: &Bytes) -> Bytes {
        self.unfinished = Some(Value::Null);
        self.json(body).unwrap_or_else(|| body.clone())
    }

    /// A frame, tampered with: the `data` of an event, or a line of JSON.
    pub(crate) fn frame(&mut self, frame: &Bytes) -> Bytes {
        if let Some(changed) = self.json(frame) {
            return [changed.as_ref(), b"\n"].concat().into();
        }
        let Ok(text) = std::str::from_utf8(frame) else { return frame.clone() };
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let value = line.strip_prefix("data:").unwrap_or_default();
            let space = if value.starts_with(' ') { " " } else { "" };
            match self.json(value.as_bytes()) {
                Some(changed) => {
                    out.push_str("data:");
                    out.push_str(space);
                    out.push_str(&String::from_utf8_lossy(&changed));
                    out.push('\n');
                }
                None => out.push_str(line),
            }
        }
        out.into()
    }

    /// The JSON object in `bytes`, tampered with; `None` if there is none.
    fn json(&mut self, bytes: &[u8]) -> Option<Bytes> {
        let mut value: Value = serde_json::from_slice(bytes).ok()?;
        if !value.is_object() {
            return None;
        }
        self.walk(&mut value, false);
        serde_json::to_vec(&value).ok().map(Bytes::from)
    }

    fn walk(&mut self, value: &mut Value, in_usage: bool) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.walk(item, in_usage)),
            Value::Object(map) => {
                match self.kind {
                    FaultKind::WrongType => texts(map, |_| Value::from(42)),
                    FaultKind::RenamedField => rename(map),
                    FaultKind::NoFinish => self.unfinish(map),
                    FaultKind::UsageAsString => count_in_words(map, in_usage),
                    _ => {}
                }
                for (name, inner) in map.iter_mut() {
                    let usage = in_usage || name.eq_ignore_ascii_case("usage");
                    self.walk(inner, usage);
                }
            }
            _ => {}
        }
    }

    fn unfinish(&mut self, map: &mut Map<String, Value>) {
        // OpenAI's responses tell it by their status.
        if map.get("object").is_some_and(|object| object == "response") {
            map.insert("status".to_owned(), Value::Null);
        }
        for name in FINISHES {
            if let Some(finish) = map.get_mut(name) {
                let told = !matches!(finish.as_str(), None | Some("" | "null"));
                let unfinished = self
                    .unfinished
                    .get_or_insert_with(|| if told { Value::Null } else { finish.clone() });
                *finish = unfinished.clone();
            }
        }
    }
}

fn texts(map: &mut Map<String, Value>, change: impl Fn(&Value) -> Value) {
    for name in TEXTS {
        if let Some(text) = map.get_mut(name).filter(|text| text.is_string()) {
            *text = change(text);
        }
    }
}

fn rename(map: &mut Map<String, Value>) {
    for name in TEXTS {
        if map.get(name).is_some_and(Value::is_string)
            && let Some(text) = map.remove(name)
        {
            map.insert(format!("{name}_v2"), text);
        }
    }
}

fn count_in_words(map: &mut Map<String, Value>, in_usage: bool) {
    for (name, count) in map {
        // Ollama's counts stand beside everything else.
        if count.is_number() && (in_usage || name.ends_with("eval_count")) {
            *count = Value::from(count.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(kind: FaultKind, frames: &[&'static str]) -> Vec<String> {
        let mut tamper = Tamper::with(kind).unwrap();
        let frame = |frame: &&'static str| {
            let bytes = tamper.frame(&Bytes::from_static(frame.as_bytes()));
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        frames.iter().map(frame).collect()
    }

    #[test]
    fn the_end_keeps_the_look_of_what_came_before_it() {
        let native = [
            "id:1\ndata:{\"finish_reason\":\"null\"}\n\n",
            "data:{\"finish_reason\":\"stop\"}\n\n",
        ];
        let expected = [
            "id:1\ndata:{\"finish_reason\":\"null\"}\n\n",
            "data:{\"finish_reason\":\"null\"}\n\n",
        ];
        assert_eq!(frames(FaultKind::NoFinish, &native), expected);
        let lines = ["{\"done\":false}\n", "{\"done\":true,\"done_reason\":\"stop\"}\n"];
        let last = &frames(FaultKind::NoFinish, &lines)[1];
        assert_eq!(last, "{\"done\":true,\"done_reason\":null}\n");
    }

    #[test]
    fn fields_are_renamed_retyped_and_counted_in_strings() {
        let frame = [
            "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":{\"total_tokens\":3}}\n\n",
        ];
        let renamed = frames(FaultKind::RenamedField, &frame);
        assert!(renamed[0].contains("{\"content_v2\":\"x\"}"), "{renamed:?}");
        let retyped = frames(FaultKind::WrongType, &frame);
        assert!(retyped[0].contains("{\"content\":42}"), "{retyped:?}");
        let counted = frames(FaultKind::UsageAsString, &frame);
        assert!(counted[0].contains("{\"total_tokens\":\"3\"}"), "{counted:?}");
        assert!(counted[0].starts_with("data: {") && counted[0].ends_with("}\n\n"));
        let done = frames(FaultKind::WrongType, &["data: [DONE]\n\n", ": ping\n\n"]);
        assert_eq!(done, ["data: [DONE]\n\n", ": ping\n\n"]);
    }
}
