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
//! # What it says
//!
//! The text of an answer is made from the conversation alone: a mark that names the partner, and
//! after the mark the same text for every partner. `[[long]]` in the last user message asks for a
//! long one, of sixty parts when it streams, which ends in `part 60. The end.`; so a test that fails
//! over from one partner to another sees whether the whole text came, and came once. A turn to be
//! continued (`partial`, `prefix`, a trailing assistant message) gets exactly what it lacks,
//! whichever partner began it. A question about the weather calls the first tool.
//!
//! # Faults
//!
//! Every [`FaultKind`] stands as `[[name]]` in the last user message, and in a schedule at
//! `PUT /emulator/faults`, a list of [`FaultRule`]s; `[]` clears it. `GET /emulator/asked` gives the bodies of the last requests as they came. `GET /emulator/log` tells what
//! was asked and how it ended ([`LogEntry`]); `DELETE` clears it. `GET /emulator/stats` has the
//! counters ([`Stats`]). The key `bad-key` is refused. Where a partner signs, a secret must be known:
//! Tencent's key is `AKIDtest:SECRETtest` unless [`Options::key`] names another `id:secret`.
//!
//! [`Answer`]s given in advance (`PUT /emulator/answers`) are what it says next, one each.
//!
//! [`Claims`] make every further answer name another model or fingerprint, as a partner does that
//! exchanges a model without a word: `PUT /emulator/claims` with `{"model": "...", "fingerprint":
//! "..."}`; `{}` takes it back.
//!
//! What it does not offer, it refuses by name instead of pretending: log probabilities, and media
//! that the partner has no place for here.

mod anthropic;
mod ark;
mod ask;
mod asked;
mod claims;
mod conversation;
mod dashscope;
mod deepseek;
mod delivery;
mod exchange;
mod family;
mod fault;
mod fields;
mod huawei;
mod hunyuan;
mod kind;
mod line;
mod llama_api;
mod llama_cpp;
mod log;
mod minimax;
mod moonshot;
mod ollama;
mod openai;
mod partner;
mod parts;
mod persona;
mod prices;
mod qianfan;
mod reply;
mod rewrite;
mod sample;
mod schedule;
mod script;
mod server;
mod snapshot;
mod stats;
mod tamper;
mod tencent;
mod tokenhub;
mod tokens;
mod tools;
mod tree;
mod turn;
mod vllm;
mod zhipu;

pub use claims::Claims;
pub use fault::FaultKind;
pub use kind::Kind;
pub use log::{Ended, LogEntry, Tokens};
pub use prices::Price;
pub use schedule::FaultRule;
pub use script::{Answer, ScriptedCall};
pub use server::{Emulator, Options};
pub use stats::Stats;
