//! The protocols as a partner or a client meets them: bytes against bytes.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

#[path = "../../../../fuzz/src/checks.rs"]
#[expect(unreachable_pub, reason = "the file is a crate of its own for the fuzzer")]
mod checks;

mod anthropic;
mod anthropic_requests;
mod auth;
mod chat;
mod chat_requests;
mod corpus;
mod dashscope;
mod dashscope_multimodal;
mod errors;
mod faults;
mod framing;
mod negative;
mod ollama;
mod openai;
mod properties;
mod responses;
mod serving;
mod sse;
mod tencent;

use yumen_wire::{Collector, Completion, Dialect, Event, Head, PartnerError};

fn dialect(name: &str) -> Dialect {
    Dialect::named(name).expect("is built in")
}

fn openai() -> Dialect {
    dialect("openai-chat")
}

fn native() -> Dialect {
    dialect("dashscope-native")
}

fn compatible() -> Dialect {
    dialect("dashscope-compatible")
}

/// Decodes a whole body as a stream.
fn stream(dialect: &Dialect, body: &[u8]) -> (Vec<Event>, Result<(), PartnerError>) {
    let mut decoder = dialect.stream_decoder(&Head::new(200));
    let mut events = Vec::new();
    let result = decoder.push(body, &mut events).and_then(|()| decoder.finish(&mut events));
    (events, result)
}

/// The answer a stream adds up to.
fn collect(events: Vec<Event>) -> Completion {
    let mut collector = Collector::default();
    for event in events {
        collector.push(event);
    }
    collector.finish().expect("the answer is complete")
}

fn json(text: impl AsRef<[u8]>) -> serde_json::Value {
    serde_json::from_slice(text.as_ref()).expect("JSON")
}
