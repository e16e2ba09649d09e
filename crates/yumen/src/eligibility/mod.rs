//! What `yumen eligibility` computes: verdicts over whole populations, and what a change of the
//! catalogue changes in them.
//!
//! Pure but for reading a population; `command/eligibility` prints it.

mod comparison;
mod crowd;
pub(crate) mod explanation;
mod population;
mod tally;

pub(crate) use self::comparison::{Change, Comparison, Side};
pub(crate) use self::crowd::{Counted, Source};
pub(crate) use self::population::Population;
pub(crate) use self::tally::{Case, Tally};
