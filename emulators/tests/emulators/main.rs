//! The emulators as a client sees them on the socket: bytes against the facts known about each
//! partner, and each fault on demand. What the vendors' own clients make of it is tested with
//! those clients, in `tests/vendor-sdk`.

#![expect(
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "helpers of tests: short to call, and to fail is their job"
)]

mod agreement;
mod anthropic;
mod captured;
mod client;
mod control;
mod dashscope;
mod faults;
mod houses;
mod http2;
mod natives;
mod ollama;
mod openai;
mod serving;
mod tencent;
mod wire;
