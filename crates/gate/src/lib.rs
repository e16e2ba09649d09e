//! The gate: the one straight way of a request, and the HTTP surface around it.
//!
//! A request is identified, judged, cleared, prepared, screened, routed, asked, screened again,
//! labelled and recorded (see `pipeline.rs`); every step takes the value of the step before, so a
//! program that leaves one out does not compile. `tests/skip` holds such programs, and the errors
//! they end with.

mod alarm;
mod answer;
mod attempts;
mod background;
mod caller;
mod choices;
mod clock;
mod conduct;
mod conversation;
mod deeds;
mod device;
mod display;
mod drift;
mod endpoint;
mod gate;
mod id;
mod intake;
mod journal;
mod judging;
mod metrics;
mod openapi;
mod people;
mod pictures;
mod pipeline;
mod possession;
mod problem;
mod random;
mod receipt;
mod reply;
mod restoring;
mod router;
mod server;
mod snapshot;
mod sse;
mod stream;
mod visit;

pub use alarm::{About, Alarm, AlarmKind};
pub use answer::{AnswerBody, Piece, Revised, ToolCallPart};
pub use attempts::AttemptTold;
pub use background::{give_way, in_background};
pub use deeds::Counted;
pub use display::ModelNames;
pub use gate::{Durability, Gate, Mode, Parts};
pub use intake::MAX_BODY;
pub use people::PersonKept;
pub use problem::{CODES, Code, Problem};
pub use receipt::ServedBy;
pub use router::ROUTES;
pub use server::{listen, serve};
pub use snapshot::{AppKey, AppKeys, Snapshot};
