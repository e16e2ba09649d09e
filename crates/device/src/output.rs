//! What the engine answers: the output of the on-device features, as it goes on the wire.

use serde::Serialize;
use yumen_policy::Text;
use yumen_wire::Passages;

use crate::Span;

/// The output of one piece of work. It serializes as the feature's output, without a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// Key points.
    KeyPoints {
        /// The points, in the order of the text.
        points: Vec<Point>,
    },
    /// A proofread text.
    Proofread(Proofread),
    /// A summary.
    Summary {
        /// The sentences taken, joined.
        summary: String,
        /// Where each of them stands in the original text.
        sentences: Vec<Span>,
    },
}

/// One key point: a sentence of the text, verbatim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The sentence.
    pub text: String,
    /// Where it stands in the original text.
    pub span: Span,
}

/// A proofread text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proofread {
    /// The original text with all edits applied.
    pub corrected: String,
    /// The edits, in the order of the text; they never overlap.
    pub edits: Vec<Edit>,
    /// What was noticed but has no single safe correction; nothing of it is in `corrected`.
    pub remarks: Vec<Remark>,
}

/// One correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// What is replaced, in the original text.
    pub range: Span,
    /// The original text there.
    pub original: String,
    /// What stands there now.
    pub replacement: String,
    /// Why.
    pub explanation: Text,
    /// The rule that found it.
    pub rule: String,
}

/// Something the person should look at themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// What it is about, in the original text.
    pub range: Span,
    /// The original text there.
    pub original: String,
    /// What could stand there instead; may be empty.
    pub suggestions: Vec<String>,
    /// Why.
    pub explanation: Text,
    /// The rule that found it.
    pub rule: String,
}

impl Passages for Output {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Self::KeyPoints { points } => points.iter_mut().for_each(|p| visit(&mut p.text)),
            Self::Proofread(Proofread { corrected, edits, remarks }) => {
                visit(corrected);
                for edit in edits {
                    visit(&mut edit.original);
                    visit(&mut edit.replacement);
                }
                for remark in remarks {
                    visit(&mut remark.original);
                    remark.suggestions.iter_mut().for_each(&mut *visit);
                }
            }
            Self::Summary { summary, .. } => visit(summary),
        }
    }
}
