//! Proofreading of Chinese by rules, and the segmenter that summaries share with it.
//!
//! Every rule here is made to be silent when in doubt: it needs Chinese context, and where a rule
//! could cut through a word the segmenter decides.

mod confusions;
mod doubled;
mod marks;
mod protect;
mod punctuation;

use std::sync::LazyLock;

use jieba_rs::Jieba;

use crate::output::Proofread;
use crate::review;

/// The segmenter with its embedded dictionary: about 32 MiB once loaded, so only on first use.
static SEGMENTER: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// The words of a text, in order and without gaps.
pub(crate) fn words(text: &str) -> Vec<&str> {
    SEGMENTER.cut(text, false).into_iter().map(|token| token.word).collect()
}

/// Proofreads a Chinese text.
pub(crate) fn proofread(text: &str) -> Proofread {
    let page = protect::Page::new(text);
    let mut findings = Vec::new();
    confusions::check(&page, &mut findings);
    doubled::check(&page, &mut findings);
    marks::check(&page, &mut findings);
    punctuation::check(&page, &mut findings);
    review::settle(text, findings)
}
