//! What was found in a text, and where exactly.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use crate::measure::Measure;
use crate::pack::Action;

/// A part of the original text, in each of the units that people count text in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Span {
    /// In bytes of UTF-8.
    pub bytes: Range<usize>,
    /// In Unicode characters (scalar values).
    pub chars: Range<usize>,
    /// In UTF-16 code units, which JavaScript, Java and Swift's `NSString` count.
    pub utf16: Range<usize>,
}

/// One place where a rule found something.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The id of the rule.
    pub rule: Arc<str>,
    /// What found it: the name of an [`Entity`](crate::Entity), or `instruction`, `forged_turn`, `encoded_instruction`, `hidden_instruction`, `phrase`,
    /// `combination`, `classifier` or `judge`.
    pub kind: Cow<'static, str>,
    /// The rule's category; where it has none, the pack it is from.
    pub category: Arc<str>,
    /// What was done about it.
    pub action: Action,
    /// Where it is in the original text.
    pub span: Span,
    /// How sure it is, 0 to 1.
    pub score: f32,
}

/// What a screen makes of one text, for tests and reports: not a proof that the text may pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// The weightiest action of all findings.
    pub action: Action,
    /// What was found, in the order of the text.
    pub findings: Vec<Finding>,
    /// What would pass: empty when the text is refused.
    pub text: String,
}

/// Something found, in bytes of the text that is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) rule: u32,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) score: f32,
    /// In a JSON document: it stands outside a string.
    pub(crate) bare: bool,
    /// The text ends here whatever the rule's action is: what is to be taken back cannot be.
    pub(crate) ends: bool,
}

/// A place that can still be named when the text there has been given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// In bytes of the kept text.
    pub(crate) byte: usize,
    /// In characters of the kept text.
    pub(crate) came: Measure,
    /// In bytes, characters and UTF-16 units of the original.
    pub(crate) original: (usize, usize, usize),
}

/// Something found in a text that may have been given out already.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Late {
    pub(crate) found: Found,
    pub(crate) start: Mark,
    pub(crate) end: Mark,
    /// The place that decided: it comes in the order of the text where this stands, in bytes of the kept text.
    pub(crate) key: usize,
    /// Whether it is told and counted; a part of something that is told elsewhere is not.
    pub(crate) told: bool,
}
