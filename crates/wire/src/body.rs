//! A JSON object written member by member, whose names are partly data.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::dialect::Members;
use crate::written::put_text;

/// A JSON object being written. No name is written twice.
pub(crate) struct Body<'a> {
    out: Vec<u8>,
    names: Vec<&'a str>,
}

impl<'a> Body<'a> {
    pub(crate) fn new() -> Self {
        let mut out = Vec::with_capacity(1 << 10);
        out.push(b'{');
        Self { out, names: Vec::with_capacity(16) }
    }

    /// Writes a member. One of a name that is written already is left out: what a request says for
    /// itself comes before what its dialect adds.
    pub(crate) fn member(&mut self, name: &'a str, value: &(impl Serialize + ?Sized)) {
        self.written(name, |out| {
            // A Vec takes every write, and every key these types write is a string.
            serde_json::to_writer(out, value).expect("bodies serialise");
        });
    }

    /// As [`Body::member`], with a value that `write` writes.
    pub(crate) fn written(&mut self, name: &'a str, write: impl FnOnce(&mut Vec<u8>)) {
        if self.has(name) {
            return;
        }
        if !self.names.is_empty() {
            self.out.push(b',');
        }
        self.names.push(name);
        put_text(&mut self.out, name);
        self.out.push(b':');
        write(&mut self.out);
    }

    /// Writes a member if there is a value.
    pub(crate) fn given(&mut self, name: &'a str, value: Option<&(impl Serialize + ?Sized)>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// Writes members that are data.
    pub(crate) fn members(&mut self, members: &'a Members) {
        for (name, value) in &members.0 {
            self.member(name, value);
        }
    }

    /// Whether a member of this name is written.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// The whole object.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.out.push(b'}');
        self.out
    }

    /// The whole object, as a value of another.
    pub(crate) fn into_raw(self) -> Box<RawValue> {
        // Members are written in JSON, which is UTF-8.
        let text = String::from_utf8(self.finish()).expect("JSON is text");
        RawValue::from_string(text).expect("an object is JSON")
    }
}
