//! The catalogue of Yumen's AI features: what a person sees, as data.
//!
//! A [`Feature`] is read from `catalog/features/*.toml`: its typed input and output, the prompts
//! per language, the tier it runs on, its limits and the checks on what comes back. [`prepare`]
//! turns a typed request into a [`Prompt`], and asks for a [`Clearance`](yumen_policy::Clearance)
//! to do it: what was not cleared has no prompt, and without a prompt nothing can be asked.

mod catalogue;
mod error;
mod failover;
mod feature;
mod guidance;
mod prompt;
mod request;
mod task;

pub use catalogue::Catalogue;
pub use error::FeatureError;
pub use failover::{AfterFirst, Failover};
pub use feature::{Checks, Feature, Limits, Task, Tier};
pub use guidance::Nonce;
pub use prompt::{Body, Prompt, prepare, prepare_chat};
pub use request::{ChatInput, ChatTurn, FeatureInput, FeatureRequest, RewriteStyle, Role};
pub use task::{DeviceTask, TaskKind, TextLanguage};
