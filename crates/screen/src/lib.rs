//! Safety checks of text in both directions, over whole texts and over streams.
//!
//! A [`Pack`] is data: rules that find something (a detector with a check digit, or phrases) and say what
//! happens to it at each [`Boundary`]. Packs compile into one immutable [`Screen`]. Text goes in, and only
//! [`Screened`] text comes out, with a [`Notice`] for everything that was changed: nothing is masked or refused in silence.
//! The border is a part of the type, a [`Crossing`]: what was screened for the device has no way to a partner.
//!
//! What holds for every text, pack and chunking:
//!
//! - A stream gives the same text and the same notices as the whole text does, wherever the chunks are cut.
//! - A stream holds back only what may still become a match, and never more than [`HOLD_LIMIT`] bytes.
//! - Full-width digits, other compatibility forms, case, accents and invisible characters do not hide a match.
//! - After a refusal a stream emits nothing more.
//!
//! This crate reads no clock, file or network.

mod ahead;
mod border;
mod choices;
pub mod classify;
mod combine;
mod crossing;
pub mod csv_lines;
mod edits;
mod error;
mod expand;
mod finding;
mod image;
mod injection;
mod json;
mod lens;
mod mask;
mod matcher;
mod measure;
mod normal;
mod notice;
mod pack;
mod passage;
mod pii;
mod pseudonym;
mod scan;
mod screen;
mod screened;
mod stream;

pub use crossing::{Crossing, FromDevice, FromPartner, ToDevice, ToPartner, ToPerson};
pub use error::ScreenError;
pub use finding::{Finding, Inspection, Span};
pub use image::{Format, MOST_PIXELS, MOST_SIDE, Picture, PictureError, clean_picture};
pub use matcher::{View, Views};
pub use notice::{Appeal, Notice, Part, Refusal};
pub use pack::{
    Acceptance, Accepted, Action, Boundary, Candidate, Category, Coverage, Import, Imported,
    LeftOut, NoRisk, Pack, PackBuild, PackContents, PackCounts, PackDiff, PackFile, PackHeader,
    PackKeys, PackSecret, PackSource, Risk, RiskCoverage, RiskGroup, Sealed, Severity, TermDiff,
    Wanted, candidates,
};
pub use pii::{Entity, EntitySet, Gazetteer, PersonalData, personal_data};
#[cfg(feature = "train")]
pub use pii::{Marked, train};
pub use pseudonym::{ConversationKey, PseudonymSecret, RestoringScreen, Vault};
pub use scan::HOLD_LIMIT;
pub use screen::Screen;
pub use screened::Screened;
pub use stream::{Revision, Step, StreamScreen};
