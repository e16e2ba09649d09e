//! External judges: guard models and moderation services that say whether a text or a picture is safe.
//!
//! A judge is asked about text that was screened already, so what the screen masks it never sees, and about pictures that were
//! cleaned. What it says, in its own
//! categories, becomes one of ours with an action by a table of the operator's ([`JudgeConfig`]). What holds:
//!
//! - A judge outside a market's residency is never asked about anything from that market.
//! - Every question ends: within its time-out there is a [`Verdict`] or a [`Failure`], and what a failure means is written down
//!   for each market and category, closed where nothing is.
//! - An answer that is not what the judge's documentation says is a failure, never a verdict of "safe".
//! - What is part of what a regulator approves of them is their [`Charter`], and a release names it.
//! - A judge that failed repeatedly is left alone for a while; meanwhile its questions fail at once.
//! - Keys are in no error, no log and no `Debug` output.

mod charter;
mod config;
mod judge;
mod judges;
mod key;
mod memory;
mod pieces;
mod ruling;
mod shape;
mod verdict;

pub use charter::Charter;
pub use config::{Appointment, Direction, JudgeConfig, Kind, OnFailure, RuleConfig, When};
pub use judge::{Failure, JudgesError};
pub use judges::{Asked, Chosen, JudgeStanding, Judges, Observe, Question};
pub use ruling::Ruling;
pub use shape::Picture;
pub use verdict::{Level, Said, Verdict};
