//! Model partners, emulated on the wire.
//!
//! An [`Emulator`] answers on a socket as OpenAI or Alibaba's DashScope would: same paths, same
//! checks of the request, same frames, headers and errors, as far as public recordings and the
//! vendors' own client libraries show them. It shares no code with the crate that speaks these
//! protocols as a client, so each checks the other.
//!
//! No model stands behind it. Every answer says so: in its text (`[emulated ChatGPT] …`,
//! `【模拟通义千问】…`) and in the header `x-emulated: yumen`. The same request gets the same text.
//!
//! Words in the last user message bring faults on demand: `[[rate_limit]]`, `[[quota]]`,
//! `[[overloaded]]`, `[[error_500]]`, `[[moderation_input]]`, `[[moderation_output]]`,
//! `[[refusal]]`, `[[error_mid_stream]]`, `[[cut_stream]]`, `[[end_early]]`, `[[stall]]`,
//! `[[stall_headers]]`, `[[slow]]`, `[[no_headers]]`, `[[malformed]]`, `[[other_model]]`,
//! `[[other_fingerprint]]`, `[[model_midway]]`. The key `bad-key` is refused.
//!
//! [`Claims`] make every further answer name another model or fingerprint, as a partner does that
//! exchanges a model without a word: `PUT /emulator/claims` with `{"model": "...", "fingerprint":
//! "..."}`; `{}` takes it back.
//!
//! What it does not offer, it refuses by name instead of pretending: several choices (`n`), log
//! probabilities, images and audio, the Anthropic-compatible DashScope route.

mod ask;
mod claims;
mod conversation;
mod dashscope;
mod delivery;
mod exchange;
mod fields;
mod openai;
mod reply;
mod rewrite;
mod sample;
mod server;
mod snapshot;
mod stats;
mod tokens;

pub use claims::Claims;
pub use server::{Emulator, Kind, Options};
pub use stats::Stats;
