//! Making labels, and stamping them on screened values.

use std::sync::Arc;

use serde::Serialize;
use yumen_policy::{Clearance, UiLanguage};
use yumen_screen::{Screened, ToPerson};

use crate::aigc::Aigc;
use crate::provider::Provider;
use crate::rules::LabelRules;

/// Makes the labels of one provider in one market.
#[derive(Clone, Debug)]
pub struct Labeller {
    en: Lines,
    zh: Lines,
    provider: Provider,
}

/// What a label says to people in one language.
#[derive(Clone, Debug)]
struct Lines {
    visible: Arc<str>,
    copied: Arc<str>,
}

impl Labeller {
    /// For the market with these rules and the provider that offers the service there.
    ///
    /// `None` where the market demands a provider code and the provider has only a name: such a
    /// provider cannot label there, and so cannot serve.
    pub fn new(rules: &LabelRules, provider: &Provider) -> Option<Self> {
        if rules.requires_provider_code() && !matches!(provider, Provider::Code(_)) {
            return None;
        }
        let lines = |language| Lines {
            visible: rules.visible().get(language).into(),
            copied: rules.copied().get(language).into(),
        };
        let (en, zh) = (lines(UiLanguage::En), lines(UiLanguage::Zh));
        Some(Self { en, zh, provider: provider.clone() })
    }

    /// The labels of one answer to a cleared request: `produce_id` is the provider's number for
    /// it, and `language` the reader's.
    ///
    /// Characters a label may not have are percent-encoded in the number. The clearance is asked
    /// for so that no answer can be labelled, and so none written, that was not cleared.
    pub fn open(&self, _cleared: &Clearance, produce_id: &str, language: UiLanguage) -> Labels {
        let Lines { visible, copied } = match language {
            UiLanguage::En => &self.en,
            UiLanguage::Zh => &self.zh,
        };
        Labels {
            label: Arc::new(Label {
                visible: Arc::clone(visible),
                copied: Arc::clone(copied),
                embedded: Aigc::produced(self.provider.as_str(), produce_id),
            }),
        }
    }
}

/// A label, as it stands in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Label {
    /// The line the interface shows with the content, all the time (GB 45438-2025 §5.6).
    pub visible: Arc<str>,
    /// What the interface puts at the end of text that is copied out (Labelling Measures, Art. 4).
    pub copied: Arc<str>,
    /// The machine-readable label: `{"AIGC": {...}}` (GB 45438-2025, Annex E).
    pub embedded: Aigc,
}

/// The label of one answer, to be stamped on each of its parts. It cannot be copied, so that whoever
/// owns it writes one answer.
#[derive(Debug)]
pub struct Labels {
    label: Arc<Label>,
}

impl Labels {
    /// The label.
    pub fn label(&self) -> &Arc<Label> {
        &self.label
    }

    /// Marks a value that was screened on its way to the person as one whose answer carries this label.
    pub fn stamp<T, C: ToPerson>(&self, screened: Screened<T, C>) -> Labelled<T> {
        Labelled(screened.into_inner())
    }
}

/// A value that was screened and belongs to a labelled answer. Only [`Labels::stamp`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled<T>(T);

impl<T> Labelled<T> {
    /// The value, to read.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// The value itself, to write; the proof ends here.
    pub fn into_inner(self) -> T {
        self.0
    }
}
