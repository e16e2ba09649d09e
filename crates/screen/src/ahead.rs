//! What was given out before it was decided, since the time for deciding was over.
//!
//! Such text is what was read, with what was known replaced. When it is decided and turns out to be something else, it
//! is replaced by that where the client can take text back; where it cannot, what remains of a match is masked.

use crate::mask::{Preview, Replaced, Written};
use crate::measure::Measure;
use crate::passage::Progress;
use crate::scan::Context;

/// The text given out ahead of what is decided.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    text: String,
    /// Where it ends, in bytes of the kept text.
    until: usize,
}

impl Ahead {
    /// Where it ends; 0: there is none.
    pub(crate) fn until(&self) -> usize {
        self.until
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.until == 0
    }

    /// Compares what was given out ahead with what it is by what is known now: `written` is decided, `preview` is how what
    /// follows looks.
    pub(crate) fn agree(
        &mut self,
        context: Context<'_>,
        written: Written,
        preview: Preview,
        progress: &mut Progress,
    ) {
        let Written { mut text, split, across, before, .. } = written;
        // What was given out ahead ends in what is decided, or in what follows.
        let (split, decided) = (split, text.len());
        text.push_str(&preview.text);
        let split = match preview.split {
            Some(in_preview) if split == decided => decided + in_preview,
            None if split == decided => text.len(),
            _ => split,
        };
        let (shown, new) = text.split_at(split);
        if context.revises {
            progress.revisions.extend(difference(&self.text, shown, before));
        } else if let Some(rule) = across.or(preview.across) {
            progress.text.push_str(context.border.replacement(rule));
        }
        progress.text.push_str(new);
        self.until = preview.until;
        self.text = preview.text;
    }
}

/// What is to be replaced in `old`, which was given out after `before`, so that it is `new`.
fn difference(old: &str, new: &str, before: Measure) -> Option<Replaced> {
    if old == new {
        return None;
    }
    let same = |a: (char, char)| a.0 == a.1;
    let chars = old.chars().zip(new.chars());
    let start: usize = chars.take_while(|pair| same(*pair)).map(|(c, _)| c.len_utf8()).sum();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let chars = old_rest.chars().rev().zip(new_rest.chars().rev());
    let end: usize = chars.take_while(|pair| same(*pair)).map(|(c, _)| c.len_utf8()).sum();
    let from = before + Measure::of(&old[..start]);
    let to = from + Measure::of(&old_rest[..old_rest.len() - end]);
    Some(Replaced { from, to, text: new_rest[..new_rest.len() - end].to_owned() })
}
