//! A whole answer, restored after it was screened.

use std::sync::Arc;

use yumen_wire::{Completion, ToolCall};

use super::restore::{Form, Restorer};
use super::stream::notices;
use super::vault::Vault;
use crate::crossing::FromPartner;
use crate::notice::{Notice, Part};
use crate::screened::Screened;

impl Screened<Completion, FromPartner> {
    /// Puts the values of a vault in place of their tokens, in every choice: in the text (which `is_json` says was asked for as
    /// JSON), in the reasoning, and in the arguments of calls to tools that `is_own` says are the person's own. The notices say what stayed a word.
    #[must_use]
    pub fn restored(
        self,
        vault: &Arc<Vault>,
        is_json: bool,
        is_own: impl Fn(&str) -> bool,
    ) -> (Self, Vec<Notice>) {
        let mut completion = self.into_inner();
        let restore = |text: &mut String, form| {
            let mut reader = Restorer::new(Arc::clone(vault), form);
            let mut restored = reader.push(std::mem::take(text));
            restored.push_str(&reader.finish());
            *text = restored;
            reader.take_count()
        };
        let form = if is_json { Form::Json } else { Form::Text };
        let several = !completion.others.is_empty();
        let mut told = Vec::new();
        let mut said =
            |choice, reasoning: &mut String, text: &mut String, calls: &mut [ToolCall]| {
                let thought = restore(reasoning, Form::Text);
                let mut count = restore(text, form);
                for call in calls {
                    let form = if is_own(&call.name) { Form::Json } else { Form::Foreign };
                    count.add(restore(&mut call.arguments, form));
                }
                for (part, count) in [(Some(Part::Reasoning), thought), (None, count)] {
                    let mut all = Vec::new();
                    notices(count, &mut all);
                    told.extend(all.into_iter().map(|one| one.at(several.then_some(choice), part)));
                }
            };
        said(0, &mut completion.reasoning, &mut completion.text, &mut completion.tool_calls);
        for (choice, other) in (1..).zip(&mut completion.others) {
            said(choice, &mut other.reasoning, &mut other.text, &mut other.tool_calls);
        }
        // What was put in is what the person wrote themselves; everything else was screened.
        (Self::new(completion), told)
    }
}
