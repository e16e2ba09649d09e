//! Packs: the rules of a screen as data.
//!
//! ```toml
//! id = "pii"
//! version = "2026.11.0"
//! issued = "2026-11-22"                   # optional; how old the pack is, is counted from it
//! source = "where the rules come from"
//!
//! [[rule]]
//! id = "pii.email"
//! detector = "email"                      # or: phrases = ["(drop|lose) the parcel"]
//! placeholder = "email"                   # what stands in its place: ⟦email⟧
//! actions = { to_partner = "mask", from_partner = "allow", to_device = "allow", from_device = "allow" }
//! text = { en = "An e-mail address was masked.", zh = "已遮盖一个电子邮箱地址。" }
//! source = "RFC 5321 §4.5.3.1"
//! ```
//!
//! A phrase matches across any white space and punctuation that does not end a sentence; where it begins or ends
//! with a Latin letter or digit, it must begin or end a word. Directly after one of the words of `not_after` it does not count:
//! `not_after = ["do not"]`.

mod action;
mod rule;
mod source;

use jiff::civil::Date;
use yumen_policy::Digest;

pub use action::{Action, Actions, Boundary};
pub use rule::Detector;
pub(crate) use rule::{Kind, Rule};

/// The parsed rules of one pack.
#[derive(Clone, Debug)]
pub struct Pack {
    id: String,
    version: String,
    issued: Option<Date>,
    digest: Digest,
    pub(crate) rules: Vec<(Rule, Kind)>,
}

impl Pack {
    /// The name of the pack.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version its makers gave it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The day this version was issued, if it says so; a market that lets packs grow old stops what
    /// is screened with one that does not.
    pub fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// The hash of the pack's text: two packs with one digest are the same to the letter.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}
