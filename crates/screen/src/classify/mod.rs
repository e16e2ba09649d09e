//! A small text classifier that an operator trains on labelled sentences and a pack carries.
//!
//! It is linear over hashed character n-grams of the normalised text, so that case, width and invisible characters
//! do not change what it says, in any language, without a dictionary of words. Training takes seconds, and with the same
//! examples and [`Options`] gives the same bytes. What holds:
//!
//! - A text is scored in windows. Where one ends depends on its characters only, and its scores are a sum of whole numbers over
//!   them, so a stream gives the windows and the scores of the whole text, wherever it is cut.
//! - [`Model::from_bytes`] takes any bytes: it reads a model or says what is wrong, and takes no more memory than [`MOST_BYTES`].
//! - A score is a probability, calibrated on examples that the scores it is fitted to were not trained on.

mod calibrate;
mod codec;
mod examples;
mod grams;
mod model;
mod report;
mod table;
mod train;
mod window;

pub use codec::MOST_BYTES;
pub use examples::{Columns, Example};
pub use model::{Model, Scored};
pub use report::{LabelReport, Report};
pub use train::Options;
pub(crate) use window::{Judged, WindowReader};
