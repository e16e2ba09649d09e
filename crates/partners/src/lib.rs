//! Connections to model partners: the only crate that talks to them.
//!
//! A [`Route`] is made from a screened prompt and can name only models of the prompt's clearance that
//! can do what is asked, at endpoints inside the market. [`Partners::ask`] takes the route by value
//! and asks them one after the other until one answers; what may follow a failure is one table
//! (`conduct.rs`), and who is asked next one decision (`plan.rs`). A refusal of content is final.
//! Every wait is bounded by one of the [`Clocks`], every answer by a size, and all attempts together
//! by the [`Routing`]'s deadline and budgets. An [`AnswerStream`] is pulled and has no task of its
//! own: dropping it, or dropping the future of `ask`, closes the connection to the partner, so a
//! person who hangs up stops the work; what it came to until then is settled ([`Manner::settle`]).
//!
//! Keys are read once, at the start, from the environment or a file. They are in no error, no log
//! and no `Debug` output of this crate.

mod answer;
mod ask;
mod attempt;
mod backoff;
mod balance;
mod base_url;
mod breaker;
mod budget;
mod call;
mod candidate;
mod capabilities;
mod chain;
mod chance;
mod clocks;
mod conduct;
mod config;
mod connect;
mod error;
mod expected;
mod in_market;
mod inflow;
mod key;
mod keys;
mod lane;
mod limit;
mod manner;
mod partner;
mod partners;
mod plan;
mod probe;
mod reading;
mod route;
mod routing;
mod sticky;
mod wait;

pub use answer::{Answer, AnswerStream, Step, Whole};
pub use attempt::{Attempt, Outcome, Settle, Unanswered};
pub use balance::Strategy;
pub use base_url::BaseUrl;
pub use breaker::{Admit, Breaker, BreakerConfig};
pub use budget::Price;
pub use capabilities::{Ability, Capabilities, Input, Inputs};
pub use clocks::Clocks;
pub use config::{HttpVersion, ModelConfig, PartnerConfig};
pub use connect::{Connections, TlsSettings, connections, tls};
pub use error::{AskError, PartnersError, RouteError};
pub use in_market::Stray;
pub use key::KeySource;
pub use manner::{AfterFirst, Manner};
pub use partners::{Partners, Standing};
pub use probe::{ProbeError, Probed, probe};
pub use route::Route;
pub use routing::Routing;
