//! Connections to model partners: the only crate that talks to them.
//!
//! A [`Route`] is made from a screened prompt and can name only a model of the prompt's clearance, at
//! an endpoint inside the market;
//! [`Partners::ask`] takes the route by value and sends it once (at most once more, to the same
//! model, when nothing was received). Every wait is bounded by one of five [`Clocks`], every answer
//! by a size. An [`AnswerStream`] is pulled and has no task of its own: dropping it, or dropping the
//! future of `ask`, closes the connection to the partner, so a person who hangs up stops the work.
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
mod reading;
mod route;
mod routing;
mod sticky;
mod wait;

pub use answer::{Answer, AnswerStream, Step, Whole};
pub use attempt::{Attempt, Outcome, Settle, Unanswered};
pub use balance::Strategy;
pub use base_url::BaseUrl;
pub use breaker::BreakerConfig;
pub use budget::Price;
pub use capabilities::{Capabilities, Input, Inputs};
pub use clocks::Clocks;
pub use config::{HttpVersion, ModelConfig, PartnerConfig};
pub use error::{AskError, PartnersError, RouteError};
pub use in_market::Stray;
pub use key::KeySource;
pub use manner::{AfterFirst, Manner};
pub use partners::Partners;
pub use route::Route;
pub use routing::Routing;
