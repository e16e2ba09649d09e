//! The mark on generated content: in words for the person, and in fields for machines.
//!
//! A market's [`LabelRules`] say the words. A [`Labeller`] knows who provides the service, [`Labels`] the number of
//! one answer. Only [`Screened`](yumen_screen::Screened) values can be stamped, and only stamped ones are
//! [`Labelled`], so a program that writes nothing but `Labelled` values writes nothing unscreened and nothing unmarked.
//!
//! The machine-readable object is that of GB 45438-2025, Annex E. It is mandatory in mainland China, and every answer
//! in every market carries it: it claims nothing but that a text is generated, by whom, under which number.

mod aigc;
mod error;
mod labeller;
mod provider;
mod rules;

pub use aigc::{Aigc, Degree, read_back};
pub use error::LabelError;
pub use labeller::{Label, Labelled, Labeller, Labels};
pub use provider::{Provider, ProviderCode, ProviderName};
pub use rules::LabelRules;
