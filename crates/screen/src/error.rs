//! Why a pack or a screen could not be built.

use thiserror::Error;
use yumen_policy::MarketId;

/// A pack or a set of packs that cannot be used; every variant names what to change.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScreenError {
    /// A rule of a pack in its source form cannot be used; says where it stands.
    #[error("line {line}: {error}")]
    At {
        /// The line of the rule's id, from 1.
        line: usize,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// The phrases could not be compiled into one automaton.
    #[error("the phrases cannot be compiled: {0}")]
    Automaton(String),
    /// Two rules use the same detector; its action would be undecided.
    #[error("rules `{first}` and `{second}` both use the detector `{detector}`: keep one of them")]
    DetectorTwice {
        /// The detector named twice.
        detector: &'static str,
        /// The rule that names it first.
        first: String,
        /// The rule that names it again.
        second: String,
    },
    /// A file of labelled examples cannot be used.
    #[error("line {line} of the examples: {reason}")]
    Examples {
        /// The line, from 1.
        line: u64,
        /// What is wrong in it.
        reason: String,
    },
    /// Bytes that are no model of a classifier.
    #[error("the classifier's model cannot be read: {0}; train it again with `yumen pack train`")]
    Model(String),
    /// The same pack was given twice.
    #[error("the pack `{0}` is given twice")]
    PackTwice(String),
    /// A phrase is empty, too long, wrongly written or has too many variants.
    #[error("rule `{rule}`, phrase `{phrase}`: {reason}")]
    Phrase {
        /// The rule the phrase belongs to.
        rule: String,
        /// The phrase as written.
        phrase: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A rule is not usable as written.
    #[error("rule `{rule}`: {reason}")]
    Rule {
        /// The rule.
        rule: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of terms beside a pack has a row that cannot be used.
    #[error("{file}, line {line}: {reason}")]
    Row {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that a pack names cannot be read, or is none that a pack may name.
    #[error("the file `{file}` beside the pack: {reason}")]
    Beside {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The pack is made for other markets.
    #[error("the pack `{pack}` is made for {markets}, not for {market}")]
    PackMarket {
        /// The pack.
        pack: String,
        /// The market it was wanted for.
        market: MarketId,
        /// Those it is made for.
        markets: String,
    },
    /// Something about the pack as a whole.
    #[error("{0}")]
    Pack(String),
    /// The same rule id stands in two places.
    #[error("the rule `{0}` is given twice")]
    RuleTwice(String),
    /// The examples or the options do not make a classifier.
    #[error("the classifier cannot be trained: {0}")]
    Training(String),
    /// The pack is not the TOML that packs are written in.
    #[error("the pack cannot be read: {0}")]
    Toml(String),
}
