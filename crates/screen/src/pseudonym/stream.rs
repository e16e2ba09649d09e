//! A streamed answer, screened and then restored.

use std::sync::Arc;

use yumen_policy::Text;

use super::restore::{Form, Restored, Restorer};
use super::vault::Vault;
use crate::crossing::FromPartner;
use crate::measure::Measure;
use crate::notice::Notice;
use crate::pack::Action;
use crate::screened::Screened;
use crate::stream::{Revision, Step, StreamScreen};

/// One text of a partner's answer on its way to the person: what the screen lets go, with values in place of the
/// tokens of one vault.
///
/// What comes out keeps the proof: the screen read everything but what the person wrote themselves.
#[derive(Debug)]
pub struct RestoringScreen {
    screen: StreamScreen<FromPartner>,
    restorer: Restorer,
}

impl StreamScreen<FromPartner> {
    /// The same, restored in text for people.
    pub fn restoring(self, vault: &Arc<Vault>) -> RestoringScreen {
        RestoringScreen { screen: self, restorer: Restorer::new(Arc::clone(vault), Form::Text) }
    }

    /// The same, restored in JSON: a text of an answer that was asked for in JSON, or, where `is_own` says that the tool is
    /// the person's own, the arguments of a call. In a call of any other tool nothing is restored.
    pub fn restoring_json(self, vault: &Arc<Vault>, is_own: bool) -> RestoringScreen {
        let form = if is_own { Form::Json } else { Form::Foreign };
        RestoringScreen { screen: self, restorer: Restorer::new(Arc::clone(vault), form) }
    }
}

impl RestoringScreen {
    /// Takes the next chunk, as [`StreamScreen::push`].
    pub fn push(&mut self, text: &str) -> Step<FromPartner> {
        let step = self.screen.push(text);
        self.restored(step, false)
    }

    /// The text ends here, as [`StreamScreen::finish`].
    pub fn finish(&mut self) -> Step<FromPartner> {
        let step = self.screen.finish();
        self.restored(step, true)
    }

    /// The time for deciding is over, as [`StreamScreen::overdue`]. What may still become a token stays: half of one is nothing
    /// that anybody could read.
    pub fn overdue(&mut self) -> Step<FromPartner> {
        let step = self.screen.overdue();
        self.restored(step, false)
    }

    /// How many characters are held back now.
    pub fn held_chars(&self) -> usize {
        self.screen.held_chars() + self.restorer.held_chars()
    }

    fn restored(&mut self, mut step: Step<FromPartner>, ended: bool) -> Step<FromPartner> {
        if !step.revisions.is_empty() {
            let revisions = std::mem::take(&mut step.revisions);
            step.revisions = revisions.into_iter().filter_map(|one| self.revised(one)).collect();
        }
        let mut text =
            step.text.take().map_or_else(String::new, |text| self.restorer.push(text.into_inner()));
        if ended || step.stopped {
            text.push_str(&self.restorer.finish());
        }
        // Only what the screen let go went in.
        step.text = (!text.is_empty()).then(|| Screened::new(text));
        notices(self.restorer.take_count(), &mut step.notices);
        step
    }

    /// A change to what was given out, at the place where that stands now.
    fn revised(&mut self, revision: Revision<FromPartner>) -> Option<Revision<FromPartner>> {
        let Revision { chars, utf16, text } = revision;
        let from = Measure { chars: chars.start, utf16: utf16.start };
        let to = Measure { chars: chars.end, utf16: utf16.end };
        let (from, to) = self.restorer.revise(from, to, text.get())?;
        Some(Revision { chars: from.chars..to.chars, utf16: from.utf16..to.utf16, text })
    }
}

/// What the person is told about tokens that stayed words.
pub(super) fn notices(count: Restored, out: &mut Vec<Notice>) {
    let mut told = |code: &str, count: u32, en: &str, zh: &str| {
        if count > 0 {
            out.push(Notice::new(code, Action::Mask, "output", count, Text::new(en, zh)));
        }
    };
    told(
        "pseudonym.withheld",
        count.withheld,
        "Your data was not filled in inside a link, code or a call to someone else's tool.",
        "链接、代码或对他人工具的调用中未填入您的信息。",
    );
    told(
        "pseudonym.unresolved",
        count.unresolved,
        "The model wrote a placeholder that stands for nothing you sent.",
        "模型写出了一个与您发送的内容无对应的占位符。",
    );
}
