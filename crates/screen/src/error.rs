//! Why a pack or a screen could not be built.

use jiff::civil::Date;
use thiserror::Error;
use yumen_policy::{MarketId, SignerKey};

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
    /// The file is no built pack, or a broken one.
    #[error("this is no pack: {0}")]
    PackForm(String),
    /// The pack is in a form that this program does not know.
    #[error("the pack is written in form {0}, and this program reads form 1")]
    PackNewer(u32),
    /// Nobody signed the pack.
    #[error("nobody signed the pack `{0}`")]
    PackUnsigned(String),
    /// The pack is signed with a key that is not trusted.
    #[error("the pack `{pack}` is signed with {key}, which is not trusted")]
    PackKey {
        /// The pack, by what it says of itself.
        pack: String,
        /// The key.
        key: Box<SignerKey>,
    },
    /// The pack was changed after it was signed.
    #[error("the signature does not fit the pack `{0}`: it was changed after it was signed")]
    PackSignature(String),
    /// The contents are not those that the header names.
    #[error(
        "the contents are not those that the pack `{0}` was made with: bytes were changed or lost"
    )]
    PackChanged(String),
    /// The pack may no longer be used.
    #[error("the pack `{pack}` was good until {expires}")]
    PackExpired {
        /// The pack.
        pack: String,
        /// The first day on which it is over.
        expires: Date,
    },
    /// The pack may not be used yet.
    #[error("the pack `{pack}` is good from {issued} on")]
    PackTooEarly {
        /// The pack.
        pack: String,
        /// The day it was issued.
        issued: Date,
    },
    /// The contents are encrypted, and the secret for them was not given.
    #[error("the pack `{pack}` is encrypted with the secret {secret}, which was not given")]
    PackSecret {
        /// The pack.
        pack: String,
        /// The secret, by its fingerprint.
        secret: String,
    },
    /// The contents cannot be decrypted, though the secret has the right fingerprint.
    #[error("the contents of the pack `{0}` cannot be decrypted")]
    PackSealed(String),
    /// The pack lacks something without which it cannot be built.
    #[error("the pack `{pack}` cannot be built: it does not say {lacks}")]
    PackLacks {
        /// The pack.
        pack: String,
        /// What it must say.
        lacks: &'static str,
    },
    /// A file of keys has a line that is none.
    #[error("line {line}: {reason}")]
    Key {
        /// The line, from 1.
        line: usize,
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

impl ScreenError {
    /// What to do about it, where that is not said already.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::PackForm(_) => "`yumen pack build` makes a pack from its source",
            Self::PackNewer(_) => "use a newer yumen, or build the pack again with this one",
            Self::PackUnsigned(_) => "`yumen pack sign` signs a pack",
            Self::PackKey { .. } => {
                "if you trust whoever signed it, name the key: `--key` on the command line, `[screen] keys` in yumen.toml"
            }
            Self::PackSignature(_) | Self::PackChanged(_) => {
                "get the file again from whoever made it; do not use this one"
            }
            Self::PackExpired { .. } => {
                "get or build a newer version; the law asks for one each week"
            }
            Self::PackTooEarly { .. } => "wait for the day, or look whether the clock is right",
            Self::PackSecret { .. } => "give the file with the secret: `--secret FILE`",
            Self::PackSealed(_) => "the secret or the file is broken: get both again",
            Self::PackLacks { .. } => {
                "write it into the pack's TOML, or give `--issued today` and `--days 30`; docs/packs.md shows one"
            }
            Self::Key { .. } => "a line is `ed25519:`, 64 hexadecimal digits and who holds the key",
            _ => return None,
        })
    }
}
