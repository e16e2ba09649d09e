//! Writing server-sent events (WHATWG HTML §9.2). JSON has no line break, so one `data` line holds it.

use serde::Serialize;

/// Appends one event with a JSON value.
pub(crate) fn event(buffer: &mut Vec<u8>, name: &str, value: &impl Serialize) {
    let start = buffer.len();
    open(buffer, name);
    if let Err(error) = serde_json::to_writer(&mut *buffer, value) {
        tracing::error!(%error, name, "an event could not be serialised");
        buffer.truncate(start);
        return;
    }
    buffer.extend_from_slice(b"\n\n");
}

/// Appends one event whose JSON is already written.
pub(crate) fn event_bytes(buffer: &mut Vec<u8>, name: &str, json: &[u8]) {
    open(buffer, name);
    buffer.extend_from_slice(json);
    buffer.extend_from_slice(b"\n\n");
}

fn open(buffer: &mut Vec<u8>, name: &str) {
    buffer.extend_from_slice(b"event: ");
    buffer.extend_from_slice(name.as_bytes());
    buffer.extend_from_slice(b"\ndata: ");
}
