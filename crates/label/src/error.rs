//! Why a label could not be made or read.

use thiserror::Error;

/// Label rules, a provider or a label that cannot be used; every variant names what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LabelError {
    /// A field of an embedded label has characters the standard does not allow.
    #[error("`{field}` may only have visible ASCII characters without the backslash")]
    Characters {
        /// The field of the label.
        field: &'static str,
    },
    /// The `Label` field is not "1", "2" or "3".
    #[error("`Label` is `{0}`, but may only be 1 (is), 2 (may be) or 3 (suspected) generated")]
    Degree(String),
    /// A label text lacks an element that the market demands.
    #[error("`{text}` must name {element}")]
    Element {
        /// Which text, such as `copied.zh`.
        text: &'static str,
        /// What it lacks.
        element: &'static str,
    },
    /// A field of an embedded label is missing or empty.
    #[error("`{field}` is missing from the label")]
    Missing {
        /// The field of the label.
        field: &'static str,
    },
    /// The value holds no label at all.
    #[error("there is no `AIGC` object")]
    NotALabel,
    /// A field of an embedded label is not a string.
    #[error("`{field}` must be a string")]
    NotAString {
        /// The field of the label.
        field: &'static str,
    },
    /// The provider code is not well-formed.
    #[error("the provider code is wrong: {0}")]
    ProviderCode(&'static str),
    /// The provider's name is not one a label can hold.
    #[error(
        "a provider's name has 1 to 64 visible ASCII characters, and no space, quotation mark or backslash"
    )]
    ProviderName,
    /// The `[label]` table of a market cannot be read.
    #[error("the label rules cannot be read: {0}")]
    Rules(String),
}
