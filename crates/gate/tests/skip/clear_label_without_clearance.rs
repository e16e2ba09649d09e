//! No answer is labelled, and so none is written, that was not cleared.

use yumen_label::{Labeller, Labels};
use yumen_policy::{UiLanguage, Verdict};

pub fn labels(labeller: &Labeller, verdict: &Verdict) -> Labels {
    labeller.open(verdict, "1", UiLanguage::En)
}

fn main() {}
